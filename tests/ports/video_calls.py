"""Calls of the operations that models of video alone have"""

import numpy as np

from tests.ports.call import Call, Draw, Sizes, normal


def _patches(rng: np.random.Generator, s: Sizes) -> Call:
    """B clips of T rows and S + 1 columns of patches, K pixels a side."""
    numbers = s.H * s.K * s.K * s.I
    return Call((normal(rng, s.B, 2 * s.H, s.T * s.K, (s.S + 1) * s.K, s.I), normal(rng, numbers, s.V),
                 normal(rng, s.V)), {"size": s.K, "frames": s.H})


def _weighted(rng: np.random.Generator, s: Sizes, smoothing: float) -> Call:
    targets = rng.integers(-1, s.V, (s.B, s.T))
    targets.flat[rng.integers(targets.size)] = rng.integers(s.V)        # at least one is scored
    return Call((normal(rng, s.B, s.T, s.V), targets, rng.uniform(0.5, 2, s.V)), {"smoothing": smoothing})


def _binary(rng: np.random.Generator, s: Sizes) -> Call:
    scored = rng.random((s.B, s.T, s.I)) < 0.7
    scored.flat[rng.integers(scored.size)] = True
    return Call((normal(rng, *scored.shape), rng.random(scored.shape), scored), {})


VIDEO_CALLS: dict[str, tuple[str, Draw]] = {
    "patch_embedding": ("patch_embedding", _patches),
    "weighted_cross_entropy": ("weighted_cross_entropy", lambda rng, s: _weighted(rng, s, 0.0)),
    "weighted_cross_entropy, smoothed": ("weighted_cross_entropy", lambda rng, s: _weighted(rng, s, 0.2)),
    "binary_cross_entropy": ("binary_cross_entropy", _binary),
}
