"""minicrt against JAX's gradients in float64: every operation, and the CRT over its main switches."""

import functools

import numpy as np
import pytest

from minicrt import ops
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import CONFIGURATIONS, SMALL
from tests.ports.cases import (
    CALLS,
    DROPOUTS,
    Call,
    Sizes,
    check_crt,
    disagreement,
    factors,
    is_float,
    natural_sizes,
    output_and_gradients,
)

jax = pytest.importorskip("jax")

from benchmarks.twins import jax_crt, jax_ops  # noqa: E402

jax.config.update("jax_disable_most_optimizations", True)       # compiling is what takes the time here

SIZES = {"sizes above one": Sizes(B=2, T=4, S=2, I=3, H=2, K=2, V=5), "ones": Sizes(B=1, T=1, S=0, I=1, H=1, K=1, V=2)}

# Compiling takes seconds a configuration and a length: these few cross the switches that change what is computed.
CROSSING = ["transformer, sinusoids, post-norm", "positions reset", "three vectors", "two vectors behind",
            "memory and learned positions", "per segment", "ncgru, two orthogonal", "ncgru, tanh", "writer, ncgru",
            "writer, no positions", "writer, dropout"]


def pulled_back(operation, call: Call, d_y):
    """What JAX computes: y and the gradients of the floating-point arguments under the upstream gradient d_y."""
    where = [i for i, a in enumerate(call.arrays) if is_float(a)]

    def of_floats(*floats):
        arguments = list(call.arrays)
        for i, a in zip(where, floats):
            arguments[i] = a
        return operation(*arguments, **call.settings)

    y, pull = jax.vjp(of_floats, *(call.arrays[i] for i in where))
    return y, pull(d_y)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("label", CALLS)
def test_operation(label, sizes):
    name, draw = CALLS[label]
    rng = np.random.default_rng(sum(label.encode()))
    call = draw(rng, SIZES[sizes])
    y, d_y, gradients = output_and_gradients(name, call, rng)
    y_reference, references = pulled_back(getattr(jax_ops, name), call, d_y)
    assert disagreement(y, y_reference) < 1e-10
    assert len(gradients) == len(references)
    for ours, reference, natural in zip(gradients, references, natural_sizes(name, call, d_y)):
        assert reference.dtype == np.float64
        assert disagreement(ours, reference, natural) < 1e-10


@pytest.mark.parametrize("operation", DROPOUTS)
def test_dropout(operation):
    rng = np.random.default_rng(6)
    shape = (6, 4) if operation == "embedding_dropout" else (2, 3, 4)
    x, d_y = rng.standard_normal(shape), rng.standard_normal(shape)
    y, cache = getattr(ops, operation)(x, 0.3, np.random.default_rng(9))
    d_x = getattr(ops, operation + "_backward")(d_y, cache)
    factor = factors(operation, 0.3, shape, seed=9)
    y_reference, (reference, _) = pulled_back(jax_ops.dropout, Call((x, factor), {}), d_y)
    assert disagreement(y, y_reference) < 1e-15
    assert disagreement(d_x, reference) < 1e-15


@pytest.mark.parametrize("order", [1, 2, 3])
def test_skew_matrices(order):
    n = 2 * order - 1
    a, delta = np.random.default_rng(order).standard_normal((2, n * (n - 1) // 2))
    inverse = ops.cayley_inverse(a, n)
    assert disagreement(ops.skew_symmetric(a, n), jax_ops.skew_symmetric(a, n)) == 0
    assert disagreement(inverse, jax_ops.cayley_inverse(a, n)) < 1e-12
    assert disagreement(ops.neumann_inverse(inverse, delta, order),
                        jax_ops.neumann_inverse(inverse, delta, order)) < 1e-12


@functools.partial(jax.jit, static_argnums=0)
def segment(config, parameters, state, tokens, targets, masks):
    loss, state, _ = jax_crt.Twin(config, parameters, masks).segment(tokens, targets, state)
    return loss, state


def window_gradient(config, parameters, window, masks):
    """What JAX computes over a window: J, the final state, and every gradient."""
    def objective(parameters, initial):
        state, total = initial, 0.0
        for tokens, targets, weight, factors_of_segment in zip(window.tokens, window.targets, window.weights, masks):
            loss, state = segment(config, parameters, state, tokens, targets, factors_of_segment)
            total += weight * loss
        return total + sum((d * state[name]).sum() for name, d in window.d_state.items()), state

    named = {name: parameters[name] for name in parameters}
    (total, state), gradients = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)(named, window.state)
    return total, state, *gradients


@pytest.mark.parametrize("label", CROSSING)
def test_crt(label):
    config = CRTConfig(**SMALL | CONFIGURATIONS[label])
    check_crt(config, window_gradient, tolerance=1e-9, seed=len(label), short=False)


def test_crt_with_a_short_last_segment():
    check_crt(CRTConfig(**SMALL | CONFIGURATIONS["reset before"]), window_gradient, tolerance=1e-9, seed=4)
