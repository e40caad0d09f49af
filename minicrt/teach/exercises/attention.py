"""Chapter 02: attention"""

import math

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import attention

COMPETE = "Raise one score: what happens to the weights of the other rows?"
STEEP = "How do the scores depend on K, and so what comes back through them?"
TRANSPOSED = "Multiply the shapes out: which order gives the shape that the gradient must have?"
SIDE_BY_SIDE = "Which features belong to one head: neighbours, or every H-th?"


LOST_AXIS = "the sums of the rows lose their axis, and meet the columns"
WHERE = "Which shape have the sums, and along which axis does NumPy put them?"


def queries_keys_values(rng, scale=1.0):
    T, K, V = unequal(rng, 3, 3)
    return tuple(scale * rng.standard_normal(shape) for shape in ((T, K), (T, K), (T, V)))


def scores_backward_inputs(rng):
    N, J = unequal(rng, 2)
    e = np.exp(rng.standard_normal((N, J)))
    return rng.standard_normal((N, J)), e / e.sum(-1, keepdims=True)


def backward_inputs(rng, scale=1.0):
    q, k, v = queries_keys_values(rng, scale)
    p, y = attention.causal_attention(q, k, v)
    return rng.standard_normal(y.shape), p, q, k, v


def whole(rng):
    B, T, H, K = unequal(rng, 4)
    return rng.standard_normal((B, T, H * K)), H


def in_heads(rng):
    return [rng.standard_normal(unequal(rng, 4))]


def projection_inputs(rng):
    T, D, K, V = unequal(rng, 4)
    shapes = (T, K), (T, K), (T, V), (T, D), (D, K), (D, K), (D, V)
    return [rng.standard_normal(shape) for shape in shapes]


EXERCISES = (
    Exercise(
        "causal_attention", attention.causal_attention, queries_keys_values, ["p", "y"],
        hints=["First all scores at once, (T, T): row i, column j is how well query i fits key j.",
               "What row i may not see gets the score -np.inf before the softmax; np.tri(T, dtype=bool) says what it "
               "may.",
               "Then the softmax of every row, as in chapter 01, and a matrix product with v."],
        questions={"q @ k.T": "What is multiplied with what: row i of q with which row of k?",
                   "np.sqrt(K)": "How large do scores become when K is large?",
                   "np.tri(T, dtype=bool)": "Which rows may row i look at? Does it see itself?",
                   "e.sum(-1, keepdims=True)": "What must the weights of one row add up to?",
                   "transposed": "Whose weights stand in a row of p?", "factor": "What does a row of p add up to?",
                   "shape": "p is (T, T), y has a row for each query, as wide as v.",
                   "": "Print p for T = 3. Is it white above the diagonal, and does each row add up to 1?"},
        mistakes=[
            Mistake({"np.tri(T, dtype=bool)": "np.tri(T, k=-1, dtype=bool)", "-np.inf": "-1e9"},
                    "a row does not see itself", "What does the first row of a text see?"),
            Mistake({"np.tri(T, dtype=bool)": "np.tri(T, k=-1, dtype=bool) | (np.eye(T) * (np.arange(T) == 0) > 0)"},
                    "a row does not see itself, but for the first", "Which rows does row 2 see?"),
            Mistake({"np.tri(T, dtype=bool)": "np.tri(T, k=1, dtype=bool)"}, "a row sees the one behind it as well",
                    "Which rows does the first row see?"),
            Mistake({"scores.real.max(-1, keepdims=True)": "scores.real.max(0)",
                     "e.sum(-1, keepdims=True)": "e.sum(0)"}, "each column of p adds up to 1, and not each row",
                    COMPETE),
            Mistake({"e.sum(-1, keepdims=True)": "e.sum(-1)"}, LOST_AXIS, WHERE),
            Mistake({"np.where(np.tri(T, dtype=bool), scores, -np.inf)": "scores + np.tri(T)"},
                    "1 is added to what may be seen, and the rest is not hidden",
                    "What must the score of a masked row be, so that its weight is 0?"),
            Mistake({"/ np.sqrt(K)": "/ np.sqrt((q * q).sum(-1)[:, None] * (k * k).sum(-1))"},
                    "the scores are divided by the lengths of query and key",
                    "By what is a score divided: by a number, or by something of its own?"),
            Mistake({"np.sqrt(K)": "np.sqrt(v.shape[-1])"}, "the width is that of the values",
                    "How many products are added up in a score?"),
            Mistake({" / np.sqrt(K)": ""}, "the scores are not divided by the root of the width",
                    "How large do scores become when K is large?"),
            Mistake({"q @ k.T": "-q @ k.T"}, "the scores have the other sign",
                    "A query and a key that fit well: should their score be high or low?"),
            Mistake({"/ np.sqrt(K)": "/ K"}, "the scores are divided by the width, and not by its root",
                    "The variance of a sum of K products is K. What then is its standard deviation?"),
            Mistake({"np.where(np.tri(T, dtype=bool), scores, -np.inf)": "scores"}, "the future can be seen",
                    "Which rows may row i look at?"),
            Mistake({"np.tri(T, dtype=bool)": "np.tri(T, dtype=bool).T"}, "a row sees the future and not the past",
                    "In which corner of p must there be zeros?"),
            *(Mistake({"scores, -np.inf": f"scores, {score}.0"},
                      f"what is masked has the score {score}, which is a score like any other",
                      f"What is e^{score}, and what should the weight of a masked row be?") for score in (0, -1, -10)),
            Mistake({"y = p @ v": "p = p * np.tri(T)\n    y = p @ v",
                     "scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)": "scores = scores"},
                    "the mask comes behind the softmax, so that rows no longer add up to 1",
                    "What does each row of your p add up to?")]),
    Exercise(
        "softmax_backward", attention.softmax_backward, scores_backward_inputs, ["d_s"],
        hints=["A score reaches its own weight, and through the sum below it all the others of its row.",
               "Add up a row of d_s: raising all scores of a row alike changes nothing, so it must be 0.",
               "p times (d_p minus one number a row): the mean of d_p with the weights p."],
        questions={"(d_p * p).sum(-1, keepdims=True)": COMPETE,
                   "sign": "Raise the score of what the loss likes least: what should happen?", "axis": COMPETE,
                   "mean": "Which mean: every weight alike, or each by its p?",
                   "shape": "A gradient has the shape of what it is the gradient of: the scores.",
                   "": "Add up a row of yours. Raising all scores of a row alike changes nothing: so?"},
        mistakes=[
            Mistake({"d_p - (d_p * p).sum(-1, keepdims=True)": "d_p"}, "the way through the sum below is missing",
                    COMPETE),
            Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "d_p * p * (1 - p)"},
                    "the weights of a row are taken for independent of each other", COMPETE),
            Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "d_p - d_p.mean(-1, keepdims=True)"},
                    "the weights play no part", "How far can a score move a weight that is near 0?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "d_p.mean(-1, keepdims=True)"},
                    "the mean counts every weight alike", "Which mean: every weight alike, or each by its p?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "d_p.sum(-1, keepdims=True)"},
                    "the sum leaves the weights out", "Which mean: every weight alike, or each by its p?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "(d_p * p).sum()"}, "the sum runs over all rows",
                    "Which scores compete with one another?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "(d_p * p).sum(0, keepdims=True)"},
                    "the sum runs down the columns", "Which scores compete with one another?")]),
    Exercise(
        "attention_backward", attention.attention_backward, backward_inputs, ["d_q", "d_k", "d_v"],
        hints=["Go backwards through y = p @ v first: two linear layers' worth, d_p and d_v.",
               "Then through the softmax, row by row, and through the division by √K.",
               "scores = q @ k.T: d_q uses d_s as it stands, d_k its transpose.",
               "The mask needs no line: where p is 0, what comes back through the softmax is 0."],
        questions={"p.T": "Who reads row j of v: query j, or every query from j on?", "np.sqrt(K)": STEEP,
                   "(d_p * p).sum(-1, keepdims=True)": COMPETE, "d_s.T": "Which queries looked at key j?",
                   "transposed": TRANSPOSED, "factor": STEEP, "d_v": "Who reads row j of v?",
                   "d_k": "Which queries looked at key j?", "d_q": "Which keys did query i look at?",
                   "shape": TRANSPOSED, "": "Which of the three is right? d_v alone does not pass the softmax."},
        mistakes=[
            Mistake({"    d_s = d_s / np.sqrt(K)\n": ""}, "the factor 1/√K of the scores is lost", STEEP),
            Mistake({"d_s / np.sqrt(K)": "d_s / K"}, "it is divided by K, and not by √K", STEEP),
            Mistake({"d_s / np.sqrt(K)": "d_s * np.sqrt(K)"}, "it is multiplied by √K, and not divided", STEEP),
            Mistake({"d_p - (d_p * p).sum(-1, keepdims=True)": "d_p"},
                    "the way through the sum below the softmax is missing", COMPETE),
            Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "d_p * p * (1 - p)"},
                    "the weights of a row are taken for independent of each other", COMPETE),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "(d_p * p).sum()"},
                    "the sum below the softmax runs over all rows", "Which scores compete with one another?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "(d_p * p).sum(0, keepdims=True)"},
                    "the sum below the softmax runs down the columns", "Which scores compete with one another?"),
            Mistake({"(d_p * p).sum(-1, keepdims=True)": "(d_p * p).sum(-1)"}, LOST_AXIS, WHERE),
            Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "d_p"}, "the softmax is passed over",
                    "What stands between the scores and p?"),
            Mistake({"p * (d_p - (d_p * p).sum(-1, keepdims=True))": "np.tril(d_p)"}, "the softmax is passed over",
                    "What stands between the scores and p?"),
            *(Mistake({"    d_v = p.T @ d_y\n": "", line: line.replace("    d_", "    d_v = d_s.T @ d_y\n    d_", 1)},
                      "the scores' gradient stands for the weights in d_v", "By what was v multiplied?")
              for line in ("    d_q = d_s @ k\n", "    d_s = d_s / np.sqrt(K)\n")),
            Mistake({"p.T @ d_y": "p @ d_y"}, "the weights in d_v are not transposed",
                    "Who reads row j of v: query j, or every query from j on?"),
            Mistake({"d_s.T @ q": "d_s @ q"}, "the scores in d_k are not transposed", "Which queries looked at key j?"),
            Mistake({"d_s @ k": "d_s.T @ k"}, "the scores in d_q are transposed", "Which keys did query i look at?"),
            Mistake({"d_s @ k": "d_s @ q", "d_s.T @ q": "d_s.T @ k"}, "q and k are exchanged",
                    "By what is the gradient of a product multiplied: by the factor itself, or by the other one?")]),
    Exercise(
        "split_heads", attention.split_heads, whole, ["heads"],
        hints=["Two steps: cut the last axis into two, then move the axis of the heads to the front.",
               "reshape(B, T, heads, D // heads) cuts neighbours into one head.",
               "transpose(0, 2, 1, 3) is (B, T, H, K) -> (B, H, T, K)."],
        questions={"shape": "Which axis comes second: the heads or the time?", "transposed": SIDE_BY_SIDE,
                   "": SIDE_BY_SIDE},
        mistakes=[
            Mistake({"x.reshape(B, T, heads, D // heads)": "x.reshape(B, heads, T, D // heads)",
                     "return x.transpose(0, 2, 1, 3)": "return x"},
                    "it is reshaped to the right shape at once, which mixes time steps",
                    "reshape keeps the order of the numbers: whose features stand next to each other in memory?"),
            Mistake({"x.reshape(B, T, heads, D // heads)": "x.reshape(B, T, D // heads, heads)",
                     "transpose(0, 2, 1, 3)": "transpose(0, 3, 1, 2)"}, "a head gets every H-th feature", SIDE_BY_SIDE),
            Mistake({"x.transpose(0, 2, 1, 3)": "x.transpose(0, 2, 3, 1).reshape(B, heads, T, D // heads)"},
                    "features and time steps are exchanged before the shape is made to fit",
                    "Is each row of a head the piece of one row of x?"),
            Mistake({"transpose(0, 2, 1, 3)": "transpose(0, 2, 1, 3)[:, ::-1]"}, "the heads are in the reverse order",
                    "Which features belong to head 0?"),
            Mistake({"return x.transpose(0, 2, 1, 3)": "return x.transpose(0, 2, 1, 3)[:, :, ::-1]"},
                    "time runs backwards", "Which row was first?")]),
    Exercise(
        "merge_heads", attention.merge_heads, in_heads, ["x"],
        hints=["Undo what split_heads did, the last step first.",
               "Move the heads next to their features, then reshape.",
               "x.transpose(0, 2, 1, 3).reshape(B, T, H * K)"],
        questions={"shape": "What is D, if there are H heads of width K?",
                   "": "merge_heads(split_heads(x, H)) is x: is yours?"},
        mistakes=[
            Mistake({"    x = x.transpose(0, 2, 1, 3)\n": ""},
                    "the heads are not moved next to their features, which mixes time steps",
                    "reshape keeps the order of the numbers: which numbers must be neighbours?"),
            Mistake({"transpose(0, 2, 1, 3)": "transpose(0, 2, 3, 1)"}, "features of different heads are interleaved",
                    "Which numbers must be neighbours: the features of one head, or those of all?"),
            Mistake({"x.transpose(0, 2, 1, 3)": "x.transpose(0, 2, 1, 3)[:, :, ::-1]"},
                    "the heads are in the reverse order", "Which features came from head 0?")]),
    Exercise(
        "projections_backward", attention.projections_backward, projection_inputs, ["d_x", "d_w_q", "d_w_k", "d_w_v"],
        hints=["Three linear layers without a bias: linear_backward of chapter 01, three times.",
               "x is used in all three. What comes back from each?", "d_x is a sum of three products."],
        questions={"d_q @ w_q.T": "x made the queries, too: what comes back from there?",
                   "d_k @ w_k.T": "x made the keys, too: what comes back from there?",
                   "d_v @ w_v.T": "x made the values, too: what comes back from there?",
                   "mean": "x is used three times. How do its gradients come together?",
                   "factor": "How do the gradients of three uses come together?",
                   "transposed": TRANSPOSED, "shape": TRANSPOSED,
                   "": "Who uses x? Set two of d_q, d_k, d_v to zero and look at d_x."},
        mistakes=[
            Mistake({"d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T": "d_v @ w_v.T"},
                    "only what the values send back reaches d_x", "Who uses x besides the values?"),
            Mistake({"d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T": "(d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T) / 3"},
                    "the three are averaged, and not added",
                    "x is used three times. How do its gradients come together?"),
            Mistake({"d_q @ w_q.T + d_k @ w_k.T": "d_q @ w_k.T + d_k @ w_q.T"},
                    "the matrices of queries and keys are exchanged", "Which matrix made q?"),
            Mistake({"x.T @ d_q": "x.T @ d_k", "x.T @ d_k": "x.T @ d_q"},
                    "the gradients of the matrices of queries and keys are exchanged", "Which matrix made q?")]),
    Answer("02.row3", {"p_31": 1 / 8, "p_32": 3 / 8, "p_33": 1 / 2, "y_3": 3.5}, {
        12.0: "Row 3 sees all three rows of v, each with its weight.",
        1 / 3: "Are all three scores of row 3 the same?", 4.0: "Row 3 sees all three rows of v, each with its weight."},
        hints=["The scores of row 3 are 0, ln 3 and ln 4: what is e to these?",
               "1, 3 and 4 add up to 8.", "y_3 = (1 · 4 + 3 · 8 + 4 · 0)/8"]),
    Answer("02.d_s", {"d_s_31": 0.5, "d_s_32": 13.5, "d_s_33": -14.0}, {
        4.0: "That is what the score would get if it could not be outweighed: what do the other weights lose?",
        24.0: "That is p times d_p; what do the other weights lose when this one gains?"},
        hints=["d_p of row 3 is 8 times v: 32, 64, 0.", "Their mean with the weights p is 28.",
               "⅛ (32 − 28), ⅜ (64 − 28), ½ (0 − 28)"]),
    Answer("02.d_q", {"d_q_3": 13.5 * math.log(3) - 14 * math.log(4)}, {
        -(13.5 * math.log(3) - 14 * math.log(4)): "Look at the signs of the three terms.",
        -0.5: "By which keys are the three multiplied?"},
        hints=["d_q_3 is the sum over j of d_s_3j k_j.", "½ · 0 + 13.5 ln 3 − 14 ln 4"]),
)
