"""One step of each recurrent network: the equations are those of the operations of the same names

x is (B, I), a state (B, ·); `a` and `c` are to write into. `h_next` may be h itself.
"""

from typing import Any, NamedTuple

from numba import types
from numba.core.extending import overload

from minicrt.kernels.compiling import jit
from minicrt.kernels.reset_before import candidate
from minicrt.kernels.steps.products import add_columns, add_product, set_rows, set_zero
from minicrt.kernels.vector_math import CONTRACT, sigmoid, tanh


class GRU(NamedTuple):
    w: Any                                                   # (I, 3D), an array or one of small integers
    u: Any                                                   # (D, 3D)
    b: Any                                                   # (3D,)
    b_hn: Any                                                # (D,)


class ResetBefore(NamedTuple):
    w: Any
    u: Any
    b: Any
    modrelu: bool                                            # or tanh


def advance(cell, x, h, a, c):                               # (B, I), (B, D), (B, 3D), (B, D)
    """Inside a kernel, h becomes what the cell, one of the two above, makes of it."""


@overload(advance)
def _of_a_cell(cell, x, h, a, c):
    form = cell.instance_class if isinstance(cell, types.NamedTuple) else None
    if form is GRU:
        return lambda cell, x, h, a, c: gru(x, h, cell.w, cell.u, cell.b, cell.b_hn, a, c, h)
    if form is ResetBefore:
        return lambda cell, x, h, a, c: reset_before(x, h, cell.w, cell.u, cell.b, cell.modrelu, a, c, h)


@jit(fastmath=CONTRACT)
def gru(x, h, w, u, b, b_hn, a, c, h_next):
    """reset_after: n = tanh(x W_n + b_n + r c), c = h U_n + b_hn"""
    D = h.shape[1]
    one = h.dtype.type(1)
    set_rows(a, b)
    add_product(x, w, a)
    add_columns(h, u, 0, 2 * D, a, 0)
    set_rows(c, b_hn)
    add_columns(h, u, 2 * D, 3 * D, c, 0)
    for i in range(h.shape[0]):
        r, z, n = a[i, :D], a[i, D:2 * D], a[i, 2 * D:]
        for j in range(D):
            r[j] = sigmoid(r[j])
        for j in range(D):
            z[j] = sigmoid(z[j])
        for j in range(D):
            n[j] = tanh(n[j] + r[j] * c[i, j])
        for j in range(D):
            h_next[i, j] = (one - z[j]) * n[j] + z[j] * h[i, j]


@jit(fastmath=CONTRACT)
def reset_before(x, h, w, u, b, modrelu, a, c, h_next):
    """n = f(x W_n + (r h) U_n, b_n), f of tanh or modReLU"""
    D = h.shape[1]
    one = h.dtype.type(1)
    set_zero(a)
    add_product(x, w, a)
    add_columns(h, u, 0, 2 * D, a, 0)
    for i in range(h.shape[0]):
        r, z, b_r, b_z = a[i, :D], a[i, D:2 * D], b[:D], b[D:2 * D]
        for j in range(D):
            c[i, j] = sigmoid(r[j] + b_r[j]) * h[i, j]
        for j in range(D):
            z[j] = sigmoid(z[j] + b_z[j])
    add_columns(c, u, 2 * D, 3 * D, a, 2 * D)
    b_n = b[2 * D:]
    for i in range(h.shape[0]):
        z, n = a[i, D:2 * D], a[i, 2 * D:]
        candidate(n, b_n, modrelu, n)
        for j in range(D):
            h_next[i, j] = (one - z[j]) * n[j] + z[j] * h[i, j]


@jit(fastmath=CONTRACT)
def lstm(x, s, w, u, b, a, h, s_next):
    """i, f, g, o; `h` (B, D) is to write into: the first half of the state, in one piece"""
    D = h.shape[1]
    set_rows(a, b)
    add_product(x, w, a)
    for i in range(s.shape[0]):
        for j in range(D):
            h[i, j] = s[i, j]
    add_product(h, u, a)
    for i in range(s.shape[0]):
        a_i, a_f, a_g, a_o = a[i, :D], a[i, D:2 * D], a[i, 2 * D:3 * D], a[i, 3 * D:]
        c, h_new, c_new = s[i, D:], s_next[i, :D], s_next[i, D:]
        for j in range(D):
            c_new[j] = sigmoid(a_f[j]) * c[j] + sigmoid(a_i[j]) * tanh(a_g[j])
        for j in range(D):
            h_new[j] = sigmoid(a_o[j]) * tanh(c_new[j])


@jit(fastmath=CONTRACT)
def mingru(x, h, w, b, a, h_next):
    """z lets the new in: h' = (1 − z) h + z c"""
    D = h.shape[1]
    one = h.dtype.type(1)
    set_rows(a, b)
    add_product(x, w, a)
    for i in range(h.shape[0]):
        z, c = a[i, :D], a[i, D:]
        for j in range(D):
            share = sigmoid(z[j])
            h_next[i, j] = (one - share) * h[i, j] + share * c[j]


@jit(fastmath=CONTRACT)
def lru(x, h, w, re, im, gamma, a, h_next):
    """h' = λ h + γ x W, λ = re + i im"""
    N = re.shape[0]
    set_zero(a)
    add_product(x, w, a)
    for i in range(h.shape[0]):
        for j in range(N):
            h_re, h_im = h[i, j], h[i, N + j]
            h_next[i, j] = re[j] * h_re - im[j] * h_im + gamma[j] * a[i, j]
            h_next[i, N + j] = im[j] * h_re + re[j] * h_im + gamma[j] * a[i, N + j]
