"""Every comparator, and the CRTs with a minGRU or an LRU, against JAX's gradients in float64 over four segments.

Compiling takes seconds a test. So all start from a state carried from before; from the start of a stream only two,
of which one learns its state and the other's grows. The other CRTs are in test_jax.
"""

import numpy as np
import pytest

from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model
from tests.models.windows import gradient, random_parameters, random_window
from tests.ports.cases import disagreement

jax = pytest.importorskip("jax")

from tests.ports import jax_models  # noqa: E402

jax.config.update("jax_disable_most_optimizations", True)       # compiling is what takes the time here

COMPARATORS = [name for name, changes in CONFIGURATIONS.items() if "model" in changes and "task" not in changes]
CARRIED = [*COMPARATORS, "CRT, minGRU", "CRT, LRU", "CRT, S4D", "CRT, Mamba, per segment, chrono",
           *(name for name, changes in CONFIGURATIONS.items() if "memory_form" in changes)]
FRESH = ["Transformer-XL, same length, clamped, biases a layer", "RMT"]


@pytest.mark.parametrize("name, carried", [*((name, True) for name in CARRIED), *((name, False) for name in FRESH)])
def test_model(name, carried):
    model, rng = small_model(CONFIGURATIONS[name] | {"dropout": 0.0}), np.random.default_rng(sum(name.encode()))
    parameters = random_parameters(model, rng)
    window = random_window(model, rng, 2, [4, 4, 4, 3], carried=carried)
    total, state, gradients, d_state = gradient(model, parameters, window)

    def objective(p, initial):
        after, total = initial, 0.0
        for tokens, targets, weight in zip(window.tokens, window.targets, window.weights):
            loss, after = jax_models.segment(model, p, tokens, targets, after)
            total += weight * loss
        return total + sum((d * after[entry]).sum() for entry, d in window.d_state.items()), after

    differentiated = jax.jit(jax.value_and_grad(objective, argnums=(0, 1), has_aux=True))
    (expected, after), (d_p, d_initial) = differentiated({key: parameters[key] for key in parameters}, window.state)

    assert set(state) == set(after)
    errors = {"J": disagreement(total, expected)}
    errors |= {f"final {entry}": disagreement(state[entry], after[entry]) for entry in state}
    errors |= {key: disagreement(gradients[key], d_p[key]) for key in parameters}
    errors |= {f"initial {entry}": disagreement(d_state[entry], d) for entry, d in d_initial.items()}
    assert max(errors.values()) < 1e-9, errors
