"""Chapter 01: gradients by hand"""

import math

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.exercises.gradients_of_softmax import COLUMNS, COMPETE
from minicrt.teach.solutions import gradients


def linear_inputs(rng):
    N, I, J = unequal(rng, 3)
    return [rng.standard_normal(shape) for shape in ((N, J), (N, I), (I, J), (J,))]


def step_inputs(h, rng):
    """A smooth function of an array, a place, a direction and a step."""
    shape, (a, b) = unequal(rng, 2), rng.uniform(0.5, 1.5, 2)
    unit = np.zeros(shape)
    unit[tuple(rng.integers(0, shape))] = 1
    return lambda w: np.sin(a * w).sum() + (b * w * w * w).sum(), rng.standard_normal(shape), unit, h


def tempered_inputs(rng):
    N, J = unequal(rng, 2)
    return rng.standard_normal((N, J)), rng.standard_normal((N, J)), rng.uniform(1.2, 1.9)


def rms_norm_inputs(rng):
    N, D = unequal(rng, 2)
    return rng.standard_normal((N, D)), rng.standard_normal((N, D)), rng.standard_normal(D), 0.1


EXERCISES = (
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
        mistakes=[Mistake({"d_y.sum(0)": "d_y[0]"}, "of d_b only the first row's part is left",
                          "b was used in every row: how do its gradients from there come together?"),
                  Mistake({"d_y.sum(0)": "d_y.mean(0)"}, "d_b is a mean over the rows, and not a sum",
                          "b was used in every row. How do its gradients from there come together?"),
                  Mistake({"x.T @ d_y": "x[-1:].T @ d_y[-1:]"}, "of d_W only the last row's part is left",
                          "W was used in every row: add, or replace?"),
                  Mistake({"x.T @ d_y": "x.T @ d_y / len(x)"}, "d_W is a mean over the rows, and not a sum",
                          "Where is the mean of the loss already taken care of?"),
                  Mistake({"x.T @ d_y": "x.T @ d_y / len(x)", "d_y.sum(0)": "d_y.mean(0)"},
                          "d_W and d_b are means over the rows, and not sums",
                          "Where is the mean of the loss already taken care of?")]),
    Exercise(
        "central_difference", gradients.central_difference, lambda rng: step_inputs(1e-4, rng), ["derivative"],
        hints=["Go one step forth and one step back along unit.", "How far are the two places apart?",
               "(f(w + h * unit) - f(w - h * unit)) / (2 * h)"],
        questions={"factor": "How far are the two places apart?", "sign": "Which of the two values is the later one?",
                   "number": "How far are the two places apart?", "shape": "f gives one number, and so do you.",
                   "": "Take f(w) = w² at w = 3 with h = 1: is it 6?"},
        mistakes=[Mistake({"f(w - h * unit)) / (2 * h)": "f(w)) / h"}, "this is the forward difference",
                          "How does its error shrink with h, and how should that of the central one?"),
                  Mistake({"f(w + h * unit) - f(w - h * unit)) / (2 * h)": "f(w) - f(w - h * unit)) / h"},
                          "this is the backward difference",
                          "How does its error shrink with h, and how should that of the central one?"),
                  *(Mistake({"h * unit": "h / 2 * unit", "(2 * h)": distance}, "the steps are half as long",
                            "How far does one step go, and how far are the two places apart?")
                    for distance in ("(2 * h)", "h")),
                  Mistake({"(2 * h)": "h"}, "it is divided by one step, and not by two",
                          "How far are the two places apart?"),
                  Mistake({"/ (2 * h)": ""}, "it is not divided by the distance",
                          "How far are the two places apart?"),
                  Mistake({"/ (2 * h)": "/ 2 * h"}, "it is multiplied by h, and not divided",
                          "What does Python do first in a / 2 * h?"),
                  Mistake({"h * unit": "h"}, "every entry is moved, and not one alone",
                          "Which entries does unit let you move?")],
        tolerance=1e-9),
    Exercise(
        "complex_step", gradients.complex_step, lambda rng: step_inputs(1e-30, rng), ["derivative"],
        hints=["Nothing is subtracted: the step goes along the imaginary axis.", "Of the result only .imag counts.",
               "f(w + 1j * h * unit).imag / h"],
        questions={"factor": "The imaginary part is h times the derivative: so?",
                   "shape": "f gives one number, and so do you.", "": "Take f(w) = w² at w = 3 with h = 1: is it 6?"},
        mistakes=[Mistake({".imag / h": ".imag"}, "it is not divided by the step",
                          "The imaginary part is h times the derivative: so?"),
                  Mistake({"f(w + 1j * h * unit).imag": "abs(f(w + 1j * h * unit))"},
                          "the size of the complex number is taken", "In which part of the result is the derivative?"),
                  Mistake({".imag / h": ".real / h"}, "the real part is taken",
                          "In which part of the result is the derivative?"),
                  Mistake({".imag / h": ".real"}, "this is the value of f and not its derivative",
                          "In which part of the result is the derivative?"),
                  Mistake({"h * unit": "h"}, "every entry is moved, and not one alone",
                          "Which entries does unit let you move?"),
                  Mistake({".imag / h": ".imag / (2 * h)"}, "it is divided by two steps",
                          "How many steps did you take?"),
                  Mistake({"f(w + 1j * h * unit).imag / h": "(f(w + h * unit) - f(w)) / h"},
                          "this is a difference, and with so small a step nothing is left of it",
                          "What is w + 1e-30 in floating point?")]),
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
)
