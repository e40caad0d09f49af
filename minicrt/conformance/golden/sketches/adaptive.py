"""Inputs of the adaptive softmax: ten words, three of them in the shortlist, three and four in the clusters"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values
from minicrt.ops.clusters import clusters

IGNORE = -1
TARGETS = (0, 9, IGNORE, 3, 6, 5, 2, IGNORE, 4, 8, 1, 6)     # first and last words of every cluster among them


def adaptive(v: Values, targets: tuple[int, ...] = TARGETS, cutoffs: tuple[int, ...] = (3, 6), vocabulary: int = 10,
             width: int = 4, div_value: float = 1.0) -> dict[str, Any]:
    found = clusters(vocabulary, width, cutoffs, div_value)
    rows = (2, len(targets) // 2) if len(targets) > 1 else (1, 1)
    return {"z": v.real("z", *rows, width, factor=2), "head": v.real("head", cutoffs[0] + len(found), width),
            "bias": v.real("bias", vocabulary + len(found)),
            "projection": v.real("projection", width, found[-1].columns.stop),
            "tails": v.real("tails", found[-1].entries.stop), "targets": np.array(targets).reshape(rows),
            "cutoffs": list(cutoffs), "div_value": div_value}


SKETCHES = (
    Sketch("adaptive_softmax", "Two of twelve targets are not scored; all clusters have the model's width.", adaptive),
    Sketch("adaptive_softmax-narrower", "The words of the clusters have 2 numbers and 1.",
           lambda v: adaptive(v, div_value=2.0)),
    Sketch("adaptive_softmax-one-cluster", "A single cluster, of which each word but the first is a target.",
           lambda v: adaptive(v, (2, 4, 3, 0), (2,), 5)),
    Sketch("adaptive_softmax-shortlist", "No rare word occurs: the clusters' own arrays have a gradient of 0.",
           lambda v: adaptive(v, (0, 2, 1, 1))),
    Sketch("adaptive_softmax-none-scored", "No target is scored: the loss is 0, and so is every gradient.",
           lambda v: adaptive(v, (IGNORE,) * 4)),
)
