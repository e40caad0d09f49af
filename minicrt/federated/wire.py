"""What travels: a model's weights, or their change in integers of 8 bits, as Flower's arrays

The parameters travel as the model has them. Of an orthogonal matrix U = (I + A)⁻¹ (I − A) D of NC-GRU that is the skew-
symmetric A, so that the matrix of an average of clients, U(Σ π_k A_k), is orthogonal again. Σ π_k U_k is not.
"""

from typing import Any

import numpy as np
from flwr.app import ArrayRecord

from minicrt.errors import InputError
from minicrt.models import Parameters
from minicrt.quantisation import quantise
from minicrt.quantisation.forms import EightBits
from minicrt.quantisation.weights import QuantisedParameters
from minicrt.training.quantised_run import expected

Array = np.ndarray


def as_record(arrays: Any) -> ArrayRecord:
    """Of a mapping from names to arrays"""
    from flwr.app import Array as Sent

    return ArrayRecord({name: Sent(np.ascontiguousarray(array)) for name, array in arrays.items()})


def as_arrays(record: ArrayRecord) -> dict[str, Array]:
    """Raises InputError for what NumPy cannot read."""
    try:
        return {name: sent.numpy() for name, sent in record.items()}
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise InputError(f"the arrays cannot be read: {error}") from error


def weights_in(record: ArrayRecord, like: Parameters) -> Parameters:
    """The weights that were sent. Raises InputError for other names, shapes or types than those of `like`, and where
    one is not finite."""
    wanted = {name: (array.shape, str(array.dtype)) for name, array in like.items()}
    return filled(checked(as_arrays(record), wanted), like)


def in_eight_bits(weights: Parameters, before: Parameters) -> ArrayRecord:
    """weights − before, its matrices in integers of 8 bits with a scale for each output channel"""
    small, arrays = quantise(weights.with_flat(weights.flat - before.flat), 8), dict[str, Array]()
    for name in small:
        stored = small.stored(name)
        arrays |= {f"{part}.{name}": array for part, array in stored._asdict().items()} \
            if isinstance(stored, EightBits) else {f"float32.{name}": stored}
    return as_record(arrays)


def from_eight_bits(record: ArrayRecord, before: Parameters) -> Parameters:
    """`before` and the change that was sent. Raises InputError as `weights_in`."""
    parts = {spec.name: expected(spec, 8) for spec in before.specs}
    arrays = checked(as_arrays(record), {name: form for wanted in parts.values() for name, form in wanted.items()})
    stored = {name: EightBits(*(arrays[part] for part in wanted)) if len(wanted) == 2 else arrays[next(iter(wanted))]
              for name, wanted in parts.items()}
    change = QuantisedParameters(before.specs, stored)
    return before.with_flat((before.flat + change.flat).astype(before.dtype))


def checked(arrays: dict[str, Array], wanted: dict[str, tuple[tuple[int, ...], str]]) -> dict[str, Array]:
    if arrays.keys() != wanted.keys():
        odd = sorted(arrays.keys() ^ wanted.keys())
        raise InputError(f"{len(arrays)} arrays, expected {len(wanted)}; {odd[0]!r} is "
                         f"{'not the model’s' if odd[0] in arrays else 'missing'}")
    for name, (shape, dtype) in wanted.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != dtype:
            raise InputError(f"{name!r} is {array.dtype} {array.shape}, expected {dtype} {shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"{name!r} is not finite")
    return arrays


def filled(arrays: dict[str, Array], like: Parameters) -> Parameters:
    weights = like.zeros_like()
    for name, array in arrays.items():
        weights[name] = array
    return weights


def size_of(record: ArrayRecord) -> int:
    """The bytes of its arrays"""
    return sum(len(sent.data) for sent in record.values())
