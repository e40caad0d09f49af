import math

import numpy as np
import pytest

from minicrt.models import Parameters, ParameterSpec
from minicrt.models.initialisers import normal
from minicrt.ops.adamw import CHUNK
from minicrt.training import SGD, AdamW, make_optimizer
from minicrt.training.optimizers import runs
from tests.training.tiny import config

TABLE = [ParameterSpec("w", (3, 4), normal(1.0)), ParameterSpec("b", (4,), normal(1.0), decay=False),
         ParameterSpec("skew", (6,), normal(1.0), decay=False, group="orthogonal"),
         ParameterSpec("gain", (2,), normal(1.0), decay=False), ParameterSpec("bias", (2,), normal(1.0), decay=False),
         ParameterSpec("large", (CHUNK + 5,), normal(1.0))]
STEPS = 7


def drawn(dtype=np.float64):
    rng = np.random.default_rng(3)
    parameters = Parameters(TABLE, dtype)
    parameters.flat[...] = rng.standard_normal(parameters.size)
    return parameters, [parameters.with_flat(rng.standard_normal(parameters.size).astype(dtype))
                        for _ in range(STEPS)]


def test_runs_cover_everything_once():
    parameters, _ = drawn()
    found = runs(parameters)
    assert [(run.start, run.stop) for run in found] == [(0, 12), (12, 16), (16, 22), (22, 26), (26, parameters.size)]
    assert [run.orthogonal for run in found] == [False, False, True, False, False]
    assert [run.decay for run in found] == [True, False, False, False, True]


def test_adamw_against_a_plain_loop():
    parameters, gradients = drawn()
    expected = parameters.flat.copy()
    optimizer = AdamW(parameters, 0.1, 0.05, 0.8, 0.95, 1e-3, orthogonal_learning_rate=0.01)
    indices = [0, 5, 11, 12, 15, 16, 21, 22, 25, 26, 26 + CHUNK - 1, 26 + CHUNK, parameters.size - 1]
    for index in indices:
        orthogonal, decay = 16 <= index < 22, index < 12 or index >= 26
        theta, m, v = float(expected[index]), 0.0, 0.0
        for t in range(1, STEPS + 1):
            eta = 0.5 * (0.01 if orthogonal else 0.1)
            g = float(gradients[t - 1].flat[index])
            m = 0.8 * m + 0.2 * g
            v = 0.95 * v + 0.05 * g * g
            if decay:
                theta -= eta * 0.05 * theta
            theta -= eta * (m / (1 - 0.8 ** t)) / (math.sqrt(v / (1 - 0.95 ** t)) + 1e-3)
        expected[index] = theta
    for g in gradients:
        optimizer.step(parameters, g, rate=0.5)
    np.testing.assert_allclose(parameters.flat[indices], expected[indices], rtol=1e-12)


def test_sgd_against_a_plain_loop():
    parameters, gradients = drawn()
    theta, b = parameters.flat.copy(), np.zeros(parameters.size)
    optimizer = SGD(parameters, 0.1, 0.05, 0.9, orthogonal_learning_rate=0.03)
    eta = np.full(parameters.size, 0.1)
    eta[16:22] = 0.03
    decay = np.full(parameters.size, 0.05)
    decay[12:26] = 0
    for g in gradients:
        optimizer.step(parameters, g)
        b = 0.9 * b + g.flat
        theta = theta - eta * decay * theta - eta * b
    np.testing.assert_allclose(parameters.flat, theta, rtol=1e-12)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_adamw_against_torch(dtype, tolerance):
    torch = pytest.importorskip("torch")
    parameters, gradients = drawn(dtype)
    optimizer = AdamW(parameters, 0.02, 0.1, 0.9, 0.99, 1e-8, orthogonal_learning_rate=0.004)
    tensors = {name: torch.nn.Parameter(torch.tensor(parameters[name].copy())) for name in parameters}
    theirs = torch.optim.AdamW([
        {"params": [tensors["w"], tensors["large"]], "weight_decay": 0.1},
        {"params": [tensors["b"], tensors["gain"], tensors["bias"]], "weight_decay": 0.0},
        {"params": [tensors["skew"]], "weight_decay": 0.0, "lr": 0.004},
    ], lr=0.02, betas=(0.9, 0.99), eps=1e-8)
    for g in gradients:
        optimizer.step(parameters, g)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(g[name].copy())
        theirs.step()
    for name, tensor in tensors.items():
        np.testing.assert_allclose(parameters[name], tensor.detach().numpy(), rtol=tolerance, atol=tolerance)


def test_the_gradient_is_left_as_it_was():
    parameters, gradients = drawn()
    before = gradients[0].flat.copy()
    for optimizer in AdamW(parameters), SGD(parameters):
        optimizer.step(parameters, gradients[0])
    assert np.array_equal(gradients[0].flat, before)


def test_float32_stays_float32():
    parameters, gradients = drawn(np.float32)
    for optimizer in AdamW(parameters), SGD(parameters):
        optimizer.step(parameters, gradients[0])
        assert {moment.dtype for moment in optimizer.moments.values()} == {np.dtype(np.float32)}
    assert parameters.dtype == np.float32


def test_make_optimizer():
    parameters, _ = drawn()
    adamw = make_optimizer(config(beta1=0.7, learning_rate=0.5), parameters)
    assert isinstance(adamw, AdamW) and adamw.beta1 == 0.7 and adamw.orthogonal_learning_rate == 0.05
    sgd = make_optimizer(config(optimizer="sgd", momentum=0.3, orthogonal_learning_rate=2.0), parameters)
    assert isinstance(sgd, SGD) and sgd.momentum == 0.3 and sgd.orthogonal_learning_rate == 2.0
