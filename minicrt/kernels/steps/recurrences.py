"""One step of each recurrent network: the equations are those of the operations of the same names

x is (B, I), a state (B, ·); `a` and `c` are to write into. `h_next` may be h itself.
"""

from minicrt.kernels.compiling import part
from minicrt.kernels.reset_before import candidate
from minicrt.kernels.steps.products import add_columns, add_product, set_rows, set_zero
from minicrt.kernels.vector_math import CONTRACT, sigmoid, tanh


@part
def gru(x, h, w, u, b, b_hn, a, c, h_next):
    """reset_after: n = tanh(x W_n + b_n + r c), c = h U_n + b_hn"""
    D = h.shape[1]
    set_rows(a, b)
    add_product(x, w, a)
    add_columns(h, u, 0, 2 * D, a, 0)
    set_rows(c, b_hn)
    add_columns(h, u, 2 * D, 3 * D, c, 0)
    gru_gates(h, a, c, h_next)


@part(fastmath=CONTRACT)
def gru_gates(h, a, c, h_next):
    D, one = h.shape[1], h.dtype.type(1)
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


@part
def reset_before(x, h, w, u, b, modrelu, a, c, h_next):
    """n = f(x W_n + (r h) U_n, b_n), f of tanh or modReLU"""
    D = h.shape[1]
    set_zero(a)
    add_product(x, w, a)
    add_columns(h, u, 0, 2 * D, a, 0)
    reset(h, b, a, c)
    add_columns(c, u, 2 * D, 3 * D, a, 2 * D)
    reset_before_gates(h, b, modrelu, a, h_next)


@part(fastmath=CONTRACT)
def reset(h, b, a, c):
    """c = r h, and z in place"""
    D = h.shape[1]
    for i in range(h.shape[0]):
        r, z, b_r, b_z = a[i, :D], a[i, D:2 * D], b[:D], b[D:2 * D]
        for j in range(D):
            c[i, j] = sigmoid(r[j] + b_r[j]) * h[i, j]
        for j in range(D):
            z[j] = sigmoid(z[j] + b_z[j])


@part(fastmath=CONTRACT)
def reset_before_gates(h, b, modrelu, a, h_next):
    D, one = h.shape[1], h.dtype.type(1)
    b_n = b[2 * D:]
    for i in range(h.shape[0]):
        z, n = a[i, D:2 * D], a[i, 2 * D:]
        candidate(n, b_n, modrelu, n)
        for j in range(D):
            h_next[i, j] = (one - z[j]) * n[j] + z[j] * h[i, j]


@part
def lstm(x, s, w, u, b, a, h, s_next):
    """i, f, g, o; `h` (B, D) is to write into: the first half of the state, in one piece"""
    D = h.shape[1]
    set_rows(a, b)
    add_product(x, w, a)
    for i in range(s.shape[0]):
        for j in range(D):
            h[i, j] = s[i, j]
    add_product(h, u, a)
    lstm_gates(s, a, s_next)


@part(fastmath=CONTRACT)
def lstm_gates(s, a, s_next):
    D = s.shape[1] // 2
    for i in range(s.shape[0]):
        a_i, a_f, a_g, a_o = a[i, :D], a[i, D:2 * D], a[i, 2 * D:3 * D], a[i, 3 * D:]
        c, h_new, c_new = s[i, D:], s_next[i, :D], s_next[i, D:]
        for j in range(D):
            c_new[j] = sigmoid(a_f[j]) * c[j] + sigmoid(a_i[j]) * tanh(a_g[j])
        for j in range(D):
            h_new[j] = sigmoid(a_o[j]) * tanh(c_new[j])


@part
def mingru(x, h, w, b, a, h_next):
    """z lets the new in: h' = (1 − z) h + z c"""
    set_rows(a, b)
    add_product(x, w, a)
    mingru_gates(h, a, h_next)


@part(fastmath=CONTRACT)
def mingru_gates(h, a, h_next):
    D, one = h.shape[1], h.dtype.type(1)
    for i in range(h.shape[0]):
        z, c = a[i, :D], a[i, D:]
        for j in range(D):
            share = sigmoid(z[j])
            h_next[i, j] = (one - share) * h[i, j] + share * c[j]


@part
def lru(x, h, w, re, im, gamma, a, h_next):
    """h' = λ h + γ x W, λ = re + i im"""
    set_zero(a)
    add_product(x, w, a)
    rotate(h, re, im, gamma, a, h_next)


@part(fastmath=CONTRACT)
def rotate(h, re, im, gamma, a, h_next):
    N = re.shape[0]
    for i in range(h.shape[0]):
        for j in range(N):
            h_re, h_im = h[i, j], h[i, N + j]
            h_next[i, j] = re[j] * h_re - im[j] * h_im + gamma[j] * a[i, j]
            h_next[i, N + j] = im[j] * h_re + re[j] * h_im + gamma[j] * a[i, N + j]
