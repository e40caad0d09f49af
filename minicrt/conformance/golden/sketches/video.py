"""Cases of what models of video alone have: patches, losses of classes and of yes-or-no questions, stochastic depth"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.elementwise import dropout
from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values
from minicrt.ops import IGNORE

CLASS_WEIGHTS = (0.9375, 0.53125, 1.921875, 0.765625, 1.484375)       # no round numbers, whose sums may be alike


def patches(v: Values, grid: tuple[int, int, int, int] = (2, 1, 2, 3), size: int = 2, frames: int = 1
            ) -> dict[str, Any]:
    """`grid` counts the clips, and the patches along time, rows and columns."""
    B, T, rows, columns = grid
    return {"x": v.real("x", B, T * frames, rows * size, columns * size, 3),
            "weight": v.real("weight", frames * size * size * 3, 5), "bias": v.real("bias", 5), "size": size,
            "frames": frames}


def weighted(v: Values, leading: tuple[int, ...] = (2, 4), ignored: tuple[int, ...] = (1, 4, 6),
             smoothing: float = 0.125) -> dict[str, Any]:
    """`ignored` counts through the targets in C order."""
    targets = v.integers("targets", *leading, below=len(CLASS_WEIGHTS))
    targets.flat[list(ignored)] = IGNORE
    return {"logits": v.real("logits", *leading, len(CLASS_WEIGHTS), factor=2), "targets": targets,
            "weights": np.array(CLASS_WEIGHTS), "smoothing": smoothing}


def large(v: Values) -> dict[str, Any]:
    """Around 1024, and exact in float32: multiples of 1/64."""
    inputs = weighted(v)
    return inputs | {"logits": 1024 + v.real("logits", 2, 4, 5, factor=2, bits=8)}


def binary(v: Values, shape: tuple[int, ...] = (2, 5, 3), missing: tuple[int, ...] = (1, 4, 5, 17, 28)
           ) -> dict[str, Any]:
    """`missing` counts through the targets in C order."""
    scored = np.ones(shape, bool)
    scored.flat[list(missing)] = False
    return {"logits": v.real("logits", *shape, factor=2), "targets": v.fractions("targets", *shape), "scored": scored}


def saturated(v: Values) -> dict[str, Any]:
    """From where e^a overflows to where the slope is largest, with targets of either end."""
    logits = np.array([-1000.0, -100.0, -20.0, -0.5, 0.0, 0.5, 20.0, 100.0, 1000.0])
    return {"logits": np.stack([logits, logits]), "targets": np.stack([np.zeros(9), np.ones(9)]),
            "scored": np.ones((2, 9), bool)}


SKETCHES = (
    Sketch("patch_embedding", "Two clips of one frame with six patches each.", patches),
    Sketch("patch_embedding-tubes", "Tubes of two frames.", lambda v: patches(v, (2, 2, 1, 3), frames=2)),
    Sketch("patch_embedding-one", "One clip that is one patch.", lambda v: patches(v, (1, 1, 1, 1))),
    Sketch("weighted_cross_entropy", "Three of eight targets are not scored, and no two classes weigh the same.",
           weighted),
    Sketch("weighted_cross_entropy-sharp", "Labels that are not smoothed.", lambda v: weighted(v, smoothing=0.0)),
    Sketch("weighted_cross_entropy-none-scored", "No target is scored: the loss is 0, and so is every gradient.",
           lambda v: weighted(v, (2, 2), (0, 1, 2, 3))),
    Sketch("weighted_cross_entropy-large", "Logits around 1024, whose exponential overflows unless they are shifted.",
           large),
    Sketch("binary_cross_entropy", "Five of thirty targets are not scored, and not equally many in all rows.", binary),
    Sketch("binary_cross_entropy-none-scored", "No target is scored: the loss is 0, and so is every gradient.",
           lambda v: binary(v, (2, 2, 1), (0, 1, 2, 3))),
    Sketch("binary_cross_entropy-saturated", "Logits up to ±1000, where e^a overflows, and 0.", saturated),
    Sketch("path_dropout", "One mask for all that a row of the batch has.",
           lambda v: dropout(v, "x", (6, 4, 5), (6, 1, 1))),
)
