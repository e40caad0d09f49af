"""Kernels do not look where their arrays end: a gradient that is not of the output's shape never reaches one."""

import numpy as np
import pytest

from minicrt import kernels
from minicrt.errors import InputError
from minicrt.gradcheck import cases
from tests.kernels.twins import has_twin
from tests.ops.checks import is_float

CASES = [case for case in cases.all_cases(np.random.default_rng(5)) if has_twin(case.operation)]


def forward(case):
    inputs = {name: value.astype(np.float64) if is_float(value) else value for name, value in case.inputs.items()}
    return getattr(kernels, case.operation)(**inputs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_gradient_of_another_shape_is_refused(case):
    y, cache = forward(case)
    shape, backward = np.shape(y), getattr(kernels, case.operation + "_backward", kernels.dropout_backward)
    others = [(1, *shape), (*shape, 1)] if not shape else [
        (shape[0] + 1, *shape[1:]), (*shape[:-1], shape[-1] + 1), (1, *shape[1:]) if shape[0] > 1 else (0, *shape[1:])]
    for other in others:
        if isinstance(cache, kernels.twins.Kept):
            with pytest.raises(InputError, match=r"_backward: d_\w+ has shape .*, expected that of the output"):
                backward(np.ones(other), cache)


def test_most_operations_keep_what_a_kernel_left():
    kept = {case.operation for case in CASES if isinstance(forward(case)[1], kernels.twins.Kept)}
    assert kept >= {"gru", "ncgru", "self_attention", "linear", "layer_norm", "delta_rule", "s4d", "selective_scan",
                    "embedding", "gelu", "linear_cross_entropy"}


@pytest.mark.parametrize("operation", ["gru", "ncgru", "delta_rule", "s4d", "selective_scan"])
@pytest.mark.parametrize("change", [lambda shape: (1, *shape[1:]), lambda shape: (*shape[:-1], shape[-1] - 1),
                                    lambda shape: (0, *shape[1:])], ids=["one row", "narrower", "no row"])
def test_a_gradient_of_another_shape_from_beyond_is_refused(operation, change):
    for case in (case for case in CASES if case.operation == operation):
        y, cache = forward(case)
        if not isinstance(cache, kernels.twins.Kept):        # s4d by a transform is left to the specification
            continue
        last = cache.last.shape if isinstance(cache, kernels.twins.KeptScan) else (len(y), y.shape[2])
        if change(last) == last:
            continue
        with pytest.raises(InputError, match=r"d_last has shape .*, expected that of the last state"):
            getattr(kernels, operation + "_backward")(np.ones(np.shape(y)), cache, np.ones(change(last)))
        d_last = np.ones(last)
        getattr(kernels, operation + "_backward")(np.ones(np.shape(y)), cache, d_last)
        assert (d_last == 1).all()
