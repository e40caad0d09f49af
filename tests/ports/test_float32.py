"""minicrt's own models are ports as well: in float32, on both engines, they are far within the checker's tolerance."""

import numpy as np
import pytest

from minicrt import kernels, ops
from minicrt.conformance import check_port, golden
from minicrt.conformance.golden.model_pass import segment_of
from minicrt.conformance.golden.models import MODEL_CASES, TOLERANCE
from minicrt.models.parameters import Parameters
from tests.conformance.golden.case_models import model_of

ENGINES = {"numpy": ops, "numba": kernels}


def port_on(engine):
    """A model's port: losses, states and gradients of the case's segments, in the dtype of the given arrays."""
    def port(given, configuration):
        model = model_of(configuration, engine)
        parameters = Parameters(model.specs(), given["parameters/output.bias"].dtype)
        for name in parameters:
            parameters[name] = given[f"parameters/{name}"]
        gradients, computed, caches = parameters.zeros_like(), {}, []
        state = entries(given, "state/")
        for n in range(len(configuration["segments"])):
            loss, state, cache = model.forward(parameters, *segment_of(given, n), state)
            caches.append(cache)
            computed |= {f"segment{n}/loss": loss} | {f"segment{n}/state/{name}": a for name, a in state.items()}
        d_state = entries(given, "d_state/")
        for n in reversed(range(len(caches))):
            d_state = model.backward(given["d_loss"][n], d_state, caches[n], gradients)
        return computed | {f"d_parameters/{name}": gradients[name] for name in gradients}
    return port


def entries(given, prefix):
    return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MODEL_CASES)
def test_a_model_in_float32_is_twenty_times_within_the_tolerance(name, engine):
    report = check_port(port_on(ENGINES[engine]), name, dtype="float32")
    report.raise_if_wrong()
    rows = report.comparison.compared
    assert {row.theirs.dtype for row in rows} == {np.dtype(np.float32)}
    assert {row.name for row in rows} >= {f"d_{name}" for name in golden.case(name).given() if "parameters/" in name}
    assert max(row.distance.relative for row in rows if np.any(row.tensor.value)) < TOLERANCE["float32"] / 20
