"""An operation's second backward pass, and the defects it can be given"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from minicrt import ops


@dataclass(frozen=True)
class Variant:
    """A wrong pair of forward and backward; `name` is unique, `mistake` says in a sentence what is wrong."""

    name: str
    operation: str
    mistake: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]


@dataclass(frozen=True)
class Family:
    """An operation and the mistakes that people make in it.

    backward(d_y, c, defect) -> gradients; c has the operation's inputs by name, and y. `defect` is a key of `mistakes`,
    or "" for none. `preset` fixes inputs for which the family stands (one of the two forms of the GRU).
    """

    operation: str
    backward: Callable[[Any, Any, str], Any]
    mistakes: Mapping[str, str]
    preset: Mapping[str, Any] | None = None

    def covers(self, inputs: Mapping[str, Any]) -> bool:
        return all(inputs.get(name) == value for name, value in (self.preset or {}).items())

    @property
    def correct(self) -> Variant:
        """The pair without a defect, which a check must accept."""
        return self._variant("", "nothing")

    @property
    def variants(self) -> tuple[Variant, ...]:
        return tuple(self._variant(defect, mistake) for defect, mistake in self.mistakes.items())

    def _variant(self, defect: str, mistake: str) -> Variant:
        form = "".join(f"[{value}]" for value in (self.preset or {}).values())
        return Variant(f"{self.operation}{form}: {defect or 'correct'}", self.operation, mistake, self._forward,
                       lambda d_y, c: self.backward(d_y, c, defect))

    def _forward(self, **inputs: Any) -> tuple[Any, SimpleNamespace]:
        """The right forward pass. A generator is kept as it was, so that the backward pass can draw the mask again."""
        kept = {name: copy.deepcopy(v) if isinstance(v, np.random.Generator) else v for name, v in inputs.items()}
        y, _ = getattr(ops, self.operation)(**inputs)
        return y, SimpleNamespace(y=y, **kept)
