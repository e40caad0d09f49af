"""y = f(x W + b)"""

from typing import Any, NamedTuple

from minicrt.errors import InputError
from minicrt.ops import activations
from minicrt.ops.linear import LinearCache, linear, linear_backward
from minicrt.ops.shapes import Array

ACTIVATIONS = ("gelu", "gelu_tanh", "relu")


class LinearActivationCache(NamedTuple):
    activation: str                                          # its name
    linear: LinearCache
    slope: Any                                               # the cache of f


def linear_activation(x: Array, weight: Array, bias: Array, activation: str
                      ) -> tuple[Array, LinearActivationCache]:  # (..., I), (I, O), (O,) -> (..., O)
    """y = f(x W + b), f one of gelu, gelu_tanh, relu. Returns y and the cache.

    Raises InputError where the shapes do not fit or the activation is another. Source: docs/spec.md, 1.1.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"linear_activation: the activation is {activation!r}, expected {', '.join(ACTIVATIONS)}")
    a, linear_cache = linear(x, weight, bias)
    y, slope = getattr(activations, activation)(a)
    return y, LinearActivationCache(activation, linear_cache, slope)


def linear_activation_backward(d_y: Array, cache: LinearActivationCache
                               ) -> tuple[Array, Array, Array]:  # (..., O) -> (..., I), (I, O), (O,)
    """G_a = G_y ⊙ f′(a) with a = x W + b, then as in linear"""
    d_a = getattr(activations, cache.activation + "_backward")(d_y, cache.slope)
    return linear_backward(d_a, cache.linear)
