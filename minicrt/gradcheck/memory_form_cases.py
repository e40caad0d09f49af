"""Inputs of the operations that richer memories have: the delta rule, sparse writing, the pooled queue"""

from collections.abc import Iterator

import numpy as np

from minicrt.gradcheck.case import Case, Rng


def delta_rule_case(rng: Rng, batch: int = 2, length: int = 4, width: int = 3, keys: int = 2) -> Case:
    return Case("delta_rule", "delta_rule", {
        "q": _apart(rng, batch, length, keys), "k": _apart(rng, batch, length, keys),
        "v": rng.standard_normal((batch, length, width)), "b": rng.uniform(-1.5, 1.5, (batch, length)),
        "s0": rng.uniform(-1.5, 1.5, (batch, keys, width))})


def sparse_write_case(rng: Rng, batch: int = 2, rows: int = 4, width: int = 3, most: int = 2) -> Case:
    """The rows change by different amounts, so that a small step leaves the choice as it is; those that change most do
    so in all features alike, so that none of their features changes most."""
    old = rng.standard_normal((batch, rows, width))
    rank = rng.permuted(np.tile(np.arange(rows), (batch, 1)), axis=1)[..., None]
    size, step = 1 + 0.2 * rank, rng.standard_normal(old.shape)
    step = np.where(rank >= rows - most, np.sign(step), step)
    step /= np.sqrt((step * step).sum(-1, keepdims=True))
    return Case("sparse_write", "sparse_write", {"new": old + size * step, "old": old, "most": most})


CHANGES = np.array([[0.9, 0.9, 0.9], [1.2, 0.9, 0.2], [1.45, 0.1, 0.1], [0.8, 0.8, 0.8]])


def ranked_write_case(rng: Rng) -> Case:
    """The order of the rows is another by the squares of their features' changes, by the largest of these, and by the
    sum of their sizes."""
    size = np.stack([rng.permutation(CHANGES) for _ in range(2)])
    old, sign = rng.standard_normal(size.shape), rng.choice([-1.0, 1.0], size.shape)
    step = sign * (size + rng.uniform(-0.01, 0.01, size.shape))
    return Case("sparse_write[ranked]", "sparse_write", {"new": old + step, "old": old, "most": 2})


def pooled_queue_case(rng: Rng, batch: int = 2, rows: int = 4, width: int = 3) -> Case:
    return Case("pooled_queue", "pooled_queue", {
        "u": rng.standard_normal((batch, width)), "m": rng.standard_normal((batch, rows, width)),
        "b": rng.uniform(-2, 2, (rows, width))})


def memory_form_cases(rng: Rng) -> Iterator[Case]:
    yield delta_rule_case(rng)
    yield sparse_write_case(rng)
    yield ranked_write_case(rng)
    yield pooled_queue_case(rng)


def _apart(rng: Rng, *shape: int) -> np.ndarray:
    """Each number at least 0.3 from 0: a direction that a small step does not turn round"""
    drawn = rng.uniform(0.3, 1.5, shape)
    return drawn * rng.choice([-1.0, 1.0], shape)
