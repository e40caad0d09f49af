"""The operations of state spaces in JAX, as in `jax_ops`"""

import jax
import jax.numpy as jnp
from jax import Array, lax


def rms_norm(x: Array, gain: Array, eps: float = 1e-5) -> Array:
    return x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * gain


def causal_convolution(x: Array, s0: Array, weight: Array, bias: Array) -> Array:
    rows = jnp.concatenate([s0, x], axis=1)
    return lax.conv_general_dilated(rows, weight[:, None], (1,), "VALID", dimension_numbers=("NWC", "WIO", "NWC"),
                                    feature_group_count=len(bias)) + bias


def selective_scan(x: Array, h0: Array, dt: Array, a_log: Array, b: Array, c: Array, d: Array) -> Array:
    return selective_scan_and_state(x, h0, dt, a_log, b, c, d)[0]


def selective_scan_and_state(x: Array, h0: Array, dt: Array, a_log: Array, b: Array, c: Array, d: Array
                             ) -> tuple[Array, Array]:
    def step(h: Array, now: tuple[Array, ...]) -> tuple[Array, Array]:
        x_t, delta, b_t, c_t = now
        h = jnp.exp(-delta[..., None] * jnp.exp(a_log)) * h + (delta * x_t)[..., None] * b_t[:, None]
        return h, jnp.einsum("bdn,bn->bd", h, c_t) + d * x_t

    steps = tuple(jnp.swapaxes(values, 0, 1) for values in (x, jax.nn.softplus(dt), b, c))
    last, y = lax.scan(step, h0, steps)
    return jnp.swapaxes(y, 0, 1), last


def s4d(x: Array, h0: Array, log_dt: Array, log_a: Array, a_im: Array, c: Array, d: Array) -> Array:
    return s4d_and_state(x, h0, log_dt, log_a, a_im, c, d)[0]


def s4d_and_state(x: Array, h0: Array, log_dt: Array, log_a: Array, a_im: Array, c: Array, d: Array
                  ) -> tuple[Array, Array]:
    """Complex numbers inside, as the paper writes it."""
    a = -jnp.exp(log_a) + 1j * a_im
    a_bar = jnp.exp(jnp.exp(log_dt)[:, None] * a)
    (start, read), b_bar = ((lambda re, im: re + 1j * im)(*jnp.split(z, 2, axis=-1)) for z in (h0, c)), (a_bar - 1) / a

    def step(h: Array, x_t: Array) -> tuple[Array, Array]:
        h = a_bar * h + b_bar * x_t[..., None]
        return h, 2 * jnp.real((read * h).sum(-1)) + d * x_t

    last, y = lax.scan(step, start, jnp.swapaxes(x, 0, 1))
    return jnp.swapaxes(y, 0, 1), jnp.concatenate([last.real, last.imag], axis=-1)
