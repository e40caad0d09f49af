"""Cases of linear, embedding, layer norm, linear_activation and the loss; sizes differ unless a case is about them"""

from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values
from minicrt.ops import IGNORE


def linear(v: Values, leading: tuple[int, ...] = (2, 3), inputs: int = 4, outputs: int = 5,
           bias: bool = True) -> dict[str, Any]:
    return {"x": v.real("x", *leading, inputs), "weight": v.real("weight", inputs, outputs),
            "bias": v.real("bias", outputs) if bias else None}


def linear_activation(v: Values, activation: str, leading: tuple[int, ...] = (2, 3)) -> dict[str, Any]:
    return {**linear(v, leading), "x": v.real("x", *leading, 4, factor=2), "activation": activation}


def embedding(v: Values, tokens: list[list[int]] | None = None, scale: float = 1.0) -> dict[str, Any]:
    drawn = v.integers("tokens", 2, 4, below=7) if tokens is None else np.array(tokens, np.int64)
    return {"tokens": drawn, "table": v.real("table", 7, 3), "scale": scale}


def layer_norm(v: Values, leading: tuple[int, ...] = (2, 3), width: int = 5, spread: float = 2.0) -> dict[str, Any]:
    return {"x": v.real("x", *leading, width, factor=spread), "gain": v.real("gain", width, factor=1.5),
            "bias": v.real("bias", width), "eps": 1e-5}


def constant_rows(v: Values) -> dict[str, Any]:
    """Small integers, so that even a mean of squares minus a squared mean gives a variance of exactly 0."""
    inputs = layer_norm(v, (4,))
    inputs["x"][:3] = np.array([[3.0], [-2.0], [0.0]])
    return inputs


def far_from_zero(v: Values) -> dict[str, Any]:
    """A mean of 2^14 in every row: E[x²] − E[x]² loses eight of sixteen digits, in float32 all of them. What is added
    to the mean has six binary places and is 0 in sum, so that even float32 has the mean exactly."""
    inputs = layer_norm(v)
    offset = v.real("x", 2, 3, 5, factor=2, bits=8)
    offset[..., -1] = -offset[..., :-1].sum(-1)
    return inputs | {"x": 2.0 ** 14 + offset}


def cross_entropy(v: Values, leading: tuple[int, ...] = (2, 4), width: int = 3, vocabulary: int = 6,
                  ignored: tuple[int, ...] = (1, 4, 6)) -> dict[str, Any]:
    """`ignored` counts through the targets in C order."""
    targets = v.integers("targets", *leading, below=vocabulary)
    targets.flat[list(ignored)] = IGNORE
    return {"z": v.real("z", *leading, width, factor=2), "table": v.real("table", vocabulary, width),
            "bias": v.real("bias", vocabulary), "targets": targets}


def large_logits(v: Values) -> dict[str, Any]:
    """Around 1024, and exact in float32: multiples of 1/64."""
    inputs = cross_entropy(v)
    return inputs | {"z": v.real("z", 2, 4, 3, factor=2, bits=4), "table": v.real("table", 6, 3, bits=4),
                     "bias": 1024 + v.real("bias", 6, bits=4)}


def squared_error(v: Values, shape: tuple[int, ...] = (2, 5, 3), missing: tuple[int, ...] = (1, 4, 5, 17, 28)
                  ) -> dict[str, Any]:
    """`missing` counts through the targets in C order."""
    scored = np.ones(shape, bool)
    scored.flat[list(missing)] = False
    return {"y": v.real("y", *shape, factor=2), "targets": v.real("targets", *shape, factor=2), "scored": scored}


SKETCHES = (
    Sketch("linear", "Two leading axes and a bias.", linear),
    Sketch("linear-square", "As many outputs as inputs, so that a transposed weight fits; no bias.",
           lambda v: linear(v, (3,), 4, 4, bias=False)),
    Sketch("linear-B1", "A single row.", lambda v: linear(v, (1, 1))),
    Sketch("embedding", "Tokens in two rows.", embedding),
    Sketch("embedding-repeated", "Tokens that occur twice and three times, token 0 and the last one among them.",
           lambda v: embedding(v, [[0, 6, 6, 3], [3, 0, 3, 1]])),
    Sketch("embedding-scaled", "The rows are multiplied by 2, and so is their gradient.",
           lambda v: embedding(v, scale=2.0)),
    Sketch("layer_norm", "Rows of an ordinary variance.", layer_norm),
    Sketch("layer_norm-two-features", "Two features: x̂ is ±1 but for eps, and d_x all but cancels.",
           lambda v: layer_norm(v, (4,), 2), cancels=True),
    Sketch("layer_norm-constant", "Three rows of one value each: their variance is 0, and eps is all that is left.",
           constant_rows),
    Sketch("layer_norm-small", "A variance as small as eps, which shows where eps stands.",
           lambda v: layer_norm(v, (2, 3), 5, 2.0 ** -7)),
    Sketch("layer_norm-far", "A mean of thousands of deviations: a variance taken as E[x²] − E[x]² is lost.",
           far_from_zero, cancels=True),
    Sketch("layer_norm-B1", "A single row.", lambda v: layer_norm(v, (1, 1))),
    *(Sketch(f"linear_activation-{name}", f"The activation {name}.", partial(linear_activation, activation=name))
      for name in ("gelu", "gelu_tanh", "relu")),
    Sketch("linear_cross_entropy", "Three of eight targets are not scored.", cross_entropy),
    Sketch("linear_cross_entropy-all-scored", "Every target is scored.", lambda v: cross_entropy(v, ignored=())),
    Sketch("linear_cross_entropy-none-scored", "No target is scored: the loss is 0, and so is every gradient.",
           lambda v: cross_entropy(v, (2, 2), ignored=(0, 1, 2, 3))),
    Sketch("linear_cross_entropy-B1", "A single row.", lambda v: cross_entropy(v, (1, 1), ignored=())),
    Sketch("linear_cross_entropy-large", "Logits around 1024, whose exponential overflows unless they are shifted.",
           large_logits),
    Sketch("mean_squared_error", "Five of thirty targets are not scored, and not equally many in all rows.",
           squared_error),
    Sketch("mean_squared_error-all-scored", "Every target is scored.", lambda v: squared_error(v, missing=())),
    Sketch("mean_squared_error-none-scored", "No target is scored: the loss is 0, and so is every gradient.",
           lambda v: squared_error(v, (2, 2, 1), (0, 1, 2, 3))),
    Sketch("mean_squared_error-B1", "A single row.", lambda v: squared_error(v, (1, 4, 3), (5,))),
)
