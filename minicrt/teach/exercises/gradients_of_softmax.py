"""Chapter 01: softmax, cross-entropy and their gradient"""

import math

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import gradients

PASSED_OVER = "it is the gradient of the probabilities: the softmax is passed over"
COLUMNS = "the probabilities of a class add up to 1, and not those of a row"
COMPETE = "Which numbers compete with one another?"
BETWEEN = "What stands between the scores and the probabilities?"


def scores(rng, scale=1.0):
    N, J = unequal(rng, 2)
    return [scale * rng.standard_normal((N, J))]


def high_scores(rng, scale=1.0):
    """Scores whose exponentials overflow"""
    return [1000 + scores(rng, scale)[0]]


def scores_and_classes(rng):
    y, = scores(rng)
    return y, rng.integers(0, y.shape[1], len(y))


def loss_inputs(rng):
    return rng.uniform(0.5, 2.0), *scores_and_classes(rng)


EXERCISES = (
    Exercise(
        "softmax", gradients.softmax, high_scores, ["p"],
        hints=["Exponentiate everything, then divide each row by its own sum.",
               "A sum over the last axis that keeps it: .sum(-1, keepdims=True).",
               "e = np.exp(y - y.real.max(-1, keepdims=True)); return e / e.sum(-1, keepdims=True)"],
        questions={"axis": "Which numbers must add up to 1: those of a row or those of a column?",
                   "sum": "What must the numbers of a row add up to?", "mean": "What must a row add up to?",
                   "factor": "What must a row add up to?", "shape": "Every score becomes a probability.",
                   "finite": "How large is the largest number that is exponentiated?",
                   "zero": "Which line gives 0 first: is it a division of whole numbers, //, or one by e^1000?",
                   "": "Add up a row of yours. Is it 1?"},
        mistakes=[Mistake({"e.sum(-1, keepdims=True)": "e.sum(0, keepdims=True)"},
                          "each column adds up to 1, and not each row", "Which numbers compete with one another?"),
                  Mistake({"y.real.max(-1, keepdims=True)": "y.real.max()",
                           "e.sum(-1, keepdims=True)": "e.sum(0, keepdims=True)"},
                          "each column adds up to 1, and not each row", "Which numbers compete with one another?"),
                  *(Mistake({"e.sum(-1, keepdims=True)": "e.sum()", **shift}, "all rows together add up to 1",
                            "What must the numbers of a single row add up to?")
                    for shift in ({}, {"y.real.max(-1, keepdims=True)": "y.real.max()"})),
                  Mistake({"np.exp(y - y.real.max(-1, keepdims=True))":
                           "np.exp(y / np.abs(y).max(-1, keepdims=True))"},
                          "the scores are divided by the largest, which does not cancel",
                          "Take the scores 1 and 2, then 2 and 4: may the answer be the same?"),
                  Mistake({"e.sum(-1, keepdims=True)": "np.sqrt((e * e).sum(-1, keepdims=True))"},
                          "the squares of a row add up to 1, and not its numbers", "Add up a row of yours. Is it 1?"),
                  Mistake({"np.exp(": "2.0 ** ("}, "these are powers of 2, and not of e",
                          "Of which number are these the powers?"),
                  Mistake({"return e / e.sum(-1, keepdims=True)":
                           "return y - y.real.max(-1, keepdims=True) - np.log(e.sum(-1, keepdims=True))"},
                          "these are the logarithms of the probabilities", "Can a probability be negative?")]),
    Exercise(
        "cross_entropy", gradients.cross_entropy, scores_and_classes, ["loss"],
        hints=["Take the probability of the right class out of every row.",
               "p[np.arange(len(y)), classes] picks one entry a row.",
               "return -np.log(softmax(y)[np.arange(len(y)), classes]).mean()"],
        questions={"mean": "Twice as many rows of the same kind: should the loss be twice as large?",
                   "sign": "Can a loss of this kind be negative?", "shape": "The loss is one number for all rows.",
                   "": "One row with the scores 0, 0 and class 0: is your loss ln 2?"},
        mistakes=[Mistake({".mean()": ".sum()"}, "a sum over the rows stands for the mean",
                          "Twice as many rows of the same kind: should the loss be twice as large?"),
                  Mistake({"-np.log(right)": "np.log(right)"}, "the sign is the other way round",
                          "Can a loss of this kind be negative?"),
                  Mistake({"-np.log(right).mean()": "-np.log(right.mean())"},
                          "the logarithm is taken of the mean, and not the mean of the logarithms",
                          "What is averaged: probabilities, or surprises?"),
                  Mistake({"-np.log(right)": "-np.log2(right)"}, "the logarithm has another base",
                          "In which unit is the loss: nats or bits?"),
                  Mistake({"p[np.arange(len(y)), classes]": "p[:, classes]"},
                          "every row is asked for the classes of all rows",
                          "How many probabilities does the mean have?"),
                  Mistake({"softmax(y)": "softmax(y.T).T"}, COLUMNS, COMPETE),
                  Mistake({"p[np.arange(len(y)), classes]": "p.max(-1)"}, "the likeliest class stands for the right "
                          "one", "Which class's probability matters?"),
                  Mistake({"-np.log(right).mean()": "np.median(-np.log(right))"}, "the middle one stands for the mean",
                          "Does every row count in what you return?"),
                  Mistake({"len(y)), classes]": "len(y)), classes - 1]"}, "of each row the class before the right one "
                          "is taken", "From which number on are classes counted?"),
                  Mistake({"return -np.log(right).mean()": "return np.exp(-np.log(right).mean())"},
                          "this is e to the power of the loss", "A model that is perfectly right: what is its loss?"),
                  Mistake({"return -np.log(right).mean()":
                           "return -(np.log(right) - np.log(1 - right) + np.log(1 - p).sum(1)).mean()"},
                          "the other classes count as well, each as a yes or no of its own",
                          "Where do the other classes come into the probability of the right one?"),
                  Mistake({"return -np.log(right).mean()": "return -np.log(p).mean()"},
                          "all classes count, and not the right one alone", "Which class's probability matters?"),
                  Mistake({"return -np.log(right).mean()": "return (1 - right).mean()"}, "there is no logarithm",
                          "A right class of probability 1e-9: how large should its loss be?")]),
    Exercise(
        "cross_entropy_backward", gradients.cross_entropy_backward, loss_inputs, ["d_y"],
        hints=["What the model said, minus what was right.",
               "np.eye(J)[classes] has a 1 in each row at the right class.",
               "The loss is a mean over N rows, and d_loss is handed in from above: both are factors.",
               "return d_loss * (softmax(y) - one_hot) / len(y)"],
        questions={"mean": "The loss is a mean over the rows: what does that make of one row's gradient?",
                   "sign": "The right class has too little probability: should its score go up or down?",
                   "d_loss": "Who uses the loss afterwards, and what do they say of it?",
                   "factor": "Which two factors stand beside the difference of the two, and is there a third?",
                   "one_hot": "If the model is perfectly right, what should the gradient be?",
                   "p - one_hot": "What should the rows of the gradient add up to?",
                   "shape": "A gradient has the shape of what it is the gradient of: y.",
                   "": "Add up a row of your gradient. Adding a constant to all scores of a row changes nothing: so?"},
        mistakes=[Mistake({" / len(y)": ""}, "a sum over the rows stands for the mean: the factor 1/N is lost",
                          "The loss is a mean over the rows: what does that make of one row's gradient?"),
                  Mistake({" / len(y)": " / y.size"}, "the mean is taken over all entries, and not over the rows",
                          "How many terms did the mean of the loss have?"),
                  Mistake({" / len(y)": " / y.shape[1]"}, "the mean is taken over the classes, and not over the rows",
                          "How many terms did the mean of the loss have?"),
                  Mistake({"d_loss * ": ""}, "the upstream gradient is lost", "Who uses the loss afterwards?"),
                  Mistake({"(p - one_hot)": "(one_hot - p)"}, "the sign is the other way round",
                          "The right class has too little probability: should its score go up or down?"),
                  Mistake({"(p - one_hot)": "p"}, "the right classes play no part",
                          "If the model is perfectly right, what should the gradient be?"),
                  Mistake({"(p - one_hot)": "(-one_hot / p)"}, PASSED_OVER, BETWEEN),
                  Mistake({"(p - one_hot)": "(p - 1)"}, "1 is taken off at every class",
                          "What should the rows of the gradient add up to?"),
                  Mistake({"d_loss * (p - one_hot) / len(y)": "d_loss + (p - one_hot) / len(y)"},
                          "the upstream gradient is added, and not a factor", "Nobody uses the loss, d_loss = 0: so?"),
                  Mistake({"softmax(y)": "softmax(y.T).T"}, COLUMNS, COMPETE),
                  *(Mistake({"(p - one_hot) / len(y)": part}, "the mean is taken of one of the two alone",
                            "What should the rows of the gradient add up to?")
                    for part in ("(p - one_hot / len(y))", "(p / len(y) - one_hot)")),
                  Mistake({"(p - one_hot)": "(p - one_hot) * p * (1 - p)"}, "there is a slope of a gate too many",
                          "Which derivatives are already in the difference of the two?")]),
    Answer("01.loss", {"L": math.log(10) / 2}, {
        math.log(10): "The loss is a mean over the rows.",
        math.log(5): "The loss is a mean over the rows. And which classes are the right ones now?",
        math.log(5) / 2: "Which classes are the right ones now?"},
        hints=["−ln 0.4 and −ln 0.25, and their mean."]),
)
