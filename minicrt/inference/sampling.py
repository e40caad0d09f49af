"""From logits to the probabilities that the next token is drawn from"""

from dataclasses import dataclass

import numpy as np

from minicrt.arguments import is_number, is_whole, shown
from minicrt.array_arguments import as_array
from minicrt.errors import InputError

Array = np.ndarray


def distribution(logits: Array, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0
                 ) -> Array:
    """The probabilities (V,) to draw the next token from, in float64.

    p = softmax(logits / temperature), cut down to the `top_k` most probable tokens (0 = all of them), then to those
    that are at least `min_p` times as probable as the most probable one, then to the smallest set of most probable
    tokens that holds at least `top_p` of what is left, and scaled to sum to 1 again. Of equally probable tokens the
    lower id comes first. Temperature 0 puts everything on the most probable token.
    Raises InputError for what are no logits (−inf rules a token out; the largest is finite), and for a parameter out of
    range. Sources: top-p, Holtzman et al. 2020 (arXiv 1904.09751); min-p, Nguyen et al. 2024 (arXiv 2407.01082).
    """
    return Sampling(temperature, top_k, top_p, min_p).distribution(_checked_logits(logits))


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn; the arguments are those of `distribution` and of `generate`."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not is_number(self.temperature) or self.temperature < 0:
            raise InputError(f"temperature is {shown(self.temperature)}, expected a finite number of 0 (greedy) or "
                             "more")
        if not is_whole(self.top_k) or self.top_k < 0:
            raise InputError(f"top_k is {shown(self.top_k)}, expected a whole number of 0 (off) or more")
        if not is_number(self.top_p) or not 0 < self.top_p <= 1:
            raise InputError(f"top_p is {shown(self.top_p)}, expected more than 0 and at most 1 (off)")
        if not is_number(self.min_p) or not 0 <= self.min_p <= 1:
            raise InputError(f"min_p is {shown(self.min_p)}, expected 0 (off) to 1")
        if not is_number(self.repetition_penalty) or self.repetition_penalty <= 0:
            raise InputError(f"repetition_penalty is {shown(self.repetition_penalty)}, expected a finite number above "
                             "0, 1 being off")

    def distribution(self, logits: Array) -> Array:          # (V,) -> (V,)
        order = np.argsort(-logits, kind="stable")           # most probable first
        temperature = float(self.temperature)                # which may have been a fraction
        if temperature == 0:
            return np.eye(1, len(logits), order[0])[0]
        with np.errstate(over="ignore"):                     # a tiny temperature: -inf is what is meant
            p = np.exp((logits - logits.max()) / temperature)       # the largest is 1
        if self.top_k:
            p[order[self.top_k:]] = 0
        p[p < self.min_p] = 0
        p /= p.sum()
        if self.top_p < 1:
            before = np.cumsum(p[order]) - p[order]          # what the more probable tokens hold already
            p[order[before >= self.top_p]] = 0
            p /= p.sum()
        return p

    def penalised(self, logits: Array, seen: Array) -> Array:            # (V,), (V,) of truth values -> (V,)
        """Logits of tokens that were seen, divided by θ where they are positive and multiplied where they are not.
        Source: Keskar et al. 2019 (arXiv 1909.05858), with the sign's two cases as they are usually written."""
        theta = float(self.repetition_penalty)
        if theta == 1:
            return logits
        with np.errstate(over="ignore"):
            penalised = np.where(logits > 0, logits / theta, logits * theta)
        most = np.finfo(logits.dtype).max                    # so that none is ruled out, and one is left to be drawn
        return np.where(seen & np.isfinite(logits), np.clip(penalised, -most, most), logits)


def _checked_logits(logits: Array) -> Array:
    array = as_array("logits", logits)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "fiu":
        raise InputError(f"logits are {array.dtype} of shape {array.shape}, expected real numbers of shape (V,)")
    with np.errstate(over="ignore"):                         # of a type with a wider range: infinite, and refused
        array = array.astype(np.float64)
    if not np.isfinite(array.max()):
        raise InputError(f"the largest of the logits is {array.max()}, expected a finite number")
    return array
