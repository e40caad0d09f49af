"""The check of whole models: what it accepts and what it rejects"""

import warnings

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check_model
from minicrt.gradcheck.configurations import small_crt


def rng(seed):
    return np.random.default_rng(seed)


def segments(count=3):
    draws = rng(9)
    return [tuple(draws.integers(0, 9, (2, 2, 4))) for _ in range(count)]


class Leaking:
    """A CRT whose backward pass does something to what it hands back."""

    def __init__(self, change):
        self.model, self.change = small_crt({}), change
        self.forward = self.model.forward

    def backward(self, d_loss, d_state, cache, gradients):
        d_state = self.model.backward(d_loss, d_state, cache, gradients)
        return self.change(d_state, gradients)


def drop_memory(d_state, gradients):
    return {"positions": d_state["positions"]} if "positions" in d_state else {}


def spoil_bias(d_state, gradients):
    gradients["blocks.1.attention.b_out"] *= 1.001
    return d_state


def nan_in_gain(d_state, gradients):
    gradients["norm_final.gain"][2] = np.nan
    return d_state


def checked(model, **options):
    parameters = small_crt({}).initialize(rng(10), np.float64)
    state = {"memory": 0.3 * rng(11).standard_normal((2, 1, 6)), "positions": 0.3 * rng(12).standard_normal((2, 6))}
    return check_model(model, parameters, segments(), rng=rng(13), **({"state": state, "directions": 1} | options))


@pytest.mark.parametrize("method", ["complex", "central"])
def test_a_right_model_passes(method):
    report = checked(small_crt({}), method=method)
    report.raise_if_wrong()
    assert {"embedding", "memory.0.u", "state.memory", "state.positions"} <= {tensor.name for tensor in report.tensors}


def test_a_gradient_cut_between_segments_is_found():
    wrong = {tensor.name for tensor in checked(Leaking(drop_memory)).wrong()}
    assert {"memory.0.w", "memory.0.u", "state.memory", "embedding"} <= wrong
    assert "output.bias" not in wrong


def test_the_same_cut_is_what_truncation_asks_for():
    checked(Leaking(lambda d_state, gradients: {}), truncate=True).raise_if_wrong()
    assert not checked(Leaking(lambda d_state, gradients: {})).passes()


def test_one_spoiled_tensor_is_found_and_no_other():
    report = checked(Leaking(spoil_bias))
    assert [tensor.name for tensor in report.wrong()] == ["blocks.1.attention.b_out"]


def test_a_nan_in_a_model_fails():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = checked(Leaking(nan_in_gain))
    assert "is nan" in report["norm_final.gain"].problem
    with pytest.raises(GradientError, match="^gradient of norm_final.gain: the analytic gradient is nan"):
        report.raise_if_wrong()


def test_a_start_of_stream_has_no_state_to_check():
    report = checked(small_crt({}), state=None)
    report.raise_if_wrong()
    assert not any(tensor.name.startswith("state.") for tensor in report.tensors)


def test_dropout_draws_its_masks_anew_from_the_seed():
    model = small_crt({"dropout": 0.4})
    checked(model, dropout_seed=3).raise_if_wrong()
