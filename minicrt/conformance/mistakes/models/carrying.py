"""Mistakes in what goes from segment to segment: the state forwards, its gradient backwards"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.mistakes.models.layers import at_zero
from minicrt.conformance.mistakes.models.mistake import ModelMistake, of_all
from minicrt.models import SegmentModel, State

Array = np.ndarray

SENTENCES = {
    "state: not carried": "Every segment starts from the initial state: nothing is carried.",
    "state: one segment old": "The state is one segment too old: a segment starts from where the one before it did.",
    "state: of another pass": "The first segment starts from what another pass over the segments left behind, such as "
                              "a validation: the state leaks.",
    "state: of a validation in between": "After each segment its loss is evaluated once more from the training's own "
                                         "state, which that moves on: the state of the validation leaks.",
    "state: of another row": "A row goes on from the state of another row of the batch.",
    "memory: of another row": "A row goes on from the memory of another row of the batch; its positions are its own.",
    "positions: of another row": "A row goes on from the positions of another row of the batch; its memory is its own.",
    "m_0: zeros": "The first segment's memory is zeros; here m_0 is the parameter memory.start.",
    "memory: not carried": "Every segment starts from the initial memory; positions are carried.",
    "memory: the first one kept": "The memory that the first segment wrote is kept for ever: it is not updated.",
}
BACKWARD_SENTENCES = {
    "d_state: ignored": "The gradient of the last state is not fed in.",
    "gradients: overwritten": "Each segment's gradients overwrite those of the segments after it, nothing is added up.",
    "memory: detached": "The memory is detached at the segments' boundaries: its gradient does not cross.",
    "positions: detached": "The positions' state is detached at the segments' boundaries.",
    "state: detached": "The whole state is detached at the segments' boundaries.",
    "memory: detached as it is returned": "The memory is detached where a segment returns it: its gradient crosses no "
                                          "boundary, and d_state of the last one does not come in.",
    "positions: detached as they are returned": "The positions' state is detached where a segment returns it, the last "
                                                "one too.",
    "state: detached as it is returned": "The whole state is detached where a segment returns it, the last one too.",
    "m_0: no gradient": "memory.start gets no gradient.",
}

# Backwards:


class Detached(Pass):
    """At every boundary the gradient of `entries` is cut; the first segment's own start is no boundary."""

    entries: tuple[str, ...]

    def carried_back(self, d_state: State, n: int) -> State:
        d_state, cut = super().carried_back(d_state, n), entries_of(self, Detached)
        return {name: np.zeros_like(d) if n and name in cut else d for name, d in d_state.items()}


class DetachedAsReturned(Detached):
    """Cut at every boundary, and behind the last segment."""

    def final_gradient(self, state: State) -> State:
        cut = entries_of(self, Detached)
        return {name: np.zeros_like(d) if name in cut else d for name, d in super().final_gradient(state).items()}


class StateGradientIgnored(Pass):
    def final_gradient(self, state: State) -> State:
        return {}


class GradientsOverwritten(Pass):
    def before_backward(self, n: int) -> None:
        self.gradients.flat[...] = 0


class NoGradientOfTheStart(Pass):
    def parameter_gradients(self) -> dict[str, Array]:
        return {name: value * (name != "memory.start") for name, value in super().parameter_gradients().items()}


# Forwards, with the gradient that belongs to it:


class NotCarried(Pass):
    """Every segment starts `entries` anew."""

    entries: tuple[str, ...]

    def carried(self, states: list[State]) -> State:
        state, lost = super().carried(states), entries_of(self, NotCarried)
        return state if len(states) == 1 else {name: v for name, v in state.items() if name not in lost}


class KeptForever(Pass):
    """`entries` stay what the first segment made of them."""

    entries: tuple[str, ...]

    def run(self) -> dict[str, Array]:
        self._later: State = {}                              # the gradient of all segments after the second
        return super().run()

    def carried(self, states: list[State]) -> State:
        state = super().carried(states)
        return state if len(states) == 1 else state | {
            name: states[1][name] for name in entries_of(self, KeptForever) if name in states[1]}

    def carried_back(self, d_state: State, n: int) -> State:
        d_state = super().carried_back(d_state, n)
        own = {name: d_state[name] for name in entries_of(self, KeptForever) if name in d_state and n}
        if not own:
            return d_state
        total = {name: d + self._later.get(name, 0) for name, d in own.items()}
        if n == 1:
            return d_state | total
        self._later = total
        return d_state | {name: np.zeros_like(d) for name, d in own.items()}


class OneSegmentOld(Pass):
    """Segment n starts from the state in front of segment n − 1."""

    def run(self) -> dict[str, Array]:
        self._newer: State = {}
        return super().run()

    def carried(self, states: list[State]) -> State:
        return states[max(len(states) - 2, 0)]

    def carried_back(self, d_state: State, n: int) -> State:
        d_state = super().carried_back(d_state, n)
        newer, self._newer = self._newer, d_state            # of the state in front of segment n, and of n − 1
        return newer if n else {name: d + newer.get(name, 0) for name, d in d_state.items()}


class RowsMoved(Pass):
    """Row b of the batch goes on from row b − 1 in these entries of the state."""

    entries: tuple[str, ...]

    def carried(self, states: list[State]) -> State:
        state = super().carried(states)
        moved = entries_of(self, RowsMoved) if len(states) > 1 else set()
        return {name: np.roll(value, 1, axis=0) if name in moved else value for name, value in state.items()}

    def carried_back(self, d_state: State, n: int) -> State:
        d_state = super().carried_back(d_state, n)
        moved = entries_of(self, RowsMoved) if n else set()
        return {name: np.roll(d, -1, axis=0) if name in moved else d for name, d in d_state.items()}


class StartsFromAnotherPass(Pass):
    """The first segment starts from what another pass left: here one over the same segments."""

    def start(self) -> State:
        state, record = super().start(), self.new_record()
        model = self.make(record)
        for n in range(self.count):
            record.forward(n)
            _, state, _ = model.forward(self.parameters, *self.segment(n), state)
        return state


class EvaluatedInBetween(Pass):
    """The next segment starts from what a second run over this one left, without gradients."""

    def carried(self, states: list[State]) -> State:
        state, n = super().carried(states), len(states) - 2
        if n < 0:
            return state
        record = self.new_record()
        record.forward(n)
        return self.make(record).forward(self.parameters, *self.segment(n), state)[1]

    def carried_back(self, d_state: State, n: int) -> State:
        d_state = super().carried_back(d_state, n)
        return {name: np.zeros_like(d) if n else d for name, d in d_state.items()}


def entries_of(made: Pass, kind: type[Pass]) -> set[str]:
    """Those of all mistakes of this kind that a port is made of"""
    return {entry for entries in of_all(made, kind, "entries") for entry in entries}


def of(base: type[Pass], entries: Any) -> tuple[type[Pass]]:
    """`base` for these entries of the state."""
    return (type(base.__name__, (base,), {"entries": tuple(entries)}),)


def carrying(model: SegmentModel, batch: int) -> list[ModelMistake]:
    entries = sorted(model.state_shapes(batch))
    found = [ModelMistake(name, SENTENCES[name], passes=passes) for name, passes in _forwards(model, entries, batch)]
    return found + [ModelMistake(name, BACKWARD_SENTENCES[name], "backward", passes=passes)
                    for name, passes in _backwards(model, entries)]


def _forwards(model: SegmentModel, entries: list[str], batch: int) -> Iterator[tuple[str, tuple[type[Pass], ...]]]:
    if not entries:
        return
    memory = [name for name in entries if name in model.memory_entries]
    yield "state: not carried", of(NotCarried, entries)
    yield "state: one segment old", (OneSegmentOld,)
    yield "state: of another pass", (StartsFromAnotherPass,)
    yield "state: of a validation in between", (EvaluatedInBetween,)
    if batch > 1:
        yield "state: of another row", of(RowsMoved, entries)
        if memory and len(memory) < len(entries):
            yield "memory: of another row", of(RowsMoved, memory)
            yield "positions: of another row", of(RowsMoved, set(entries) - set(memory))
    if memory:
        yield "memory: the first one kept", of(KeptForever, memory)
        if len(memory) < len(entries):
            yield "memory: not carried", of(NotCarried, memory)
    if "memory.start" in {spec.name for spec in model.specs()}:
        yield "m_0: zeros", (at_zero("memory.start"),)


def _backwards(model: SegmentModel, entries: list[str]) -> Iterator[tuple[str, tuple[type[Pass], ...]]]:
    yield "gradients: overwritten", (GradientsOverwritten,)
    read = [name for name in entries if name not in model.detached_entries]
    positions = [name for name in read if name in model.position_entries]
    unrolled = getattr(model.config, "memory_gradient", "unroll") == "unroll"            # else it does not cross anyway
    memory = [name for name in read if name in model.memory_entries and unrolled]
    if read:
        yield "d_state: ignored", (StateGradientIgnored,)
    if memory:
        yield "memory: detached", of(Detached, memory)
        yield "memory: detached as it is returned", of(DetachedAsReturned, memory)
    if positions:
        yield "positions: detached", of(Detached, positions)
        yield "positions: detached as they are returned", of(DetachedAsReturned, positions)
    if memory and positions:
        yield "state: detached", of(Detached, memory + positions)
        yield "state: detached as it is returned", of(DetachedAsReturned, memory + positions)
    if "memory.start" in {spec.name for spec in model.specs()}:
        yield "m_0: no gradient", (NoGradientOfTheStart,)
