"""Given values that are the same bytes on every machine, in every version of NumPy, and in any language with PCG64

A tensor has a stream of its own, named `case/tensor`, so that none depends on another. With SHA-256 of that name in
UTF-8 as 32 bytes d, and all integers unsigned:

    state = d[0:16], little-endian          increment = d[16:32], little-endian, with its lowest bit set to 1
    one output:  state ← state · 0x2360ED051FC65DA44385DF649FCCF645 + increment   (mod 2^128)
                 raw = the low 64 bits of (state >> 64) XOR state, rotated right by state >> 122

That is PCG64 (O'Neill 2014, PCG XSL RR 128/64) without any seeding of its own. Of a raw output the first bits are used:

    uniform     (k − 2^19) · 2^−19 · factor, k the first 20 bits: in [−factor, factor). With `bits` in place of 20 the
                grid is coarser, for sums of products that must come out exact in float32
    integers    ((raw >> 32) · n) >> 32: in 0 … n − 1
    fractions   k · 2^−24, k the first 24 bits: in [0, 1), what a dropout's mask is made from

Factors are small integers times a power of two. So every given value is exact in float32, and a port in float32 is
handed the same numbers as one in float64.
"""

import hashlib

import numpy as np

Array = np.ndarray


def uniform(stream: str, shape: tuple[int, ...], factor: float = 1.0, bits: int = 20) -> Array:
    """In [−factor, factor), multiples of factor · 2^(1 − bits)."""
    k = (raw(stream, shape) >> np.uint64(64 - bits)).astype(np.int64) - (1 << (bits - 1))
    return k * (factor * 2.0 ** (1 - bits))


def integers(stream: str, shape: tuple[int, ...], below: int) -> Array:
    """In 0 … below − 1, as int64."""
    return ((raw(stream, shape) >> np.uint64(32)) * np.uint64(below) >> np.uint64(32)).astype(np.int64)


def fractions(stream: str, shape: tuple[int, ...]) -> Array:
    """In [0, 1), multiples of 2^−24."""
    return (raw(stream, shape) >> np.uint64(40)) * 2.0 ** -24


def raw(stream: str, shape: tuple[int, ...]) -> Array:
    """The stream's first outputs of 64 bits, in C order."""
    generator = np.random.PCG64()
    state, increment = starting_point(stream)
    generator.state = {"bit_generator": "PCG64", "state": {"state": state, "inc": increment},
                       "has_uint32": 0, "uinteger": 0}
    return generator.random_raw(int(np.prod(shape, dtype=int))).reshape(shape)


def starting_point(stream: str) -> tuple[int, int]:
    """State and increment of the stream of that name, before its first output."""
    digest = hashlib.sha256(stream.encode("utf-8")).digest()
    return int.from_bytes(digest[:16], "little"), int.from_bytes(digest[16:], "little") | 1


class Values:
    """The streams of one case, each by its tensor's name."""

    def __init__(self, case: str) -> None:
        self.case = case

    def real(self, name: str, *shape: int, factor: float = 1.0, bits: int = 20) -> Array:
        return uniform(f"{self.case}/{name}", shape, factor, bits)

    def integers(self, name: str, *shape: int, below: int) -> Array:
        return integers(f"{self.case}/{name}", shape, below)

    def fractions(self, name: str, *shape: int) -> Array:
        return fractions(f"{self.case}/{name}", shape)
