"""The directional gradient check of a whole segment-recurrent model, over several segments with carried state"""

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Protocol

import numpy as np

from minicrt.arguments import is_truth, kind_of, shown
from minicrt.gradcheck.comparison import along_directions
from minicrt.gradcheck.derivative import Derivative, Method
from minicrt.gradcheck.options import Options
from minicrt.gradcheck.outputs import refuse_random
from minicrt.gradcheck.report import GradientError, Report, TensorResult
from minicrt.models.parameters import Parameters

Array = np.ndarray
State = dict[str, Array]


class Checkable(Protocol):
    """What of a SegmentModel a check needs."""

    def forward(self, parameters: Parameters, tokens: Array, targets: Array, state: State,
                rng: np.random.Generator | None = None) -> tuple[Any, State, Any]: ...

    def backward(self, d_loss: Any, d_state: State, cache: Any, gradients: Parameters) -> State: ...


def _refuse_no_model(model: Any, parameters: Any, segments: Any, state: Any, truncate: Any) -> None:
    """Raises GradientError, in one line, for arguments that cannot be those of `check_model`."""
    if isinstance(model, type) or not (hasattr(model, "forward") and hasattr(model, "backward")):
        raise GradientError(f"the model is {kind_of(model)}, expected one with the methods forward and backward")
    if not isinstance(parameters, Parameters):
        raise GradientError(f"parameters are {kind_of(parameters)}, expected model.initialize(rng)")
    if not isinstance(state, Mapping | NoneType):
        raise GradientError(f"the state is {kind_of(state)}, expected a mapping of names to arrays, or None")
    if not is_truth(truncate):
        raise GradientError(f"truncate is {shown(truncate)}, expected True or False")
    if not isinstance(segments, Sequence):
        raise GradientError(f"the segments are {shown(segments)}, expected a list of (tokens, targets)")
    if not segments:
        raise GradientError("there are no segments to check a model on, expected a list of (tokens, targets)")
    for segment in segments:
        if not isinstance(segment, tuple | list) or len(segment) != 2:
            raise GradientError(f"a segment is {shown(segment)}, expected a pair (tokens, targets)")


def check_model(model: Checkable, parameters: Parameters, segments: Sequence[tuple[Array, Array]], *,
                rng: np.random.Generator, state: Mapping[str, Array] | None = None, truncate: bool = False,
                dropout_seed: int | None = None, method: Method = "complex", tolerance: float | None = None,
                directions: int = 2, scale: Mapping[str, float] | None = None) -> Report:
    """Compare a model's backward pass with the derivative of its forward pass, in float64.

    The loss is Σ_k c_k loss_k + Σ d_state ⊙ (the state after the last segment), with random c and d_state, so that
    every way out of the model counts. For each parameter tensor, and each entry of the initial state, the derivative
    along `directions` random directions of that tensor alone is compared with the gradient's projection on them.

    Arguments:
      segments      (tokens (B, T), targets (B, T)) one after the other; the state is carried from each to the next
      state         the initial state, whose gradient is checked too (as "state.<entry>"); None: the start of a stream
      truncate      cut the gradient, not the state, at every boundary: what a training step with bptt_segments = 1
                    does. The states are then constants, and the loss is Σ_k c_k loss_k
      dropout_seed  run with dropout, its masks drawn anew from [dropout_seed, k] for segment k in every evaluation
      method, tolerance, scale   as for `check`
    """
    options = Options.checked(rng, method, tolerance, directions=directions, scale=scale, slack=10)
    if directions is None:
        raise GradientError("directions is None, expected an integer of at least 1")
    _refuse_no_model(model, parameters, segments, state, truncate)
    start = {entry: np.asarray(value) for entry, value in (state or {}).items()}
    entries = [] if truncate else [e for e, value in start.items() if np.issubdtype(value.dtype, np.floating)]
    names = [*parameters, *(f"state.{entry}" for entry in entries)]
    point: dict[str, Any] = {name: parameters[name].astype(np.float64) for name in parameters}
    point |= {f"state.{entry}": start[entry].astype(np.float64) for entry in entries}

    def run(values: Mapping[str, Any], boundary: Sequence[State] | None) -> tuple[list[Any], list[State], list[Any]]:
        """Losses, the states in front of each segment and behind the last, caches. `boundary`: constants for them."""
        theta = parameters.with_flat(np.concatenate([np.ravel(values[name]) for name in parameters]))
        carried: State = {e: _cast(value, theta.dtype) for e, value in start.items()}
        carried |= {e: values[f"state.{e}"] for e in entries}
        losses, states, caches = [], [carried], []
        for k, (tokens, targets) in enumerate(segments):
            if boundary is not None:
                carried = {e: _cast(value, theta.dtype) for e, value in boundary[k].items()}
            drops = None if dropout_seed is None else np.random.default_rng([dropout_seed, k])
            loss, carried, cache = model.forward(theta, tokens, targets, carried, drops)
            losses.append(loss)
            states.append(carried)
            caches.append(cache)
        return losses, states, caches

    losses, states, caches = run(point, None)
    final = {} if truncate else {e: v for e, v in states[-1].items() if np.issubdtype(v.dtype, np.floating)}
    d_losses = [rng.standard_normal() for _ in losses]
    d_final = {entry: rng.standard_normal(np.shape(value)) for entry, value in final.items()}

    gradients = parameters.with_flat(np.zeros(parameters.size))
    d_state = {entry: d.copy() for entry, d in d_final.items()}
    for d_loss, cache in zip(reversed(d_losses), reversed(caches)):
        d_state = model.backward(d_loss, {} if truncate else d_state, cache, gradients)
    found = {name: gradients[name] for name in parameters}
    found |= {f"state.{e}": np.asarray(d_state.get(e, np.zeros(start[e].shape))) for e in entries}

    def outputs(values: Mapping[str, Any]) -> list[Array]:
        moved, after, _ = run(values, states if truncate else None)
        return [np.asarray(loss) for loss in moved] + [after[-1][entry] for entry in d_final]

    d_y = [np.asarray(d) for d in d_losses] + list(d_final.values())
    options.check_scale(names)
    derivative = Derivative(outputs, point, names, d_y, method)
    refuse_random([np.asarray(loss) for loss in losses] + [states[-1][entry] for entry in d_final], derivative.here)
    results = []
    for name in names:
        shape = point[name].shape
        if found[name].shape == shape:
            results.append(along_directions(name, found[name], derivative, rng, directions, options))
        else:
            problem = f"it has shape {found[name].shape}, expected {shape}"
            results.append(TensorResult(name, shape, np.inf, problem=problem))
    left = [f"state.{entry} ({'constant: the gradient is cut' if truncate else value.dtype})"
            for entry, value in start.items() if entry not in entries]
    method_used = f"{derivative.description}; segments: {len(segments)}"
    return Report(tuple(results), method_used, options.tolerance, tuple(left))


def _cast(value: Array, dtype: Any) -> Array:
    """A constant entry of the state, in the dtype of the parameters that it meets."""
    return value.astype(dtype) if np.issubdtype(value.dtype, np.inexact) else value
