"""check_port(port, case): how a port is called, what it may return, and what becomes of its errors"""

import re
from dataclasses import replace

import numpy as np
import pytest

from minicrt.conformance import check_port
from minicrt.conformance.golden.tensors import GoldenCase, Tensor
from minicrt.errors import ConformanceError
from tests.conformance.checking.hand_made import TOLERANCE, affine, affine_case

CASE = affine_case()


def test_a_right_port_passes_in_both_dtypes():
    for dtype in (None, "float64", "float32"):
        report = check_port(affine, CASE, dtype=dtype)
        assert report.ok
        report.raise_if_wrong()
        assert str(report) == "affine: ok, 6 tensors right"


def test_arrays_are_copies_in_the_asked_dtype_and_options_are_given_where_they_are_taken():
    seen = {}

    def port(x, w, b, d_y, heads):
        seen.update(dtype=x.dtype, heads=heads)
        result = affine(x, w, b, d_y)
        x[...] = 0
        return result

    assert check_port(port, CASE, dtype="float32").ok
    assert seen == {"dtype": np.float32, "heads": 2}
    assert CASE["x"].value.any()


def test_a_port_that_writes_to_its_inputs_is_told_so_right_or_wrong():
    def in_place(x, w, b, d_y, factor=1):
        found = affine(x, w, b, d_y)
        x += 1
        return found | {"d_w": factor * found["d_w"]}

    for port in (in_place, lambda x, w, b, d_y: in_place(x, w, b, d_y, -1)):
        report = check_port(port, CASE)
        assert report.comparison.written == ("x",)
        assert "the port writes to its inputs x: whoever reads them afterwards" in str(report)
    assert "writes to" not in str(check_port(affine, CASE))


def test_a_models_port_may_take_its_mapping_apart_and_is_told_when_it_writes_to_an_array():
    case = GoldenCase("m", "model", "m", (Tensor("parameters/w", "parameter", np.eye(2)),
                                          Tensor("segment0/z", "output", 2 * np.eye(2))), {}, (), TOLERANCE)

    def popped(given, configuration):
        return {"segment0/z": given.pop("parameters/w") * 2}

    def doubled(given, configuration):
        given["parameters/w"] *= 2
        return {"segment0/z": given["parameters/w"]}

    assert check_port(popped, case).comparison.written == ()
    assert check_port(doubled, case).comparison.written == ("parameters/w",)


def test_a_gradient_of_none_counts_as_zeros_and_is_named():
    def cut(x, w, b, d_y):
        return affine(x, w, b, d_y) | {"d_w": None}

    def outputs_and_gradients(x, w, b, d_y):
        found = affine(x, w, b, d_y)
        return found["y"], found["d_x"], None, found["d_b"]

    for port in (cut, outputs_and_gradients):
        report = check_port(port, CASE)
        assert not report.ok and [row.name for row in report.comparison.wrong] == ["d_w"]
        assert "the port has no gradient for d_w, but None, which counts as zeros" in str(report)
        assert report.diagnosis.sentences[0].startswith("d_w is all zero: the gradient is cut off")
    without = affine_case(tensors=tuple(replace(tensor, value=np.zeros_like(tensor.value)) if tensor.name == "d_w"
                                        else tensor for tensor in CASE.tensors))
    report = check_port(cut, without)
    assert report.ok and "None" not in str(report)


def test_a_gradient_that_is_not_handed_in_beside_others_is_named():
    def without(x, w, b, d_y):
        return {name: value for name, value in affine(x, w, b, d_y).items() if name != "d_w"}

    report = check_port(without, CASE)
    assert report.ok
    assert "d_w was not handed in, though other gradients were, and so not checked" in str(report)


def test_what_a_port_may_return():
    def everything(**given):
        assert given.pop("heads") == 2
        return affine(**given)

    def outputs_and_gradients(x, w, b, d_y):
        found = affine(x, w, b, d_y)
        return [found[name] for name in ("y", "d_x", "d_w", "d_b")]

    def forward_alone(x, w, b):
        return np.tanh(x @ w + b)

    def some(x, w, b):
        return {"y": np.tanh(x @ w + b), "a": None}

    for port, count in ((everything, 6), (outputs_and_gradients, 4), (forward_alone, 1), (some, 1)):
        report = check_port(port, CASE)
        assert report.ok
        assert len(report.comparison.compared) == count
    assert "nothing of the backward pass was handed in" in str(check_port(forward_alone, CASE))


def test_a_tensor_on_a_graph_is_taken_off_it():
    torch = pytest.importorskip("torch")

    def port(x, w, b, d_y):
        x, w, b = (torch.tensor(value, requires_grad=True) for value in (x, w, b))
        y = torch.tanh(x @ w + b)
        return y, *torch.autograd.grad(y, (x, w, b), torch.tensor(d_y))

    assert check_port(port, CASE).ok


def bfloat16(library):
    if library == "torch":
        torch = pytest.importorskip("torch")
        return lambda values: torch.tensor(values).bfloat16()
    dtype = pytest.importorskip("ml_dtypes").bfloat16
    return lambda values: values.astype(dtype)


@pytest.mark.parametrize("library", ["torch", "ml_dtypes"])
def test_bfloat16_is_one_clear_line(library):
    coarse = bfloat16(library)
    with pytest.raises(ConformanceError) as caught:
        check_port(lambda x, w, b: coarse(affine(x, w, b, 0)["y"]), CASE)
    assert re.fullmatch("affine: what the port returned as y is of dtype (torch.)?bfloat16, too coarse to tell a "
                        "mistake from rounding; compute in float32 or float64, and hand in that", str(caught.value))


def test_a_tensor_that_is_no_array_is_one_clear_line():
    torch = pytest.importorskip("torch")
    with pytest.raises(ConformanceError, match="affine: what the port returned as y is no array: .*numpy") as caught:
        check_port(lambda x, w, b: torch.tensor(x @ w + b).to_sparse(), CASE)
    assert "\n" not in str(caught.value)


def test_a_name_that_cases_begin_with_gets_those_cases():
    for name, words in {"crt": "did you mean crt-gru, crt-ncgru, .* or one of [0-9]+ more that begin with crt?",
                        "rmt-two": "did you mean rmt-two-vectors?", "gru-t1": "did you mean gru-T1?",
                        "qqq": "`minicrt golden list` shows the names"}.items():
        with pytest.raises(ConformanceError, match=f"no golden case is named '{name}'; {words}"):
            check_port(affine, name)


def test_a_models_port_gets_a_mapping_and_the_configuration():
    case = GoldenCase("m", "model", "m", (Tensor("parameters/w", "parameter", np.eye(2)),
                                          Tensor("segment0/z", "output", 2 * np.eye(2))), {"factor": 2}, (), TOLERANCE)

    def port(given, configuration):
        return {"segment0/z": given["parameters/w"] * configuration["factor"]}

    assert check_port(port, case).ok


@pytest.mark.parametrize("port, words", [
    (lambda **_: 1 / 0, "affine: the port raised ZeroDivisionError: division by zero"),
    (lambda x: x, "affine: the port raised TypeError"),
    (lambda **_: None, "affine: the port returned nothing, expected"),
    (lambda **_: (1, 2), "affine: the port returned 2 arrays, expected"),
    (lambda **_: {"y": [[1], [1, 2]]}, "affine: what the port returned as y is no array"),
])
def test_a_port_that_cannot_be_checked_is_one_line(port, words):
    with pytest.raises(ConformanceError) as caught:
        check_port(port, CASE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_ports_own_error_is_the_cause_and_an_interrupt_passes():
    def interrupted(**_):
        raise KeyboardInterrupt

    with pytest.raises(ConformanceError) as caught:
        check_port(lambda **_: [][1], CASE)
    assert isinstance(caught.value.__cause__, IndexError)
    with pytest.raises(KeyboardInterrupt):
        check_port(interrupted, CASE)


def test_a_wrong_port_raises_one_line_that_names_the_mistake_and_prints_a_table():
    def port(x, w, b, d_y):
        found = affine(x, w, b, d_y)
        return found | {"d_w": -found["d_w"]}

    report = check_port(port, CASE)
    with pytest.raises(ConformanceError, match=r"^affine: d_w has its sign reversed\.$"):
        report.raise_if_wrong()
    assert "->  d_w" in str(report)
    assert "WRONG" in str(report)
    assert "d_x" not in str(report).splitlines()[-1]


def test_a_dtype_that_is_neither():
    with pytest.raises(ConformanceError, match="expected 'float32', 'float64' or None"):
        check_port(affine, CASE, dtype="float16")
