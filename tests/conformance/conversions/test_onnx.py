"""ONNX's recurrent nodes: there and back, and where each block lies"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance.conversions import from_onnx_gru, from_onnx_lstm, to_onnx_gru, to_onnx_lstm
from minicrt.errors import InputError
from tests.conformance.conversions.drawing import assert_equal, dimensions, parameters, seeds


@given(sizes=dimensions, seed=seeds, reset_after=st.booleans())
def test_gru_there_and_back(sizes, seed, reset_after):
    ours = parameters("gru", sizes, seed)
    if not reset_after:
        del ours["b_hn"]
    inputs, attributes = to_onnx_gru(ours)
    D, I = ours["u"].shape[0], ours["w"].shape[0]
    assert {name: value.shape for name, value in inputs.items()} == {
        "W": (1, 3 * D, I), "R": (1, 3 * D, D), "B": (1, 6 * D)}
    assert attributes == {"hidden_size": D, "linear_before_reset": int(reset_after)}
    assert_equal(from_onnx_gru(inputs, attributes), ours)


@given(sizes=dimensions, seed=seeds)
def test_lstm_there_and_back(sizes, seed):
    ours = parameters("lstm", sizes, seed)
    inputs, attributes = to_onnx_lstm(ours)
    assert attributes == {"hidden_size": len(ours["u"])}
    assert_equal(from_onnx_lstm(inputs, attributes), ours)


def test_the_order_of_the_blocks():
    w, u, b = np.array([[1.0, 2, 3]]), np.array([[10.0, 20, 30]]), np.array([4.0, 5, 6])
    inputs, _ = to_onnx_gru({"w": w, "u": u, "b": b, "b_hn": np.array([7.0])})               # r, z, n
    assert inputs["W"].ravel().tolist() == [2, 1, 3] and inputs["R"].ravel().tolist() == [20, 10, 30]
    assert inputs["B"].ravel().tolist() == [5, 4, 6, 0, 0, 7]
    blocks = np.array([[1.0, 2, 3, 4]])                                                      # i, f, g, o
    inputs, _ = to_onnx_lstm({"w": blocks, "u": blocks, "b": blocks[0]})
    assert inputs["W"].ravel().tolist() == [1, 4, 2, 3]
    assert inputs["B"].ravel().tolist() == [1, 4, 2, 3, 0, 0, 0, 0]


def test_two_biases_are_added_where_they_stand_side_by_side():
    W, R, B = np.zeros((1, 3, 1)), np.zeros((1, 3, 1)), np.array([[1.0, 2, 3, 10, 20, 30]])  # z, r, h on either side
    after = from_onnx_gru({"W": W, "R": R, "B": B}, {"linear_before_reset": 1})
    assert after["b"].tolist() == [22, 11, 3] and after["b_hn"].tolist() == [30]
    before = from_onnx_gru({"W": W, "R": R, "B": B})                                         # 0 is ONNX's default
    assert before["b"].tolist() == [22, 11, 33] and "b_hn" not in before


def test_a_node_without_biases_has_zeros():
    W, R = np.ones((1, 3, 2), np.float32), np.ones((1, 3, 1), np.float32)
    found = from_onnx_gru({"W": W, "R": R}, {"linear_before_reset": 1})
    assert found["b"].tolist() == [0, 0, 0] and found["b_hn"].tolist() == [0] and found["b"].dtype == np.float32
    W, R = np.ones((1, 4, 2)), np.ones((1, 4, 1))
    assert from_onnx_lstm({"W": W, "R": R})["b"].tolist() == [0, 0, 0, 0]


WRONG = [
    ({"W": np.zeros((2, 6, 3))}, {}, "two directions"),
    ({"W": np.zeros((6, 3))}, {}, "W has shape (6, 3), expected one direction in front"),
    ({"W": np.zeros((1, 5, 3))}, {}, "W has shape (5, 3), expected (3D, I) with D = 2"),
    ({"B": np.zeros((1, 6))}, {}, "B has shape (6,), expected (6D)"),
    ({"b": np.zeros((1, 6))}, {}, "unknown name 'b'"),
    ({}, {"direction": b"reverse"}, "direction is ['reverse'], expected ['forward']"),
    ({}, {"clip": 1.0}, "the attribute 'clip' has no counterpart"),
    ({}, {"activations": ["Sigmoid", "Relu"]}, "activations is ['Sigmoid', 'Relu'], expected ['Sigmoid', 'Tanh']"),
    ({}, {"linear_before_reset": 2}, "linear_before_reset is 2, expected 0 or 1"),
    ({}, {"hidden_size": 3}, "hidden_size is 3, but R has shape (1, 6, 2)"),
]


@pytest.mark.parametrize("inputs, attributes, message", WRONG)
def test_what_is_refused(inputs, attributes, message):
    given = {"W": np.zeros((1, 6, 3)), "R": np.zeros((1, 6, 2)), "B": np.zeros((1, 12))} | inputs
    with pytest.raises(InputError) as caught:
        from_onnx_gru(given, attributes)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_refused_of_an_lstm():
    given = {"W": np.zeros((1, 8, 3)), "R": np.zeros((1, 8, 2)), "B": np.zeros((1, 16))}
    with pytest.raises(InputError, match="peepholes"):
        from_onnx_lstm(given | {"P": np.zeros((1, 6))})
    with pytest.raises(InputError, match="input_forget"):
        from_onnx_lstm(given, {"input_forget": 1})


def test_what_a_node_says_by_default_is_accepted():
    given = {"W": np.zeros((1, 6, 3)), "R": np.zeros((1, 6, 2))}
    attributes = {"direction": b"forward", "activations": [b"Sigmoid", b"Tanh"], "layout": 1, "hidden_size": 2}
    assert from_onnx_gru(given, attributes)["u"].shape == (2, 6)
