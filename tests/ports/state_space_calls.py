"""Arguments of the operations that state-space models have"""

import numpy as np

from tests.ports.call import Call, Draw, Sizes, normal


def _rms_norm(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D + 2), normal(rng, s.D + 2)), {"eps": float(rng.uniform(1e-6, .5))})


def _causal_convolution(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D), normal(rng, s.B, s.I - 1, s.D), normal(rng, s.I, s.D),
                 normal(rng, s.D)), {})


def _selective_scan(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D), normal(rng, s.B, s.D, s.I), normal(rng, s.B, s.T, s.D),
                 normal(rng, s.D, s.I, scale=0.5), normal(rng, s.B, s.T, s.I), normal(rng, s.B, s.T, s.I),
                 normal(rng, s.D)), {})


def _s4d(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D), normal(rng, s.B, s.D, 2 * s.I), normal(rng, s.D, scale=0.5) - 1,
                 normal(rng, s.D, s.I, scale=0.5), normal(rng, s.D, s.I, scale=3), normal(rng, s.D, 2 * s.I),
                 normal(rng, s.D)), {})


STATE_SPACE_CALLS: dict[str, tuple[str, Draw]] = {
    "rms_norm": ("rms_norm", _rms_norm), "causal_convolution": ("causal_convolution", _causal_convolution),
    "selective_scan": ("selective_scan", _selective_scan), "s4d": ("s4d", _s4d)}
