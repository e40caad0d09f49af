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


def mamba_states(x: Array, start: Array, w: dict[str, Array]) -> Array:
    """Every state of a memory that Mamba's scan writes, in a row: (B, T, D)"""
    a = -jnp.exp(w["a_log"])
    channels, states = a.shape
    u, s, b = jnp.split(x @ w["w_x"], [channels, 2 * channels], axis=-1)

    def step(h: Array, now: tuple[Array, ...]) -> tuple[Array, Array]:
        u_t, delta, b_t = now
        h = jnp.exp(delta[..., None] * a) * h + (delta * u_t)[..., None] * b_t[:, None]
        return h, h.reshape(len(h), -1)

    steps = tuple(jnp.swapaxes(values, 0, 1) for values in (u, jax.nn.softplus(s + w["b_dt"]), b))
    return jnp.swapaxes(lax.scan(step, start.reshape(-1, channels, states), steps)[1], 0, 1)


def s4d_states(x: Array, start: Array, w: dict[str, Array]) -> Array:
    """The same of S4D: all real parts, then all imaginary parts"""
    a = -jnp.exp(w["log_a"]) + 1j * w["a_im"]
    a_bar = jnp.exp(jnp.exp(w["log_dt"])[:, None] * a)
    re, im = (half.reshape(-1, *a.shape) for half in jnp.split(start, 2, axis=-1))

    def step(h: Array, u_t: Array) -> tuple[Array, Array]:
        h = a_bar * h + (a_bar - 1) / a * u_t[..., None]
        flat = h.reshape(len(h), -1)
        return h, jnp.concatenate([flat.real, flat.imag], axis=-1)

    return jnp.swapaxes(lax.scan(step, re + 1j * im, jnp.swapaxes(x @ w["w_in"], 0, 1))[1], 0, 1)


STATE_WRITERS = {"s4d": s4d_states, "mamba": mamba_states}
