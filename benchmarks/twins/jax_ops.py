"""The operations of minicrt in JAX: forward only, gradients by `jax.grad`. A second oracle, written from the equations.

Names and arguments are those of `minicrt.ops`; only the value is returned. A dropout takes, in place of a generator,
the factor of each element (0 or 1/(1 - rate)). Recurrences are `lax.scan`. Importing this module turns float64 on.
"""

import functools

import jax
import jax.numpy as jnp
from jax import Array, lax

from benchmarks.twins.jax_adaptive import adaptive_softmax as adaptive_softmax
from benchmarks.twins.jax_memories import delta_rule as delta_rule
from benchmarks.twins.jax_memories import delta_rule_and_state as delta_rule_and_state
from benchmarks.twins.jax_memories import pooled_queue as pooled_queue
from benchmarks.twins.jax_memories import sparse_write as sparse_write
from benchmarks.twins.jax_state_spaces import STATE_WRITERS as STATE_WRITERS
from benchmarks.twins.jax_state_spaces import causal_convolution as causal_convolution
from benchmarks.twins.jax_state_spaces import rms_norm as rms_norm
from benchmarks.twins.jax_state_spaces import s4d as s4d
from benchmarks.twins.jax_state_spaces import s4d_and_state as s4d_and_state
from benchmarks.twins.jax_state_spaces import selective_scan as selective_scan
from benchmarks.twins.jax_state_spaces import selective_scan_and_state as selective_scan_and_state

jax.config.update("jax_enable_x64", True)

IGNORE = -1


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    y = jnp.einsum("...i,io->...o", x, weight)
    return y if bias is None else y + bias


def embedding(tokens: Array, table: Array) -> Array:
    return jnp.take(table, tokens, axis=0)


def layer_norm(x: Array, gain: Array, bias: Array, eps: float = 1e-5) -> Array:
    variance = jnp.var(x, axis=-1, keepdims=True)
    return (x - jnp.mean(x, axis=-1, keepdims=True)) * lax.rsqrt(variance + eps) * gain + bias


sigmoid = jax.nn.sigmoid
tanh = jnp.tanh
relu = jax.nn.relu
gelu = functools.partial(jax.nn.gelu, approximate=False)
gelu_tanh = functools.partial(jax.nn.gelu, approximate=True)


def modrelu(v: Array, bias: Array) -> Array:
    return relu(jnp.abs(v) + bias) * jnp.sign(v)


def dropout(x: Array, factor: Array) -> Array:
    return x * factor


def attention(q: Array, k: Array, v: Array, heads: int, mask: Array | None = None) -> Array:
    """Query i sees the keys j <= i + Tk - Tq, or those that `mask` (Tq, Tk) names."""
    batch, rows, width = q.shape
    columns = k.shape[1]
    if mask is None:
        mask = jnp.arange(columns)[None, :] <= jnp.arange(rows)[:, None] + columns - rows
    q, k, v = (t.reshape(batch, -1, heads, width // heads) for t in (q, k, v))
    scores = jnp.einsum("bihc,bjhc->bhij", q, k) / jnp.sqrt(width // heads).astype(q.dtype)
    weights = jax.nn.softmax(scores, axis=-1, where=mask)
    return jnp.einsum("bhij,bjhc->bihc", weights, v).reshape(batch, rows, width)


def gru(x: Array, h0: Array, w: Array, u: Array, b: Array, b_hn: Array | None = None,
        reset_after: bool = True) -> Array:
    u_r, u_z, u_n = jnp.split(u, 3, axis=1)
    inner = jnp.zeros(h0.shape[1:], h0.dtype) if b_hn is None else b_hn

    def step(h: Array, a: Array) -> tuple[Array, Array]:
        a_r, a_z, a_n = jnp.split(a, 3, axis=-1)
        r, z = sigmoid(a_r + h @ u_r), sigmoid(a_z + h @ u_z)
        n = tanh(a_n + r * (h @ u_n + inner)) if reset_after else tanh(a_n + (r * h) @ u_n)
        h = (1 - z) * n + z * h
        return h, h

    return jnp.swapaxes(lax.scan(step, h0, jnp.swapaxes(linear(x, w, b), 0, 1))[1], 0, 1)


def ncgru(x: Array, h0: Array, w: Array, u: Array, b: Array, activation: str = "modrelu") -> Array:
    u_r, u_z, u_n = jnp.split(u, 3, axis=1)
    b_r, b_z, b_n = jnp.split(b, 3)

    def step(h: Array, a: Array) -> tuple[Array, Array]:
        a_r, a_z, a_n = jnp.split(a, 3, axis=-1)
        r, z = sigmoid(a_r + h @ u_r + b_r), sigmoid(a_z + h @ u_z + b_z)
        v = a_n + (r * h) @ u_n
        n = modrelu(v, b_n) if activation == "modrelu" else tanh(v + b_n)
        h = n + z * (h - n)
        return h, h

    return jnp.swapaxes(lax.scan(step, h0, jnp.swapaxes(x @ w, 0, 1))[1], 0, 1)


def _scanned(step, start: Array, xs: Array) -> Array:
    """The states of a recurrence over (B, T, ·)"""
    return jnp.swapaxes(lax.scan(step, start, jnp.swapaxes(xs, 0, 1))[1], 0, 1)


def lstm(x: Array, s0: Array, w: Array, u: Array, b: Array) -> Array:
    def step(s: Array, a: Array) -> tuple[Array, Array]:
        h, c = jnp.split(s, 2, axis=-1)
        i, f, g, o = jnp.split(a + h @ u, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        s = jnp.concatenate([sigmoid(o) * tanh(c), c], axis=-1)
        return s, s

    return _scanned(step, s0, linear(x, w, b))


def mingru(x: Array, h0: Array, w: Array, b: Array) -> Array:
    def step(h: Array, a: Array) -> tuple[Array, Array]:
        gate, candidate = jnp.split(a, 2, axis=-1)
        h = h + sigmoid(gate) * (candidate - h)
        return h, h

    return _scanned(step, h0, linear(x, w, b))


def lru(x: Array, h0: Array, w: Array, nu: Array, theta: Array, log_gamma: Array) -> Array:
    """Complex numbers inside, as the paper writes it."""
    rate, scale = jnp.exp(-jnp.exp(nu) + 1j * jnp.exp(theta)), jnp.exp(log_gamma)

    def step(h: Array, a: Array) -> tuple[Array, Array]:
        re, im = jnp.split(a, 2, axis=-1)
        h = rate * h + scale * (re + 1j * im)
        return h, jnp.concatenate([h.real, h.imag], axis=-1)

    re, im = jnp.split(h0, 2, axis=-1)
    return _scanned(step, re + 1j * im, linear(x, w))


def glu(x: Array) -> Array:
    return jax.nn.glu(x)


def relative_attention(q: Array, k: Array, v: Array, r: Array, u: Array, w: Array, heads: int,
                       mask: Array | None = None) -> Array:
    """The shift by the paper's trick: pad a column, reshape, drop a row. `mask` shows nothing ahead of a query."""
    (batch, rows, width), columns = q.shape, k.shape[1]
    q_u, q_w, k, v = (t.reshape(batch, -1, heads, width // heads) for t in (q + u, q + w, k, v))
    content = jnp.einsum("bihc,bjhc->bhij", q_u, k)
    by_row = jnp.einsum("bihc,jhc->bhij", q_w, r.reshape(columns, heads, -1))
    padded = jnp.pad(by_row, ((0, 0), (0, 0), (0, 0), (1, 0))).reshape(batch, heads, columns + 1, rows)
    position = padded[:, :, 1:].reshape(batch, heads, rows, columns)
    seen = jnp.arange(columns)[None, :] <= jnp.arange(rows)[:, None] + columns - rows
    scores = (content + jnp.where(seen, position, 0)) / jnp.sqrt(width // heads).astype(q.dtype)
    weights = jax.nn.softmax(scores, axis=-1, where=seen if mask is None else mask)
    return jnp.einsum("bhij,bjhc->bihc", weights, v).reshape(batch, rows, width)


def skew_symmetric(a: Array, n: int) -> Array:
    rows, columns = jnp.triu_indices(n, 1)
    return jnp.zeros((n, n), a.dtype).at[rows, columns].set(a).at[columns, rows].set(-a)


def scaled_cayley(a: Array, negatives: int, n: int) -> Array:
    """(I + A)^-1 (I - A) S by the inverse."""
    skew, identity = skew_symmetric(a, n), jnp.eye(n, dtype=a.dtype)
    signs = jnp.where(jnp.arange(n) < n - negatives, 1, -1).astype(a.dtype)
    return jnp.linalg.inv(identity + skew) @ (identity - skew) @ jnp.diag(signs)


def cayley_inverse(a: Array, n: int) -> Array:
    identity = jnp.eye(n, dtype=a.dtype)
    return jnp.linalg.solve(identity + skew_symmetric(a, n), identity)


def neumann_inverse(inverse: Array, delta_a: Array, order: int = 2) -> Array:
    """Horner: (I + X (I + X (...))) times the old inverse."""
    n = inverse.shape[0]
    x, total = inverse @ skew_symmetric(delta_a, n), jnp.eye(n, dtype=inverse.dtype)
    for _ in range(order):
        total = jnp.eye(n, dtype=inverse.dtype) + x @ total
    return total @ inverse


def linear_cross_entropy(z: Array, table: Array, bias: Array, targets: Array) -> Array:
    surprise = -jax.nn.log_softmax(jnp.einsum("...d,vd->...v", z, table) + bias)
    scored = targets != IGNORE
    chosen = jnp.take_along_axis(surprise, jnp.where(scored, targets, 0)[..., None], axis=-1)[..., 0]
    return jnp.sum(jnp.where(scored, chosen, 0)) / jnp.sum(scored).astype(z.dtype)


def mean_squared_error(y: Array, targets: Array, scored: Array) -> Array:
    return jnp.mean((y - targets) ** 2, where=scored)


def patch_embedding(x: Array, weight: Array, bias: Array, size: int, frames: int) -> Array:
    """A convolution whose stride is its extent."""
    kernel = weight.reshape(frames, size, size, x.shape[-1], -1)
    y = jax.lax.conv_general_dilated(x, kernel, (frames, size, size), "VALID",
                                     dimension_numbers=("NDHWC", "DHWIO", "NDHWC"))
    return y.reshape(*y.shape[:2], -1, y.shape[-1]) + bias


def weighted_cross_entropy(logits: Array, targets: Array, weights: Array, smoothing: float = 0.0) -> Array:
    scored, classes = targets != IGNORE, logits.shape[-1]
    one_hot = jax.nn.one_hot(jnp.where(scored, targets, 0), classes, dtype=logits.dtype)
    rows = jnp.sum(((1 - smoothing) * one_hot + smoothing / classes) * weights * -jax.nn.log_softmax(logits), axis=-1)
    return jnp.sum(jnp.where(scored, rows, 0)) / jnp.sum(jnp.where(scored, one_hot @ weights, 0))


def binary_cross_entropy(logits: Array, targets: Array, scored: Array) -> Array:
    return jnp.mean(jnp.logaddexp(0, logits) - logits * targets, where=scored)


def sinusoids(rows: int, width: int, dtype: jnp.dtype) -> Array:
    """Row t: sin(t f_k) in the first half and cos(t f_k) in the second, f_k = 10000^(-2k/width)."""
    frequencies = 10000.0 ** (-2 * jnp.arange((width + 1) // 2) / width)
    angle = jnp.outer(jnp.arange(rows), frequencies)
    return jnp.hstack([jnp.sin(angle), jnp.cos(angle)])[:, :width].astype(dtype)
