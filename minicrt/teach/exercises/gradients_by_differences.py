"""Chapter 01: derivatives without derivation, by a step forth and back and by the complex step"""

import numpy as np

from minicrt.teach.exercise import Exercise, Mistake, unequal
from minicrt.teach.solutions import gradients


def step_inputs(h, rng):
    """A smooth function of an array, a place, a direction and a step."""
    shape, (a, b) = unequal(rng, 2), rng.uniform(0.5, 1.5, 2)
    unit = np.zeros(shape)
    unit[tuple(rng.integers(0, shape))] = 1
    return lambda w: np.sin(a * w).sum() + (b * w * w * w).sum(), rng.standard_normal(shape), unit, h


EXERCISES = (
    Exercise(
        "central_difference", gradients.central_difference, lambda rng: step_inputs(1e-4, rng), ["derivative"],
        hints=["Go one step forth and one step back along unit.", "How far are the two places apart?",
               "(f(w + h * unit) - f(w - h * unit)) / (2 * h)"],
        questions={"factor": "How far are the two places apart?", "sign": "Which of the two values is the later one?",
                   "number": "How far are the two places apart?", "shape": "f gives one number, and so do you."},
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
                   "shape": "f gives one number, and so do you."},
        mistakes=[Mistake({".imag / h": ".imag"}, "it is not divided by the step",
                          "The imaginary part is h times the derivative: so?"),
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
                          "What is w + 1e-30 in floating point?")]))
