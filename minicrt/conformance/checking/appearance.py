"""What a tensor's error looks like where no simple change makes it: where it lies, and how its numbers hang together"""

from collections.abc import Callable, Iterator

import numpy as np

from minicrt.conformance.checking.comparison import TensorComparison
from minicrt.conformance.checking.distance import differences, largest
from minicrt.conformance.checking.extent import axis_names, part_that_is_wrong
from minicrt.conformance.golden.tensors import GoldenCase

Array = np.ndarray
GRID = 4                    # more values than these are on a grid by more than chance
GROWTH = 3                  # the error grows with time if the last step's is so many times the first's


def appearance(case: GoldenCase, row: TensorComparison) -> list[str]:
    """Phrases for behind the tensor's name, the most telling first; empty where the error looks like nothing."""
    ours, theirs = row.tensor.value, row.theirs
    if not row.wrong or row.problem or theirs is None or ours.dtype.kind != "f" or ours.size < 2:
        return []
    with np.errstate(all="ignore"):
        error = np.where(differences(ours, theirs) > 0, theirs.astype(np.float64) - ours, 0)
    if not np.isfinite(error).all():
        return []
    part = part_that_is_wrong(case, row)
    found = [part] if part else []
    names = axis_names(case, row.tensor)
    for look in LOOKS:
        found += [phrase for phrase in look(ours, error, names, row) if phrase]
    return found


def seen_where_hidden(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """Zeros where ours are not, or none where ours are: a mask, or a cut."""
    size, theirs = largest(ours), ours + error
    zero, theirs_zero = ours == 0, np.abs(theirs) <= 1e-30 * size
    if zero.any() and not zero.all() and (zero & ~theirs_zero).any() and not (theirs_zero & ~zero).any():
        index = [int(i) for i in np.argwhere(zero & ~theirs_zero)[0]]
        yield f"is not zero where ours is exactly 0, first at {index}: something is seen that should be masked or cut"
    elif (theirs_zero & ~zero).any() and not error[~theirs_zero].any():
        index = [int(i) for i in np.argwhere(theirs_zero & ~zero)[0]]
        yield f"is zero where ours is not, first at {index}: something is masked or cut that should count"


def the_same_along(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """A term that does not know the axis."""
    limit = row.tolerance * largest(ours)
    axes = [k for k in range(error.ndim) if error.shape[k] > 1 and np.ptp(error, axis=k).max() <= 2 * limit]
    if axes and largest(error) > 10 * limit:
        if len(axes) == sum(size > 1 for size in error.shape):
            yield f"differs from ours by {(error / error.size).sum():.6g} everywhere"
        else:
            yield f"differs from ours by the same in every {' and '.join(names[k] for k in axes)}"


def scaled_rows(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """Each row along the last axis is a multiple of ours: what is wrong is a norm, a sum or another number of a row."""
    if ours.ndim < 2 or ours.shape[-1] < 3:
        return
    square = np.sum(ours * ours, axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        factor = np.where(square > 0, 1 + np.sum(ours * error, axis=-1, keepdims=True) / square, 1)
    if np.ptp(factor) > 10 * row.tolerance and np.abs(ours * factor - ours - error).max() <= row.tolerance * largest(
            ours):
        yield (f"is ours times a factor of its own in each row along its {names[-1]}s, from {factor.min():.4g} to "
               f"{factor.max():.4g}")


def of_low_rank(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """A sum over rows has a product too many or too few."""
    if error.ndim != 2 or min(error.shape) < 3:
        return
    sizes = np.linalg.svd(error, compute_uv=False)
    rank = int(np.sum(sizes > max(1e-8 * sizes[0], row.tolerance * largest(ours))))
    if rank == 1:
        yield "is wrong by a matrix of rank one: a product of a column and a row is missing, or one too many"
    elif 1 < rank <= min(error.shape) // 2:
        yield f"is wrong by a matrix of rank {rank}: so many products of a column and a row are missing, or too many"


def growing(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """From step to step, as a mistake in what is carried does."""
    if "time step" not in names:
        return
    axis = names.index("time step")
    steps = np.abs(error).max(axis=tuple(k for k in range(error.ndim) if k != axis))
    limit = row.tolerance * largest(ours)
    if len(steps) < 3 or steps.min() <= limit:
        return
    if (np.diff(steps) > 0).all() and steps[-1] > GROWTH * steps[0]:
        yield f"is the more wrong the later the time step, by {steps[0]:.1e} at 0 and by {steps[-1]:.1e} at the last"
    elif (np.diff(steps) < 0).all() and steps[0] > GROWTH * steps[-1]:
        yield f"is the more wrong the earlier the time step, by {steps[0]:.1e} at 0 and by {steps[-1]:.1e} at the last"


def on_a_grid(ours: Array, error: Array, names: list[str], row: TensorComparison) -> Iterator[str]:
    """Fixed point, and whole numbers with a scale."""
    theirs, size = ours + error, largest(ours)
    for count in (1, *(2**k for k in range(1, 17)), 10, 100, 1000, 127, 255, 32767, 65535):
        with np.errstate(over="ignore", invalid="ignore"):   # of numbers that are near the largest
            steps = theirs * count
            near = np.abs(steps - np.rint(steps)).max() <= 1e-5
        if near and np.unique(np.rint(steps)).size > GRID and np.abs(error).max() <= 1 / count <= size:
            yield f"has no values but multiples of 1/{count}: it is rounded to a grid, as fixed point and int8 are"
            return


LOOKS: tuple[Callable[[Array, Array, list[str], TensorComparison], Iterator[str]], ...] = (
    on_a_grid, seen_where_hidden, the_same_along, scaled_rows, of_low_rank, growing)
