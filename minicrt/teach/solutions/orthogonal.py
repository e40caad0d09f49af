"""Chapter 05: orthogonal memory"""

import numpy as np


def scaled_cayley(a, negatives, n):             # (n(n-1)/2,), how many -1, n -> (n, n)
    """U = (I + A)^-1 (I - A) S, with A skew-symmetric, a above its diagonal.

    S is diagonal; its last `negatives` entries are -1, the others 1
    """
    upper = np.zeros((n, n))
    upper[np.triu_indices(n, 1)] = a
    A = upper - upper.T
    S = np.diag(np.where(np.arange(n) < n - negatives, 1, -1))
    inverse = np.linalg.inv(np.eye(n) + A)
    return inverse @ (np.eye(n) - A) @ S


def scaled_cayley_backward(d_U, U, inverse, sign):      # (n, n) -> (n(n-1)/2,)
    """The gradient of a. inverse is (I + A)^-1; sign (n,) is the diagonal of S."""
    Q = inverse.T @ d_U @ (np.diag(sign) + U.T)
    d_A = Q.T - Q
    return d_A[np.triu_indices(len(U), 1)]


def neumann_inverse(inverse, delta_A, order):   # (n, n), (n, n), 1 or more -> (n, n)
    """(I + X + ... + X^order) inverse, with X = inverse delta_A."""
    X = inverse @ delta_A
    total = inverse
    for _ in range(order):
        total = inverse + X @ total
    return total


def ncgru_step_backward(g, h, u, r, z, n, v, b_n):      # -> (B, D)
    """The gradient of h, the state before the step, given g, that of the state after.

    g, h, r, z, n, v are (B, D); v = x @ w_n + (r * h) @ u_n is the argument of
    modrelu, b_n (D,) its bias; u (D, 3D) holds the blocks of r, z, n
    """
    u_r, u_z, u_n = np.split(u, 3, axis=-1)
    d_n = g * (1 - z)
    d_v = d_n * (np.abs(v) + b_n > 0)
    d_rh = d_v @ u_n.T
    d_r = d_rh * h
    d_a_r = d_r * r * (1 - r)
    d_z = g * (h - n)
    d_a_z = d_z * z * (1 - z)
    return g * z + d_rh * r + d_a_z @ u_z.T + d_a_r @ u_r.T
