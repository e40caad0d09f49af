"""Cases of the activations, modReLU, GLU and the three dropouts"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values

RATE = 0.375                                                 # exact in binary, and so is 1 − rate


def ordinary(v: Values, scale: float = 4.0) -> dict[str, Any]:
    return {"x": v.real("x", 3, 5, factor=scale)}


def saturated(v: Values) -> dict[str, Any]:
    """From where e^x overflows to where the slope is largest."""
    row = np.array([-1000.0, -100.0, -20.0, -0.5, 0.0, 0.5, 20.0, 100.0, 1000.0])
    return {"x": np.stack([row, row[::-1] / 4])}


def modrelu(v: Values, v_values: np.ndarray | None = None) -> dict[str, Any]:
    """Biases of both signs, so that some features have a threshold and others a gap."""
    return {"v": v.real("v", 2, 3, 5, factor=2) if v_values is None else v_values,
            "bias": np.array([-1.5, -0.75, 0.0, 0.25, 0.5])}


def glu(v: Values) -> dict[str, Any]:
    return {"x": v.real("x", 2, 3, 8, factor=2)}


def saturated_glu(v: Values) -> dict[str, Any]:
    x = v.real("x", 3, 8, factor=2)
    x[:, 4:7] = np.array([-1000.0, 1000.0, 30.0])
    return {"x": x}


def dropout(v: Values, array: str, shape: tuple[int, ...], mask: tuple[int, ...], rate: float = RATE
            ) -> dict[str, Any]:
    return {array: v.real(array, *shape), "uniform": v.fractions("uniform", *mask), "rate": rate}


ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "gelu_tanh")

SKETCHES = (
    *(Sketch(name, "Values of either sign.", ordinary) for name in ACTIVATIONS),
    *(Sketch(f"{name}-saturated", "Values up to ±1000, where e^x overflows, and 0.", saturated)
      for name in ACTIVATIONS),
    Sketch("modrelu", "Biases of either sign: thresholds and gaps.", modrelu),
    Sketch("modrelu-zero", "Zeros among the values: sign(0) = 0, so that y and the gradient are 0 whatever the bias.",
           lambda v: modrelu(v, np.array([[0.0, 0.0, 0.0, 0.0, 0.0], [2.0, -2.0, 1.0, -1.0, 0.0]]))),
    Sketch("glu", "An ordinary gate.", glu),
    Sketch("glu-saturated", "Gates of exactly 0 and 1 among ordinary ones.", saturated_glu),
    Sketch("dropout", "Every element has a mask of its own.", lambda v: dropout(v, "x", (2, 3, 5), (2, 3, 5))),
    Sketch("locked_dropout", "One mask for all steps of a row.", lambda v: dropout(v, "x", (2, 4, 5), (2, 1, 5))),
    Sketch("embedding_dropout", "One mask for all features of a row of the table.",
           lambda v: dropout(v, "table", (7, 3), (7, 1))),
)
