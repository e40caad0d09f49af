"""What a model checks of what it is handed, in one line each, before anything is computed"""

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, kind_of, shown
from minicrt.array_arguments import as_array, check_real
from minicrt.errors import InputError
from minicrt.models.parameters import Array, Layout, Parameters
from minicrt.suggestion import suggestion

if TYPE_CHECKING:
    from minicrt.models.base import SegmentModel

A_CACHE = "what this model's forward returned last"
A_MODEL = "a model; make one with minicrt.create_model"
LARGEST = np.float64(np.finfo(np.float32).max)               # no Python float: float16 has less
A_STATE = "a mapping of names to arrays; {} is the start of a stream"


class PassOf(NamedTuple):
    """Whose forward pass a cache is from"""

    batch: int
    layout: Layout                                           # of the model


def checked_tokens(model: "SegmentModel", tokens: Any) -> Array:
    """Tokens as an array of integers (B, T), each one in the vocabulary."""
    array = as_array("tokens", tokens)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"tokens have shape {array.shape}, expected (B, T) with B and T at least 1")
    if array.dtype.kind not in "iu":
        raise InputError(f"tokens have dtype {array.dtype}, expected integers")
    V = model.config.vocabulary
    if array.min() < 0 or array.max() >= V:
        bad = array.min() if array.min() < 0 else array.max()
        raise InputError(f"token {bad} is out of range, expected 0 to {V - 1}, for the vocabulary is of {V}")
    return array


def checked_targets(shape: tuple[int, ...], targets: Any) -> Array:
    """Targets as an array of the tokens' shape; their range is checked where the loss is computed."""
    array = as_array("targets", targets)
    if array.shape != shape:
        raise InputError(f"targets have shape {array.shape}, expected that of the tokens, {shape}")
    return array


def checked_readings(name: str, readings: Any, shape: tuple[int | str, ...]) -> Array:
    """Real numbers of this shape, NaN being one that is missing; a letter in `shape` is any size."""
    array = as_array(name, readings)
    fits = array.ndim == len(shape) and all(isinstance(n, str) or n == size for n, size in zip(shape, array.shape))
    if not fits or not array.size:
        raise InputError(f"{name} have shape {array.shape}, expected ({', '.join(map(str, shape))})")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{name} have dtype {array.dtype}, expected real numbers, NaN where one is missing")
    if np.isinf(array).any():
        raise InputError(f"{name} hold an infinite number, expected finite ones, or NaN where one is missing")
    if (np.abs(array) > LARGEST).any():
        raise InputError(f"{name} hold a number beyond {LARGEST:.2g}, where float32 ends; expected smaller ones, or "
                         "NaN where one is missing")
    return array


def checked_segments(model: "SegmentModel", segments: Any) -> list[tuple[Array, Array]]:
    """A window of one segment at least: pairs of what the model's `checked_inputs` and `checked_targets` accept"""
    check_kind("the window", segments, Sequence, "a list of segments, each (tokens, targets)")
    if not segments or isinstance(segments, str | bytes):
        raise InputError(f"the window is {shown(segments)}, expected one segment at least, each (tokens, targets)")
    checked = []
    for segment in segments:
        if not isinstance(segment, tuple | list) or len(segment) != 2:
            raise InputError(f"a segment of the window is {shown(segment)}, expected a pair (tokens, targets)")
        tokens = model.checked_inputs(segment[0])
        targets = model.checked_targets(tokens, segment[1])
        if not isinstance(targets, np.ndarray):              # VideoTargets
            raise InputError("the model is one of video, expected one of words or of readings; a step of this one is "
                             "minicrt.training.video_step")
        checked.append((tokens, targets))
    return checked


def check_fit(model: Any, parameters: Any) -> None:
    """A model, and parameters of it"""
    from minicrt.models.base import SegmentModel

    check_kind("model", model, SegmentModel, A_MODEL)
    check_parameters(model, parameters)


def check_trainable(parameters: Parameters) -> None:
    """Parameters that can be written to"""
    if not parameters.flat.flags.writeable:
        raise InputError("the parameters are read-only, as those of a quantised run are; train the run that it was "
                         "made from, or a copy in float32, parameters.copy()")


def check_generator(rng: Any) -> None:
    check_kind("rng", rng, (np.random.Generator, NoneType), f"{A_GENERATOR}, or None for no dropout")


def check_state(model: "SegmentModel", batch: int, state: Any, called: str = "state") -> None:
    """Entries that the model knows, each an array of its shape"""
    check_kind(called, state, Mapping, A_STATE)
    shapes = model.state_shapes(batch)
    for name, array in state.items():
        if name not in shapes:
            known = suggestion(name, sorted(shapes), "there are")
            raise InputError(f"the {called} has an entry {shown(name)}; {known}")
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
            got = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else kind_of(array)
            raise InputError(f"{called} entry {name!r} is {got}, expected an array of floating-point numbers")
        expected = shapes[name]
        if len(expected) != array.ndim or any(e not in (None, n) for e, n in zip(expected, array.shape)):
            raise InputError(f"{called} entry {name!r} has shape {array.shape}, expected {expected}")


def check_backward(model: "SegmentModel", d_loss: Any, d_state: Any, cache: Any, gradients: Any, kind: type) -> None:
    """What `backward` is handed; `kind` is that of the model's cache"""
    check_parameters(model, gradients, "gradients")
    check_kind("cache", cache, kind, A_CACHE)
    if cache.of.layout != model.layout:
        raise InputError(f"cache is that of another model, whose parameters are others; expected {A_CACHE}")
    check_state(model, cache.of.batch, d_state, "d_state")
    check_real("d_loss", d_loss)
    if not np.isfinite(d_loss):
        raise InputError(f"d_loss is {d_loss}, expected a finite number; 1 gives the gradient of the loss itself")


def check_parameters(model: "SegmentModel", parameters: Any, name: str = "parameters") -> None:
    """Parameters of this very model: the same names and shapes in the same order"""
    check_kind(name, parameters, Parameters, "the model's parameters; model.initialize(rng) makes some")
    if parameters.layout == model.layout:
        return
    wanted, got = dict(model.layout), dict(parameters.layout)
    wrong = next((key for key in [*wanted, *got] if wanted.get(key) != got.get(key)), None)
    if wrong is None:
        raise InputError(f"{name} have the model's arrays in another order")
    theirs, ours = (f"is of shape {shapes[wrong]}" if wrong in shapes else "is not there" for shapes in (got, wanted))
    raise InputError(f"{name} are not those of this {type(model).__name__}: {wrong} {theirs}, in the model it {ours}")
