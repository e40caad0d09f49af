"""What simple change makes a port's tensor of ours: a phrase that goes on after the tensor's name"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minicrt.conformance.checking.comparison import TensorComparison
from minicrt.conformance.checking.distance import agree, differences, largest
from minicrt.conformance.checking.extent import part_that_is_wrong
from minicrt.conformance.checking.factors import recognised
from minicrt.conformance.checking.terms import term_or_factor
from minicrt.conformance.golden.tensors import GoldenCase

Array = np.ndarray
SHIFTED = "shifted along"                            # in what is said of a tensor that is moved by some places
LETTERS = {2: "uv", 3: "rzn", 4: "ifgo"}            # the blocks' names in our order
BLOCK_OWNERS = ("gru", "lstm", "qkv", "self_attention", "glu")


@dataclass(frozen=True)
class Pair:
    """A wrong tensor of a case and ours."""

    case: GoldenCase
    row: TensorComparison

    @property
    def ours(self) -> Array:
        return self.row.tensor.value

    @cached_property
    def theirs(self) -> Array:
        assert self.row.theirs is not None
        return self.row.theirs

    def same(self, changed: Array, theirs: Array | None = None) -> bool:
        """Whether `changed`, made from ours, is what they have."""
        limits = {"float64": self.row.tolerance, "float32": self.row.tolerance}
        return agree(changed, self.theirs if theirs is None else theirs, limits, self.row.tensor.scale, self.row.dtype)


def find_patterns(case: GoldenCase, row: TensorComparison) -> list[str]:
    """The changes that explain a wrong tensor, the likeliest first; empty if none does.

    Each is a phrase for behind the tensor's name: "has its sign reversed", "is ours transposed".
    """
    if not row.wrong or row.theirs is None or row.theirs.size == 0 or row.theirs.dtype.kind not in "fiubc":
        return []
    pair = Pair(case, row)
    if not np.isfinite(pair.theirs).all():
        return []
    if pair.theirs.shape != pair.ours.shape:
        return [*rearranged(pair), *same_as_another(pair)]
    found = [phrase for find in FINDERS for phrase in find(pair)]
    return found[:1] if not pair.theirs.any() else found     # zeros are the same in whatever order


def all_zero(pair: Pair) -> Iterator[str]:
    if not pair.theirs.any() and pair.ours.any():
        backward = pair.row.tensor.role in ("backward", "gradient")
        yield "is all zero: " + ("the gradient is cut off or was never computed" if backward
                                 else "it was never computed")


def multiplied(pair: Pair) -> Iterator[str]:
    """A sign or a constant factor. Any single number is a multiple of ours, so there only a known factor counts."""
    if not pair.theirs.any() or not pair.ours.any():
        return
    wide = np.complex128 if np.iscomplexobj(pair.ours) else np.float64
    a, b = pair.ours.astype(wide).ravel(), pair.theirs.astype(wide).ravel()
    factor = float((np.vdot(a, b) / np.vdot(a, a)).real)
    if factor == 0 or math.isclose(factor, 1, rel_tol=1e-5) or not pair.same(pair.ours * factor):
        return                                               # a factor of almost 1 is an error of another kind
    if math.isclose(factor, -1, rel_tol=1e-5):
        yield "has its sign reversed"
        return
    known = recognised(pair.case, factor)
    sign = " and has its sign reversed" if factor < 0 else ""
    if known:
        yield f"is {abs(factor):.6g} times ours{sign} ({known})"
    elif np.count_nonzero(a) > 2:
        yield f"is {abs(factor):.6g} times ours{sign}"


def rearranged(pair: Pair) -> Iterator[str]:
    """The axes in another order, or the same elements in another shape."""
    ours, theirs = pair.ours, pair.theirs
    if 2 <= ours.ndim <= 5 and theirs.ndim == ours.ndim:
        for axes in itertools.permutations(range(ours.ndim)):
            if axes != tuple(range(ours.ndim)) and pair.same(ours.transpose(axes)):
                yield "is ours transposed" + (f", with our axes in the order {axes}" if ours.ndim > 2 else "")
                return
    if theirs.shape == ours.shape and ours.ndim == 2 and pair.same(ours.T.reshape(ours.shape)):
        yield "is ours transposed and then read in our shape: its elements are in column order"
    if theirs.shape != ours.shape and theirs.size == ours.size:
        if pair.same(ours.reshape(theirs.shape)):
            yield f"has the right values in the shape {theirs.shape} in place of {ours.shape}"
        elif ours.ndim == 2 and pair.same(ours.T.reshape(theirs.shape)):
            yield f"is ours transposed, in the shape {theirs.shape}"


def blocks_permuted(pair: Pair) -> Iterator[str]:
    """The blocks of gates or of q, k, v stand in another order, along the last axis or the first."""
    for count in (3, 4, 2):
        for axis in {pair.ours.ndim - 1, 0} if pair.ours.ndim else set():
            if pair.ours.shape[axis] % count or pair.ours.shape[axis] < count:
                continue
            blocks = np.split(pair.ours, count, axis)
            names = block_names(pair, count)
            for order in itertools.permutations(range(count)):
                if order != tuple(range(count)) and pair.same(np.concatenate([blocks[k] for k in order], axis)):
                    yield (f"has its {count} blocks in the order {', '.join(names[k] for k in order)}; "
                           f"ours is {', '.join(names)}")
                    return


def block_names(pair: Pair, count: int) -> list[str]:
    if "qkv" in pair.row.name or pair.case.subject == "self_attention":
        letters = "qkv" if count == 3 else ""
    else:
        letters = LETTERS[count] if any(owner in pair.case.subject for owner in BLOCK_OWNERS) else ""
    return list(letters) if letters else [str(k + 1) for k in range(count)]


def moved(pair: Pair) -> Iterator[str]:
    """Reversed or shifted along an axis; what a shift moves out may come in again, or anything else may."""
    ours, theirs = pair.ours, pair.theirs
    for axis in range(ours.ndim):
        size = ours.shape[axis]
        if size > 1 and pair.same(np.flip(ours, axis)):
            yield f"is ours reversed along axis {axis}"
        for shift in (s for k in range(1, min(4, size)) for s in (k, -k)):
            a = np.take(ours, range(max(0, -shift), size - max(0, shift)), axis)
            b = np.take(theirs, range(max(0, shift), size - max(0, -shift)), axis)
            if np.count_nonzero(a) > 1 and pair.same(a, b):
                places = "place" if abs(shift) == 1 else "places"
                way = "late" if shift > 0 else "early"
                yield f"is ours {SHIFTED} axis {axis}: {abs(shift)} {places} too {way}"
                return


def averaged(pair: Pair) -> Iterator[str]:
    """All entries along an axis are the mean, or the sum, of ours."""
    for axis in range(pair.ours.ndim):
        if pair.ours.shape[axis] > 1:
            for name, reduce in (("mean", np.mean), ("sum", np.sum)):
                if pair.same(np.broadcast_to(reduce(pair.ours, axis, keepdims=True), pair.ours.shape)):
                    yield f"is everywhere the {name} of ours along axis {axis}"
                    return


def not_reset(pair: Pair) -> Iterator[str]:
    """What is summed for one head after the other has the heads before in it."""
    heads = pair.case.configuration.get("heads", 1)
    if heads > 1 and pair.ours.ndim and pair.ours.shape[-1] % heads == 0:
        parts = pair.ours.reshape(*pair.ours.shape[:-1], heads, -1)
        if pair.same(np.cumsum(parts, axis=-2).reshape(pair.ours.shape)):
            yield "has in each head's part the sum of those before: the sum is not reset between heads"


def same_as_another(pair: Pair) -> Iterator[str]:
    """What the port calls by this name is another tensor of the case."""
    for other in pair.case.tensors:
        if other.name == pair.row.name or other.value.dtype.kind not in "fc" or not np.any(other.value):
            continue
        if other.value.size > 1 and other.value.shape == pair.theirs.shape and pair.same(other.value):
            what = "it was read after a later segment had written over it (a view of one buffer, and no copy)" \
                if is_later(other.name, pair.row.name) else "their names are exchanged, or one stands in for the other"
            yield f"equals the tensor {other.name} of the case: {what}"
            return


def is_later(other: str, name: str) -> bool:
    """Whether it is the same place in a later segment"""
    (there, _, place), (here, _, own) = other.partition("/"), name.partition("/")
    return here.startswith("segment") and place == own and (len(there), there) > (len(here), here)


def dropped(pair: Pair) -> Iterator[str]:
    """Some elements are 0, and all others one multiple of ours."""
    gone, kept = (pair.theirs == 0) & (pair.ours != 0), (pair.theirs != 0) & (pair.ours != 0)
    if not gone.any() or np.count_nonzero(kept) < 3:
        return
    factor = float(np.median((pair.theirs[kept] / pair.ours[kept]).real))
    if factor > 1.001 and pair.same(np.where(gone, 0, factor * pair.ours)):
        yield (f"is 0 in {np.count_nonzero(gone)} of its {gone.size} elements and {factor:.6g} times ours in the "
               f"others: a dropout of rate {1 - 1 / factor:.4g} is on")


def limited(pair: Pair) -> Iterator[str]:
    """Ours as far as it is within bounds."""
    bound = largest(pair.theirs)
    at_bound = int(np.sum(np.isclose(np.abs(pair.theirs), bound, rtol=1e-6)))
    if pair.ours.dtype.kind == "f" and at_bound > 2 and pair.same(np.clip(pair.ours, -bound, bound)):
        yield f"is ours, clipped at ±{bound:.6g}"


def partly_multiplied(pair: Pair) -> Iterator[str]:
    """A sign or a factor in one part of it, where the rest is right."""
    part = part_that_is_wrong(pair.case, pair.row)
    if not part or pair.ours.dtype.kind != "f":
        return
    wrong = differences(pair.ours, pair.theirs) > pair.row.tolerance * largest(pair.ours)
    ours, theirs = pair.ours[wrong], pair.theirs[wrong]
    factor = float(np.vdot(ours, theirs) / (np.vdot(ours, ours) or 1.0))
    if np.count_nonzero(ours) > 2 and pair.same(np.where(wrong, factor * pair.ours, pair.ours)):
        what = "zero" if not theirs.any() else multiple(factor)
        yield f"{part}; where it is wrong it is {what}"


def multiple(factor: float) -> str:
    """`2 times ours`"""
    reversed_sign = math.isclose(factor, -1, rel_tol=1e-5)
    return "ours with the sign reversed" if reversed_sign else f"{factor:.6g} times ours"


def another_term(pair: Pair) -> Iterator[str]:
    yield from term_or_factor(pair.case, pair.row.name, pair.theirs, pair.row.tolerance, pair.same)


FINDERS: tuple[Callable[[Pair], Iterator[str]], ...] = (
    all_zero, multiplied, rearranged, blocks_permuted, moved, averaged, not_reset, same_as_another, dropped, limited,
    partly_multiplied, another_term)
