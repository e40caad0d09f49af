"""Mistakes in how readings of sensors become what a model reads"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import SegmentModel, SensorModel

Array = np.ndarray

# Of words alone: a SensorModel has no table.
OF_WORDS = frozenset({"embedding: not scaled", "positions: of unscaled embeddings"})


class AsTheyStand(Pass):
    def segment(self, n: int) -> tuple[Array, Array]:
        return self.given[f"segment{n}/inputs"], super().segment(n)[1]


def without_flags(known: Array, flags: Array) -> list[Array]:
    return [known, np.zeros_like(flags)]


def inverted(known: Array, flags: Array) -> list[Array]:
    return [known, 1 - flags]


def exchanged(known: Array, flags: Array) -> list[Array]:
    return [flags, known]


def last_known(known: Array, flags: Array) -> list[Array]:
    """(B, T, C) both; 0 in front of the first one that is known"""
    filled = np.array(known)
    for t in range(1, known.shape[1]):
        filled[:, t] = np.where(flags[:, t] > 0, filled[:, t - 1], known[:, t])
    return [filled, flags]


def mean_known(known: Array, flags: Array) -> list[Array]:
    count = np.maximum((1 - flags).sum(1, keepdims=True), 1)
    return [np.where(flags > 0, known.sum(1, keepdims=True) / count, known), flags]


READ: dict[str, tuple[str, Callable[[Array, Array], list[Array]]]] = {
    "readings: missing ones not told": ("A missing reading is 0 and nothing else: m is left out of [x̃, m].",
                                        without_flags),
    "readings: known ones told": ("m is 1 where a reading is known; it is 1 where one is missing.", inverted),
    "readings: flags in front": ("The rows of W are taken for those of [m, x̃]; they are those of [x̃, m].", exchanged),
    "readings: filled with the last known": ("A missing reading is the last one that is known of its channel; here "
                                             "x̃ is 0 there.", last_known),
    "readings: filled with the mean": ("A missing reading is the mean of its channel's known ones in the segment; here "
                                       "x̃ is 0 there.", mean_known),
}
STANDING = "readings: missing ones read"


def sensors(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, SensorModel):
        return []
    found = [ModelMistake(STANDING, "What stands where a reading is missing is read as if it were known.",
                          passes=(AsTheyStand,))]
    return found + [ModelMistake(name, sentence, substitutes=(reading(change),))
                    for name, (sentence, change) in READ.items()]


def reading(change: Callable[[Array, Array], list[Array]]) -> Substitute:
    """Other halves in place of [x̃, m]"""
    def taken(both: Array, *rest: Any) -> tuple[Any, ...]:
        return np.concatenate(change(*np.split(both, 2, axis=-1)), -1), *rest
    return Substitute("linear", at=lambda place: place == "embedding", taken=taken)
