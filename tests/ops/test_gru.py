import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import gru_case, ncgru_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

forms = st.booleans()


@settings(max_examples=50)
@given(seed=seeds, batch=sizes, length=sizes, inputs=st.integers(1, 3), width=st.integers(1, 3), reset_after=forms,
       layout=layouts)
def test_gradient(seed, batch, length, inputs, width, reset_after, layout):
    case = gru_case(np.random.default_rng(seed), batch, length, inputs, width, reset_after)
    assert_gradient(case, seed, layout)


@settings(max_examples=50)
@given(seed=seeds, batch=sizes, length=sizes, inputs=st.integers(1, 3), width=st.integers(1, 3),
       activation=st.sampled_from(["modrelu", "tanh"]), layout=layouts)
def test_ncgru_gradient(seed, batch, length, inputs, width, activation, layout):
    case = ncgru_case(np.random.default_rng(seed), batch, length, inputs, width, activation)
    assert_gradient(case, seed, layout)


@pytest.mark.parametrize("case", [gru_case(np.random.default_rng(0), reset_after=True),
                                  gru_case(np.random.default_rng(0), reset_after=False),
                                  ncgru_case(np.random.default_rng(0), activation="modrelu"),
                                  ncgru_case(np.random.default_rng(0), activation="tanh")], ids=lambda case: case.name)
def test_dtype(case):
    assert_keeps_dtype(case)


def by_hand(inputs, candidate="tanh"):
    """The recurrence a number at a time, as the equations of docs/spec.md, 1.9, read."""
    x, h0, w, u, b = (inputs[name] for name in ("x", "h0", "w", "u", "b"))
    after, b_hn = inputs.get("reset_after", False), inputs.get("b_hn")
    B, T, I = x.shape  # noqa: E741
    D = h0.shape[1]
    y = np.empty((B, T, D))

    def sigma(a):
        return 1 / (1 + math.exp(-a))

    for row in range(B):
        h = list(h0[row])
        for t in range(T):
            def from_x(column, row=row, t=t):
                return sum(x[row, t, i] * w[i, column] for i in range(I))

            def from_h(vector, column):
                return sum(vector[d] * u[d, column] for d in range(D))

            r = [sigma(from_x(j) + from_h(h, j) + b[j]) for j in range(D)]
            z = [sigma(from_x(D + j) + from_h(h, D + j) + b[D + j]) for j in range(D)]
            n = []
            for j in range(2 * D, 3 * D):
                if after:
                    n.append(math.tanh(from_x(j) + b[j] + r[j - 2 * D] * (from_h(h, j) + b_hn[j - 2 * D])))
                    continue
                v = from_x(j) + from_h([r_d * h_d for r_d, h_d in zip(r, h)], j)
                n.append(math.tanh(v + b[j]) if candidate == "tanh"
                         else max(abs(v) + b[j], 0) * math.copysign(1, v))
            h = [(1 - z_j) * n_j + z_j * h_j for z_j, n_j, h_j in zip(z, n, h)]
            y[row, t] = h
    return y


@settings(max_examples=20)
@given(seed=seeds, batch=st.integers(1, 2), length=sizes, inputs=sizes, width=sizes, reset_after=forms)
def test_values_element_by_element(seed, batch, length, inputs, width, reset_after):
    case = gru_case(np.random.default_rng(seed), batch, length, inputs, width, reset_after)
    np.testing.assert_allclose(run(case)[0], by_hand(case.inputs), rtol=1e-11, atol=1e-13)


@settings(max_examples=20)
@given(seed=seeds, length=sizes, width=sizes, activation=st.sampled_from(["modrelu", "tanh"]))
def test_ncgru_values_element_by_element(seed, length, width, activation):
    case = ncgru_case(np.random.default_rng(seed), 2, length, 2, width, activation)
    np.testing.assert_allclose(run(case)[0], by_hand(case.inputs, activation), rtol=1e-11, atol=1e-13)


@given(seed=seeds)
def test_with_tanh_the_ncgru_is_the_gru_with_the_reset_before(seed):
    case = gru_case(np.random.default_rng(seed), reset_after=False)
    h, gradients = run(case)
    arguments = [case.inputs[name] for name in ("x", "h0", "w", "u", "b")]
    same, cache = ops.ncgru(*arguments, activation="tanh")
    np.testing.assert_array_equal(same, h)
    d_h = np.random.default_rng(7).standard_normal(h.shape)
    for a, b in zip(ops.ncgru_backward(d_h, cache), gradients[:5], strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=40)
@given(seed=seeds, cut=st.integers(1, 4), kind=st.sampled_from(["after", "before", "modrelu"]))
def test_one_scan_equals_two_with_the_state_carried(seed, cut, kind):
    rng = np.random.default_rng(seed)
    case = (ncgru_case(rng, length=5) if kind == "modrelu" else gru_case(rng, length=5, reset_after=kind == "after"))
    h, whole = run(case)
    d_h = np.random.default_rng(7).standard_normal(h.shape)
    forward, backward = getattr(ops, case.operation), getattr(ops, case.operation + "_backward")
    first, first_cache = forward(**(case.inputs | {"x": case.inputs["x"][:, :cut]}))
    second, second_cache = forward(**(case.inputs | {"x": case.inputs["x"][:, cut:], "h0": first[:, -1]}))
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), h, rtol=1e-13)
    late = backward(d_h[:, cut:], second_cache)
    d_first = d_h[:, :cut].copy()
    d_first[:, -1] += late[1]                                # the gradient of the carried state
    early = backward(d_first, first_cache)
    np.testing.assert_allclose(np.concatenate([early[0], late[0]], axis=1), whole[0], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(early[1], whole[1], rtol=1e-11, atol=1e-13)
    for a, b, c in zip(early[2:], late[2:], whole[2:], strict=True):
        if c is not None:
            np.testing.assert_allclose(a + b, c, rtol=1e-11, atol=1e-12)


@given(seed=seeds, reset_after=forms)
def test_time_runs_one_way_and_batch_rows_do_not_touch(seed, reset_after):
    case = gru_case(np.random.default_rng(seed), 3, 4, 2, 3, reset_after)
    h, _ = run(case)
    d_h = np.zeros_like(h)
    d_h[1, 1] = 1
    _, (d_x, d_h0, *_) = run(case, d_y=d_h)
    assert d_x[1, :2].any() and not d_x[1, 2:].any()
    assert d_h0[1].any() and not d_x[[0, 2]].any() and not d_h0[[0, 2]].any()
    case.inputs["x"][1, 2:] += 5
    np.testing.assert_array_equal(run(case)[0][1, :2], h[1, :2])


@given(seed=seeds, reset_after=forms, length=st.integers(1, 30))
def test_the_gru_stays_within_its_start_and_1(seed, reset_after, length):
    case = gru_case(np.random.default_rng(seed), 2, length, 2, 3, reset_after)
    case.inputs["x"] *= 100                                  # gates and candidate saturate
    h, gradients = run(case)
    assert np.abs(h).max() <= max(1.0, np.abs(case.inputs["h0"]).max())
    assert all(np.isfinite(gradient).all() for gradient in gradients if gradient is not None)


def test_an_open_update_gate_keeps_the_state_and_its_gradient():
    case = gru_case(np.random.default_rng(4), length=50)
    case.inputs["b"][3:6] = 1e4                              # z = 1
    h, (d_x, d_h0, *_) = run(case)
    np.testing.assert_array_equal(h, np.broadcast_to(case.inputs["h0"][:, None], h.shape))
    np.testing.assert_allclose(d_h0, np.random.default_rng(7).standard_normal(h.shape).sum(1), rtol=1e-12)
    assert not d_x.any()


def test_a_long_memory_path_is_checked_without_a_floor():
    """48 steps, more than half of the state forgotten at each: the gradient of h0 is below any absolute tolerance."""
    case = gru_case(np.random.default_rng(5), 1, 48, 2, 3)
    case.inputs["u"] *= 0.1
    case.inputs["x"] *= 0.1
    case.inputs["b"][3:6] = -0.5                             # z is about 0.4
    h, cache = ops.gru(**case.inputs)
    d_h = np.zeros_like(h)
    d_h[:, -1] = 1
    d_h0 = ops.gru_backward(d_h, cache)[1]
    assert 0 < np.abs(d_h0).max() < 1e-12
    reference = np.empty(3)
    for j in range(3):
        moved = {name: v.astype(complex) if isinstance(v, np.ndarray) else v for name, v in case.inputs.items()}
        moved["h0"][0, j] += 1e-30j
        reference[j] = ops.gru(**moved)[0][0, -1].imag.sum() / 1e-30
    np.testing.assert_allclose(d_h0[0], reference, rtol=1e-10, atol=0)


@pytest.mark.parametrize("change, message", [
    ({"b_hn": None}, "gru: b_hn is missing, but it belongs to reset_after=True"),
    ({"reset_after": False}, "gru: b_hn is given, but it belongs to reset_after=True"),
    ({"w": np.zeros((2, 8))}, r"gru: w has shape \(2, 8\), expected \(I, 3D\)"),
    ({"h0": np.zeros((5, 3))}, r"gru: h0 has shape \(5, 3\), expected \(B, D\)")])
def test_bad_arguments(change, message):
    with pytest.raises(InputError, match="^" + message):
        ops.gru(**(gru_case(np.random.default_rng(0)).inputs | change))


def test_an_unknown_candidate():
    with pytest.raises(InputError, match="^ncgru: the candidate activation is 'relu', expected 'tanh' or 'modrelu'$"):
        ops.ncgru(**(ncgru_case(np.random.default_rng(0)).inputs | {"activation": "relu"}))
