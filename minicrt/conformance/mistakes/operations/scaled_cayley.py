"""Mistakes in the scaled Cayley transform"""

import numpy as np
from scipy.linalg import expm, expm_frechet

from minicrt.conformance.mistakes.operations.faulty import Faulty

# The order of the factors (I + A)⁻¹, I − A and S; the first two commute.
STANDARD = ("inverse", "difference", "signs")
ORDERS = {"S on the left": ("signs", "inverse", "difference"), "S in the middle": ("inverse", "signs", "difference"),
          "(I − A) S (I + A)⁻¹": ("difference", "signs", "inverse"), "no S": ("inverse", "difference")}


EXPONENTIALS = {"exp(−A)": 1.0, "exp(−2A)": 2.0}


def entries_of(n, defects):
    """Where the free entries stand, in their order"""
    if "column by column" in defects:
        return np.tril_indices(n, -1)[::-1]
    return np.tril_indices(n, -1) if "below the diagonal" in defects else np.triu_indices(n, 1)


def mirrored(A, defects):
    """A and what stands on the other side of the diagonal; its own transpose, and so for the gradient as well"""
    if "A not skew" in defects:
        return A
    return A + A.T if "A symmetric" in defects else A - A.T


def factor_of(defects):
    """What A is multiplied by"""
    return (0.5 if "A halved" in defects else 1) * (-1 if "factors exchanged" in defects else 1)


def signs_of(n, negatives, first=False):
    signs = np.where(np.arange(n) < n - negatives, 1.0, -1.0)
    return np.diag(signs[::-1] if first else signs)


def exponent(defects):
    """By what −A is multiplied in the matrix exponential that stands in place of the transform; 0 for none"""
    return next((EXPONENTIALS[name] for name in EXPONENTIALS if name in defects), 0)


def chain(factors):
    return factors[0] if len(factors) == 1 else np.linalg.multi_dot(factors)


def forward(c, defects):
    A = np.zeros((c.n, c.n), c.a.dtype)
    A[entries_of(c.n, defects)] = c.a
    A = factor_of(defects) * c.keep("A", mirrored(A, defects))
    inverse = c.keep("inverse", np.linalg.inv(np.eye(c.n) + A) if c.inverse is None else c.inverse)
    c.order = next((ORDERS[name] for name in ORDERS if name in defects), STANDARD)
    signs = signs_of(c.n, c.negatives, "−1 first" in defects)
    c.factors = {"inverse": inverse, "difference": np.eye(c.n) - A, "signs": signs}
    U = chain([c.factors[name] for name in c.order])
    if exponent(defects):
        U = expm(-exponent(defects) * A) @ signs
    return U.T if "U transposed" in defects else U


def backward(d_U, c, defects):
    wrong_signs = {"signs missing": np.eye(c.n), "signs at the wrong end": c.factors["signs"][::-1, ::-1]}
    U, inverse, S = c.U, c.factors["inverse"], c.factors["signs"]
    if "U transposed" in defects:
        U, d_U = U.T, d_U.T
    S = next((wrong_signs[name] for name in wrong_signs if name in defects), S)
    if "inverse of I - A" in defects:
        inverse = np.linalg.inv(c.factors["difference"])
    if exponent(defects):
        k = exponent(defects)
        Q = k * expm_frechet(-k * factor_of(defects) * c.A.T, d_U @ c.factors["signs"], compute_expm=False)
    elif c.order == STANDARD:
        left = inverse if "inverse not transposed" in defects else inverse.T
        right = S + (U if "U not transposed" in defects else U.T) * ("inverse detached" not in defects)
        right = right - S if "I − A detached" in defects else right
        Q = right @ d_U @ left if "sides exchanged" in defects else left @ d_U @ right
    else:
        Q = by_product_rule(d_U, c)
    if "halved" in defects:
        Q = Q / 2
    if "sign reversed" in defects:
        Q = -Q
    d_A = c.keep("d_A", -Q if "not antisymmetric" in defects else factor_of(defects) * mirrored(-Q, defects))
    entries = np.tril_indices(c.n, -1) if "lower entries" in defects else entries_of(c.n, defects)
    return (d_A[entries],)


def by_product_rule(d_U, c):
    """−G_A, both places of A being taken for places of their own"""
    Q, place = 0, {name: k for k, name in enumerate(c.order)}
    for name in ("inverse", "difference"):
        left = chain([np.eye(c.n), *(c.factors[other] for other in c.order[:place[name]])])
        right = chain([np.eye(c.n), *(c.factors[other] for other in c.order[place[name] + 1:])])
        d_factor = left.T @ d_U @ right.T
        inverse = c.factors["inverse"]
        Q = Q + (inverse.T @ d_factor @ inverse.T if name == "inverse" else d_factor)
    return Q


SCALED_CAYLEY = (Faulty("scaled_cayley", "U", ("a",), forward, backward, {
    "factors exchanged": "The factors are exchanged: the other one is inverted, (I − A)⁻¹ (I + A) S in place of "
                         "(I + A)⁻¹ (I − A) S.",
    "S on the left": "The sign matrix stands on the wrong side: S (I + A)⁻¹ (I − A).",
    "S in the middle": "The sign matrix stands between the factors: (I + A)⁻¹ S (I − A).",
    "(I − A) S (I + A)⁻¹": "The factors stand in another order, around the sign matrix: (I − A) S (I + A)⁻¹.",
    "no S": "The sign matrix S is missing.",
    "−1 first": "The entries −1 of the sign matrix S stand first; they are the last ones.",
    "U transposed": "The result is transposed: Uᵀ in place of U.",
    "below the diagonal": "A is filled below the diagonal, row by row; the free entries belong above it.",
    "column by column": "A is filled above the diagonal column by column in place of row by row.",
    "A not skew": "A is not skew-symmetric: its entries below the diagonal are left at zero.",
    "A symmetric": "A is made symmetric: −Aᵀ has the wrong sign.",
    **{name: f"The matrix exponential {name} S stands in place of the Cayley transform (I + A)⁻¹ (I − A) S."
       for name in EXPONENTIALS},
    "A halved": "A is halved: (I + A/2)⁻¹ (I − A/2) S.",
}, {
    "not antisymmetric": "G_A = −Q, the gradient of free entries, without its transpose: a_ij moves a_ji as well.",
    "halved": "(Qᵀ − Q)/2, a projection in place of the derivative.",
    "sign reversed": "Q − Qᵀ.",
    "signs missing": "I + Uᵀ in place of S + Uᵀ.",
    "signs at the wrong end": "S with its −1 entries first.",
    "U not transposed": "S + U in place of S + Uᵀ.",
    "inverse not transposed": "(I + A)⁻¹ in place of its transpose.",
    "inverse of I - A": "(I − A)⁻ᵀ in place of (I + A)⁻ᵀ.",
    "inverse detached": "(I + A)⁻¹ is taken for a constant, detached: no gradient goes through the inverse.",
    "I − A detached": "I − A is taken for a constant, detached: the gradient goes through the inverse alone.",
    "sides exchanged": "(S + Uᵀ) G (I + A)⁻ᵀ: the factors on the wrong sides.",
    "lower entries": "Reads the entries below the diagonal, whose sign is the opposite.",
}),)
