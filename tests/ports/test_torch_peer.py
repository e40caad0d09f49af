"""The model that the benchmarks time in PyTorch computes what minicrt's does: loss, state and every gradient."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.twins import torch_peer  # noqa: E402
from minicrt.models import create_model  # noqa: E402
from minicrt.training import window_gradients  # noqa: E402


def test_the_peer_is_the_model():
    model = create_model({"vocabulary": 11, "width": 8, "layers": 2, "heads": 2, "inner": 12, "segment_length": 5})
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    parameters.flat += 0.1 * np.random.default_rng(1).standard_normal(parameters.size)
    peer = torch_peer.CRT(model.config).double()
    peer.load({name: parameters[name] for name in parameters})
    gradients, rng = parameters.zeros_like(), np.random.default_rng(2)
    state, memory, positions = {}, peer.memory_start.expand(3, -1), torch.zeros(3, 8).double()
    for segment in range(4):
        tokens, targets = rng.integers(0, 11, (2, 3, 5))
        expected, state = window_gradients(model, parameters, gradients, [(tokens, targets)], state)
        peer.zero_grad()
        loss, memory, positions = peer(*map(torch.tensor, (tokens, targets)), memory, positions)
        loss.backward()
        memory, positions = memory.detach(), positions.detach()
        assert float(loss.detach()) == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(memory, state["memory"][:, 0], rtol=0, atol=1e-11 * abs(state["memory"]).max())
        np.testing.assert_allclose(positions, state["positions"], rtol=0, atol=1e-11)
        ours = torch_peer.torch_names({name: gradients[name] for name in gradients})
        assert ours["memory_start"].any() == (segment == 0)
        for name, parameter in peer.named_parameters():
            if name == "memory_start" and segment > 0:       # only a text's first segment starts from it
                assert parameter.grad is None
                continue
            error = np.abs(parameter.grad.numpy() - ours[name]).max() / np.abs(ours[name]).max()
            assert error < 1e-9, (name, error)
