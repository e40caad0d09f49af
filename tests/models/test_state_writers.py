"""S4D and Mamba as the writer of a memory: the memory is the state that their operations have"""

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.data import Vocabulary
from minicrt.errors import InputError
from minicrt.export.design import design
from minicrt.models import create_model

B, T, D, N = 2, 5, 12, 3
WRITERS = ["s4d", "mamba"]


def made(memory, **settings):
    model = create_model({"vocabulary": 9, "width": D, "layers": 1, "heads": 2, "inner": 8, "segment_length": T,
                          "memory": memory, "memory_states": N, **settings}, engine="numpy")
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    parameters.flat += 0.2 * np.random.default_rng(1).standard_normal(parameters.size)
    return model, parameters


def test_mamba_writes_the_state_of_its_scan():
    """N states of a channel at once, as the language model runs it"""
    model, p = made("mamba")
    rng, E = np.random.default_rng(2), D // N
    y, m, scope = rng.standard_normal((B, T, D)), rng.standard_normal((B, 1, D)), p.scope("memory.0.")
    (h,), _ = model.write(p, y, m)
    u, s, b = np.split(y @ scope["w_x"], [E, 2 * E], axis=2)
    _, scan = ops.selective_scan(u, m.reshape(B, E, N), s + scope["b_dt"], scope["a_log"], b, np.ones((B, T, N)),
                                 np.zeros(E))
    np.testing.assert_allclose(h, scan.h[:, 1:].reshape(B, T, D), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("transform", [False, True])
def test_s4d_writes_the_state_of_its_recurrence_and_of_its_convolution(transform):
    model, p = made("s4d", memory_states=2)
    rng, n = np.random.default_rng(2), 2
    E = D // (2 * n)
    y, m, scope = rng.standard_normal((B, T, D)), rng.standard_normal((B, 1, D)), p.scope("memory.0.")
    (h,), _ = model.write(p, y, m)
    re, im = (half.reshape(B, E, n) for half in np.split(m[:, 0], 2, axis=1))
    _, scan = ops.s4d(y @ scope["w_in"], np.concatenate([re, im], axis=2), scope["log_dt"], scope["log_a"],
                      scope["a_im"], np.ones((E, 2 * n)), np.zeros(E), transform)
    last_re, last_im = np.split(scan.last, 2, axis=2)
    np.testing.assert_allclose(h[:, -1], np.concatenate([last_re.reshape(B, -1), last_im.reshape(B, -1)], axis=1),
                               rtol=1e-9)


@pytest.mark.parametrize("memory", WRITERS)
def test_the_memory_is_as_large_as_any_other(memory):
    model, _ = made(memory, memory_vectors=2)
    assert model.state_shapes(B)["memory"] == (B, 2, D)
    assert accounting.state_values(model) == accounting.state_values(made("gru", memory_vectors=2)[0])


@pytest.mark.parametrize("memory", WRITERS)
def test_a_cut_gives_a_gradient_of_exactly_zero(memory):
    """The memory handed on, and dropped: nothing comes back; handed on and kept, something does."""
    model, p = made(memory, positions="none")
    rng = np.random.default_rng(3)
    first, second = (tuple(rng.integers(0, 9, (2, B, T))) for _ in range(2))
    for cut in (False, True):
        g, state = p.zeros_like(), model.forward(p, *first, {})[1]
        _, _, cache = model.forward(p, *second, {} if cut else state)
        d_state = model.backward(1.0, {}, cache, g)
        assert ("memory" in d_state) is not cut
        _, _, cache = model.forward(p, *first, {})
        g = p.zeros_like()
        model.backward(0.0, d_state, cache, g)
        assert np.any(g.flat) is np.bool_(not cut)


@pytest.mark.parametrize("memory, expected", [("s4d", 2 * T * D * (D // (2 * N)) + 12 * T * D),
                                              ("mamba", 2 * T * D * (2 * D // N + N) + 4 * T * D)])
def test_operations(memory, expected):
    assert accounting.forward_flops(made(memory)[0])["memory"] == expected


@pytest.mark.parametrize("memory", WRITERS)
def test_what_cannot_be_exported_says_so(memory):
    with pytest.raises(InputError, match=f"^the model has memory='{memory}', which cannot be exported; expected"):
        design(*made(memory), Vocabulary([str(k) for k in range(9)]))
