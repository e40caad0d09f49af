"""What a port with another arithmetic computes in a case: an operation's pass, or a model's with all its operations"""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.checking.arithmetic.altered import Alteration, AlteredTape, arrays_of, bare, dressed
from minicrt.conformance.checking.arithmetic.formats import rounded
from minicrt.conformance.checking.catalogue import Expected, OperationCatalogue
from minicrt.conformance.checking.watching import computed_while
from minicrt.conformance.golden.model_pass import Pass, model_of
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mistakes.models import ModelMistake
from minicrt.conformance.mistakes.models.operations import used
from minicrt.conformance.mistakes.operations import FAULTY, Faulty
from minicrt.models import State

Array = np.ndarray
SCANS = ("gru", "ncgru", "lstm", "mingru", "lru")
NONE: frozenset[str] = frozenset()


def traced(case: GoldenCase, alteration: Alteration, expected: Expected | None = None) -> dict[str, Array]:
    """All tensors that the port computes, up to the first of a model that is not `expected`."""
    with np.errstate(all="ignore"):
        if case.kind == "model":
            return of_model(case, alteration, expected or (lambda *_: True))
        return of_operation(OperationCatalogue(case), case, alteration)


def operations_in(case: GoldenCase) -> list[Faulty]:
    """The operations that a case runs."""
    if case.kind == "model":
        model = model_of(case.configuration, (), ops)
        return [faulty for faulty in FAULTY if used(faulty, model)]
    return [OperationCatalogue(case).faulty]


def of_model(case: GoldenCase, alteration: Alteration, expected: Expected) -> dict[str, Array]:
    plain = replace(alteration, parameters="", matrices="", inputs="", carried="", entries=()) == Alteration()
    substitutes = () if plain else tuple(substitute(faulty, alteration) for faulty in operations_in(case))
    passes = (coarsely_carried(alteration),) if alteration.carried else ()
    return computed_while(ModelMistake("arithmetic", "", substitutes=substitutes, passes=passes), case.configuration,
                          given(case, alteration), expected)


def coarsely_carried(alteration: Alteration) -> type[Pass]:
    """The state is rounded between the segments, and on the way back its gradient, as autograd does."""
    def coarse(state: State) -> State:
        return {name: rounded(value, alteration.carried) if name in (alteration.entries or state) else value
                for name, value in state.items()}

    class CoarselyCarried(Pass):
        def carried(self, states: list[State]) -> State:
            return coarse(states[-1]) if len(states) > 1 else states[-1]

        def carried_back(self, d_state: State, n: int) -> State:
            return coarse(d_state) if n and alteration.backward else d_state

    return CoarselyCarried


def given(case: GoldenCase, alteration: Alteration) -> dict[str, Array]:
    """What the port is given, as it rounds it."""
    found = case.given()
    for tensor in case.tensors:
        weight, value = tensor.role == "parameter", tensor.value
        name = (alteration.parameters or alteration.matrices * (value.ndim > 1)) if weight else \
            alteration.inputs * (tensor.role == "input")
        if name and value.dtype.kind == "f":
            found[tensor.name] = rounded(value, name)
    return found


def substitute(faulty: Faulty, alteration: Alteration) -> Substitute:
    run = AlteredOperation(faulty, alteration)
    return Substitute(faulty.operation, lambda forward, backward: (run.forward, run.backward))


def of_operation(catalogue: OperationCatalogue, case: GoldenCase, alteration: Alteration) -> dict[str, Array]:
    faulty = catalogue.faulty
    taken = inspect.signature(getattr(ops, faulty.operation)).parameters
    own = given(case, alteration)
    inputs = {name: own.get(name, value) for name, value in catalogue.inputs.items() if name in taken}
    run = AlteredOperation(faulty, alteration)
    y, cache = run.forward(**inputs)
    gradients = run.backward(catalogue.upstream, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    named = {f"d_{name}": gradient for name, gradient in zip(faulty.gradients, gradients) if gradient is not None}
    return {**run.kept(cache), faulty.output: np.asarray(y), **named}


class Tapes(list[AlteredTape]):
    """One, or one for each step"""

    @property
    def last(self) -> Array:
        """What goes on to the next segment, of operations whose output is another"""
        return bare(self[-1].last)


class AlteredOperation:
    """An operation in the form of minicrt.ops, in another arithmetic; its cache is one tape, or one for each step."""

    def __init__(self, faulty: Faulty, alteration: Alteration) -> None:
        self.faulty, self.alteration = faulty, alteration
        self.kind = arrays_of(alteration)
        self.signature = inspect.signature(getattr(ops, faulty.operation))

    def forward(self, *arguments: Any, **options: Any) -> tuple[Any, Tapes]:
        bound = self.signature.bind(*arguments, **options)
        bound.apply_defaults()
        inputs = bound.arguments
        self.kind.active = self.alteration.forward
        if not (self.alteration.state and self.faulty.operation in SCANS):
            y, tape = self.once(inputs)
            return y, Tapes([tape])
        x, start = (inputs[name] for name in self.faulty.gradients[:2])
        outputs, tapes = [], []
        for t in range(x.shape[1]):
            names = self.faulty.gradients[:2]
            y, tape = self.once({**inputs, names[0]: x[:, t:t + 1], names[1]: start})
            outputs.append(rounded(y, self.alteration.state))
            start = outputs[-1][:, -1]
            tapes.append(tape)
        return np.concatenate(outputs, axis=1), Tapes(tapes)

    def once(self, inputs: Mapping[str, Any]) -> tuple[Any, AlteredTape]:
        tape = AlteredTape(self.alteration, **{name: dressed(value, self.kind) for name, value in inputs.items()})
        y = self.faulty.forward(tape, NONE)
        tape.keep(self.faulty.output, y)
        return bare(y), tape

    def backward(self, d_y: Any, tapes: list[AlteredTape], *last: Any, **options: Any) -> Any:
        self.kind.active = self.alteration.backward
        if len(tapes) == 1:
            return self.back(d_y, tapes[0], *last, **options)
        d_x, d_rest = [], []
        d_state = 0 if not last or last[0] is None else last[0]
        for t in reversed(range(len(tapes))):
            g = d_y[:, t] + d_state
            if self.alteration.backward:
                g = rounded(g, self.alteration.state)
            first, d_state, *rest = self.back(g[:, None], tapes[t])
            d_x.append(first)
            d_rest.append(rest)
        sums = [None if parts[0] is None else sum(parts) for parts in zip(*d_rest)]
        return np.concatenate(d_x[::-1], axis=1), d_state, *sums

    def back(self, d_y: Any, tape: AlteredTape, *last: Any, **options: Any) -> Any:
        gradients = self.faulty.backward(dressed(np.asarray(d_y), self.kind), tape, NONE, *last, **options)
        plain = tuple(bare(gradient) for gradient in gradients)
        return plain if len(plain) > 1 else plain[0]

    def kept(self, tapes: list[AlteredTape]) -> dict[str, Array]:
        """What the tapes have; of one for each step, side by side in time or, where a tensor has no time, added."""
        if len(tapes) == 1:
            return {name: np.asarray(bare(value)) for name, value in tapes[0].kept.items()}
        parts = {name: [np.asarray(bare(tape.kept[name])) for tape in tapes] for name in tapes[0].kept}
        return {name: np.concatenate(values, axis=1) if values[0].ndim > 2 else np.sum(values, axis=0)
                for name, values in parts.items() if values[0].ndim > 2 or name.startswith("d_")}
