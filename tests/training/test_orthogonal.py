import numpy as np
import pytest

from minicrt.ops import cayley_inverse
from minicrt.training import AdamW, NeumannInverses, train_step
from minicrt.training.orthogonal import with_own_inverses
from tests.training.test_step import window
from tests.training.tiny import model


def setup(orthogonal="candidate", cayley="neumann"):
    m = model(memory="ncgru", width=8, orthogonal=orthogonal, cayley=cayley, dropout=0.0)
    return m, m.initialize(np.random.default_rng(1), np.float64)


def trained(steps, inverses, orthogonal="candidate", rate=1e-2, cayley="neumann"):
    m, parameters = setup(orthogonal, cayley)
    gradients, state = parameters.zeros_like(), {}
    optimizer = AdamW(parameters, 1e-3, orthogonal_learning_rate=rate)
    for step in range(steps):
        _, state, _ = train_step(m, parameters, gradients, optimizer, window(seed=step), state, inverses=inverses)
    return m, parameters


def drift(m, parameters):
    """The largest distance of a kept inverse from the true one."""
    return max(np.linalg.norm(parameters.buffers[skew.buffer] - cayley_inverse(parameters[skew.name], skew.width))
               for skew in m.skew_parameters())


@pytest.mark.parametrize("orthogonal, matrices", [("candidate", 1), ("candidate+reset", 2)])
def test_inverses_follow_the_steps_that_adam_takes(orthogonal, matrices):
    m, parameters = trained(49, NeumannInverses(2, exact_every=50), orthogonal)
    assert len(parameters.buffers) == len(m.skew_parameters()) == matrices
    assert 0 < drift(m, parameters) < 1e-3
    assert max(m.orthogonality(parameters).values()) < 1e-3


def test_a_higher_order_is_closer():
    drifts = [drift(*trained(20, NeumannInverses(order, exact_every=1000))) for order in (1, 2, 3)]
    assert drifts[0] > 5 * drifts[1] > 25 * drifts[2]


def test_the_exact_solve_removes_the_drift():
    assert drift(*trained(9, NeumannInverses(1, exact_every=10))) > 1e-6
    assert drift(*trained(10, NeumannInverses(1, exact_every=10))) == 0


def test_with_an_exact_solve_at_every_step_neumann_is_exact():
    _, kept = trained(6, NeumannInverses(2, exact_every=1))
    _, exact = trained(6, NeumannInverses(), cayley="exact")
    assert exact.buffers == {}
    np.testing.assert_allclose(kept.flat, exact.flat, rtol=1e-9, atol=1e-12)


def test_another_buffer_has_inverses_of_its_own():
    m, parameters = trained(5, NeumannInverses())
    before = {name: value.copy() for name, value in parameters.buffers.items()}
    twin = with_own_inverses(m, parameters, np.zeros_like(parameters.flat))
    assert np.array_equal(twin.buffers["memory.0.skew_candidate.inverse"], np.eye(8))
    assert all(np.array_equal(parameters.buffers[name], value) for name, value in before.items())


def test_a_model_without_orthogonal_parameters_keeps_nothing():
    m = model()
    parameters = m.initialize(np.random.default_rng(1), np.float64)
    train_step(m, parameters, parameters.zeros_like(), AdamW(parameters), window(), {})
    assert parameters.buffers == {}
