"""The operations of richer memories in JAX, as in `jax_ops`"""

import jax
import jax.numpy as jnp
from jax import Array, lax


def delta_rule(q: Array, k: Array, v: Array, b: Array, s0: Array) -> Array:
    return delta_rule_and_state(q, k, v, b, s0)[0]


def delta_rule_and_state(q: Array, k: Array, v: Array, b: Array, s0: Array) -> tuple[Array, Array]:
    q, k = (x * lax.rsqrt((x * x).sum(-1, keepdims=True) + 1e-6) for x in (q, k))

    def step(s: Array, now: tuple[Array, ...]) -> tuple[Array, Array]:
        q_t, k_t, v_t, b_t = now
        error = v_t - jnp.einsum("bk,bkv->bv", k_t, s)
        s = s + jax.nn.sigmoid(b_t)[:, None, None] * jnp.einsum("bk,bv->bkv", k_t, error)
        return s, jnp.einsum("bk,bkv->bv", q_t, s)

    last, y = lax.scan(step, s0, tuple(jnp.swapaxes(values, 0, 1) for values in (q, k, v, b)))
    return jnp.swapaxes(y, 0, 1), last


def sparse_write(new: Array, old: Array, most: int) -> Array:
    """By the rank of each row's change"""
    rank = jnp.argsort(jnp.argsort(-((new - old) ** 2).sum(-1), axis=1), axis=1)
    return jnp.where((rank < most)[..., None], new, old)


def pooled_queue(u: Array, m: Array, b: Array) -> Array:
    before, keep = jnp.concatenate([u[:, None], m[:, :-1]], axis=1), jax.nn.sigmoid(b)
    return before + keep * (m - before)
