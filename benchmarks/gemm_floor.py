"""The matrix products of a training step and nothing else: what a step would cost if all the rest were free.

They are the products that the engine makes, in the same shapes: one after another in a recurrence, the vocabulary's in
the pieces of `linear_cross_entropy`, attention's head by head. The rows of the batch are shared out among threads as
in training. Every operand is there beforehand, every result has its place.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from benchmarks.task import Size
from minicrt.ops.linear_cross_entropy import CHUNK
from minicrt.parallel import threads, workers

HEADS = 4                                                    # the default


class Product(NamedTuple):
    """(M, K) (K, N), `together` of them in one call, `times` over."""

    m: int
    k: int
    n: int
    times: int = 1
    together: int = 1


def shapes(size: Size, batch: int) -> list[Product]:
    """The products of a step on `batch` rows, forwards and backwards."""
    D, F, T, S, V, L = size.width, 4 * size.width, size.length, size.length + 1, size.vocabulary, size.layers
    rows, units, K = batch * T, batch * HEADS, size.width // HEADS
    found = []
    for inputs, outputs in ((D, 3 * D), (D, D), (D, F), (F, D)):                         # of a block
        found += with_gradients(batch * S, inputs, outputs, L)
    for m, k, n, number in ((S, K, S, 2), (S, S, K, 4)):     # q kᵀ, G vᵀ;  p v, pᵀ G, G_s k, G_sᵀ q
        found.append(Product(m, k, n, L * number, units))
    for _ in ("positions", "memory"):
        found += with_gradients(rows, D, 3 * D)
        found += [Product(batch, D, 3 * D, T), Product(batch, 3 * D, D, T), Product(D, rows, 3 * D)]
    pieces = -(-rows // CHUNK)
    return found + with_gradients(-(-rows // pieces), D, V, pieces)


def with_gradients(rows: int, inputs: int, outputs: int, times: int = 1) -> list[Product]:
    """x W,  G_y Wᵀ,  xᵀ G_y"""
    return [Product(rows, inputs, outputs, times), Product(rows, outputs, inputs, times),
            Product(inputs, rows, outputs, times)]


def multiply_adds(size: Size) -> int:
    return sum(p.m * p.k * p.n * p.times * p.together for p in shapes(size, size.batch))


def products(size: Size) -> Callable[[], float]:
    """A function that makes all of them once."""
    parts = workers.ranges(size.batch)
    rng = np.random.default_rng(0)

    def prepared(p: Product) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        stack = (p.together,) if p.together > 1 else ()
        return (p.times, rng.random((*stack, p.m, p.k), np.float32), rng.random((*stack, p.k, p.n), np.float32),
                np.empty((*stack, p.m, p.n), np.float32))

    of_part = [[prepared(p) for p in shapes(size, stop - start)] for start, stop in parts]

    def work(part: int, start: int, stop: int) -> None:
        for times, a, b, out in of_part[part]:
            for _ in range(times):
                np.matmul(a, b, out=out)

    def step() -> float:
        with threads.blas_limit(1) if len(parts) > 1 else nullcontext():
            workers.run(work, parts)
        return 0.0
    return step
