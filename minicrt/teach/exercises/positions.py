"""Chapter 06: where a token stands"""

import math

from minicrt import ops
from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import positions


def table_inputs(rng):
    length, half = unequal(rng, 2, least=3)
    return length, 2 * half


def score_inputs(rng):
    T, K = unequal(rng, 2, least=3)
    return *rng.standard_normal((3, T, K)), *rng.standard_normal((2, K))


def score_back_inputs(rng):
    given = score_inputs(rng)
    T = len(given[0])
    return rng.standard_normal((T, T)), *given


def recurrent_inputs(rng):
    B, T, D = unequal(rng, 3)
    shapes = (B, T, D), (B, D), (D, 3 * D), (D, 3 * D), (3 * D,), (D,)
    cache = ops.gru(*(rng.standard_normal(shape) for shape in shapes))[1]
    return {"d_x": rng.standard_normal((B, T, D)), "d_last": rng.standard_normal((B, D)), "cache": cache}


SINUSOIDS = Exercise(
    "sinusoids", positions.sinusoids, table_inputs, ["table"],
    hints=["First the width/2 frequencies, then the angles of all rows at once, then sines and cosines.",
           "angles = np.arange(length)[:, None] * f has a row for each position and a column for each frequency.",
           "np.concatenate([np.sin(angles), np.cos(angles)], axis=1)"],
    questions={
        "np.sin(angles)": "What stands in row 0?",
        "-2 * k / width": "Does the first hand turn faster than the last, or slower?",
        "2 * k": "How often must k be counted for the last frequency to be near 1/10000?",
        "np.arange(length)": "What is the angle of every hand at position 0?",
        "shape": "How many frequencies are there for a width of 8?",
        "": "What stands in row 0? And in row 1, in the first column?"},
    mistakes=[
        Mistake({"[np.sin(angles), np.cos(angles)]": "[np.cos(angles), np.sin(angles)]"}, "the cosines come first",
                "What stands in row 0?"),
        Mistake({"np.concatenate([np.sin(angles), np.cos(angles)], axis=1)":
                 "np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)"},
                "sines and cosines take turns; here the halves stand side by side",
                "Where does the first cosine stand?"),
        Mistake({"-2 * k": "2 * k"}, "the frequencies rise in place of falling", "Which hand turns fastest?"),
        Mistake({"-2 * k": "-k"}, "the frequencies fall half as fast", "Which is the last frequency of a wide table?"),
        Mistake({"t = np.arange(length)": "t = np.arange(length) + 1"}, "the positions begin at 1",
                "What is the angle of every hand at the first position?"),
        Mistake({"10000.0 ** (-2 * k / width)": "10000.0 ** (-2 * k / width) * np.pi / 180"},
                "the angles are taken for degrees", "How far does the first hand turn in one step?"),
        Mistake({"10000.0 ** (-2 * k / width)": "10000.0 ** (-2 * k / width) * 2 * np.pi"},
                "a hand makes whole turns in place of radians", "How far does the first hand turn in one step?")])

SCORES = Exercise(
    "relative_scores", positions.relative_scores, score_inputs, ["s"],
    hints=["Two products of matrices: (q + u) with the keys, (q + w) with the rows of distances.",
           "Row i of the second product has the distance d in column T − 1 − d; key j ≤ i is at distance i − j.",
           "So key 0 … i take the last i + 1 columns of row i, in their order.",
           "where[i, :i + 1] = by_distance[i, T - 1 - i:]; then np.tril(what + where) / np.sqrt(K)."],
    questions={
        "(q + u) @ k.T": "What is compared with a key?",
        "(q + w) @ r.T": "What is compared with a distance?",
        "T - 1 - i": "Which distance has the key that stands at the query's own place?",
        "np.tril(what + where)": "How do the two parts come together, and what must a query see of the keys behind it?",
        "np.sqrt(K)": "Which length is it whose root divides, and does it divide both parts?",
        "factor": "Which length is it whose root divides, and does it divide both parts?",
        "order": "Which distance has the key that stands at the query's own place?",
        "other": "Which of the two vectors belongs to the keys, which to the distances?",
        "": "Check T = 2, K = 1 against your numbers on paper."},
    mistakes=[
        Mistake({"by_distance[i, T - 1 - i:]": "by_distance[i, i::-1]"}, "r is read from the other end",
                "Which distance has the last row of r?"),
        Mistake({"where[i, :i + 1] = by_distance[i, T - 1 - i:]": "where[i] = by_distance[i]"},
                "the distances are not moved to their keys", "Which distance has key 0 as query 1 sees it?"),
        Mistake({"where[i, :i + 1] = by_distance[i, T - 1 - i:]":
                 "where[i, :i + 1] = by_distance[i, T - 1 - i:][::-1]"},
                "near and far are exchanged in each row", "Which distance has the key at the query's own place?"),
        Mistake({"(q + u) @": "(q + w) @", "(q + w) @ r": "(q + u) @ r"}, "the two learned vectors are exchanged",
                "Which of u and w belongs to the keys?"),
        Mistake({"np.tril(what + where)": "(what + where)"}, "queries see what stands behind them",
                "What must a query see of the keys behind it?"),
        Mistake({"where[i, :i + 1] = by_distance[i, T - 1 - i:]": "where[i] = np.roll(by_distance[i], i + 1 - T)",
                 "np.tril(what + where)": "(what + where)"},
                "queries see what stands behind them, at distances from the other end",
                "What must a query see of the keys behind it?"),
        Mistake({"(q + u)": "q", "(q + w)": "q"}, "the two learned vectors are left out",
                "What is looked for whatever the query is?"),
        Mistake({"np.tril(what + where) / np.sqrt(K)": "np.tril(what / np.sqrt(K) + where)"},
                "the part of the distances is not divided by the root", "Does the root divide both parts?"),
        Mistake({"np.tril(what + where) / np.sqrt(K)": "np.tril(what + where / np.sqrt(K))"},
                "the part of the keys is not divided by the root", "Does the root divide both parts?"),
        Mistake({" / np.sqrt(K)": ""}, "the root of the width is not divided by", "What is the formula's denominator?"),
        Mistake({"np.sqrt(K)": "np.sqrt(T)"}, "it is divided by the root of the length, not of the width",
                "Of which length is the root?")])

SCORES_BACK = Exercise(
    "relative_scores_backward", positions.relative_scores_backward, score_back_inputs,
    ["d_q", "d_k", "d_r", "d_u", "d_w"],
    hints=["Go back line by line: the root and the mask, then the sum, the shift, the two products.",
           "The shift back is the assignment the other way round: d_by_distance[i, T - 1 - i:] = d_what[i, :i + 1].",
           "Each product is a linear layer: (q + u) k' gives d_what @ k and d_what.T @ (q + u).",
           "q is used in both products: two terms. u and w were copied to all rows: sums over rows."],
    questions={
        "np.tril(d_s)": "Which entries of d_s belong to scores that are 0 whatever q and k are?",
        "np.sqrt(K)": "The forward pass divides by a root. And the backward pass?",
        "d_qu + d_qw": "How often is q used?",
        "d_what.T @ (q + u)": "What did a key meet, q alone?",
        "d_by_distance.T @ (q + w)": "What did a row of distances meet, q alone?",
        "T - 1 - i": "To which column does the gradient of key 0 in row i go back?",
        "factor": "The forward pass divides by a root. And the backward pass?",
        "transposed": "Which way round does a matrix stand on the way back?",
        "mean": "A vector that is copied to all rows gets which gradient?",
        "": "Take T = 1: is it right then? If so, look at the shift."},
    mistakes=[
        Mistake({"d_by_distance[i, T - 1 - i:] = d_what[i, :i + 1]": "d_by_distance[i, i::-1] = d_what[i, :i + 1]"},
                "r is read from the other end", "Which distance has the last row of r?"),
        Mistake({"np.tril(d_s)": "d_s"}, "the gradient of what is masked comes back too",
                "Which entries of d_s belong to scores that are 0 whatever q and k are?"),
        Mistake({"d_q = d_qu + d_qw": "d_q = d_qu"}, "q's second use is left out", "How often is q used?"),
        Mistake({"d_by_distance[i, T - 1 - i:] = d_what[i, :i + 1]": "d_by_distance[i] = d_what[i]"},
                "the gradient is not moved back to the distances", "To which column does key 0 of row i go back?"),
        Mistake({"d_by_distance.T @ (q + w)": "d_what.T @ (q + w)"},
                "for d_r the gradient is not moved back to the distances",
                "To which column does key 0 of row i go back?"),
        Mistake({"d_by_distance @ r": "d_what @ r"},
                "where the distances met q the gradient is not moved back to them",
                "To which column does key 0 of row i go back?"),
        Mistake({"d_by_distance.T @ (q + w)":
                 "np.array([d_by_distance[-1, d] * (q[-1] + w) for d in range(T)])"},
                "of all queries the last alone gives a gradient to the distances", "How many pairs have one distance?"),
        Mistake({"(q + u)": "q", "(q + w)": "q"}, "keys and distances meet q without the learned vectors",
                "What did a key meet in the forward pass?"),
        Mistake({"d_u = d_qu": "d_u = d_qw", "d_w = d_qw": "d_w = d_qu"}, "the two learned vectors are exchanged",
                "Which of u and w met the keys?"),
        Mistake({"d_u = d_qu.sum(0)": "d_u = d_q.sum(0)", "d_w = d_qw.sum(0)": "d_w = d_q.sum(0)"},
                "u and w each get the gradient of q from both parts", "In how many of the two products does u stand?"),
        Mistake({"d_qu.sum(0)": "d_qu.mean(0)", "d_qw.sum(0)": "d_qw.mean(0)"}, "a mean stands for a sum over rows",
                "A vector that is copied to all rows gets which gradient?")])

RECURRENT = Exercise(
    "recurrent_positions_backward", positions.recurrent_positions_backward, recurrent_inputs, ["d_e", "d_p_0"],
    hints=["p gets the gradient of x as it is: x = e + p.",
           "ops.gru_backward(d_x, cache, d_last) returns six gradients; the first two are of its input and of p_0.",
           "e is used twice: in the sum, and by the GRU. Add both."],
    questions={
        "d_x + gradients[0]": "Who has used e_t? Is there only one?",
        "ops.gru_backward(d_x, cache, d_last)": "Who beyond the segment has used p_T?",
        "": "Count the uses of e, and those of p_T."},
    mistakes=[
        Mistake({"d_e = d_x + gradients[0]": "d_e = gradients[0]"}, "the direct way from x to e is left out",
                "If the GRU's weights were all 0, what would the gradient of e be?"),
        Mistake({"d_e = d_x + gradients[0]": "d_e = d_x"}, "what the GRU gives its input is left out",
                "Who else has used e_t, apart from the sum?"),
        Mistake({"(d_x, cache, d_last)": "(d_x, cache)"}, "what comes back from the next segment is dropped",
                "Who beyond the segment has used p_T?"),
        Mistake({"return d_e, gradients[1]": "return d_e, gradients[1] + d_last"},
                "what comes back from the next segment counts for p_0 a second time",
                "d_last is the gradient of p_T. Through what must it go before it reaches p_0?"),
        Mistake({"ops.gru_backward(d_x, cache, d_last)": "ops.gru_backward(d_x + d_last[:, None], cache)"},
                "what comes back for p_T is given to every step", "Which of the states went on to the next segment?")])

EXERCISES = (
    Answer("06.dot", {"rows 5 and 7": math.cos(2), "rows 100 and 102": math.cos(2)}, {
        -math.cos(2): "cos a cos b + sin a sin b is the cosine of what?", 1.0: "Are the angles in degrees?"},
        hints=["cos a cos b + sin a sin b = cos(a − b).", "The angle between the two hands is 2 radians."]),
    Answer("06.scores", {"s_11": 7.0, "s_21": 13.0, "s_22": -1.0}, {
        6.0: "Which part of the score depends on the distance alone?",
        11.0: "Which distance has key 1 as query 2 sees it?", 8.0: "Is u added to both queries, or only to one part?"},
        hints=["s_11 = (1 + 1) · 3 + (1 + 0) · r_0.", "s_21 = (2 + 1) · 3 + (2 + 0) · r_1.",
               "s_22 = (2 + 1) · (−1) + (2 + 0) · r_0."]),
    Answer("06.count", {"p_1": 0.5, "p_2": 0.75, "p_3": 0.875}, {
        1.0: "Only half of the way to n is gone in a step.",
        (0.5, 0.25, 0.125): "That is what is left of the way to 1 after each step. How far has p come?"},
        hints=["Each step goes half of the way that is left to 1.", "0 → ½ → ½ + ¼ → …"]),
    SINUSOIDS, SCORES, SCORES_BACK, RECURRENT)
