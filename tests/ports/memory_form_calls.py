"""Arguments of the operations that richer memories have"""

import numpy as np

from tests.ports.call import Call, Draw, Sizes, normal


def _delta_rule(rng: np.random.Generator, s: Sizes) -> Call:
    K = s.I + 1                                              # a key of one number is ±1, and its gradient cancels
    return Call((normal(rng, s.B, s.T, K) + 0.5, normal(rng, s.B, s.T, K) + 0.5, normal(rng, s.B, s.T, s.D),
                 normal(rng, s.B, s.T), normal(rng, s.B, K, s.D)), {})


def _sparse_write(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D), normal(rng, s.B, s.T, s.D)), {"most": int(rng.integers(1, s.T + 1))})


def _pooled_queue(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.D), normal(rng, s.B, s.T, s.D), normal(rng, s.T, s.D, scale=2.0)), {})


MEMORY_FORM_CALLS: dict[str, tuple[str, Draw]] = {
    "delta_rule": ("delta_rule", _delta_rule), "sparse_write": ("sparse_write", _sparse_write),
    "pooled_queue": ("pooled_queue", _pooled_queue)}
