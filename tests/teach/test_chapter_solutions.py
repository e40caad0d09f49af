"""The solutions of the chapters on ports, on small devices and on video give what the package gives"""

import json

import numpy as np

from minicrt import ops
from minicrt.accounting import clip_flops, stream_memory
from minicrt.conformance import from_torch
from minicrt.conformance.golden import case
from minicrt.conformance.golden.encoding import encoded
from minicrt.models import create_model
from minicrt.models.video import attention, create_video_model
from minicrt.quantisation.forms import dense, quantised
from minicrt.teach.exercises import edge as edge_exercises
from minicrt.teach.exercises import porting as porting_exercises
from minicrt.teach.exercises import video as video_exercises
from minicrt.teach.exercises import video_classes
from minicrt.teach.solutions import edge, porting, video
from minicrt.training import accuracy, confusion_matrix, mean_class_accuracy

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


def test_patches_and_their_gradient_are_the_packages():
    rng = np.random.default_rng(5)
    x, s = video_exercises.clip_inputs(rng)
    F, Y, X, C = x.shape
    W, b = rng.standard_normal((s * s * C, 3)), rng.standard_normal(3)
    e, cache = ops.patch_embedding(x[None], W, b, s)
    patches = video.cut_patches(x, s)
    assert np.allclose(patches @ W + b, e[0], 1e-12, 1e-12)
    d_e = rng.standard_normal(e.shape)
    d_x, d_W, d_b = ops.patch_embedding_backward(d_e, cache)
    for ours, theirs in zip(video.patch_gradient(d_e[0], patches, W, s, Y, X), (d_x[0], d_W, d_b), strict=True):
        assert np.allclose(ours, theirs, 1e-12, 1e-12)


def test_rows_are_divided_as_the_models_of_video_divide_them():
    """What a time group or a frame sees is what a patch's output may depend on."""
    R, T, N, D = 2, 3, 4, 8
    model = create_video_model(2, T, "vit", "numpy", frame_size=4, patch_size=2, width=D, inner=D, heads=2)
    p = model.initialize(np.random.default_rng(6)).scope("blocks.0.time.")
    frames = model.initialize(np.random.default_rng(6)).scope("blocks.0.")
    x = np.random.default_rng(7).standard_normal((1, R + T * N, D)).astype(np.float32)
    over_time, in_frames = video.divide_rows(np.arange(R + T * N)[:, None], R, T)
    changed = x.copy()
    changed[0, over_time[1, 0, 0]] += 1
    apart = (attention.over_time(model, p, changed, attention.Grid(R, T, N))[0]
             != attention.over_time(model, p, x, attention.Grid(R, T, N))[0]).any(-1)[0]
    assert np.flatnonzero(apart).tolist() == sorted(over_time[1, :, 0].tolist())
    changed = x.copy()
    changed[0, in_frames[2, -1, 0]] += 1
    apart = (attention.over_frames(model, frames, changed, attention.Grid(R, T, N))[0]
             != attention.over_frames(model, frames, x, attention.Grid(R, T, N))[0]).any(-1)[0]
    assert np.flatnonzero(apart).tolist() == sorted(in_frames[2, :, 0].tolist())


def test_pairs_are_what_the_accounting_counts():
    T, N, D, L = 4, 9, 8, 2
    for attended, pairs in zip(("joint", "divided"), video.attention_pairs(2, T, N)):
        model = create_video_model(3, T, frame_size=6, patch_size=2, width=D, inner=D, heads=2, layers=L,
                                   attention=attended)
        assert clip_flops(model)["attention"] == 4 * D * L * pairs


def test_accuracies_are_the_packages():
    labels, predicted, K = video_classes.accuracy_inputs(np.random.default_rng(8))
    confusion = confusion_matrix(labels, predicted, K)
    assert np.allclose(video.accuracies(labels, predicted, K),
                       (accuracy(confusion), mean_class_accuracy(confusion).mean), 1e-12)


def test_the_weighted_gradient_is_the_packages():
    d_loss, y, classes, w = video_classes.weighted_inputs(np.random.default_rng(9))
    _, cache = ops.weighted_cross_entropy(y, classes, w)
    assert np.allclose(video.weighted_gradient(d_loss, y, classes, w),
                       ops.weighted_cross_entropy_backward(d_loss, cache)[0], 1e-12, 1e-12)
