"""Chapter 01: gradients by hand"""

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


def linear_inputs(rng):
    N, I, J = unequal(rng, 3)
    return [rng.standard_normal(shape) for shape in ((N, J), (N, I), (I, J), (J,))]


def tempered_inputs(rng):
    N, J = unequal(rng, 2)
    return rng.standard_normal((N, J)), rng.standard_normal((N, J)), rng.uniform(1.2, 1.9)


def rms_norm_inputs(rng):
    N, D = unequal(rng, 2)
    return rng.standard_normal((N, D)), rng.standard_normal((N, D)), rng.standard_normal(D), 0.1


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
                   "sign": "Can a loss of this kind be negative?", "shape": "The loss is one number for all rows."},
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
                  Mistake({"softmax(y)": "softmax(y.T).T"}, COLUMNS, COMPETE),
                  *(Mistake({"(p - one_hot) / len(y)": part}, "the mean is taken of one of the two alone",
                            "What should the rows of the gradient add up to?")
                    for part in ("(p - one_hot / len(y))", "(p / len(y) - one_hot)")),
                  Mistake({"(p - one_hot)": "(p - one_hot) * p * (1 - p)"}, "there is a slope of a gate too many",
                          "Which derivatives are already in the difference of the two?")]),
    Exercise(
        "linear_backward", gradients.linear_backward, linear_inputs, ["d_x", "d_W", "d_b"],
        hints=["Shapes are the first check: which product of d_y and W has the shape of x?",
               "x[n, i] reaches all outputs of its row, W[i, j] the outputs of its column in all rows.",
               "What was copied on the way forward is summed on the way back: b was used in every row.",
               "d_y @ W.T, x.T @ d_y, d_y.sum(0)"],
        questions={"mean": "b was used in every row. How do its gradients from there come together?",
                   "axis": "Over which axis was b copied on the way forward?",
                   "transposed": "Multiply the shapes out: what must stand on the left?",
                   "shape": "A gradient has the shape of what it is the gradient of: which product gives that?",
                   "d_W": "Which entries of x meet W[i, j] on the way forward?",
                   "d_x": "Which entries of W meet x[n, i] on the way forward?",
                   "d_b": "What was copied on the way forward is summed on the way back: over which axis?"},
        mistakes=[Mistake({"d_y.sum(0)": "d_y.mean(0)"}, "d_b is a mean over the rows, and not a sum",
                          "b was used in every row. How do its gradients from there come together?"),
                  Mistake({"x.T @ d_y": "x[-1:].T @ d_y[-1:]"}, "of d_W only the last row's part is left",
                          "W was used in every row: add, or replace?"),
                  Mistake({"x.T @ d_y": "x.T @ d_y / len(x)"}, "d_W is a mean over the rows, and not a sum",
                          "Where is the mean of the loss already taken care of?"),
                  Mistake({"x.T @ d_y": "x.T @ d_y / len(x)", "d_y.sum(0)": "d_y.mean(0)"},
                          "d_W and d_b are means over the rows, and not sums",
                          "Where is the mean of the loss already taken care of?")]),
    Exercise(
        "tempered_backward", gradients.tempered_backward, tempered_inputs, ["d_y", "d_tau"],
        hints=["Put s = y / tau between: first the gradient of s, then those of y and tau.",
               "For p = softmax(s) and any d_p: every row of d_s adds up to zero.",
               "d_s = p * (d_p - (d_p * p).sum(-1, keepdims=True))",
               "tau is used by every entry: its gradient is a sum over all of them."],
        questions={"tau": "y is divided by tau. What then is the derivative of y / tau by y?",
                   "tau * tau": "What is the derivative of 1 / tau by tau?",
                   "-(d_s * y).sum()": "Raise tau: do the scores move away from 0 or towards it?",
                   "(d_p * p).sum(-1, keepdims=True)": "Raise one score: what happens to the other probabilities?",
                   "factor": "y is divided by tau. What then is the derivative of y / tau by y?",
                   "sign": "Raise tau: do the scores move away from 0 or towards it?",
                   "mean": "tau is used by every entry: how do their gradients come together?",
                   "shape": "tau is one number, and so is its gradient.",
                   "": "Add up a row of your d_y. What must it be?"},
        mistakes=[Mistake({"softmax(y / tau)": "softmax((y / tau).T).T"}, COLUMNS, COMPETE),
                  Mistake({"d_s / tau": "d_s"}, "a factor 1/τ is lost in d_y",
                          "y is divided by tau. What then is the derivative of y / tau by y?"),
                  Mistake({"softmax(y / tau)": "softmax(y)"}, "the temperature is missing in the forward pass",
                          "Which p is it the gradient of?"),
                  Mistake({"d_p - (d_p * p).sum(-1, keepdims=True)": "d_p"},
                          "the sum over the row is missing in the gradient of softmax",
                          "Raise one score: what happens to the other probabilities?"),
                  Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "d_p * p * (1 - p)"},
                          "the entries of a row are taken for independent, as with the logistic function",
                          "Raise one score: what happens to the other probabilities?")]),
    Exercise(
        "rms_norm_backward", gradients.rms_norm_backward, rms_norm_inputs, ["d_x", "d_gain"],
        hints=["x reaches y on two ways: itself, and through r.",
               "The derivative of r by x_i is −r³ x_i / D.",
               "It is layer norm's backward pass without the way through the mean."],
        questions={"(d_x_hat * x_hat).mean(-1, keepdims=True)": "x is in r as well: what does raising x do to r?",
                   "d_y * gain": "What stands between x̂ and y?", "mean": "r is made of a mean: over how many numbers?",
                   "eps": "Where does eps stand: inside of the root or outside?",
                   "axis": "Is a mean taken over a row, or over a column?",
                   "shape": "A gradient has the shape of what it is the gradient of.",
                   "": "On how many ways does x[n, i] reach y[n, j]?"},
        mistakes=[Mistake({"(d_y * x_hat).sum(0)": "(d_x_hat * x_hat).sum(0)"}, "gain is a factor in its own gradient",
                          "What multiplies gain in y?"),
                  Mistake({"x_hat * (d_x_hat * x_hat)": "x * (d_x_hat * x)"},
                          "the way through r has too few factors of r", "r is one over a root: with which power of it "
                          "does its slope go?"),
                  Mistake({" - x_hat * (d_x_hat * x_hat).mean(-1, keepdims=True)": ""},
                          "the way through r is missing", "x is in r as well: what does raising x do to r?"),
                  Mistake({"r * (d_x_hat - x_hat": "r * (d_x_hat - d_x_hat.mean(-1, keepdims=True) - x_hat"},
                          "there is a way through the mean, as in layer norm", "Which mean is taken in the forward "
                          "pass: that of x or that of x²?"),
                  Mistake({"np.sqrt((x * x).mean(-1, keepdims=True) + eps)":
                           "(np.sqrt((x * x).mean(-1, keepdims=True)) + eps)"}, "eps stands outside of the root",
                          "Where does eps stand in the forward pass?")]),
    Answer("01.y2", {"y_21": 0.0, "y_22": 0.0, "y_23": math.log(2)}, {
        -math.log(2): "Look at the signs of the second row of x."},
        hints=["Row 2 of x is (−1, 1): minus the first row of W plus its second, plus b.",
               "In units of ℓ: (0 + 1 − 1, −1 − 1 + 2, 1 + 1 − 1)."]),
    Answer("01.loss", {"L": math.log(10) / 2}, {
        math.log(10): "The loss is a mean over the rows.",
        math.log(5): "The loss is a mean over the rows. And which classes are the right ones now?",
        math.log(5) / 2: "Which classes are the right ones now?"},
        hints=["−ln 0.4 and −ln 0.25, and their mean."]),
)
