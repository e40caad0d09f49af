"""An orthogonal matrix from free numbers: the scaled Cayley transform"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array, check_shapes


def skew_symmetric(a: Array, n: int) -> Array:               # (n(n-1)/2,) -> (n, n)
    """A with a_ij above the diagonal, row by row, and −a_ij below: Aᵀ = −A, to the last bit."""
    check_shapes("skew_symmetric", a=(a, "N"))
    if len(a) != n * (n - 1) // 2:
        raise InputError(f"skew_symmetric: {len(a)} free entries, expected n(n-1)/2 = {n * (n - 1) // 2} for n = {n}")
    A = np.zeros((n, n), a.dtype)
    A[np.triu_indices(n, 1)] = a
    return A - A.T


def cayley_inverse(a: Array, n: int) -> Array:               # (n(n-1)/2,) -> (n, n)
    """(I + A)⁻¹ by an exact solve. It always exists: the eigenvalues of A are imaginary."""
    return np.linalg.inv(np.eye(n, dtype=a.dtype) + skew_symmetric(a, n))


def neumann_inverse(inverse: Array, delta_a: Array, order: int = 2) -> Array:  # (n, n), (n(n-1)/2,) -> (n, n)
    """(I + A − ΔA)⁻¹ ≈ (I + X + … + X^order) (I + A)⁻¹,  X = (I + A)⁻¹ ΔA,  the error being of order ‖X‖^(order+1).

    `inverse` is (I + A)⁻¹ before the step and delta_a = a_old − a_new the step that the optimiser really took; a step
    computed from anything else makes the inverse follow another A. Source: arXiv 2208.06496, docs/spec.md, 1.11.
    """
    if order not in (1, 2, 3):
        raise InputError(f"neumann_inverse: the order is {order}, expected 1, 2 or 3")
    x = inverse @ skew_symmetric(delta_a, len(inverse))
    total = inverse
    for _ in range(order):                                   # Horner: inverse + x (inverse + x (...))
        total = inverse + x @ total
    return total


class CayleyCache(NamedTuple):
    U: Array                                                 # (n, n)
    inverse: Array                                           # (I + A)⁻¹, (n, n)
    sign: Array                                              # the diagonal of S, (n,)


def scaled_cayley(a: Array, negatives: int, n: int, inverse: Array | None = None
                  ) -> tuple[Array, CayleyCache]:            # (n(n-1)/2,) -> (n, n)
    """U = (I + A)⁻¹ (I − A) S,  S = diag(1, …, 1, −1, …, −1) with `negatives` entries −1, fixed.

    UᵀU = I and det U = (−1)^negatives. `inverse`, if given, stands for (I + A)⁻¹ (see `neumann_inverse`).
    Raises InputError for a wrong number of entries or 0 ≤ negatives ≤ n violated.
    Source: Helfrich, Willmott, Ye 2018 (arXiv 1707.09520), docs/spec.md, 1.11.
    """
    if not 0 <= negatives <= n:
        raise InputError(f"scaled_cayley: {negatives} negative signs, expected 0 to n = {n}")
    A = skew_symmetric(a, n)
    if inverse is None:
        inverse = cayley_inverse(a, n)
    sign = np.where(np.arange(n) < n - negatives, 1, -1).astype(a.real.dtype)         # the diagonal of S
    U = inverse @ (np.eye(n, dtype=a.dtype) - A) * sign
    return U, CayleyCache(U, inverse, sign)


def scaled_cayley_backward(d_U: Array, cache: CayleyCache) -> Array:  # (n, n) -> (n(n-1)/2,)
    """Q = (I + A)⁻ᵀ G_U (S + Uᵀ),  G_A = Qᵀ − Q; its entries i < j are the gradient of the free a_ij."""
    U, inverse, sign = cache
    Q = inverse.T @ d_U @ (np.diag(sign) + U.T)
    return (Q.T - Q)[np.triu_indices(len(U), 1)]
