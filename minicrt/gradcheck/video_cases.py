"""Inputs of the operations that models of video alone have: patches, losses of classes and of yes-or-no questions"""

from collections.abc import Iterator

import numpy as np

from minicrt import ops
from minicrt.gradcheck.case import Case, Rng


def patch_embedding_case(rng: Rng, batch: int = 2, grid: tuple[int, int, int] = (2, 2, 3), size: int = 2,
                         frames: int = 1, channels: int = 3, width: int = 4) -> Case:
    """`grid` counts the patches along time, rows and columns."""
    T, rows, columns = grid
    numbers = frames * size * size * channels
    return Case(f"patch_embedding, {frames} x {size} x {size}", "patch_embedding", {
        "x": rng.standard_normal((batch, T * frames, rows * size, columns * size, channels)),
        "weight": rng.standard_normal((numbers, width)) / np.sqrt(numbers), "bias": rng.standard_normal(width),
        "size": size, "frames": frames})


def weighted_cross_entropy_case(rng: Rng, leading: tuple[int, ...] = (2, 4), classes: int = 5, smoothing: float = 0.2,
                                ignored: float = 0.3, name: str = "") -> Case:
    """A fraction `ignored` of the targets is −1, the second among them, but not the first; no two classes weigh the
    same. The gradient of the weights cancels where one class has all the targets: hence the scale."""
    targets = np.where(rng.random(leading) < ignored, ops.IGNORE, rng.integers(0, classes, leading))
    targets.flat[0] = rng.integers(0, classes)
    if ignored and targets.size > 1:
        targets.flat[1] = ops.IGNORE
    weights = rng.uniform(0.5, 2, classes)
    logits = 2 * rng.standard_normal((*leading, classes))
    spread = 2 * float(np.abs(logits).max()) + np.log(classes)
    return Case(name or f"weighted_cross_entropy, smoothing {smoothing:g}", "weighted_cross_entropy", {
        "logits": logits, "targets": targets, "weights": weights, "smoothing": smoothing}, {"weights": spread})


def binary_cross_entropy_case(rng: Rng, shape: tuple[int, ...] = (2, 4, 3), missing: float = 0.3, name: str = ""
                              ) -> Case:
    """A fraction `missing` of the targets is not scored, but the first is."""
    scored = rng.random(shape) >= missing
    scored.flat[0] = True
    return Case(name or "binary_cross_entropy", "binary_cross_entropy", {
        "logits": 2 * rng.standard_normal(shape), "targets": rng.uniform(0.1, 0.9, shape), "scored": scored})


def path_dropout_case(rng: Rng, shape: tuple[int, ...] = (6, 3, 2), rate: float = 0.4) -> Case:
    return Case(f"path_dropout, rate {rate:g}", "path_dropout", {
        "x": rng.standard_normal(shape), "rate": rate, "rng": np.random.default_rng(rng.integers(2**32))})


def video_cases(rng: Rng) -> Iterator[Case]:
    """Every operation, in every form it has."""
    yield patch_embedding_case(rng)
    yield patch_embedding_case(rng, 1, (2, 3, 2), 2, 2)
    yield weighted_cross_entropy_case(rng)
    yield weighted_cross_entropy_case(rng, (6,), 4, 0.0, 0.0, name="weighted_cross_entropy, all scored, labels sharp")
    yield binary_cross_entropy_case(rng)
    yield binary_cross_entropy_case(rng, (5, 2), 0.0, name="binary_cross_entropy, all scored")
    yield path_dropout_case(rng)
