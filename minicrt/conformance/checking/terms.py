"""A term or a factor too many or too few: ours plus another tensor of the case, or ours times one"""

from collections.abc import Callable, Iterator

import numpy as np

from minicrt.conformance.checking.distance import largest
from minicrt.conformance.golden.tensors import GoldenCase

Array = np.ndarray
Same = Callable[[Array], bool]
CLEAR = 100                 # an error so many times the tolerance says which tensor it is a multiple of


def term_or_factor(case: GoldenCase, name: str, theirs: Array, tolerance: float, same: Same) -> Iterator[str]:
    """Phrases such as "is ours less b" and "is ours times gain"; `same(changed)` says whether they have that."""
    ours = case[name].value
    if ours.size < 3 or ours.dtype.kind != "f" or theirs.dtype.kind != "f":
        return
    error = theirs.astype(np.float64) - ours
    if largest(error) < CLEAR * tolerance * largest(ours) or np.count_nonzero(error) < 3:
        return
    for other, value in candidates(case, name):
        for what, spread in spreads(other, value, ours.shape):
            times = float(np.vdot(spread, error)) / float(np.vdot(spread, spread))
            if same(ours + times * spread):
                yield f"is ours {sum_with(times, what)}"
                return
            for changed, words in ((ours * spread, f"is ours times {what}"),
                                   (ours * (1 - spread), f"is ours times 1 − {what}"),
                                   (ours / np.where(spread == 0, np.inf, spread), f"is ours divided by {what}")):
                if same(changed):
                    yield words
                    return


def candidates(case: GoldenCase, name: str) -> Iterator[tuple[str, Array]]:
    """The other tensors that have something to tell: at least three numbers, which are not all the same."""
    for tensor in case.tensors:
        value = tensor.value
        if tensor.name != name and value.dtype.kind == "f" and value.size > 2 and np.isfinite(value).all() and (
                np.ptp(value) > 0):
            yield tensor.name, value


def spreads(name: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The tensor, or a block of a bias, in the shape of another one: of the same shape, a row, a row for each step."""
    if value.shape == shape:
        yield name, value
        return
    width = shape[-1] if shape else 0
    if value.ndim == 1 and width > 2 and value.size % width == 0:
        count = value.size // width
        for k, block in enumerate(value.reshape(count, width)):
            if np.ptp(block) > 0:
                yield name if count == 1 else f"block {k + 1} of {count} of {name}", np.broadcast_to(block, shape)
    steps = value.reshape(shape[0], 1, width) if len(shape) == 3 and value.size == shape[0] * width and (
        value.ndim in (2, 3) and value.shape[0] == shape[0] and value.shape[-1] == width) else None
    if steps is not None:
        yield f"{name}, the same in every step", np.broadcast_to(steps, shape)


def sum_with(times: float, what: str) -> str:
    sign = "plus" if times > 0 else "less"
    return f"{sign} {what}" if abs(abs(times) - 1) < 1e-5 else f"{sign} {abs(times):.6g} times {what}"
