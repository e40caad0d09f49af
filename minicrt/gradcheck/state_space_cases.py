"""Inputs of the operations that state-space models have: RMS norm, causal convolution, selective scan, S4D"""

from collections.abc import Iterator

import numpy as np

from minicrt.gradcheck.case import Case, Rng


def rms_norm_case(rng: Rng, leading: tuple[int, ...] = (2, 3), width: int = 5, name: str = "") -> Case:
    """With one feature x̂ is ±1 but for eps, and G_x all but cancels: hence the scale r |gain|."""
    x, gain = rng.standard_normal((*leading, width)) + 0.3, rng.standard_normal(width)
    size = np.abs(gain).max() * width / np.sqrt((x * x).mean(-1).min() + 1e-5)
    return Case(name or "rms_norm", "rms_norm", {"x": x, "gain": gain}, {"x": float(size)} if width == 1 else {})


def causal_convolution_case(rng: Rng, batch: int = 2, length: int = 4, width: int = 3, taps: int = 3, name: str = ""
                            ) -> Case:
    return Case(name or "causal_convolution", "causal_convolution", {
        "x": rng.standard_normal((batch, length, width)), "s0": rng.standard_normal((batch, taps - 1, width)),
        "weight": rng.standard_normal((taps, width)), "bias": rng.standard_normal(width)})


def selective_scan_case(rng: Rng, batch: int = 2, length: int = 4, width: int = 3, states: int = 2) -> Case:
    return Case("selective_scan", "selective_scan", {
        "x": _bounded(rng, batch, length, width), "h0": _bounded(rng, batch, width, states),
        "dt": _bounded(rng, batch, length, width), "a_log": 0.5 * _bounded(rng, width, states),
        "b": _bounded(rng, batch, length, states), "c": _bounded(rng, batch, length, states),
        "d": _bounded(rng, width)})


def s4d_case(rng: Rng, batch: int = 2, length: int = 4, width: int = 3, states: int = 2, transform: bool = False
             ) -> Case:
    return Case("s4d" + ", by a Fourier transform" * transform, "s4d", {
        "x": _bounded(rng, batch, length, width), "h0": _bounded(rng, batch, width, 2 * states),
        "log_dt": 0.5 * _bounded(rng, width) - 0.5, "log_a": 0.5 * _bounded(rng, width, states),
        "a_im": 2 * _bounded(rng, width, states), "c": _bounded(rng, width, 2 * states), "d": _bounded(rng, width),
        "transform": transform})


def state_space_cases(rng: Rng) -> Iterator[Case]:
    yield rms_norm_case(rng)
    yield causal_convolution_case(rng)
    yield causal_convolution_case(rng, length=2, taps=4, name="causal_convolution, longer than the segment")
    yield selective_scan_case(rng)
    for transform in (False, True):
        yield s4d_case(rng, transform=transform)


def _bounded(rng: Rng, *shape: int) -> np.ndarray:
    return rng.uniform(-1.5, 1.5, shape)
