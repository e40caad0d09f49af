"""The cases of AdamW: right implementations agree with them, and each known mistake is told from all others"""

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance import check_port, golden
from minicrt.conformance.golden.optimizers import optimizer_cases
from minicrt.conformance.mistakes.optimizers import SENTENCES, adamw

NAMES = list(optimizer_cases())


def port(theta0, m0, v0, gradients, count0, **options):
    """minicrt.ops, which writes in place"""
    found = []
    for k, g in enumerate(gradients):
        ops.adamw_update(theta0, g, m0, v0, count0 + k + 1, **options)
        found.append((theta0.copy(), m0.copy(), v0.copy()))
    return {name: np.stack(values) for name, values in zip(("theta", "m", "v"), zip(*found))}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_the_specification_agrees_and_is_told_that_it_writes_in_place(name, dtype):
    report = check_port(port, name, dtype=dtype)
    assert report.ok and len(report.comparison.compared) == 3
    assert report.comparison.written == ("theta0", "m0", "v0")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_torch_agrees(dtype):
    torch = pytest.importorskip("torch")

    def in_torch(theta0, m0, v0, gradients, learning_rate, weight_decay, beta1, beta2, eps):
        theta = torch.nn.Parameter(torch.tensor(theta0))
        optimizer = torch.optim.AdamW([theta], learning_rate, (beta1, beta2), eps, weight_decay)
        found = []
        for g in gradients:
            theta.grad = torch.tensor(g)
            optimizer.step()
            found.append(theta.detach().clone())
        return torch.stack(found)

    check_port(in_torch, "adamw", dtype=dtype).raise_if_wrong()


def test_given_values_are_exact_in_float32():
    for name in NAMES:
        for value in golden.case(name).given().values():
            assert np.array_equal(value.astype(np.float32), value)


@pytest.mark.parametrize("mistake", SENTENCES)
def test_every_mistake_is_named(mistake):
    def wrong(**given):
        return {"theta": adamw(frozenset({mistake}), **given)["theta"]}

    report = check_port(wrong, "adamw")
    assert not report.ok
    assert report.diagnosis.mistakes == (mistake,), report.diagnosis.sentences[0]
    assert report.diagnosis.sentences[0].startswith(f'The port has the mistake "{mistake}"')
