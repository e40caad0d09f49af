"""Every model against PyTorch's autograd in float64, over four segments with carried state."""

import numpy as np
import pytest

from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model
from tests.models.windows import gradient, random_parameters, random_window
from tests.ports.cases import disagreement

torch = pytest.importorskip("torch")

from tests.ports import torch_models  # noqa: E402


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_model(name, carried):
    model, rng = small_model(CONFIGURATIONS[name] | {"dropout": 0.0}), np.random.default_rng(sum(name.encode()))
    parameters = random_parameters(model, rng)
    window = random_window(model, rng, 2, [4, 4, 4, 3], carried=carried)
    total, state, gradients, d_state = gradient(model, parameters, window)

    p = {key: torch.tensor(parameters[key], requires_grad=True) for key in parameters}
    initial = {entry: torch.tensor(value, requires_grad=True) for entry, value in window.state.items()}
    after, objective = initial, torch.zeros(())
    for tokens, targets, weight in zip(window.tokens, window.targets, window.weights):
        loss, after = torch_models.segment(model, p, torch.tensor(tokens), torch.tensor(targets), after)
        objective = objective + weight * loss
    for entry, d in window.d_state.items():
        objective = objective + (torch.tensor(d) * after[entry]).sum()
    inputs = [*p.values(), *initial.values()]
    expected = [np.zeros(x.shape) if g is None else g.numpy()
                for x, g in zip(inputs, torch.autograd.grad(objective, inputs, allow_unused=True))]

    assert set(state) == set(after)
    assert disagreement(total, objective.item()) < 1e-9
    assert all(disagreement(state[entry], after[entry].detach().numpy()) < 1e-9 for entry in state)
    # What the writer's gradient replaces has none of its own, and minicrt leaves it out.
    found = [gradients[key] for key in parameters] + [d_state.get(entry, np.zeros(value.shape))
                                                      for entry, value in window.state.items()]
    errors = {key: disagreement(a, b) for key, a, b in zip([*p, *initial], found, expected)}
    assert max(errors.values()) < 1e-9, errors
