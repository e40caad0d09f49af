"""Chapter 03: layer norm, feed-forward, a block"""

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import block

ROW = "Is a mean taken over a row, or over a column?"
MEAN = "Raise all of a row alike: does y change? What then must a row of d_x add up to?"
STRETCH = "Stretch a row about its mean: does y change? What then must be the product of d_x and x_hat, added up?"
SHARED = "gain and bias are used in every row. How do their gradients come together?"
BOTH = "x goes two ways: along the sum and through the branch. What comes back from each?"
TWICE = "Token 0 stands twice in a text: which of the two rows of d_e does its row of the table get?"
SHAPE = "A gradient has the shape of what it is the gradient of."
SLOPE = "gelu is a product of two functions of x. What is the derivative of a product?"
OWN = "Which two functions of x is this gelu the product of?"
LOGISTIC = "(1 / (1 + np.exp(-{0} * @)) * (1 + {0} * @ * (1 - 1 / (1 + np.exp(-{0} * @)))))"
TANH = "np.tanh(np.sqrt(2 / np.pi) * (@ + 0.044715 * @ ** 3))"
SLOPES = {
    "silu, a logistic function times its argument": LOGISTIC.format("1"),
    "gelu's approximation by the logistic function": LOGISTIC.format("1.702"),
    "gelu's approximation by tanh": f"0.5 * (1 + {TANH}) + 0.5 * @ * (1 - {TANH} ** 2) * np.sqrt(2 / np.pi) * (1 + 3 * "
                                    "0.044715 * @ ** 2)"}


def rows(rng):
    N, D = unequal(rng, 2, 3)
    return rng.standard_normal((N, D)), rng.standard_normal(D), rng.standard_normal(D)


def norm_inputs(rng):
    x, gain, bias = rows(rng)
    return 2 * x + 1, gain, bias, 0.3


def norm_backward_inputs(rng):
    x, gain, _ = rows(rng)
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 0.3)
    return rng.standard_normal(x.shape), centred * r, r, gain


def gelu_inputs(rng):
    N, F = unequal(rng, 2)
    return rng.standard_normal((N, F)), 2 * rng.standard_normal((N, F))


def feed_forward_inputs(rng):
    N, D, F = unequal(rng, 3)
    d_y, x, w_in, w_out = (rng.standard_normal(shape) for shape in ((N, D), (N, D), (D, F), (F, D)))
    return d_y, x, x @ w_in + rng.standard_normal(F), w_in, w_out


def branches(rng):
    N, D = unequal(rng, 2)
    first, second = rng.standard_normal((2, D, D))
    return rng.standard_normal((N, D)), lambda d: d @ first, lambda d: d @ second


def embedding_inputs(rng):
    V, D = unequal(rng, 2)
    tokens = np.concatenate([rng.integers(0, V, V + 1), [0, 0, V - 1, 0]])
    return rng.standard_normal((len(tokens), D)), tokens, rng.standard_normal((V, D))


EXERCISES = (
    Exercise(
        "layer_norm", block.layer_norm, norm_inputs, ["y"],
        hints=["Mean and variance are those of a row: .mean(-1, keepdims=True).",
               "The variance is the mean of the squares of what is centred; eps is added to it, inside of the root.",
               "gain * centred * r + bias"],
        questions={"x - x.mean(-1, keepdims=True)": "What is the mean of a normalised row?",
                   "eps": "By what is a centred row divided, and where in that does eps stand?",
                   "gain": "What does gain multiply?",
                   "bias": "What is y where x_hat is 0?", "axis": ROW, "mean": ROW, "shape": "Every row stays a row.",
                   "": "Take gain = 1, bias = 0, eps = 0: are mean and variance of your rows 0 and 1?"},
        mistakes=[
            Mistake({"x - x.mean(-1, keepdims=True)": "x - x.mean(0, keepdims=True)",
                     "(centred * centred).mean(-1, keepdims=True)": "(centred * centred).mean(0, keepdims=True)"},
                    "each column is normalised, and not each row", ROW),
            Mistake({"x - x.mean(-1, keepdims=True)": "x - x.mean()",
                     "(centred * centred).mean(-1, keepdims=True)": "(centred * centred).mean()"},
                    "all rows together are normalised, and not each by itself",
                    "What is the mean of each of your rows?"),
            Mistake({"variance + eps": "variance"}, "eps is left out", "A row of equal numbers: what is divided by?"),
            Mistake({"1 / np.sqrt(variance + eps)": "1 / (np.abs(centred).mean(-1, keepdims=True) + eps)"},
                    "a mean of sizes stands for the root of the mean of the squares",
                    "How is the variance made of what is centred?"),
            Mistake({"variance + eps": "variance + eps * eps"}, "eps is squared",
                    "What exactly is added to the variance?"),
            Mistake({"np.sqrt(variance + eps)": "(np.sqrt(variance) + eps)"}, "eps stands outside of the root",
                    "Where does eps stand: inside of the root or outside?"),
            Mistake({"(centred * centred).mean(-1, keepdims=True)":
                     "(centred * centred).sum(-1, keepdims=True) / (x.shape[-1] - 1)"},
                    "the variance is divided by D − 1, as an estimate from a sample is",
                    "Is the row a sample, or is it all there is?"),
            Mistake({"centred = x - x.mean(-1, keepdims=True)": "centred = x"}, "the mean is not taken off",
                    "What is the mean of a normalised row?"),
            Mistake({"gain * centred * r": "gain * x * r"}, "the mean is taken off in the variance alone",
                    "What is the mean of a normalised row?"),
            Mistake({"gain * centred * r + bias": "gain * (centred * r + bias)"}, "gain multiplies the bias as well",
                    "What is y where x_hat is 0?"),
            Mistake({"r = 1 / np.sqrt(variance + eps)": "r = 1 / (variance + eps)"}, "the root is missing",
                    "In which unit is the variance, if x is in metres?")]),
    Exercise(
        "layer_norm_backward", block.layer_norm_backward, norm_backward_inputs, ["d_x", "d_gain", "d_bias"],
        hints=["d_x_hat first: what stands between x_hat and y?",
               "x reaches x_hat on three ways: itself, through the mean, through r. Each is a term.",
               "Through the mean: every entry of a row gets the same, the mean of d_x_hat, taken off.",
               "Through r: x_hat times the mean of d_x_hat * x_hat, taken off. And r multiplies all three."],
        questions={"d_x_hat.mean(-1, keepdims=True)": MEAN, "through_mean": MEAN, "through_r": STRETCH,
                   "(d_x_hat * x_hat).mean(-1, keepdims=True)": STRETCH, "gain": "What stands between x_hat and y?",
                   "r": "Make x ten times as large: what happens to its gradient?", "axis": ROW, "mean": SHARED,
                   "d_gain": SHARED, "d_bias": SHARED, "shape": SHAPE,
                   "": "Add up a row of d_x, and a row of d_x * x_hat. What must they be?"},
        mistakes=[
            Mistake({"d_x_hat.mean(-1, keepdims=True)": "d_x_hat.mean(0)",
                     "(d_x_hat * x_hat).mean(-1, keepdims=True)": "(d_x_hat * x_hat).mean(0)"},
                    "both means are taken over the rows, and not in each of them", "Over which numbers did the forward "
                    "pass take mean and variance?"),
            Mistake({"d_x = r * ": "d_x = len(gain) * r * "}, "it is D times too large: a sum stands for a mean",
                    "Which of the three ways has a factor 1/D?"),
            Mistake({" - through_mean": ""}, "the way through the mean is missing", MEAN),
            Mistake({" - through_r": ""}, "the way through r, the variance, is missing", STRETCH),
            Mistake({" - through_mean - through_r": ""}, "only the direct way is there: mean and r are held fixed",
                    "On how many ways does x reach x_hat?"),
            Mistake({"r * (d_x_hat - through_mean - through_r)": "d_x_hat - through_mean - through_r"},
                    "the factor r is forgotten", "Make x ten times as large: what happens to its gradient?"),
            Mistake({"r * (d_x_hat": "r * r * (d_x_hat"}, "r stands twice in front of all three",
                    "Make x ten times as large: what happens to its gradient?"),
            Mistake({"r * (d_x_hat": "r * r * r * (d_x_hat"}, "r stands to the third power in front of all three",
                    "On which of the three ways does the third power of r come up, and what happens to it there?"),
            Mistake({"d_x_hat = d_y * gain": "d_x_hat = d_y", "d_x = r * (": "d_x = gain * r * ("},
                    "gain comes in behind the means, and not before them", "Which came last on the way forward: the "
                    "means, or gain?"),
            Mistake({"d_x_hat = d_y * gain": "d_x_hat = d_y"}, "gain is passed over on the way back",
                    "What stands between x_hat and y?"),
            Mistake({"d_x_hat.mean(-1, keepdims=True)": "d_x_hat.sum(-1, keepdims=True)"},
                    "a sum stands for the mean on the way through the mean", "How much of x_i is in the mean of D?"),
            Mistake({"(d_x_hat * x_hat).mean(-1, keepdims=True)": "(d_x_hat * x_hat).sum(-1, keepdims=True)"},
                    "a sum stands for the mean on the way through r", "How much of x_i is in the mean of D squares?"),
            Mistake({"d_x_hat - through_mean - through_r": "d_x_hat - through_mean + through_r"},
                    "the way through r has the other sign", STRETCH),
            Mistake({"(d_y * x_hat).sum(0)": "d_y.sum(0) * x_hat.sum(0)"},
                    "d_gain is a product of sums, and not a sum of products",
                    "In which row did gain meet which x_hat?"),
            Mistake({"d_gain = (d_y * x_hat).sum(0)": "d_gain = (d_y * x_hat).mean(0)",
                     "d_bias = d_y.sum(0)": "d_bias = d_y.mean(0)"},
                    "d_gain and d_bias are means, and not sums", SHARED)]),
    Exercise(
        "gelu_backward", block.gelu_backward, gelu_inputs, ["d_x"],
        hints=["y = x Φ(x) is a product.", "The derivative of Φ is φ, which stands there already.",
               "d_y * (Phi + x * phi)"],
        questions={"x * phi": SLOPE, "Phi": SLOPE, "sign": SLOPE, "factor": SLOPE, "shape": SHAPE,
                   "": "Is yours right for large x, where y is nearly x? And at 0, where it is ½?"},
        mistakes=[
            Mistake({"Phi + x * phi": "Phi"}, "the second term of the product rule is missing", SLOPE),
            Mistake({"Phi + x * phi": "x * phi"}, "the first term of the product rule is missing", SLOPE),
            Mistake({"Phi + x * phi": "Phi + phi"}, "the other factor is missing in the second term", SLOPE),
            Mistake({"Phi + x * phi": "phi"}, "this is the slope of one of the two factors alone", SLOPE),
            Mistake({"Phi + x * phi": "x * Phi"}, "this is the value of gelu, and not its slope", SLOPE),
            Mistake({"Phi + x * phi": "(x > 0)"}, "this is the slope of relu", "What is the slope of gelu at 0?"),
            *(Mistake({"Phi + x * phi": slope.replace("@", "x")}, f"this is the slope of {name}", OWN)
              for name, slope in SLOPES.items())]),
    Exercise(
        "feed_forward_backward", block.feed_forward_backward, feed_forward_inputs,
        ["d_x", "d_w_in", "d_b_in", "d_w_out", "d_b_out"],
        hints=["From the end: a linear layer, gelu, a linear layer. Each is an exercise that you have done.",
               "The last layer's input is f = gelu(a) = a Φ(a), not a.",
               "d_a = d_f * (Phi + a * phi) stands between the two layers."],
        questions={"d_f": "What stands between a and the last layer?", "f": "What is the input of the last layer?",
                   "d_w_out": "What is the input of the last layer?", "Phi + a * phi": SLOPE,
                   "mean": "A weight is used in every row. How do its gradients come together?",
                   "transposed": "Multiply the shapes out.",
                   "shape": SHAPE, "": "Which are right? Those of the last layer do not pass gelu, the others do."},
        mistakes=[
            Mistake({"d_f * (Phi + a * phi)": "d_f"}, "gelu is passed over on the way back",
                    "What stands between a and the last layer?"),
            Mistake({"d_f * (Phi + a * phi)": "d_f * Phi"}, "a term is missing in the slope of gelu", SLOPE),
            Mistake({"d_f * (Phi + a * phi)": "d_f * phi"}, "the slope is that of one factor of gelu alone", SLOPE),
            Mistake({"d_f * (Phi + a * phi)": "d_f * f"}, "gelu's value stands for its slope", SLOPE),
            Mistake({"d_a @ w_in.T": "d_a @ w_out"}, "d_x comes back through the last layer's matrix",
                    "Which matrix did x meet?"),
            Mistake({"d_f * (Phi + a * phi)": "d_f * (0.5 * (1 + erf(f / np.sqrt(2))) + f * np.exp(-f * f / 2) / "
                     "np.sqrt(2 * np.pi))"}, "the slope is taken at gelu's result, and not at its argument",
                    "Where on its curve does gelu have this slope?"),
            Mistake({"f.T @ d_y": "a.T @ d_y"}, "the last layer is given a, and not gelu(a)",
                    "What is the input of the last layer?"),
            Mistake({"d_f * (Phi + a * phi)": "d_f * (f > 0)"}, "the slope is that of relu",
                    "What is the slope of gelu at 0?"),
            *(Mistake({"d_f * (Phi + a * phi)": f"d_f * ({slope.replace('@', 'a')})"}, f"the slope is that of {name}",
                      OWN) for name, slope in SLOPES.items()),
            Mistake({"d_b_in = d_a.sum(0)": "d_b_in = d_a.mean(0)", "d_b_out = d_y.sum(0)": "d_b_out = d_y.mean(0)"},
                    "the gradients of the biases are means, and not sums",
                    "A bias is used in every row. How do its gradients come together?")]),
    Exercise(
        "block_backward", block.block_backward, branches, ["d_x"],
        hints=["A sum hands its gradient to both of its terms.",
               "From the end: first what comes back to m, from the sum and from the feed-forward branch.",
               "Then the same once more, with d_m in the place of d_y."],
        questions={"d_m": BOTH, "d_y": BOTH, "d_m + attention_back(d_m)": BOTH, "d_y + feed_forward_back(d_y)": BOTH,
                   "factor": BOTH, "shape": SHAPE, "": BOTH},
        mistakes=[
            Mistake({"d_x = d_m + attention_back(d_m)": "d_x = d_m + attention_back(d_y)"},
                    "the attention branch is handed the gradient of y, and not that of m",
                    "What did attention add its result to: y, or m?"),
            Mistake({"d_m = d_y + feed_forward_back(d_y)": "d_m = feed_forward_back(d_y)",
                     "d_x = d_m + attention_back(d_m)": "d_x = attention_back(d_m)"},
                    "nothing comes back along the two sums", BOTH),
            Mistake({"d_m = d_y + feed_forward_back(d_y)": "d_m = feed_forward_back(d_y)"},
                    "nothing comes back along the sum behind the feed-forward branch", BOTH),
            Mistake({"d_x = d_m + attention_back(d_m)": "d_x = attention_back(d_m)"},
                    "nothing comes back along the sum behind the attention branch", BOTH),
            Mistake({"d_y + feed_forward_back(d_y)": "d_y + attention_back(d_y)",
                     "d_m + attention_back(d_m)": "d_m + feed_forward_back(d_m)"},
                    "the branches are gone through in the order of the forward pass",
                    "Which branch came last on the way forward?")]),
    Exercise(
        "embedding_backward", block.embedding_backward, embedding_inputs, ["d_table"],
        hints=["Row v of the table was used once for every place where tokens is v: add them all up.",
               "a[[1, 1]] += 1 adds 1 once: NumPy reads, adds and writes back, the second time over the first.",
               "np.add.at(d_table, tokens, d_e)"],
        questions={"d_e": TWICE, "shape": SHAPE, "mean": TWICE, "": TWICE},
        mistakes=[
            Mistake({"np.add.at(d_table, tokens, d_e)": "d_table[tokens] += d_e"},
                    "of a token that comes several times only the last place counts", TWICE),
            Mistake({"np.add.at(d_table, tokens, d_e)": "d_table[tokens[::-1]] = d_e[::-1]"},
                    "of a token that comes several times only the first place counts", TWICE),
            Mistake({"np.add.at(d_table, tokens, d_e)":
                     "np.add.at(d_table, tokens, d_e)\n    d_table = d_table / np.maximum(1, np.bincount(tokens, "
                     "minlength=len(table)))[:, None]"},
                    "the places of a token are averaged, and not added", TWICE),
            Mistake({"np.add.at(d_table, tokens, d_e)": "np.add.at(d_table, tokens, d_e[tokens])"},
                    "the rows of d_e are looked up by token, and not by place",
                    "Which row of d_e belongs to the third token of the text?"),
            Mistake({"np.add.at(d_table, tokens, d_e)": "np.add.at(d_table, tokens, 1.0)"},
                    "it counts the places of a token, and leaves out what came back to them",
                    "What came back to the third place of the text?"),
            Mistake({"np.add.at(d_table, tokens, d_e)": "d_table[:] = d_e[:len(table)]"},
                    "the rows stand as they do in the text, and not at their tokens",
                    "Which row of the table did the first place of the text look up?"),
            Mistake({"np.add.at(d_table, tokens, d_e)": "np.subtract.at(d_table, tokens, d_e)"},
                    "the sign is the other way round", "Who turns a gradient round: the backward pass, or the step?")]),
    Answer("03.x_hat", {"x_hat_1": -1.0, "x_hat_2": -1.0, "x_hat_3": 1.0, "x_hat_4": 1.0}, {
        1.0: "Is the first entry above the mean or below?"},
        hints=["The mean is 2.", "The variance is the mean of 1, 1, 1, 1."]),
    Answer("03.d_x", {"d_x_1": 2.0, "d_x_2": -2.0, "d_x_3": 0.0, "d_x_4": 0.0}, {
        4.0: "That is the direct way. What comes through the mean, and through r?",
        3.0: "The direct way and that through the mean are right. What comes through r?"},
        hints=["The direct way: 4, 0, 0, 0.", "The mean of d_x_hat is 1; that of d_x_hat * x_hat is −1.",
               "(4, 0, 0, 0) − 1 + x_hat"]),
)
