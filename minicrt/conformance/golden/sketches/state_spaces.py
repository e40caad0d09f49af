"""Cases of what state-space models are made of. B = 2, T = 5, D = 4, N = 3 unless the case is about one of them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values

Builder = Callable[..., dict[str, Any]]
LARGE = 64.0                                                 # softplus(±64) is 64 and, but for 1e-28, 0


def rms_norm(v: Values, *leading: int, width: int = 4, factor: float = 1.0) -> dict[str, Any]:
    return {"x": v.real("x", *(leading or (2, 5)), width, factor=factor), "gain": v.real("gain", width, factor=2),
            "eps": 1e-5}


def causal_convolution(v: Values, batch: int = 2, length: int = 5, width: int = 4, taps: int = 4) -> dict[str, Any]:
    return {"x": v.real("x", batch, length, width), "s0": v.real("s0", batch, taps - 1, width),
            "weight": v.real("weight", taps, width), "bias": v.real("bias", width)}


def selective_scan(v: Values, batch: int = 2, length: int = 5, width: int = 4, states: int = 3) -> dict[str, Any]:
    return {"x": v.real("x", batch, length, width, factor=1.5), "h0": v.real("h0", batch, width, states, factor=1.5),
            "dt": v.real("dt", batch, length, width, factor=1.5), "a_log": v.real("a_log", width, states),
            "b": v.real("b", batch, length, states), "c": v.real("c", batch, length, states),
            "d": v.real("d", width)}


def s4d(v: Values, batch: int = 2, length: int = 5, width: int = 4, states: int = 3) -> dict[str, Any]:
    return {"x": v.real("x", batch, length, width, factor=1.5),
            "h0": v.real("h0", batch, width, 2 * states, factor=1.5), "log_dt": v.real("log_dt", width) - 0.5,
            "log_a": v.real("log_a", width, states), "a_im": v.real("a_im", width, states, factor=3),
            "c": v.real("c", width, 2 * states), "d": v.real("d", width)}


def saturated_steps(v: Values) -> dict[str, Any]:
    drawn = selective_scan(v)
    drawn["dt"][:, 1, 0], drawn["dt"][:, 2, 0] = LARGE, -LARGE
    return drawn


def slow_s4d(v: Values) -> dict[str, Any]:
    return s4d(v, length=40) | {"log_dt": v.real("log_dt", 4) - 4}


def zero_state(builder: Builder) -> Builder:
    def build(v: Values) -> dict[str, Any]:
        drawn = builder(v)
        name = "s0" if "s0" in drawn else "h0"
        return drawn | {name: np.zeros_like(drawn[name])}
    return build


def variations(name: str, builder: Builder) -> Iterator[Sketch]:
    """The edge cases that everything which is carried over segments has."""
    yield Sketch(f"{name}-T1", "One step.", lambda v: builder(v, length=1))
    yield Sketch(f"{name}-B1", "A batch of one.", lambda v: builder(v, batch=1))
    yield Sketch(f"{name}-zero-state", "The state at the start is 0: the first segment.", zero_state(builder))


SKETCHES = (
    Sketch("rms_norm", "Rows of a batch of sequences.", rms_norm),
    Sketch("rms_norm-small", "mean(x²) is as small as eps, so that it matters where eps stands.",
           lambda v: rms_norm(v, factor=2.0 ** -8)),
    Sketch("rms_norm-one-row", "One row.", lambda v: rms_norm(v, 1)),
    Sketch("causal_convolution", "Four taps.", causal_convolution),
    Sketch("causal_convolution-short", "A segment shorter than the window: the last output sees the state too.",
           lambda v: causal_convolution(v, length=2)),
    *variations("causal_convolution", causal_convolution),
    Sketch("selective_scan", "Three states for each of four channels.", selective_scan),
    *variations("selective_scan", selective_scan),
    Sketch("selective_scan-saturated", "A channel that forgets all, and then takes nothing: dt of ±64.",
           saturated_steps),
    Sketch("selective_scan-long", "Forty steps.", lambda v: selective_scan(v, length=40)),
    Sketch("s4d", "Three complex states for each of four channels.", s4d),
    *variations("s4d", s4d),
    Sketch("s4d-slow", "Short steps, |Ā| close to 1, and forty of them.", slow_s4d),
)
