"""Cases of what richer memories are made of. B = 2, T = 5, K = 3, V = 4, M = 6 unless the case is about one of them."""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values

LARGE = 64.0                                                 # σ(±64) is 1 and, but for 1e-28, 0


def delta_rule(v: Values, batch: int = 2, length: int = 5, keys: int = 3, width: int = 4) -> dict[str, Any]:
    return {"q": v.real("q", batch, length, keys, factor=2), "k": v.real("k", batch, length, keys, factor=2),
            "v": v.real("v", batch, length, width, factor=1.5), "b": v.real("b", batch, length, factor=2),
            "s0": v.real("s0", batch, keys, width)}


def empty_matrix(v: Values) -> dict[str, Any]:
    return delta_rule(v) | {"s0": np.zeros((2, 3, 4))}


def overwritten(v: Values) -> dict[str, Any]:
    drawn = delta_rule(v)
    drawn["k"][:, 3], drawn["q"][:, 3:] = drawn["k"][:, 1], drawn["k"][:, 1:2]
    drawn["b"][...] = LARGE
    return drawn


def closed(v: Values) -> dict[str, Any]:
    drawn = delta_rule(v)
    drawn["b"][:, 2:4] = -LARGE
    return drawn


# Of rows: by their squares the second and third are first. Eighths and the like are exact in float32.
CHANGES = np.array([[1.5, 0, 0, 0], [0.875, 0.875, 0.875, 0.875], [1.125, 1.125, 0.5, 0],
                    [0.75, 0.75, 0.6875, 0.65625], [0.25, 0.125, 0, 0.25], [0, 0.125, 0.125, 0]])


def sparse_write(v: Values, batch: int = 2, rows: int = 6, most: int = 2) -> dict[str, Any]:
    """Changes whose order is another by their squares, by the largest of them and by their sizes added up, and another
    one in each row of the batch"""
    old, sign = v.real("old", batch, rows, 4), np.where(v.real("sign", batch, rows, 4) < 0, -1, 1)
    size = np.stack([np.roll(CHANGES, 2 * n + 1, axis=0) for n in range(batch)])
    return {"new": old + sign * size, "old": old, "most": most}


def pooled_queue(v: Values, batch: int = 2, rows: int = 6) -> dict[str, Any]:
    return {"u": v.real("u", batch, 4), "m": v.real("m", batch, rows, 4), "b": v.real("b", rows, 4, factor=2)}


def handed_on(v: Values) -> dict[str, Any]:
    drawn = pooled_queue(v)
    drawn["b"][:5], drawn["b"][5] = -LARGE, LARGE
    return drawn


SKETCHES = (
    Sketch("delta_rule", "Three keys, four values.", delta_rule),
    Sketch("delta_rule-T1", "One step.", lambda v: delta_rule(v, length=1)),
    Sketch("delta_rule-B1", "A batch of one.", lambda v: delta_rule(v, batch=1)),
    Sketch("delta_rule-zero-state", "The matrix at the start is 0: the first segment.", empty_matrix),
    Sketch("delta_rule-overwritten", "β is 1, and a key is written twice and then asked for: it says the second value.",
           overwritten),
    Sketch("delta_rule-closed", "Two steps whose β is 0: the matrix stays as it is.", closed),
    Sketch("delta_rule-long", "Forty steps.", lambda v: delta_rule(v, length=40)),
    Sketch("sparse_write", "Two of six rows.", sparse_write),
    Sketch("sparse_write-all", "All rows are written.", lambda v: sparse_write(v, most=6)),
    Sketch("sparse_write-B1", "A batch of one.", lambda v: sparse_write(v, batch=1)),
    Sketch("pooled_queue", "Six rows.", pooled_queue),
    Sketch("pooled_queue-one-row", "One row.", lambda v: pooled_queue(v, rows=1)),
    Sketch("pooled_queue-handed-on", "z is 0 but in the last row, where it is 1: all move on, and the last stays.",
           handed_on),
)
