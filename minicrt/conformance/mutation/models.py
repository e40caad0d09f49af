"""What the equations of a model compute over the segments of a golden case, right or with some nodes changed"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mutation.complex_step import STEP, Array, Directions, moved
from minicrt.conformance.mutation.program import Program, program
from minicrt.conformance.mutation.running import Expected, taken
from minicrt.conformance.mutation.tree import Changes, Trail, Unexpected


def model_equations(configuration: Mapping[str, Any]) -> str:
    """The name of a model's equations; empty where there are none for this configuration."""
    model = configuration.get("model")
    if model == "transformer":
        return "transformer"
    if model != "crt" or configuration["memory_gradient"] == "writer" or configuration["memory_position"] != "first":
        return ""
    return "transformer" if configuration["memory"] == "none" else "crt"


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
        self.carries_positions = any(tensor.name == "segment0/state/positions" for tensor in case.tensors)
        self.carries_memory = any(tensor.name == "segment0/state/memory" for tensor in case.tensors)

    @cached_property
    def forward_program(self) -> Program:
        return program(self.equation)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the equations of the first segment take."""
        return {**self.options, **self.tokens(0), "w": self.parameters, **self.first_state(self.parameters, self.start)}

    @cached_property
    def options(self) -> dict[str, Any]:
        c = self.configuration
        gru = "gru_after" if c.get("reset_after", True) else "gru_before"
        cell = {"gru": gru, "ncgru": f"ncgru_{c.get('candidate')}"}.get(c.get("memory", ""), c.get("memory", ""))
        negatives = c.get("negatives", -1)
        return {"layers": c["layers"], "heads": c["heads"], "activation": c["activation"], "pre": c["norm"] == "pre",
                "positions": c["positions"], "gru": gru, "cell": cell, "tied": c["tied"],
                "negatives": c["width"] // 2 if negatives == -1 else negatives, "vectors": c.get("memory_vectors", 0),
                "per_segment": c.get("memory_update") == "per_segment", "reads": c.get("readout") == "memory",
                "normed": "memory.norm.gain" in self.parameters}

    def tokens(self, n: int) -> dict[str, Array]:
        return {"tokens": self.given[f"segment{n}/tokens"], "targets": self.given[f"segment{n}/targets"]}

    def first_state(self, w: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
        rows, width = len(self.given["segment0/tokens"]), self.configuration.get("position_width", 0)
        m, p_0 = start.get("memory"), start.get("positions", np.zeros((rows, width or self.configuration["width"])))
        if m is None and "memory.start" in w:
            m = np.zeros((rows, 1, 1)) + w["memory.start"]
        return {"m": m, "p_0": p_0}

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
        self.run({}, self.parameters, self.start, seen, trail)
        return trail, reached

    def between(self, before: str, name: str) -> set[int]:
        """The statements that are at work after one place (or the start) and before another."""
        first, active = self.reached.get(before, (0, set[int]()))
        return active | set(self.right_run[0].begun[first:self.reached[name][0]])

    def run(self, changes: Changes, w: Mapping[str, Any], start: Mapping[str, Any], expected: Expected | None,
            trail: Trail | None = None, moves: Directions | None = None) -> Places:
        places = Places(expected, moves)
        function = self.forward_program.running(changes, lambda name, value, step: value, trail, place=places.place)[0]
        state = self.first_state(w, start)
        for n in range(len(self.configuration["segments"])):
            places.segment = n
            loss, m, p = function(**taken(self.forward_program, {**self.options, **self.tokens(n), "w": w, **state}))
            if self.carries_positions:
                state["p_0"] = places.place("state/positions", p)
            if self.carries_memory:
                state["m"] = places.place("state/memory", m)
            places.place("loss", loss)
        return places

    def forward(self, changes: Changes, expected: Expected | None = None) -> tuple[dict[str, Array], Any]:
        places = self.run(changes, self.parameters, self.start, expected)
        return {name: np.asarray(value) for name, value in places.found.items()}, None

    @cached_property
    def right(self) -> tuple[dict[str, Array], Any]:
        return self.forward({})

    @cached_property
    def movable(self) -> frozenset[str]:
        """The gradients whose values have names"""
        names = (*self.reached, *self.given, *(f"initial_{name}" for name in self.given))
        return frozenset(f"d_{name}" for name in names)

    def slope(self, changes: Changes, directions: Directions) -> float:
        """Of J, with changes, as what each gradient belongs to moves along its direction: by the complex step."""
        w, start, moves = dict(self.parameters), dict(self.start), dict[str, Array]()
        for name, v in directions.items():
            kind, _, rest = name.removeprefix("d_").partition("/")
            values = {"parameters": w, "initial_state": start}.get(kind)
            if values is None:
                moves[f"{kind}/{rest}"] = v
            else:
                values[rest] = moved(values[rest], v)
        places = self.run(changes, w, start, None, moves=moves)
        if places.moves:
            raise Unexpected
        found, last = places.found, len(self.configuration["segments"]) - 1
        j = sum(self.given["d_loss"][n] * found[f"segment{n}/loss"] for n in range(last + 1))
        for entry in ("memory", "positions"):
            if f"d_state/{entry}" in self.given:
                j = j + (self.given[f"d_state/{entry}"] * found[f"segment{last}/state/{entry}"]).sum()
        return float(np.imag(j) / STEP)
