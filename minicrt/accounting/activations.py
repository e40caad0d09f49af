"""What a forward pass keeps for the backward pass, counted on a pass of batch 1 by the specification's operations"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.accounting.flops import checked_length
from minicrt.models import SegmentModel, State, create_model, model_mapping
from minicrt.ops.complex_pairs import Pair


def activation_bytes(model: SegmentModel, length: int | None = None) -> int:
    """Bytes of float32 that a segment of `length` tokens (default: segment_length) leaves in the cache, a stream, with
    a full state before it; the parameters and dropout's masks are not among them."""
    length = checked_length(model, length)
    specification = create_model(model_mapping(model), ops)
    parameters = specification.initialize(np.random.default_rng(0))
    tokens = np.zeros((1, length), int)
    state, cache = State(), None
    for _ in range(2):                                       # the second segment finds a full cache or memory
        _, state, cache = specification.forward(parameters, tokens, tokens, state)
    owners = {id(array): array for array in map(owner, arrays(cache))}
    return sum(array.nbytes for array in owners.values() if array is not parameters.flat)


def arrays(cache: Any) -> Iterable[np.ndarray]:
    """Every floating-point array in a cache, however deep."""
    if isinstance(cache, np.ndarray):
        if np.issubdtype(cache.dtype, np.floating):
            yield cache
    elif isinstance(cache, Pair):
        yield from arrays((cache.re, cache.im))
    elif isinstance(cache, Mapping):
        for part in cache.values():
            yield from arrays(part)
    elif isinstance(cache, (tuple, list)):
        for part in cache:
            yield from arrays(part)


def owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory a view looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
