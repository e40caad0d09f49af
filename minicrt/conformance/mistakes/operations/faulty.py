"""An operation written a second time, forward and backward, and the mistakes it can be given"""

import copy
import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np

from minicrt import ops
from minicrt.conformance.mistakes.operations.tape import Drawn, Tape
from minicrt.errors import ConformanceError

Array = np.ndarray
Defects = frozenset[str]
RIGHT: Defects = frozenset()


@dataclass(frozen=True)
class Mistake:
    """A sentence that says what is wrong. A mistake in the forward pass has a backward pass that is right for it."""

    sentence: str
    where: Literal["forward", "backward"]


@dataclass(frozen=True)
class Variant:
    """A wrong pair of forward and backward; `name` is unique, `mistake` says in a sentence what is wrong."""

    name: str
    operation: str
    mistake: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]


@dataclass(frozen=True)
class Faulty:
    """An operation and the mistakes that people make in it.

    forward    forward(c, defects) -> y; c is a tape with the operation's inputs, on which intermediates are kept
    backward   backward(d_y, c, defects) -> the gradients of the inputs named in `gradients`, None where there is none
    output     the name of y
    forward_mistakes, backward_mistakes   a name and a sentence for each; the names are what `defects` consists of
    preset     inputs for which it stands (one of the two forms of the GRU)
    """

    operation: str
    output: str
    gradients: tuple[str, ...]
    forward: Callable[[Tape, Defects], Any]
    backward: Callable[..., tuple[Any, ...]]
    forward_mistakes: Mapping[str, str] = field(default_factory=dict)
    backward_mistakes: Mapping[str, str] = field(default_factory=dict)
    preset: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def mistakes(self) -> Mapping[str, Mistake]:
        """All of them by name, those of the forward pass first."""
        return {name: Mistake(sentence, "forward") for name, sentence in self.forward_mistakes.items()} | {
            name: Mistake(sentence, "backward") for name, sentence in self.backward_mistakes.items()}

    def covers(self, inputs: Mapping[str, Any]) -> bool:
        """Whether it stands for these inputs; an option that is not among them has its default."""
        options = _signature(self.operation).parameters
        return all(inputs.get(name, options[name].default) == value for name, value in self.preset.items())

    def trace(self, inputs: Mapping[str, Any], upstream: Array, defects: Defects = RIGHT,
              expected: Callable[[str, Array], bool] | None = None,
              tapes: dict[Defects, Tape] | None = None) -> dict[str, Array]:
        """All that a port with these mistakes computes, by name and in order: the forward pass with its intermediates,
        the output, then the backward pass with its intermediates, and `d_` and an input's name for each gradient.

        It ends with the forward pass where a tensor of that is not `expected`. Where the operation takes a generator,
        `uniform` may stand for the numbers it draws. Inputs that the operation does not know are passed over, and none
        is written to. Who asks again about the same inputs hands over `tapes`, in which forward passes are kept.
        Raises ConformanceError for an unknown mistake.
        """
        self._check(defects)
        known = {name: copy.deepcopy(value) if name == "rng" else value for name, value in inputs.items()
                 if name in _signature(self.operation).parameters}
        if "uniform" in inputs:
            known["rng"] = Drawn(inputs["uniform"])
        c = self._after_forward(known, defects, tapes)
        if expected and not all(expected(name, value) for name, value in c.kept.items()):
            return c.kept
        gradients = self.backward(upstream, c, defects)
        return c.kept | {f"d_{name}": gradient for name, gradient in zip(self.gradients, gradients)
                         if gradient is not None}

    def _after_forward(self, known: Mapping[str, Any], defects: Defects, tapes: dict[Defects, Tape] | None) -> Tape:
        """The tape behind the forward pass, which mistakes of the backward pass leave as it is"""
        of_forward = frozenset(defects & self.forward_mistakes.keys())
        if tapes is not None and of_forward in tapes:
            return tapes[of_forward].copied()
        c = self._tape(**known)
        c.keep(self.output, np.asarray(self.forward(c, defects)))
        if tapes is not None and "rng" not in known:         # a generator goes on from where it was
            tapes[of_forward] = c.copied()
        return c

    def operation_with(self, defects: Defects) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The operation with these mistakes, in the form of minicrt.ops: forward(...) -> y, cache, and
        backward(d_y, cache, ...) -> the gradients. Raises ConformanceError for an unknown mistake."""
        self._check(defects)

        def forward(*arguments: Any, **options: Any) -> tuple[Any, Tape]:
            c = self._tape(*arguments, **options)
            y = self.forward(c, defects)
            return c.keep(self.output, y), c

        def backward(d_y: Any, c: Tape, *arguments: Any, **options: Any) -> Any:
            gradients = self.backward(d_y, c, defects, *arguments, **options)
            return gradients if len(gradients) > 1 else gradients[0]

        return forward, backward

    @property
    def correct(self) -> Variant:
        """The pair without a defect, which a check must accept."""
        return self._variant("", "nothing")

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The mistakes of the backward pass: those that a check of the gradient can see."""
        return tuple(self._variant(name, sentence) for name, sentence in self.backward_mistakes.items())

    def _variant(self, defect: str, sentence: str) -> Variant:
        form = "".join(f"[{value}]" for value in self.preset.values())
        pair = self.operation_with(frozenset({defect} if defect else ()))
        return Variant(f"{self.operation}{form}: {defect or 'correct'}", self.operation, sentence, *pair)

    def _tape(self, *arguments: Any, **options: Any) -> Tape:
        bound = _signature(self.operation).bind(*arguments, **options)
        bound.apply_defaults()
        return Tape(**bound.arguments)

    def _check(self, defects: Defects) -> None:
        for name in sorted(defects - self.mistakes.keys()):
            near = difflib.get_close_matches(name, self.mistakes, 3, 0) or list(self.mistakes)[:3]
            raise ConformanceError(f"{self.operation}: {name!r} is none of the {len(self.mistakes)} known mistakes, "
                                   f"expected one like {', '.join(map(repr, near))}; see Faulty.mistakes")


@cache
def _signature(operation: str) -> inspect.Signature:
    return inspect.signature(getattr(ops, operation))
