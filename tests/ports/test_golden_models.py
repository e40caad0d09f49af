"""Every golden model case against PyTorch's autograd in float64, from the case's own given values"""

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.golden.models import MODEL_CASES, model_cases
from minicrt.models import CRT, create_model
from tests.ports.cases import disagreement

torch = pytest.importorskip("torch")

from tests.ports import torch_crt, torch_models  # noqa: E402

# PyTorch's CRT has no linear recurrence for a writer; the complex step checks those two.
CASES = [name for name, settings in MODEL_CASES.items() if settings.get("memory") not in ("mingru", "lru")]


def segment(model, p, tokens, targets, state):
    """(loss, next state)"""
    if isinstance(model, CRT):
        return torch_crt.segment(model.config, p, tokens, targets, state)[:2]
    return torch_models.segment(model, p, tokens, targets, state)


@pytest.mark.parametrize("name", CASES)
def test_losses_states_and_gradients(name):
    case = model_cases()[name]()
    given = {key: torch.tensor(value, requires_grad=key.startswith(("parameters/", "state/")))
             for key, value in case.given().items()}

    def entries(prefix):
        return {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}

    model = create_model({key: value for key, value in case.configuration.items() if key not in ("segments", "batch")},
                         ops)
    state, objective = entries("state/"), torch.zeros((), dtype=torch.float64)
    for n in range(len(case.configuration["segments"])):
        loss, state = segment(model, entries("parameters/"), given[f"segment{n}/tokens"], given[f"segment{n}/targets"],
                              state)
        objective = objective + given["d_loss"][n] * loss
        assert disagreement(case[f"segment{n}/loss"].value, loss.item()) < 1e-9
        for entry, value in state.items():
            assert disagreement(case[f"segment{n}/state/{entry}"].value, value.detach().numpy()) < 1e-9, entry
    for entry, d in entries("d_state/").items():
        objective = objective + (d * state[entry]).sum()
    leaves = {key: value for key, value in given.items() if value.requires_grad}
    gradients = torch.autograd.grad(objective, list(leaves.values()), allow_unused=True)
    for key, found in zip(leaves, gradients):
        golden = case["d_" + key.replace("state/", "initial_state/")].value
        assert disagreement(golden, np.zeros(golden.shape) if found is None else found.numpy()) < 1e-9, key
