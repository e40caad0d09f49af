"""What the equations of a model compute over the segments of a golden case, right or with some nodes changed"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.golden.model_pass import model_of
from minicrt.conformance.golden.tensors import FORWARD, GoldenCase
from minicrt.conformance.mutation.complex_step import STEP, Array, Directions, moved
from minicrt.conformance.mutation.configured import States, model_equations, options
from minicrt.conformance.mutation.program import Program, program
from minicrt.conformance.mutation.remembered import Memory
from minicrt.conformance.mutation.running import Expected, taken
from minicrt.conformance.mutation.steps import Trail, Unexpected
from minicrt.conformance.mutation.tree import Changes

LEAST = 0.02        # of a whole run: what it takes to begin one
PLACES = 0.3        # of it takes what is known from the right run


class Places:
    """The results that have a place, by the case's names; `expected` may end the run, `moves` are what they move by."""

    def __init__(self, expected: Expected | None, moves: Directions | None = None) -> None:
        self.expected, self.segment, self.found, self.moves = expected, 0, dict[str, Any](), dict(moves or {})

    def place(self, name: str, value: Any) -> Any:
        whole, count = f"segment{self.segment}/{name}", 1
        while whole in self.found:
            count += 1
            whole = f"segment{self.segment}/{name}.{count}"
        if self.expected and not self.expected(whole, value, -1):
            raise Unexpected
        if whole in self.moves:
            value = moved(value, self.moves.pop(whole))
        self.found[whole] = value
        return value


class Model:
    """A model of the equations with a golden case's parameters, segments and state.

    entries   a gradient with no more than so many is computed entry by entry
    """

    has_backward, entries = False, 48

    def __init__(self, case: GoldenCase) -> None:
        self.case, self.given, self.configuration = case, case.given(), case.configuration
        self.equation = model_equations(case.configuration)
        self.parameters = {name.removeprefix("parameters/"): value for name, value in self.given.items()
                           if name.startswith("parameters/")}
        self.start = {name.removeprefix("state/"): value for name, value in self.given.items()
                      if name.startswith("state/")}
        self.states, self.runs, self.memory = States(case), 0.0, Memory()
        self.forward_tensors = sum(tensor.role in FORWARD for tensor in case.tensors)

    def spent(self) -> float:
        """How many runs there were since it was asked before; one that ended early is a part of one"""
        runs, self.runs = self.runs, 0.0
        return runs

    @cached_property
    def forward_program(self) -> Program:
        """Of an adaptive output the clusters are numbers of the equations."""
        if self.configuration.get("output") != "adaptive":
            return program(self.equation)
        config: Any = model_of(self.configuration, (), ops).config
        return program(self.equation).with_names(CUTOFFS=config.cutoffs_in_use, DIV_VALUE=config.div_value)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the equations of the second segment take, to which the first one has handed something on."""
        after = {name.removeprefix("segment0/state/"): value for name, value in self.right[0].items()
                 if name.startswith("segment0/state/")}
        state = self.states.taken(self.parameters, after)
        return {**self.options, **self.tokens(1), "w": self.parameters, **state}

    @cached_property
    def options(self) -> dict[str, Any]:
        return options(self.configuration, self.parameters)

    def tokens(self, n: int) -> dict[str, Array]:
        return {"tokens": self.given[f"segment{n}/tokens"], "targets": self.given[f"segment{n}/targets"]}

    @cached_property
    def reached(self) -> dict[str, tuple[int, set[int]]]:
        """For each place, in a right run: how many statements are begun before it, and which are not over."""
        return self.right_run[1]

    @cached_property
    def right_run(self) -> tuple[Trail, dict[str, tuple[int, set[int]]]]:
        trail, reached = Trail(), dict[str, tuple[int, set[int]]]()

        def seen(name: str, value: Any, step: int) -> bool:
            reached[name] = len(trail.begun), set(trail.active)
            return True
        self.go(Places(seen), {}, self.parameters, self.start, trail)
        return trail, reached

    def between(self, before: str, name: str) -> set[int]:
        """The statements that are at work after one place (or the start) and before another."""
        first, active = self.reached.get(before, (0, set[int]()))
        return active | set(self.right_run[0].begun[first:self.reached[name][0]])

    def go(self, places: Places, changes: Changes, w: Mapping[str, Any], start: Mapping[str, Any],
           trail: Trail | None = None, segment: int | None = None, memory: Memory | None = None) -> None:
        function = self.forward_program.running(changes, lambda name, value, step: value, trail, memory=memory,
                                                place=places.place)[0]
        state = dict(start)
        for n in range(len(self.configuration["segments"])):
            places.segment = n
            w_n = w if segment in (None, n) else self.parameters
            known = {**self.options, **self.tokens(n), "w": w_n, **self.states.taken(w_n, state)}
            loss, *results = function(**taken(self.forward_program, known))
            for entry, value in self.states.given(results).items():
                state[entry] = places.place(f"state/{entry}", value)
            places.place("loss", loss)

    def forward(self, changes: Changes, expected: Expected | None = None) -> tuple[dict[str, Array], Any]:
        places, before = Places(expected), self.memory.computed
        try:
            self.go(places, changes, self.parameters, self.start, memory=self.memory)
        finally:
            anew, reached = self.memory.computed - before, len(places.found) / self.forward_tensors
            self.runs += max(LEAST, PLACES * reached + (1 - PLACES) * anew / max(len(self.memory.results), 1))
            self.memory.recording = self.memory.recording and bool(changes)
        return {name: np.asarray(value) for name, value in places.found.items()}, None

    @cached_property
    def right(self) -> tuple[dict[str, Array], Any]:
        return self.forward({})

    @cached_property
    def movable(self) -> frozenset[str]:
        """The gradients whose values have names"""
        names = (*self.reached, *self.given, *(f"initial_{name}" for name in self.given))
        return frozenset(f"d_{name}" for name in names)

    def slope(self, changes: Changes, directions: Directions, segment: int | None = None) -> float:
        """Of J, with changes, as what each gradient belongs to moves along its direction: by the complex step.

        With a `segment` the parameters move in that one alone.
        """
        w, start, moves = dict(self.parameters), dict(self.start), dict[str, Array]()
        for name, v in directions.items():
            kind, _, rest = name.removeprefix("d_").partition("/")
            values = {"parameters": w, "initial_state": start}.get(kind)
            if values is None:
                moves[f"{kind}/{rest}"] = v
            else:
                values[rest] = moved(values[rest], v)
        self.runs += 1
        places = Places(None, moves)
        self.go(places, changes, w, start, segment=segment)
        if places.moves:
            raise Unexpected
        found, last = places.found, len(self.configuration["segments"]) - 1
        j = sum(self.given["d_loss"][n] * found[f"segment{n}/loss"] for n in range(last + 1))
        for name, d in self.given.items():
            if name.startswith("d_state/"):
                j = j + (d * found[f"segment{last}/{name.removeprefix('d_')}"]).sum()
        return float(np.imag(j) / STEP)
