"""Golden cases of operations: which there are, and that right implementations agree with them"""

import re

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.checking import compare
from minicrt.conformance.golden import all_cases, case
from minicrt.conformance.golden.operations import arguments, gradients, operation_cases, output_of
from minicrt.conformance.golden.sketches import SKETCHES
from minicrt.conformance.mistakes.operations import faulty_operation
from minicrt.errors import ConformanceError

NAMES = list(operation_cases())


def computed_in(dtype, golden):
    """What minicrt.ops computes in that dtype from the case's given values."""
    inputs = {**golden.configuration, **{name: value.astype(dtype) if value.dtype.kind == "f" else value
                                         for name, value in golden.given().items()}}
    output = output_of(golden.subject)
    y, cache = getattr(ops, golden.subject)(**arguments(golden.subject, inputs))
    return {output: np.asarray(y)} | gradients(golden.subject, inputs, inputs[f"d_{output}"], cache)


def test_every_operation_has_a_case_named_after_it_or_its_forms():
    operations = {name.removesuffix("_backward") for name in ops.__all__ if name.endswith("_backward")}
    assert {sketch.operation for sketch in SKETCHES} == operations
    assert len(NAMES) == len(SKETCHES) and all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in NAMES)


def test_names_are_those_of_one_case_each():
    from minicrt.conformance.golden.models import model_cases
    from minicrt.conformance.golden.optimizers import optimizer_cases

    names = [*operation_cases(), *optimizer_cases(), *model_cases()]
    assert list(all_cases()) == names and len(set(names)) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_given_values_are_exact_in_float32_and_all_are_finite(name):
    golden = case(name)
    assert golden.name == name and golden.kind == "operation"
    for tensor in golden.tensors:
        if tensor.name != "scores":                          # masked ones are -∞
            assert np.isfinite(tensor.value).all()
        if tensor.given and tensor.value.dtype.kind == "f":
            assert np.array_equal(tensor.value.astype(np.float32), tensor.value)
    assert len({tensor.name for tensor in golden.tensors}) == len(golden.tensors)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_the_specification_agrees_in_either_precision(name, dtype):
    golden = case(name)
    comparison = compare(golden, computed_in(dtype, golden))
    assert comparison.ok, [row.sentence() for row in comparison.wrong]
    roles = {tensor.name: tensor.role for tensor in golden.tensors}
    assert {roles[row.name] for row in comparison.compared} == {"output", "gradient"}


@pytest.mark.parametrize("name", NAMES)
def test_tensors_stand_in_the_order_of_computation(name):
    roles = [tensor.role for tensor in case(name).tensors]
    order = [("input", "parameter"), ("upstream",), ("intermediate", "output"), ("backward", "gradient")]
    places = [next(k for k, group in enumerate(order) if role in group) for role in roles]
    assert places == sorted(places) and set(places) == {0, 1, 2, 3}
    assert roles.count("output") == 1 and roles.count("upstream") == 1


@pytest.mark.parametrize("name", ["dropout", "locked_dropout", "embedding_dropout"])
def test_a_mask_follows_from_the_uniform_numbers(name):
    golden = case(name)
    given, rate = golden.given(), golden.configuration["rate"]
    x = given["table" if name == "embedding_dropout" else "x"]
    mask = (given["uniform"] >= rate) / (1 - rate)
    assert 0 < np.count_nonzero(mask) < mask.size
    assert np.array_equal(golden["y"].value, x * mask)


def test_edge_cases_are_what_they_say():
    assert not np.any(case("attention-T1")["d_q"].value)
    assert np.all(case("layer_norm-constant")["x"].value[:3].std(-1) == 0)
    assert not np.any(case("gru-zero-state")["h0"].value) and not np.any(case("lstm-zero-state")["s0"].value)
    assert case("gru-T1")["x"].value.shape[1] == 1 and case("gru-B1")["x"].value.shape[0] == 1
    tokens = case("embedding-repeated")["tokens"].value
    assert np.bincount(tokens.ravel()).tolist() == [2, 1, 0, 3, 0, 0, 2]
    loss = case("linear_cross_entropy-none-scored")
    assert not any(np.any(tensor.value) for tensor in loss.tensors if tensor.role in ("output", "gradient"))
    saturated = case("gru-saturated")
    kept, start = saturated["h"].value[..., 2], saturated["h0"].value[:, None, 2]
    assert np.array_equal(kept, np.broadcast_to(start, kept.shape))          # z = 1 keeps the old state to the last bit
    for name in ("attention-large", "relative_attention-large"):
        q, k = case(name)["q"].value, case(name)["k"].value
        assert np.einsum("bid,bjd->bij", q, k).min() > 2 * 710              # e^710 overflows


def test_no_two_sizes_are_equal_in_the_main_cases():
    for name in ("linear", "layer_norm", "gru", "lstm", "mingru", "linear_cross_entropy"):
        golden = case(name)
        sizes = {size for tensor in golden.tensors if tensor.given for size in tensor.value.shape}
        shapes = [tensor.value.shape for tensor in golden.tensors if tensor.given]
        assert all(len(set(shape)) == len(shape) for shape in shapes), (name, sizes)


def test_conventions_start_with_what_is_special():
    golden = case("gru-before-T1")
    assert golden.conventions[0] == "One step."
    assert any("before the product" in sentence for sentence in golden.conventions)
    assert not any("after the product" in sentence for sentence in golden.conventions)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ConformanceError, match="'gru-t1'; did you mean gru-T1?"):
        case("gru-t1")


@pytest.mark.parametrize("name", NAMES)
def test_intermediates_agree_in_float32(name):
    """Of the second writing, which has them: the tolerance and the scales of what cancels must do for them too."""
    golden = case(name)
    inputs = {**golden.configuration, **{name: value.astype(np.float32) if value.dtype.kind == "f" else value
                                         for name, value in golden.given().items()}}
    trace = faulty_operation(golden.subject, inputs).trace(inputs, inputs[f"d_{output_of(golden.subject)}"])
    comparison = compare(golden, trace, "float32")
    assert comparison.ok and len(comparison.compared) == len(golden.computed()), \
        [row.sentence() for row in comparison.wrong]


@pytest.mark.parametrize("name", NAMES)
def test_every_computed_tensor_has_a_meaning(name):
    assert all(tensor.meaning for tensor in case(name).computed())
