"""The golden cases of AdamW: some steps on given gradients, with the moments after each"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.golden.tensors import GoldenCase, Role, Tensor
from minicrt.conformance.golden.values import Values
from minicrt.conformance.mistakes.optimizers import adamw

Array = np.ndarray

OPTIONS: dict[str, Any] = {"count0": 0, "learning_rate": 0.0625, "weight_decay": 0.25, "beta1": 0.875,
                           "beta2": 0.96875, "eps": 2.0 ** -26}       # exact in binary
STEPS, SIZE = 4, 7
SPECIAL = {"adamw": "Four steps from moments of 0. Some gradients are as small as eps, which shows where it stands.",
           "adamw-later": "Steps 101 to 104, from moments that are given, as after a checkpoint."}
MEANINGS = {
    "theta0": "the parameters in front of the first step (N,)", "m0": "the first moment there (N,)",
    "v0": "the second moment there (N,)", "gradients": "g of every step (T, N)",
    "m": "m = β₁ m + (1 − β₁) g, after every step (T, N)", "v": "v = β₂ v + (1 − β₂) g², after every step (T, N)",
    "m_hat": "m̂ = m/(1 − β₁ᵗ), t = count0 + 1 at the first step", "v_hat": "v̂ = v/(1 − β₂ᵗ)",
    "theta": "θ = θ − η λ θ − η m̂/(√v̂ + eps), after every step (T, N)"}
CONVENTIONS = (
    "Weight decay is decoupled and multiplied by the learning rate: θ ← θ − η λ θ − η m̂/(√v̂ + eps). eps is outside of "
    "the root, and added to the root of the corrected v̂.",
    "The steps are counted from 1. count0 is how many were taken before.",
    "No option has a library's default, so that one which is not handed over shows.")
TOLERANCE = {"float64": 1e-10, "float32": 2e-5}


def optimizer_cases() -> dict[str, Callable[[], GoldenCase]]:
    """By name; each makes its case when it is called."""
    return {name: partial(adamw_case, name) for name in SPECIAL}


def adamw_case(name: str) -> GoldenCase:
    given, options = drawn(name), OPTIONS | ({"count0": 100} if name == "adamw-later" else {})
    inputs: dict[str, Any] = {**given, **options}
    computed = adamw(frozenset(), **inputs)
    if not np.allclose(computed["theta"], stepped(given, options), rtol=1e-13, atol=0):
        raise AssertionError("adamw: minicrt.ops and its second writing in minicrt.conformance.mistakes differ")
    roles: dict[str, Role] = {"theta0": "parameter", "theta": "output"}
    return GoldenCase(name, "operation", "adamw", tuple(
        Tensor(key, roles.get(key, "input" if key in given else "intermediate"), value, MEANINGS[key])
        for key, value in (given | computed).items()), options, (SPECIAL[name], *CONVENTIONS), TOLERANCE)


def drawn(name: str) -> dict[str, Array]:
    """Gradients from 1 down to 2^−30, each parameter's of another size; moments of such gradients."""
    values, sizes = Values(name), 2.0 ** (-5 * np.arange(SIZE))
    later = float(name == "adamw-later")
    return {"theta0": values.real("theta0", SIZE), "m0": later * sizes * values.real("m0", SIZE, factor=0.5),
            "v0": later * sizes ** 2 * np.abs(values.real("v0", SIZE, bits=10)),
            "gradients": sizes * values.real("gradients", STEPS, SIZE)}


def stepped(given: dict[str, Array], options: dict[str, Any]) -> Array:      # -> (T, N)
    """θ after every step of minicrt.ops"""
    theta, m, v = (given[key].copy() for key in ("theta0", "m0", "v0"))
    found, rest = [], {key: value for key, value in options.items() if key != "count0"}
    for k, g in enumerate(given["gradients"]):
        ops.adamw_update(theta, g, m, v, options["count0"] + k + 1, **rest)
        found.append(theta.copy())
    return np.stack(found)
