"""Cases of the recurrent networks. B = 2, T = 5, I = 3, D = 4 unless the case is about one of them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values

Builder = Callable[..., dict[str, Any]]
LARGE = 1000.0                                               # added to an argument, σ and tanh are exactly 0 or ±1


def gru(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4) -> dict[str, Any]:
    return _gated(v, batch, length, inputs, width, 3) | {"b_hn": v.real("b_hn", width), "reset_after": True}


def gru_before(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4) -> dict[str, Any]:
    return _gated(v, batch, length, inputs, width, 3) | {"reset_after": False}


def ncgru(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4, activation: str = "modrelu"
          ) -> dict[str, Any]:
    """The candidate's biases go from a threshold that many steps stay below to none at all."""
    drawn = _gated(v, batch, length, inputs, width, 3) | {"activation": activation}
    drawn["b"][2 * width:] = np.arange(width) / 2 - 1.25
    return drawn


def lstm(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4) -> dict[str, Any]:
    drawn = _gated(v, batch, length, inputs, width, 4)
    del drawn["h0"]
    return drawn | {"s0": v.real("s0", batch, 2 * width, factor=1.5)}


def mingru(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4) -> dict[str, Any]:
    drawn = _gated(v, batch, length, inputs, width, 2)
    del drawn["u"]
    return drawn


def lru(v: Values, batch: int = 2, length: int = 5, inputs: int = 3, width: int = 4) -> dict[str, Any]:
    """`width` is N, the number of complex states."""
    return {"x": v.real("x", batch, length, inputs, factor=1.5), "h0": v.real("h0", batch, 2 * width, factor=1.5),
            "w": v.real("w", inputs, 2 * width), "nu": v.real("nu", width), "theta": v.real("theta", width),
            "log_gamma": v.real("log_gamma", width)}


def slow_lru(v: Values) -> dict[str, Any]:
    return lru(v, length=40) | {"nu": v.real("nu", 4) - 6}


def zero_state(builder: Builder) -> Builder:
    def build(v: Values) -> dict[str, Any]:
        drawn = builder(v)
        name = "s0" if "s0" in drawn else "h0"
        return drawn | {name: np.zeros_like(drawn[name])}
    return build


def saturated(builder: Builder, gates: int) -> Builder:
    """Of 2 · gates + 1 units each of the first has one gate at one of its ends; the last unit is an ordinary one."""
    def build(v: Values) -> dict[str, Any]:
        width = 2 * gates + 1
        drawn = builder(v, width=width)
        for gate in range(gates):
            first = gate * width + 2 * gate
            drawn["b"][first:first + 2] = LARGE, -LARGE
        return drawn
    return build


def _gated(v: Values, batch: int, length: int, inputs: int, width: int, gates: int) -> dict[str, Any]:
    """Bounded values: where a gate saturates, 1 − z and 1 − n² have lost digits, in any correct implementation."""
    return {"x": v.real("x", batch, length, inputs, factor=1.5), "h0": v.real("h0", batch, width, factor=1.5),
            "w": v.real("w", inputs, gates * width), "u": v.real("u", width, gates * width),
            "b": v.real("b", gates * width)}


def variations(name: str, builder: Builder, gates: int = 0) -> Iterator[Sketch]:
    """The edge cases that every recurrence has."""
    yield Sketch(f"{name}-T1", "One step.", lambda v: builder(v, length=1))
    yield Sketch(f"{name}-B1", "A batch of one.", lambda v: builder(v, batch=1))
    yield Sketch(f"{name}-zero-state", "The state at the start is 0: the first segment.", zero_state(builder))
    if gates:
        yield Sketch(f"{name}-saturated", "Gates of exactly 0 and 1, and arguments of ±1000, where e^x overflows.",
                     saturated(builder, gates))


SKETCHES = (
    Sketch("gru", "The reset gate acts after the recurrent product.", gru),
    *variations("gru", gru, 3),
    Sketch("gru-square", "As many inputs as units, so that a transposed block of w fits.", lambda v: gru(v, inputs=4)),
    Sketch("gru-long", "Forty steps.", lambda v: gru(v, length=40)),
    Sketch("gru-before", "The reset gate acts before the recurrent product.", gru_before),
    *variations("gru-before", gru_before, 3),
    Sketch("ncgru", "A modReLU candidate, with biases of either sign.", ncgru),
    Sketch("ncgru-tanh", "A tanh candidate: the GRU whose reset acts before the product.",
           lambda v: ncgru(v, activation="tanh")),
    *variations("ncgru", ncgru),
    Sketch("ncgru-saturated", "Gates of exactly 0 and 1; the candidate is not bounded and stays ordinary.",
           saturated(ncgru, 2)),
    Sketch("lstm", "Both halves of the state come in, [h, c].", lstm),
    *variations("lstm", lstm, 4),
    Sketch("mingru", "The gate looks at the input alone.", mingru),
    *variations("mingru", mingru, 1),
    Sketch("lru", "Four complex states, as eight real numbers.", lru),
    *variations("lru", lru),
    Sketch("lru-slow", "|λ| close to 1 and forty steps.", slow_lru),
)
