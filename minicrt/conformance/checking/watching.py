"""A pass of a model that ends at the first tensor that is not what is expected: most mistakes are soon ruled out"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Recording
from minicrt.conformance.mistakes.models import ModelMistake

Array = np.ndarray
Expected = Callable[[str, Array], bool]


class Unexpected(Exception):                                 # noqa: N818 - a signal, and no error
    """Carries the tensors up to the one that was not expected, which is the last."""

    def __init__(self, tensors: dict[str, Array]) -> None:
        super().__init__(list(tensors)[-1])
        self.tensors = tensors


class Watched(dict[str, Array]):
    """Tensors by name; raises `Unexpected` when one is put in of which `expected(name, value)` is false."""

    def __init__(self, expected: Expected) -> None:
        super().__init__()
        self.expected = expected

    def __setitem__(self, name: str, value: Array) -> None:
        super().__setitem__(name, value)
        if not self.expected(name, value):
            raise Unexpected(dict(self))

    def __ior__(self, others: Any) -> "Watched":             # type: ignore[override, misc]
        for name, value in others.items():
            self[name] = value
        return self


class WatchedPass(Pass):
    """Watches the record that `run` makes first; a pass that some mistake makes besides is not watched."""

    expected: Expected
    watches = False

    def new_record(self) -> Recording:
        record = super().new_record()
        if not self.watches:
            self.watches, record.tensors = True, Watched(self.expected)
        return record


def computed_while(variant: ModelMistake, configuration: Mapping[str, Any], given: Mapping[str, Array],
                   expected: Expected) -> dict[str, Array]:
    """What a port with this mistake computes, up to the first tensor that is not expected."""
    watched = type("WatchedPass", (WatchedPass,), {"expected": staticmethod(expected)})
    try:
        return variant.combined(ModelMistake("watched", "", passes=(watched,))).computed(configuration, given)
    except Unexpected as unexpected:
        return unexpected.tensors
