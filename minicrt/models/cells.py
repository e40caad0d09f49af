"""The recurrent networks by name, so that a memory writer or a language model may be any of them"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.models import initialisers
from minicrt.models.parameters import Array, ParameterSpec, Scope


@dataclass(frozen=True)
class Cell:
    """specs(prefix, inputs, states) → parameter table; forward(engine, p, x, start) → states (B, T, ·), cache;
    backward(engine, d_states, cache, d_last) → d_x, d_start, the weights' gradients in the order of `weights`.
    `size` state values a unit are carried on; the first unit of them is what is read."""

    operation: str
    weights: tuple[str, ...]
    specs: Callable[[str, int, int], list[ParameterSpec]]
    size: int = 1

    def run(self, engine: Any, p: Scope, x: Array, start: Array) -> tuple[Array, Any]:
        return getattr(engine, self.operation)(x, start, *(p[name] for name in self.weights))

    def run_backward(self, engine: Any, d_states: Array, cache: Any, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:               # -> d_x, d_start
        d_x, d_start, *d_weights = getattr(engine, self.operation + "_backward")(d_states, cache, d_last)
        for name, d_weight in zip(self.weights, d_weights):
            g[name] += d_weight
        return d_x, d_start


def gru_specs(prefix: str, inputs: int, width: int, reset_after: bool = True, update_bias: float = 0.0
              ) -> list[ParameterSpec]:
    """Matrices start at U(±1/√D) as in PyTorch; biases at zero but for the update gate's."""
    bounded = initialisers.uniform(width ** -0.5)
    specs = [ParameterSpec(prefix + "w", (inputs, 3 * width), bounded),
             ParameterSpec(prefix + "u", (width, 3 * width), bounded),
             ParameterSpec(prefix + "b", (3 * width,), initialisers.gate_bias(width, update_bias), decay=False)]
    if reset_after:
        specs.append(ParameterSpec(prefix + "b_hn", (width,), initialisers.zeros, decay=False))
    return specs


def lstm_specs(prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
    """As the GRU's; the forget gate's bias starts at 1 (Gers et al. 2000)."""
    bounded = initialisers.uniform(width ** -0.5)
    return [ParameterSpec(prefix + "w", (inputs, 4 * width), bounded),
            ParameterSpec(prefix + "u", (width, 4 * width), bounded),
            ParameterSpec(prefix + "b", (4 * width,), initialisers.gate_bias(width, 1.0), decay=False)]


def mingru_specs(prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
    return [ParameterSpec(prefix + "w", (inputs, 2 * width), initialisers.normal(inputs ** -0.5)),
            ParameterSpec(prefix + "b", (2 * width,), initialisers.zeros, decay=False)]


def lru_specs(prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
    """`width` = 2N: N complex numbers. |λ| is spread evenly by area over the ring from 0.5 to 0.99, arg λ is drawn from
    (0, π/10), and γ = √(1 − |λ|²) keeps the states' size (arXiv 2303.06349, section 3.3, where |λ| is drawn too)."""
    N = width // 2
    squared = 0.5 ** 2 + (0.99 ** 2 - 0.5 ** 2) * (np.arange(N) + 0.5) / N               # |λ|²
    return [ParameterSpec(prefix + "w", (inputs, 2 * N), initialisers.normal((2 * inputs) ** -0.5)),
            ParameterSpec(prefix + "nu", (N,), initialisers.constant(np.log(-0.5 * np.log(squared))), decay=False),
            ParameterSpec(prefix + "theta", (N,), initialisers.log_uniform(1e-3, np.pi / 10), decay=False),
            ParameterSpec(prefix + "log_gamma", (N,), initialisers.constant(0.5 * np.log(1 - squared)), decay=False)]


CELLS = {
    "gru": Cell("gru", ("w", "u", "b", "b_hn"), gru_specs),
    "lstm": Cell("lstm", ("w", "u", "b"), lstm_specs, size=2),
    "mingru": Cell("mingru", ("w", "b"), mingru_specs),
    "lru": Cell("lru", ("w", "nu", "theta", "log_gamma"), lru_specs),
}
