"""The solutions of the chapters on ports and on small devices give what the package gives"""

import json

import numpy as np

from minicrt import ops
from minicrt.accounting import stream_memory
from minicrt.conformance import from_torch
from minicrt.conformance.golden import case
from minicrt.conformance.golden.encoding import encoded
from minicrt.models import create_model
from minicrt.quantisation.forms import dense, quantised
from minicrt.teach.exercises import edge as edge_exercises
from minicrt.teach.exercises import porting as porting_exercises
from minicrt.teach.solutions import edge, porting

NAMES = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"


def test_a_case_is_read():
    files = encoded(case("gru"), "float32")
    for line in json.loads(files["case.json"])["tensors"]:
        read = porting.read_tensor(files["tensors.bin"], line["dtype"], line["shape"], line["offset"])
        assert np.array_equal(read, case("gru")[line["name"]].value.astype(np.float32))


def test_weights_come_from_torch():
    given = porting_exercises.torch_inputs(np.random.default_rng(0))
    converted = from_torch("gru", dict(zip(NAMES, given)))
    for name, value in zip(("w", "u", "b", "b_hn"), porting.gru_from_torch(*given), strict=True):
        assert np.array_equal(value, converted[name])


def test_the_gru_with_its_reset_gate_before_the_product():
    x_t, *others = porting_exercises.step_inputs(np.random.default_rng(1))
    h, _ = ops.gru(x_t[:, None], *others, reset_after=False)
    assert np.allclose(porting.gru_step_before(x_t, *others), h[:, 0], 1e-12, 1e-12)


def test_no_product_in_float32_is_farther_off_than_the_bound():
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal((50, 64)).astype(np.float32), rng.standard_normal((64, 40)).astype(np.float32)
    total = np.zeros((50, 40), np.float32)
    for i in range(64):
        total = total + x[:, i, None] * w[i]
    bound = porting.rounding_bound(x.astype(float), w.astype(float), 2.0 ** -23)
    assert (np.abs(total - x.astype(float) @ w.astype(float)) <= bound).all()


def test_attention_token_by_token():
    q, k, v = np.random.default_rng(3).standard_normal((3, 6, 4))
    keys, values, rows = np.zeros((0, 4)), np.zeros((0, 4)), []
    for t in range(6):
        y, keys, values = edge.attention_step(q[t], k[t], v[t], keys, values)
        rows.append(y)
    whole, _ = ops.attention(q[None], k[None], v[None], 1, ops.causal_mask(6, 6))
    assert np.allclose(rows, whole[0], 1e-12, 1e-12) and np.array_equal(keys, k)


def test_the_bytes_are_those_of_a_stream():
    L, D, T = 3, 8, 5
    model = create_model(vocabulary=7, width=D, heads=2, inner=9, layers=L, segment_length=T)
    memory = stream_memory(model, item=4)
    _, crt = edge.state_bytes(np.array([T, 4 * T]), L, D, T, 4)
    assert (crt == memory["state"] + memory["keys and values"]).all()


def test_columns_in_eight_bits():
    W = edge_exercises.matrix_inputs(np.random.default_rng(4))["W"].astype(np.float32)
    values, scales = edge.quantise_columns(W)
    ours = quantised(W, 8)
    assert np.array_equal(values, ours.values) and np.allclose(scales, ours.scales, 1e-6)
    x = np.array([[100, -127]], np.int8)
    y = edge.integer_product(x, np.array([0.5]), ours.values[:2], ours.scales)
    assert np.allclose(y, 0.5 * x.astype(float) @ dense(ours, len(W))[:2], 1e-6)
