"""Elementwise activations. Each returns y and what its derivative needs; all of them take complex input."""

from typing import NamedTuple

import numpy as np

from minicrt.ops.shapes import Array, check_shapes


def logistic(x: Array) -> Array:
    """σ(x) = 1/(1 + e^−x), without overflow at either end: e^−|x| is at most 1."""
    positive = x.real >= 0
    e = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1, e) / (1 + e)


def sigmoid(x: Array) -> tuple[Array, Array]:                # (...) -> (...)
    """y = σ(x) = 1/(1 + e^−x)"""
    y = logistic(x)
    return y, y


def sigmoid_backward(d_y: Array, cache: Array) -> Array:
    """G_x = G_y ⊙ y (1 − y)"""
    y = cache
    return d_y * y * (1 - y)


def tanh(x: Array) -> tuple[Array, Array]:                   # (...) -> (...)
    """y = tanh(x)"""
    y = np.tanh(x)
    return y, y


def tanh_backward(d_y: Array, cache: Array) -> Array:
    """G_x = G_y ⊙ (1 − y²)"""
    y = cache
    return d_y * (1 - y * y)


def relu(x: Array) -> tuple[Array, Array]:                   # (...) -> (...)
    """y = max(x, 0); its slope at 0 is taken as 0."""
    active = x.real > 0
    return x * active, active


def relu_backward(d_y: Array, cache: Array) -> Array:
    """G_x = G_y where x > 0, else 0"""
    active = cache
    return d_y * active


class GeluCache(NamedTuple):
    x: Array                                                 # (...)
    phi: Array                                               # Φ(x)


def gelu(x: Array) -> tuple[Array, GeluCache]:               # (...) -> (...)
    """y = x Φ(x),  Φ(x) = ½ (1 + erf(x/√2)): the exact form. Source: arXiv 1606.08415."""
    from scipy.special import erf  # here, for it takes 13 MB, which the kernels do without

    phi = 0.5 * (1 + erf(x * np.sqrt(0.5).astype(x.real.dtype)))          # Φ, the normal distribution
    return x * phi, GeluCache(x, phi)


def gelu_backward(d_y: Array, cache: GeluCache) -> Array:
    """G_x = G_y ⊙ (Φ(x) + x φ(x)),  φ(x) = e^(−x²/2)/√(2π)"""
    x, phi = cache
    density = np.exp(-0.5 * x * x) * float(1 / np.sqrt(2 * np.pi))
    return d_y * (phi + x * density)                         # y = x * phi(x), phi' = density


SQRT_2_OVER_PI = float(np.sqrt(2 / np.pi))


class GeluTanhCache(NamedTuple):
    x: Array                                                 # (...)
    t: Array                                                 # the tanh


def gelu_tanh(x: Array) -> tuple[Array, GeluTanhCache]:      # (...) -> (...)
    """y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): the tanh form, up to 4.7e-4 from the exact one near x = −2.7."""
    t = np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))
    return 0.5 * x * (1 + t), GeluTanhCache(x, t)


def gelu_tanh_backward(d_y: Array, cache: GeluTanhCache) -> Array:
    """G_x = G_y ⊙ ½ (1 + t + x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²)),  t the tanh above"""
    x, t = cache
    d_inner = SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x)    # of sqrt(2/pi) (x + 0.044715 x^3)
    return d_y * 0.5 * (1 + t + x * (1 - t * t) * d_inner)


class ModreluCache(NamedTuple):
    sign: Array                                              # of v, (..., D)
    active: Array                                            # |v| + b > 0


def modrelu(v: Array, bias: Array) -> tuple[Array, ModreluCache]:  # (..., D), (D,) -> (..., D)
    """y = relu(|v| + b) sign(v): the size passes a threshold, the sign is kept. Source: arXiv 2208.06496.

    |v| is v sign(v), which is complex-safe with the sign of the real part.
    """
    check_shapes("modrelu", v=(v, "... D"), bias=(bias, "D"))
    sign = np.sign(v.real)
    active = (v * sign + bias).real > 0
    return (v + bias * sign) * active * (sign * sign), ModreluCache(sign, active)


def modrelu_backward(d_y: Array, cache: ModreluCache) -> tuple[Array, Array]:  # (..., D) -> (..., D), (D,)
    """G_v = G_y where |v| + b > 0 (the two signs cancel),  G_b = Σ G_y ⊙ sign(v) there"""
    sign, active = cache
    d_v = d_y * active * (sign * sign)                       # y = (|v| + bias) * sign
    return d_v, (d_v * sign).sum(tuple(range(d_y.ndim - 1)))
