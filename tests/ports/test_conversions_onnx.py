"""ONNX's reference evaluator runs the converted GRU and LSTM and computes what minicrt does."""

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.conversions import from_onnx_gru, from_onnx_lstm, to_onnx_gru, to_onnx_lstm
from tests.conformance.conversions.drawing import parameters
from tests.ports.cases import disagreement
from tests.ports.conversion_cases import SIZES, B, D, T

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402


def run(operator, inputs, attributes, x, states):
    """Y (T, 1, B, D) of a model of one node, as (B, T, D); the model is checked before it runs."""
    given = {"X": x.transpose(1, 0, 2), **inputs, **{name: value[None] for name, value in states.items()}}
    order = ["X", "W", "R", "B", "", *states]                # "" is sequence_lens
    node = helper.make_node(operator, order, ["Y"], **attributes)
    graph = helper.make_graph(
        [node], "cell", [helper.make_tensor_value_info(name, TensorProto.DOUBLE, value.shape)
                         for name, value in given.items()],
        [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, (T, 1, B, D))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    onnx.checker.check_model(model)
    y, = ReferenceEvaluator(model).run(None, given)
    return y[:, 0].transpose(1, 0, 2)


def node_attributes(model_node):
    """What `from_onnx_gru` is handed by somebody who reads a file."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in model_node.attribute}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("reset_after", [True, False])
def test_gru(reset_after, seed):
    rng, p = np.random.default_rng(seed), parameters("gru", SIZES, seed)
    if not reset_after:
        del p["b_hn"]
    x, h0 = rng.standard_normal((B, T, SIZES["I"])), rng.standard_normal((B, D))
    ours, _ = ops.gru(x, h0, p["w"], p["u"], p["b"], p.get("b_hn"), reset_after)
    inputs, attributes = to_onnx_gru(p)
    assert disagreement(ours, run("GRU", inputs, attributes, x, {"initial_h": h0})) < 1e-10
    wrong = attributes | {"linear_before_reset": 1 - attributes["linear_before_reset"]}
    assert disagreement(ours, run("GRU", inputs, wrong, x, {"initial_h": h0})) > 1e-3


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_that_somebody_else_made(reset_after):
    """With two biases in every gate, and attributes as they stand in a file"""
    rng = np.random.default_rng(2)
    inputs = {"W": rng.standard_normal((1, 3 * D, 3)), "R": rng.standard_normal((1, 3 * D, D)),
              "B": rng.standard_normal((1, 6 * D))}
    attributes = {"hidden_size": D, "linear_before_reset": int(reset_after), "direction": "forward",
                  "activations": ["Sigmoid", "Tanh"]}
    x, h0 = rng.standard_normal((B, T, 3)), rng.standard_normal((B, D))
    read = node_attributes(helper.make_node("GRU", ["X", "W", "R", "B"], ["Y"], **attributes))
    p = from_onnx_gru(inputs, read)
    ours, _ = ops.gru(x, h0, p["w"], p["u"], p["b"], p.get("b_hn"), reset_after)
    assert disagreement(ours, run("GRU", inputs, attributes, x, {"initial_h": h0})) < 1e-10


@pytest.mark.parametrize("seed", [0, 1])
def test_lstm(seed):
    rng, p = np.random.default_rng(seed), parameters("lstm", SIZES, seed)
    x, h0, c0 = rng.standard_normal((B, T, SIZES["I"])), *rng.standard_normal((2, B, D))
    ours, _ = ops.lstm(x, np.concatenate([h0, c0], 1), p["w"], p["u"], p["b"])
    inputs, attributes = to_onnx_lstm(p)
    inputs["B"][0] += rng.standard_normal(8 * D)             # in both halves
    p = from_onnx_lstm(inputs, attributes)
    ours_of_theirs, _ = ops.lstm(x, np.concatenate([h0, c0], 1), p["w"], p["u"], p["b"])
    start = {"initial_h": h0, "initial_c": c0}
    assert disagreement(ours_of_theirs[..., :D], run("LSTM", inputs, attributes, x, start)) < 1e-10
    inputs, attributes = to_onnx_lstm(parameters("lstm", SIZES, seed))
    assert disagreement(ours[..., :D], run("LSTM", inputs, attributes, x, start)) < 1e-10
