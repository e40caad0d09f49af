"""RMS norm, causal convolution, selective scan and S4D: gradients, dtypes, segments that join, what they compute"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck import check_operation
from minicrt.gradcheck.state_space_cases import (
    causal_convolution_case,
    rms_norm_case,
    s4d_case,
    selective_scan_case,
)
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes

SCANS = {"causal_convolution": causal_convolution_case, "selective_scan": selective_scan_case, "s4d": s4d_case,
         "s4d, transform": lambda *sizes: s4d_case(*sizes, transform=True)}
START = {"causal_convolution": "s0"}                         # of the others: h0
IN_TIME = {"x", "dt", "b"}                                   # of the selective scan also c


@pytest.mark.parametrize("operation", SCANS)
@settings(max_examples=15)
@given(seed=seeds, batch=sizes, length=sizes, width=st.integers(1, 3), states=st.integers(1, 3), layout=layouts)
def test_gradient_of_a_scan(operation, seed, batch, length, width, states, layout):
    assert_gradient(SCANS[operation](np.random.default_rng(seed), batch, length, width, states), seed, layout)


@settings(max_examples=15)
@given(seed=seeds, leading=st.lists(sizes, max_size=3), width=sizes, layout=layouts)
def test_gradient_of_rms_norm(seed, leading, width, layout):
    assert_gradient(rms_norm_case(np.random.default_rng(seed), tuple(leading), width), seed, layout)


@pytest.mark.parametrize("case", [make(np.random.default_rng(0)) for make in (rms_norm_case, *SCANS.values())],
                         ids=lambda case: case.name)
def test_dtype(case):
    assert_keeps_dtype(case)


def in_time(case):
    """The names of the inputs that have steps"""
    return IN_TIME | {"c"} if case.operation == "selective_scan" else {"x"}


@pytest.mark.parametrize("name", SCANS)
def test_segments_join_and_what_is_carried_has_its_gradient(name):
    """Of two segments, the second started with what the first left, against one segment of both."""
    case = SCANS[name](np.random.default_rng(1), 2, 5, 3, 2)
    start, forward = START.get(name, "h0"), getattr(ops, case.operation)
    backward, cut = getattr(ops, case.operation + "_backward"), 2
    first = {key: value[:, :cut] if key in in_time(case) else value for key, value in case.inputs.items()}
    second = {key: value[:, cut:] if key in in_time(case) else value for key, value in case.inputs.items()}
    whole, whole_cache = forward(**case.inputs)
    y_1, cache_1 = forward(**first)
    y_2, cache_2 = forward(**{**second, start: cache_1.last})
    np.testing.assert_allclose(np.concatenate([y_1, y_2], axis=1), whole, rtol=0, atol=1e-13)
    np.testing.assert_allclose(cache_2.last, whole_cache.last, rtol=0, atol=1e-13)

    d_y, d_last = (np.random.default_rng(2).standard_normal(a.shape) for a in (whole, whole_cache.last))
    expected = backward(d_y, whole_cache, d_last)
    later = backward(d_y[:, cut:], cache_2, d_last)
    earlier = backward(d_y[:, :cut], cache_1, later[1])
    for key, ours, a, b in zip(case.inputs, expected, earlier, later):
        joined = np.concatenate([a, b], axis=1) if key in in_time(case) else a if key == start else a + b
        np.testing.assert_allclose(joined, ours, rtol=0, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", SCANS)
def test_the_gradient_of_what_is_carried_is_that_of_the_complex_step(name):
    case = SCANS[name](np.random.default_rng(3), 2, 3, 2, 2)
    forward, backward = (getattr(ops, case.operation + ending) for ending in ("", "_backward"))

    def last(**inputs):
        _, cache = forward(**inputs)
        return cache.last, cache

    def last_backward(d_last, cache):
        return backward(np.zeros_like(case.inputs["x"]), cache, d_last)

    check_operation(last, last_backward, case.inputs, rng=np.random.default_rng(4)).raise_if_wrong()


@settings(max_examples=10)
@given(seed=seeds, length=st.integers(1, 40), states=st.integers(1, 4))
def test_the_two_forms_of_s4d_agree(seed, length, states):
    """Forward, the state that goes on, and every gradient, to 1e-9."""
    case = s4d_case(np.random.default_rng(seed), 2, length, 2, states)
    rng, found = np.random.default_rng(5), []
    d_y, d_last = rng.standard_normal((2, length, 2)), rng.standard_normal((2, 2, 2 * states))
    for transform in (False, True):
        y, cache = ops.s4d(**{**case.inputs, "transform": transform})
        found.append((y, cache.last, *ops.s4d_backward(d_y, cache, d_last)))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * max(1.0, np.abs(a).max()))


def test_s4d_is_a_continuous_system_under_zero_order_hold():
    """Against the solution of h' = A h + x with x constant over a step, in complex numbers"""
    inputs = s4d_case(np.random.default_rng(6), 1, 3, 1, 2).inputs
    y, _ = ops.s4d(**inputs)
    a = -np.exp(inputs["log_a"][0]) + 1j * inputs["a_im"][0]
    step, c = np.exp(inputs["log_dt"][0]), inputs["c"][0, :2] + 1j * inputs["c"][0, 2:]
    h = inputs["h0"][0, 0, :2] + 1j * inputs["h0"][0, 0, 2:]
    for t in range(3):
        steady = -inputs["x"][0, t, 0] / a                   # where h' = 0
        h = steady + np.exp(step * a) * (h - steady)
        np.testing.assert_allclose(y[0, t, 0], 2 * (c * h).real.sum() + inputs["d"][0] * inputs["x"][0, t, 0],
                                   rtol=1e-12)


def test_s4d_keeps_its_digits_where_steps_are_short():
    """e^{ΔA} − 1 in float32 where ΔA is 5e-4"""
    inputs = s4d_case(np.random.default_rng(7), 1, 1, 1, 1).inputs
    inputs |= {"log_dt": np.log([1e-3]), "log_a": np.log([[0.5]]), "a_im": np.zeros((1, 1)), "h0": np.zeros((1, 1, 2)),
               "d": np.zeros(1)}
    exact, _ = ops.s4d(**inputs)
    single, _ = ops.s4d(**{key: value.astype(np.float32) if isinstance(value, np.ndarray) else value
                           for key, value in inputs.items()})
    np.testing.assert_allclose(single, exact, rtol=1e-6)


def test_selective_scan_by_hand():
    inputs = selective_scan_case(np.random.default_rng(8), 1, 3, 2, 2).inputs
    y, _ = ops.selective_scan(**inputs)
    x, h, dt, a_log, b, c, d = (value[0] if key in ("x", "h0", "dt", "b", "c") else value
                                for key, value in inputs.items())
    for t in range(3):
        for i in range(2):
            delta = np.log(1 + np.exp(dt[t, i]))
            h[i] = np.exp(-delta * np.exp(a_log[i])) * h[i] + delta * x[t, i] * b[t]
            np.testing.assert_allclose(y[0, t, i], h[i] @ c[t] + d[i] * x[t, i], rtol=1e-12)


def test_softplus_neither_overflows_nor_underflows_in_its_slope():
    inputs = selective_scan_case(np.random.default_rng(9), 1, 2, 1, 1).inputs | {
        "dt": np.array([[[1000.0], [-1000.0]]])}
    with np.errstate(all="raise", under="ignore"):
        y, cache = ops.selective_scan(**inputs)
        gradients = ops.selective_scan_backward(np.ones_like(y), cache)
    assert all(np.isfinite(array).all() for array in (y, *gradients))
    np.testing.assert_allclose(y[0, 0, 0], (1000 * inputs["b"] * inputs["c"] + inputs["d"])[0, 0, 0]
                               * inputs["x"][0, 0, 0], rtol=1e-12)        # all that was there is forgotten


@pytest.mark.parametrize(("make", "name", "shape"), [
    (rms_norm_case, "gain", (4,)), (causal_convolution_case, "s0", (2, 3, 3)), (causal_convolution_case, "bias", (2,)),
    (selective_scan_case, "h0", (2, 2, 2)), (selective_scan_case, "b", (2, 4, 3)), (selective_scan_case, "d", (2,)),
    (s4d_case, "h0", (2, 3, 3)), (s4d_case, "c", (3, 2)), (s4d_case, "log_dt", (2,))])
def test_a_wrong_shape_is_named(make, name, shape):
    case = make(np.random.default_rng(0))
    with pytest.raises(InputError, match=rf"{case.operation}: {name} has shape"):
        getattr(ops, case.operation)(**case.inputs | {name: np.zeros(shape)})
