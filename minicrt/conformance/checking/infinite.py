"""Values that are not finite where ours are: which entries, and what usually gives them"""

import numpy as np

Array = np.ndarray
FEW = 4                     # so many places are listed
CAUSES = {
    "NaN": "NaN comes of 0/0 (a mean over nothing), of ∞/∞ (a quotient of exponentials that overflow), of ∞ − ∞ and "
           "0 · ∞ (a softmax of a row whose scores are all −∞), and of the root or the logarithm of a negative number.",
    "−∞": "−∞ is the logarithm of 0, or a masked score that no softmax has turned into 0: is the mask set before the "
          "softmax, and is its result that goes on?",
    "∞": "∞ comes of a division by 0, and of the exponential of a large number: subtract the largest one first."}


def told_of_infinite(ours: Array, theirs: Array) -> tuple[str, ...]:
    """Sentences of an array of our shape, for behind its name; none where it is finite wherever ours is"""
    if theirs.dtype.kind != "f" or theirs.shape != ours.shape:
        return ()
    bad = ~np.isfinite(theirs) & np.isfinite(ours)
    if not bad.any():
        return ()
    found = {"NaN": np.isnan(theirs) & bad, "−∞": np.isneginf(theirs) & bad, "∞": np.isposinf(theirs) & bad}
    kinds = [kind for kind, there in found.items() if there.any()]
    expected = "0 is expected" if not ours[bad].any() else "a number is expected"
    return f"is {' or '.join(kinds)} where {expected}, {places(bad)}.", *(CAUSES[kind] for kind in kinds)


def places(bad: Array) -> str:
    """Which entries they are: all, above the diagonal, whole rows, certain steps, or how many."""
    if bad.all():
        return "everywhere"
    if bad.ndim > 1 and bad.shape[-1] > 1 and np.array_equal(bad, ahead_of(bad)):
        return "in all entries above the diagonal of the last two axes and no others (the keys ahead of a query)"
    for axis, what in named_axes(bad.ndim):
        others = tuple(k for k in range(bad.ndim) if k != axis)
        there = np.flatnonzero(bad.any(others))
        if len(there) < bad.shape[axis] and len(there) <= FEW:
            every = "all of" if np.take(bad, there, axis).all() else "some of"
            return f"in {every} {what} {', '.join(map(str, there))} and nowhere else"
    whole = bad.all(-1) if bad.ndim > 1 else bad
    if bad.ndim > 1 and np.array_equal(bad.any(-1), whole):
        return f"in {int(whole.sum())} of {whole.size} rows, and there in the whole row"
    return f"in {int(bad.sum())} of {bad.size} entries"


def ahead_of(bad: Array) -> Array:
    """True above the diagonal that ends in the last corner"""
    rows, columns = bad.shape[-2:]
    return np.broadcast_to(~np.tri(rows, columns, columns - rows, dtype=bool), bad.shape)


def named_axes(ndim: int) -> list[tuple[int, str]]:
    """The axes, and what a place of each is called"""
    names = {1: ["entries"], 2: ["rows", "columns"], 3: ["rows of the batch", "steps", "features"],
             4: ["rows of the batch", "heads", "queries", "keys"]}
    return list(enumerate(names.get(ndim, [f"places of axis {k}:" for k in range(ndim)])))
