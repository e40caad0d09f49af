"""A mutant is out as soon as a value is not the port's: most of them are in the first step of a scan"""

from typing import Any

import numpy as np

from minicrt.conformance.checking.search import Search
from minicrt.conformance.golden.tensors import FORWARD
from minicrt.conformance.mutation.running import CALLED


class Watch:
    """Of the tensors that were handed in up to the first wrong one, and of those that are right."""

    def __init__(self, search: Search) -> None:
        self.forward_tensors, self.backward_tensors = dict[str, Any](), dict[str, Any]()
        self.gradients, self.first = dict[str, tuple[Any, float]](), ""
        for k, row in enumerate(search.handed):
            theirs = row.theirs
            if theirs is None or theirs.dtype.kind != "f" or np.isnan(theirs).any():
                continue
            size = max(search.sizes[k], float(np.abs(theirs).max(initial=0, where=np.isfinite(theirs))))
            allowed = 2 * row.tolerance * size + 1e-300
            if row.tensor.role in FORWARD and k <= search.start:
                name = CALLED.get(row.name, row.name)
                self.forward_tensors[name] = theirs, allowed
                self.first = name if k == search.start else self.first
            elif row.tensor.role == "backward" and not row.wrong:
                self.backward_tensors[row.name] = theirs, allowed
            elif row.tensor.role == "gradient" and (k == search.start or not row.wrong):
                self.gradients[row.name] = theirs, allowed

    def before(self, name: str, value: Any, step: int) -> bool:
        """Whether a value of the forward pass is what is expected in front of the first wrong tensor"""
        return name == self.first or self.forward(name, value, step)

    def forward(self, name: str, value: Any, step: int) -> bool:
        """Whether a value of the forward pass, or one step's, is what is expected"""
        found = self.forward_tensors.get(name)
        return found is None or expected(found, value, step)

    def backward(self, name: str, value: Any, step: int) -> bool:
        """The same of the backward pass, whose steps go from the last to the first"""
        found = self.backward_tensors.get(name)
        return found is None or expected(found, value, step if step < 0 else found[0].shape[1] - 1 - step)


def expected(found: tuple[Any, float], value: Any, step: int) -> bool:
    """NumPy's warnings are off where mutants run"""
    theirs, allowed = found
    if step >= 0:
        axis = min(np.ndim(value) - 1, 1)                    # of an optimizer the steps come first
        if not 0 <= axis < theirs.ndim - 1 or step >= theirs.shape[axis]:
            return True
        theirs = theirs.take(step, axis)
    if np.shape(value) != theirs.shape:
        return True                                          # it may be put together otherwise
    return bool((np.abs(value - theirs) <= allowed).all())
