"""y = f(x W + b)"""

from minicrt.errors import InputError
from minicrt.ops import activations
from minicrt.ops.linear import linear, linear_backward

ACTIVATIONS = ("gelu", "gelu_tanh", "relu")


def linear_activation(x, weight, bias, activation):          # (..., I), (I, O), (O,) -> (..., O)
    """y = f(x W + b), f one of gelu, gelu_tanh, relu. Returns y and the cache.

    Raises InputError where the shapes do not fit or the activation is another. Source: docs/spec.md, 1.1.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"linear_activation: the activation is {activation!r}, expected {', '.join(ACTIVATIONS)}")
    a, linear_cache = linear(x, weight, bias)
    y, activation_cache = getattr(activations, activation)(a)
    return y, (activation, linear_cache, activation_cache)


def linear_activation_backward(d_y, cache):                  # (..., O) -> (..., I), (I, O), (O,)
    """G_a = G_y ⊙ f′(a) with a = x W + b, then as in linear"""
    activation, linear_cache, activation_cache = cache
    d_a = getattr(activations, activation + "_backward")(d_y, activation_cache)
    return linear_backward(d_a, linear_cache)
