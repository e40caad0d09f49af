"""A quantised run on disk: a folder with one file, quantised.safetensors, whole or not at all

Tensors, by a parameter's name: `values.<name>`, `scales.<name>` and, of four bits, `shares.<name>` of a matrix (the
layout is that of `minicrt.quantisation.EightBits` and `FourBits`), `float32.<name>` of what is not quantised.
Metadata: `bits`, `step`, `configuration` (the run's config.toml), `vocabulary`, or of sensor readings `framing`.
"""

import json
from pathlib import Path

import numpy as np

from minicrt.atomic import create_atomically
from minicrt.errors import CheckpointError
from minicrt.models import ParameterSpec, SegmentModel
from minicrt.quantisation.forms import FORMS, GROUP, Small
from minicrt.quantisation.weights import TABLES, QuantisedParameters, is_small
from minicrt.sealed import form_of, sealed
from minicrt.training.checkpoint import Checkpoint
from minicrt.training.run_folder import QUANTISED
from minicrt.training.trained import Trained
from minicrt.training.trained_sensors import TrainedSensors

Array = np.ndarray
FORM = "minicrt quantised run 1"
Expected = dict[str, tuple[tuple[int, ...], str]]            # shape and dtype


def quantised_file(path: Path) -> Path | None:
    """The file of the quantised run at `path`, a folder or that file; None where there is another thing or nothing."""
    if path.is_file():
        return path if form_of(path) == FORM else None
    return path / QUANTISED if (path / QUANTISED).is_file() else None


def write_quantised_run(folder: Path, trained: Trained | TrainedSensors, parameters: QuantisedParameters) -> Path:
    """Put `parameters`, with all else of `trained`, into a folder that is made or is there and empty; the file's path.

    Raises CheckpointError if the folder is not empty, or cannot be made or written to.
    """
    arrays: dict[str, Array] = {}
    for name in parameters:
        stored = parameters.stored(name)
        arrays |= {f"float32.{name}": stored} if isinstance(stored, np.ndarray) else {
            f"{part}.{name}": array for part, array in stored._asdict().items()}
    content = sealed(arrays, {
        "bits": str(parameters.bits), "step": str(trained.step), "configuration": json.dumps(trained.configuration),
        **{name: json.dumps(value) for name, value in trained.described().items()}}, FORM)
    check_empty(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        create_atomically(folder / QUANTISED, content)
    except OSError as error:
        raise CheckpointError(f"cannot write the quantised run {folder}: {error.strerror}; name another folder"
                              ) from error
    return folder / QUANTISED


def check_empty(folder: Path) -> None:
    """Raises CheckpointError unless nothing is at `folder`, or a folder with nothing in it."""
    try:
        taken = any(folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        taken = True
    except (OSError, ValueError) as error:                   # ValueError: a NUL in the name
        raise CheckpointError(f"cannot make the folder {folder}: {getattr(error, 'strerror', error)}") from error
    if taken:
        raise CheckpointError(f"{folder} exists and is not an empty folder; give one that does not exist")


def parameters_of(checkpoint: Checkpoint, model: SegmentModel) -> QuantisedParameters:
    """Raises CheckpointError unless each tensor of the model is there, of its type and shape, and finite."""
    said, specs = checkpoint.metadata.get("bits", "none"), model.specs()
    bits = next((bits for bits in FORMS if str(bits) == said), None)
    if bits is None:
        raise CheckpointError(f"{checkpoint.path} is of {said} bits, expected 8 or 4; quantise the run again")
    stored: dict[str, Array | Small] = {}
    for spec in specs:
        found = [checked(checkpoint, name, *wanted) for name, wanted in expected(spec, bits).items()]
        stored[spec.name] = FORMS[bits](*found) if is_small(spec) else found[0]
    if len(checkpoint.arrays) > sum(len(expected(spec, bits)) for spec in specs):
        raise CheckpointError(f"{checkpoint.path} has tensors that the model does not; it is of another model")
    return QuantisedParameters(specs, stored)


def expected(spec: ParameterSpec, bits: int) -> Expected:
    """The tensors of a parameter by name, in the order of the form's fields"""
    if not is_small(spec):
        return {f"float32.{spec.name}": (spec.shape, "float32")}
    inputs, outputs = spec.shape[::-1] if spec.name in TABLES else spec.shape
    parts: Expected = {"values": ((inputs, outputs), "int8")} if bits == 8 else {
        "values": ((-(-inputs // 2), outputs), "uint8"), "shares": ((-(-inputs // GROUP), outputs), "uint8")}
    parts["scales"] = ((outputs,), "float32")
    return {f"{part}.{spec.name}": wanted for part, wanted in parts.items()}


def checked(checkpoint: Checkpoint, name: str, shape: tuple[int, ...], dtype: str) -> Array:
    array = checkpoint.arrays.get(name)
    if array is None or array.shape != shape or array.dtype != dtype:
        got = "missing" if array is None else f"{array.dtype} {array.shape}"
        raise CheckpointError(f"{checkpoint.path}: {name!r} is {got}, expected {dtype} {shape}; it is of another model")
    if dtype == "float32" and not np.isfinite(array).all():
        raise CheckpointError(f"{checkpoint.path}: {name!r} is not finite; quantise the run again")
    return array


def step_of(checkpoint: Checkpoint) -> int:
    """The step that the weights are from"""
    step = checkpoint.metadata.get("step", "")
    if not step.isdecimal():
        raise CheckpointError(f"{checkpoint.path} is of step {step!r}, expected a whole number; quantise the run again")
    return int(step)
