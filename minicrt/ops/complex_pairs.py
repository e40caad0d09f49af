"""Complex numbers as two real arrays: the complex step of the gradient check needs the imaginary unit for itself"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.ops.shapes import Array


@dataclass(frozen=True)
class Pair:
    """re + i im; the arrays may be complex themselves, in the gradient check"""

    re: Array
    im: Array

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.re + other.re, self.im + other.im)

    def __mul__(self, other: "Pair | Array | float") -> "Pair":
        if isinstance(other, Pair):
            return Pair(self.re * other.re - self.im * other.im, self.im * other.re + self.re * other.im)
        return Pair(self.re * other, self.im * other)

    def __truediv__(self, other: "Pair") -> "Pair":
        size = 1 / (other.re * other.re + other.im * other.im)
        return self * other.conjugate() * size

    def __getitem__(self, key: Any) -> "Pair":
        return Pair(self.re[key], self.im[key])

    def conjugate(self) -> "Pair":
        return Pair(self.re, -self.im)

    def sum(self, axis: int | tuple[int, ...]) -> "Pair":
        return Pair(self.re.sum(axis), self.im.sum(axis))

    def joined(self) -> Array:                               # two of (..., N) -> (..., 2N)
        """The real parts first"""
        return np.concatenate([self.re, self.im], axis=-1)


def parts(x: Array) -> Pair:                                 # (..., 2N) -> two of (..., N)
    """What `joined` has joined"""
    re, im = np.split(x, 2, axis=-1)
    return Pair(re, im)


def exponential(z: Pair) -> Pair:
    """e^z"""
    size = np.exp(z.re)
    return Pair(size * np.cos(z.im), size * np.sin(z.im))


def exponential_less_one(z: Pair) -> Pair:
    """e^z − 1, exact for small z: Re = (e^x − 1) cos y − 2 sin²(y/2)"""
    half = np.sin(z.im / 2)
    return Pair(np.expm1(z.re) * np.cos(z.im) - 2 * half * half, np.exp(z.re) * np.sin(z.im))


def product(indices: str, p: Pair, q: Pair) -> Pair:
    """np.einsum of two complex arrays"""
    re = np.einsum(indices, p.re, q.re) - np.einsum(indices, p.im, q.im)
    return Pair(re, np.einsum(indices, p.im, q.re) + np.einsum(indices, p.re, q.im))


def real_product(indices: str, p: Pair, q: Pair) -> Array:
    """The real part of `product`"""
    return np.einsum(indices, p.re, q.re) - np.einsum(indices, p.im, q.im)


def scaled(indices: str, p: Pair, x: Array) -> Pair:
    """np.einsum of a complex array and a real one"""
    return Pair(np.einsum(indices, p.re, x), np.einsum(indices, p.im, x))
