"""Chapter 04: a GRU through time"""

import math
from typing import Any

from minicrt import ops
from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import through_time
from minicrt.teach.verdict import listed

ELL = math.log(3)
HALF_SLOPE = "half of the logistic function's slope is lost in both gates"
STEEP = "How steep is the logistic function where the gate is open, and where it is closed?"
SQUASHED_TWICE = "both gates are taken for the arguments of their logistic function"
GATES_SLOPE = "the slope of the logistic function stands for that of the candidate's tanh"
CANDIDATES_SLOPE = "the slope of tanh stands for that of the logistic function in both gates"
LAST_TURN = {"d_w": {"x, d_x_side)": "x[:, :1], d_x_side[:, :1])"},
             "d_u": {"h[:, :-1], d_h_side": "h[:, :1], d_h_side[:, :1]"},
             "d_b": {"d_x_side.sum((0, 1))": "d_x_side[:, 0].sum(0)"},
             "d_b_hn": {"d_h_side[..., 2 * D:].sum((0, 1))": "d_h_side[:, 0, 2 * D:].sum(0)"}}
EVERY_THIRD = "every third column is taken for a block"
NEIGHBOURS = "Which columns are those of r: neighbours, or every third?"
ALREADY = "What are r and z already: before the logistic function, or behind it?"


def drawn(rng, width, scale):
    """B, T, D and the arguments of ops.gru; three or four steps are enough to see time go wrong."""
    T, *others = sorted(unequal(rng, 4, 3, 7))
    B, I, D = (int(size) for size in rng.permutation(others))
    D = width or D
    shapes = {"x": (B, T, I), "h0": (B, D), "w": (I, 3 * D), "u": (D, 3 * D), "b": (3 * D,), "b_hn": (D,)}
    return (B, T, D), {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}


def step_inputs(rng, width=None, scale=1.0):
    _, given = drawn(rng, width, scale)
    return given["x"][:, 0], given["h0"], given["w"], given["u"], given["b"], given["b_hn"]


def states(given):
    """h from h_0 on, and r, z, n, c of every step, by the package's forward pass."""
    cache: Any = ops.gru(**given)[1]
    D = cache.n.shape[-1]
    return {"h": cache.h, "r": cache.rz[..., :D], "z": cache.rz[..., D:], "n": cache.n, "c": cache.c}


def step_back_inputs(rng, width=None, scale=1.0):
    (B, _, D), given = drawn(rng, width, scale)
    one = {name: value[:, 0] for name, value in states(given).items()}
    return {"g": rng.standard_normal((B, D)), "u": given["u"], **one}


def backward_inputs(rng, width=None, scale=1.0):
    (B, T, D), given = drawn(rng, width, scale)
    d_h = rng.standard_normal((B, T, D))
    return {"d_h": d_h, "upstream": d_h, **given, **states(given)}


STEP = Exercise(
    "gru_step", through_time.gru_step, step_inputs, ["h"],
    hints=["Go through the four equations in the order of the text; each is one line.",
           "Cut w, u and b into their three blocks first: np.split(w, 3, axis=-1).",
           "r and z are sigmoid(x_t @ w_ + h @ u_ + b_); n has r between the tanh and the recurrent part.",
           "The recurrent part of the candidate is c = h @ u_n + b_hn, and n = np.tanh(x_t @ w_n + b_n + r * c).",
           "return (1 - z) * n + z * h"],
    questions={
        "(1 - z) * n + z * h": "Close the update gate, z = 1: what must the next state be then?",
        "1 - z": "Close the update gate, z = 1: must the memory be kept?",
        "r * (h @ u_n + b_hn)": "What may the candidate see of the old state when the reset gate is 0?",
        "b_n": "How many biases does the candidate have, and on which side of the reset gate is each?",
        "np.tanh": "Between which two numbers must the candidate lie?",
        "sigmoid": "Between which two numbers must a gate lie?",
        "blocks": "In which order do the blocks of r, z and n stand?",
        "other": "In which order do the blocks of r, z and n stand?",
        "": "Take one unit, and all weights 0 but one: which part of the next state is not what you expect?",
        "shape": "Write the shape beside each array: which are (B, D), which still 3D wide, what meets in a product?"},
    mistakes=[
        Mistake({"r = sigmoid(": "r = np.tanh(", "z = sigmoid(": "z = np.tanh("}, "the gates go through tanh",
                "Between which two numbers must a gate lie?"),
        Mistake({f"np.split({name}, 3, axis=-1)": f"({name}[..., k::3] for k in range(3))" for name in "wub"},
                EVERY_THIRD, NEIGHBOURS),
        Mistake({"(1 - z) * n + z * h": "z * n + (1 - z) * h"}, "the update gate is taken the other way round",
                "Close the update gate, z = 1: must the memory be kept?"),
        Mistake({"r * (h @ u_n + b_hn)": "(r * h) @ u_n + b_hn"},
                "the reset gate acts in front of the matrix product, as in the GRU's other form",
                "What exactly stands in the brackets behind r?"),
        Mistake({"r * (h @ u_n + b_hn)": "r * (h @ u_n) + b_hn"}, "one bias stands outside of the reset gate",
                "Which bias belongs to c?"),
        Mistake({"r * (h @ u_n + b_hn)": "r * (h @ u_n)"}, "the bias inside of the reset gate, b_hn, is left out",
                "Of what two parts is c made?")])

STEP_BACK = Exercise(
    "gru_step_backward", through_time.gru_step_backward, step_back_inputs, ["d_h"],
    hints=["Count where h occurs in the equations of the step: each place gives one term, and they add up.",
           "Start at the last line, (1 - z) * n + z * h: it gives you d_n, d_z and the direct term.",
           "d_a_n is d_n times the slope of tanh, d_a_z is d_z times that of the logistic function; n and z themselves "
           "tell how steep these are.",
           "From d_a_n two ways go on: to c, times r, and to r, times c.",
           "Three of the terms end at h @ u_: each is d_a_ @ u_.T, with d_c in the place of d_a_n.",
           "return g * z + d_a_z @ u_z.T + d_c @ u_n.T + d_a_r @ u_r.T"],
    questions={
        "h - n": "Raise z: does the next state move towards h or towards n?",
        "g * z": "Freeze the gates: what coefficient has h in the next state?",
        "d_a_z @ u_z.T": "The update gate has seen h as well: where does its gradient go?",
        "d_c @ u_n.T": "The candidate is made of h: by which matrix does its gradient come back?",
        "d_a_r @ u_r.T": "The reset gate has seen h as well: where does its gradient go?",
        "1 - z": "Close the update gate (z = 1): how much does the candidate still count?",
        "n * n": "How steep is tanh where the candidate is at ±1?",
        "d_a_n * r": "What stands between h @ u_n and the tanh?",
        "d_a_n * c": "Move the reset gate a little: what is it multiplied by?",
        "(z * (1 - z))": "How steep is the logistic function where the gate is closed?",
        "(r * (1 - r))": "How steep is the logistic function where the gate is closed?",
        "transposed": "D = 1 passes, D = 3 fails: what can a single number not show?",
        "small": "Plot the error against the size of n: what is constant near 0 and nowhere else?",
        "width": "D = 1 passes, D = 3 fails: what can a single number not show?",
        "": "Put all four terms beside the complex step, one at a time: which one differs?"},
    mistakes=[
        Mistake({"np.split(u, 3, axis=-1)": "(u[:, k::3] for k in range(3))"}, EVERY_THIRD, NEIGHBOURS),
        Mistake({f"{d} @ u_{name}.T": f"{d} * np.diag(u_{name})" for d, name in (
            ("d_a_z", "z"), ("d_c", "n"), ("d_a_r", "r"))}, "of the recurrent matrices only the diagonal counts",
                "On how many units of the next state does one unit act?"),
        Mistake({"d_c = d_a_n * r": "d_c = d_a_n * c", "d_a_n * c * (r": "d_a_n * r * (r"},
                "the two factors of the candidate's product are exchanged: each gets itself and not the other",
                "Of a product of two, which factor multiplies the gradient of which?"),
        Mistake({"u_z.T": "u_z", "u_n.T": "u_n", "u_r.T": "u_r"}, "none of the recurrent matrices is transposed",
                "D = 1 passes, D = 3 fails: what can a single number not show?"),
        Mistake({" * (z * (1 - z))": "", " * (r * (1 - r))": ""},
                "the slope of the logistic function is lost in both gates",
                "How steep is the logistic function where the gate is closed?"),
        Mistake({"(1 - n * n)": "(n * (1 - n))"}, GATES_SLOPE, "How steep is tanh where the candidate is at ±1?"),
        Mistake({"(z * (1 - z))": "(1 - z * z)", "(r * (1 - r))": "(1 - r * r)"}, CANDIDATES_SLOPE, STEEP),
        Mistake({"(z * (1 - z))": "(1 - z)", "(r * (1 - r))": "(1 - r)"}, HALF_SLOPE, STEEP),
        Mistake({"(z * (1 - z))": "z", "(r * (1 - r))": "r"}, HALF_SLOPE, STEEP),
        Mistake({"(z * (1 - z))": "(sigmoid(z) * (1 - sigmoid(z)))",
                 "(r * (1 - r))": "(sigmoid(r) * (1 - sigmoid(r)))"}, SQUASHED_TWICE, ALREADY),
        Mistake({"d_a_n * c": "d_a_n * (h @ u_n)"}, "the reset gate's way takes h @ u_n for c: a bias is missing",
                "Which of the arguments have you not used?"),
        Mistake({"(1 - n * n)": "(1 - np.tanh(n) ** 2)"}, "the candidate is taken for the argument of its tanh",
                "What is n already: before the tanh, or behind it?"),
        Mistake({"d_a_n = g * (1 - z)": "d_a_n = g * z", "d_h = g * z": "d_h = g * (1 - z)"},
                "the update gate is taken the other way round in the whole step",
                "Close the update gate (z = 1): must the memory be kept?"),
        Mistake({" + d_a_z @ u_z.T": "", " + d_a_r @ u_r.T": ""}, "nothing comes back through the two gates",
                "The gates have seen h as well: where do their gradients go?")])

ALL_STEPS = Exercise(
    "gru_backward", through_time.gru_backward, backward_inputs, ["d_x", "d_h0", "d_w", "d_u", "d_b", "d_b_hn"],
    operation="gru",
    hints=["Carry one array, g, from the last step to the first. What two things does it consist of at step t?",
           "Inside the loop do what you did in gru_step_backward; keep d_a_r, d_a_z, d_a_n and d_c of every step.",
           "g starts at zero and takes g + d_h[:, t] first of all in a step; what is left of it after step 0 is d_h0.",
           "h[:, t] is the state before step t. d_u needs h[:, :-1], and in its last block d_c in the place of d_a_n.",
           "d_x = d_a @ w.T, and d_w, d_u, d_b, d_b_hn are sums over all rows and steps: np.einsum, or .sum((0, 1))."],
    questions={
        "h[:, t] - n[:, t]": "Raise z: does the state move towards what it was or towards n?",
        "g + d_h[:, t]": "Put the loss on h_1 alone: is your gradient zero?",
        "g * z[:, t]": "Freeze the gates: what coefficient has h_t in the next state?",
        "d_a_z @ u_z.T": "The update gate has seen the state as well: where does its gradient go?",
        "d_c @ u_n.T": "The candidate is made of the state: by which matrix does its gradient come back?",
        "d_a_r @ u_r.T": "The reset gate has seen the state as well: where does its gradient go?",
        "1 - z[:, t]": "Close the update gate (z = 1): must the memory be kept?",
        "n[:, t] * n[:, t]": "Right for small n only: plot the error against n. How steep is tanh at ±1?",
        "d_a_n * r[:, t]": "What stands between h U_n and tanh?",
        "d_a_n * c[:, t]": "Move the reset gate a little: what is it multiplied by?",
        "(z[:, t] * (1 - z[:, t]))": "How steep is the logistic function where the gate is closed?",
        "(r[:, t] * (1 - r[:, t]))": "How steep is the logistic function where the gate is closed?",
        "h[:, :-1]": "Which state multiplied U at step t?",
        "[d_a_r, d_a_z, d_a_n]": "In which order do the blocks of r, z and n stand?",
        "[d_a_r, d_a_z, d_c]": "What did the last block of U make: the argument of tanh, or c?",
        "w.T": "x stands on the left of W: on which side does its gradient's matrix stand, and which way round?",
        "d_h_side[..., 2 * D:]": "What does b_hn stand beside, and what multiplies it afterwards?",
        "time": "Which state, and which gate, belong to step t?", "blocks": "In which order do r, z and n stand?",
        "transposed": "D = 1 passes, D = 3 fails: what can a single number not show?",
        "width": "D = 1 passes, D = 3 fails: what can a single number not show?",
        "mean": "A weight is used in every row and at every step. How do its gradients from there come together?",
        "small": "Right for small values only: what is constant near 0 and nowhere else?",
        "shape": "A gradient has the shape of what it is the gradient of.",
        "": "Take T = 1: is it right then? If so, the mistake is in what is carried from step to step."},
    mistakes=[
        Mistake({"g = g + d_h[:, t]": "g = d_h[:, t]"}, "nothing comes back from the step after", "Who else used h_t?"),
        Mistake({"g = np.zeros((B, D))": "g = d_h[:, -1]", "        g = g + d_h[:, t]\n": ""},
                "only the loss of the last state counts; those of earlier steps are lost",
                "Put the loss on h_1 alone: is your gradient zero?"),
        Mistake({"h[:, :-1], d_h_side": "h[:, 1:], d_h_side"},
                "the recurrent weights are given the state after the step", "Which state multiplied U at step t?"),
        Mistake({"h[:, t] - n[:, t]": "h[:, t + 1] - n[:, t]"}, "the update gate sees the state after the step",
                "Between which two does the update gate choose at step t?"),
        Mistake({"u_r.T": "u_r", "u_z.T": "u_z", "u_n.T": "u_n"}, "the recurrent matrices are not transposed",
                "D = 1 passes, D = 3 fails: what can a single number not show?"),
        Mistake({"d_a_n = g * (1 - z[:, t])": "d_a_n = g * z[:, t]", "g = g * z[:, t]": "g = g * (1 - z[:, t])"},
                "the update gate is taken the other way round in every step",
                "Close the update gate (z = 1): must the memory be kept?"),
        Mistake({" * (z[:, t] * (1 - z[:, t]))": "", " * (r[:, t] * (1 - r[:, t]))": ""},
                "the slope of the logistic function is lost in both gates",
                "How steep is the logistic function where the gate is closed?"),
        Mistake({"(z[:, t] * (1 - z[:, t]))": "(sigmoid(z[:, t]) * (1 - sigmoid(z[:, t])))",
                 "(r[:, t] * (1 - r[:, t]))": "(sigmoid(r[:, t]) * (1 - sigmoid(r[:, t])))"}, SQUASHED_TWICE, ALREADY),
        Mistake({"(1 - n[:, t] * n[:, t])": "(n[:, t] * (1 - n[:, t]))"}, GATES_SLOPE,
                "How steep is tanh where the candidate is at ±1?"),
        Mistake({"(z[:, t] * (1 - z[:, t]))": "(1 - z[:, t] ** 2)", "(r[:, t] * (1 - r[:, t]))": "(1 - r[:, t] ** 2)"},
                CANDIDATES_SLOPE, STEEP),
        Mistake({"        g = g + d_h[:, t]\n": "", "g = g * z[:, t] +": "g = d_h[:, t] + g * z[:, t] +"},
                "what the loss says of a state is added behind the step back that it should have gone",
                "Does d_h[:, t] belong to the state before step t, or to the one after it?"),
        Mistake({"reversed(range(T))": "reversed(range(1, T))"}, "the loop stops one step short of h_0",
                "Which is the last turn of the loop, and which states does it connect?"),
        Mistake({"reversed(range(T))": "reversed(range(T - 1))"}, "the loop leaves out the last step",
                "Which is the first turn of the loop, and which states does it connect?"),
        Mistake({"h[:, :-1], d_h_side": "h[:, :-1], d_x_side"}, "the reset gate is missing in what U_n gets, in d_u",
                "What did the last block of U make: the argument of tanh, or c?"),
        Mistake({"[d_a_r, d_a_z, d_c]": "[d_a_r, d_a_z, d_a_n]"},
                "the reset gate is missing in what U_n and b_hn get",
                "What did the last block of U make: the argument of tanh, or c?"),
        Mistake({"reversed(range(T))": "range(T)"}, "the loop runs forwards in time",
                "Which step's gradient must be known before that of step t?"),
        Mistake({" + d_a_z @ u_z.T + d_c @ u_n.T + d_a_r @ u_r.T": ""},
                "the state's gradient comes back on the direct way alone",
                "Count the places where h stands in the equations of a step."),
        Mistake({"h[:, t] - n": "h[:, t + 1] - n", "h[:, :-1], d_h_side": "h[:, 1:], d_h_side"},
                "the state after the step stands for the one before it", "Which state multiplied U at step t?"),
        Mistake({"[d_a_r, d_a_z, d_a_n]": "[d_a_z, d_a_r, d_a_n]", "[d_a_r, d_a_z, d_c]": "[d_a_z, d_a_r, d_c]"},
                "the gates' blocks are exchanged in what the weights get", "In which order do r, z and n stand?"),
        *(Mistake({"x, d_x_side)": parts}, f"d_w is given the input of the step {side} it",
                  "Which input multiplied W at step t?") for side, parts in (
                      ("after", "x[:, 1:], d_x_side[:, :-1])"), ("before", "x[:, :-1], d_x_side[:, 1:])"))),
        *(Mistake({old: new for name in names for old, new in LAST_TURN[name].items()},
                  f"of {listed(names)} only the last turn of the loop is left",
                  "A weight is used at every step: add, or replace?")
          for names in (*zip(LAST_TURN), ("d_w", "d_u"), tuple(LAST_TURN))),
        Mistake({"d_h0 = g": "d_h0 = g_first", "        g = g + d_h[:, t]\n":
                 "        g = g + d_h[:, t]\n        g_first = g\n"},
                "d_h0 is the gradient of h_1", "How many steps lie between h_0 and h_1?")])

EXERCISES = (
    Answer("04.h1", {"h_1": 0.5, "h_2": -0.25}, {
        -0.5: "Which of the two, n or h, does the update gate keep when it is near 1?",
        0.25: "Look at the sign of the candidate in the second step."},
        hints=["In step 1 all of r and z have the argument −2ℓ + 2ℓ.",
               "σ(0) = ½, tanh 0 = 0; then σ(−ℓ) = ¼ and tanh(−ℓ/2) = −½."]),
    Answer("04.direct", {"the direct way": 1.0}, {
        3.0: "What you have is the coefficient of n. What coefficient has h?",
        0.25: "That is the coefficient; what does it multiply?", 4.0: "How much of h does the update gate keep?"},
        hints=["Hold r, z and n still. What is left is g times a number between 0 and 1.", "g z with z = ¼."]),
    Answer("04.update", {"the update gate's way": 1.5 * ELL}, {
        -1.5 * ELL: "Raise z: does h_2 move towards h_1 or towards n?",
        8 * ELL: "How steep is the logistic function at a_z?", 0.75: "By which number does a_z depend on h?"},
        hints=["h − n = ½ + ½.", "The slope of the logistic function at z = ¼ is 3/16.", "4 · 1 · 3/16 · 2ℓ"]),
    Answer("04.candidate", {"the candidate's way": 2.25 * ELL}, {
        4.5 * ELL: "What stands between h U_n and tanh?", 3 * ELL: "How steep is tanh where the candidate is −½?",
        0.75 * ELL: "What coefficient has n in the next state?"},
        hints=["g (1 − z) is 3.", "The slope of tanh at n = −½ is ¾; then r, then U_n.", "3 · ¾ · ½ · 2ℓ"]),
    Answer("04.reset", {"the reset gate's way": 1.125 * ELL ** 2}, {
        4.5 * ELL ** 2: "How steep is the logistic function at r = ½?",
        1.125 * ELL: "What is r multiplied by? It is not 1."},
        hints=["It begins like the candidate's way: 3 · ¾.", "c = h U_n = ℓ; the slope at r = ½ is ¼; then U_r.",
               "3 · ¾ · ℓ · ¼ · 2ℓ"]),
    Answer("04.g1", {"g_1": 3 + 3.75 * ELL + 1.125 * ELL ** 2}, {
        1 + 3.75 * ELL + 1.125 * ELL ** 2: "Who else has used h_1, apart from step 2?",
        2.0: "Who else has used h_1, apart from the loss?",
        2 + 3.75 * ELL + 1.125 * ELL ** 2: "Freeze the gates: what coefficient has h_1 in h_2?"},
        hints=["Two parties have used h_1: add what each of them says.", "2 and the sum of your four terms."]),
    Answer("04.kept", {"at z = ½": 0.5 ** 10, "at z = σ(4)": (1 / (1 + math.exp(-4))) ** 10}, {
        5.0: "A factor a step: are ten of them added or multiplied?",
        0.5: "That is left after one step. And after ten?",
        1 / (1 + math.exp(-4)): "That is left after one step. And after ten?"},
        hints=["The same factor ten times."], tolerance=0.03),
    STEP, STEP_BACK, ALL_STEPS)

