"""The catalogue of mistakes: what an author of an implementation is likely to get wrong, forward or backward.

Each operation is written here a second time, forward and backward, and carries its mistakes as named defects at the
very line where they are made. Without a defect it equals minicrt.ops. With a mistake in the forward pass, the backward
pass is right for that wrong forward. The one list serves twice:

    for variant in VARIANTS:                                 # mistakes in a backward pass: a check must reject them
        y, cache = variant.forward(**inputs)
        gradients = variant.backward(d_y, cache)

    family = family_of("gru", inputs)                    # what a port that makes these mistakes computes
    family.trace(inputs, d_h, frozenset({"gate order z, r, n", "last step only"})) -> every tensor by name, in order
"""

from collections.abc import Mapping
from typing import Any

from minicrt.conformance.variants.activations import ACTIVATIONS
from minicrt.conformance.variants.attention import ATTENTION
from minicrt.conformance.variants.dropout import DROPOUT
from minicrt.conformance.variants.embedding import EMBEDDING
from minicrt.conformance.variants.family import Family, Mistake, Variant
from minicrt.conformance.variants.glu import GLU
from minicrt.conformance.variants.gru import GRU
from minicrt.conformance.variants.layer_norm import LAYER_NORM
from minicrt.conformance.variants.linear import LINEAR
from minicrt.conformance.variants.loss import LOSS
from minicrt.conformance.variants.lru import LRU
from minicrt.conformance.variants.lstm import LSTM
from minicrt.conformance.variants.mingru import MINGRU
from minicrt.conformance.variants.relative import RELATIVE
from minicrt.conformance.variants.scaled_cayley import SCALED_CAYLEY
from minicrt.conformance.variants.self_attention import SELF_ATTENTION
from minicrt.errors import ConformanceError

__all__ = ["FAMILIES", "VARIANTS", "Family", "Mistake", "Variant", "family_of"]

FAMILIES: tuple[Family, ...] = (*LINEAR, *EMBEDDING, *LAYER_NORM, *ACTIVATIONS, *DROPOUT, *ATTENTION, *SELF_ATTENTION,
                                *RELATIVE, *GRU, *LSTM, *MINGRU, *LRU, *GLU, *SCALED_CAYLEY, *LOSS)
VARIANTS: tuple[Variant, ...] = tuple(variant for family in FAMILIES for variant in family.variants)


def family_of(operation: str, inputs: Mapping[str, Any]) -> Family:
    """The family that stands for the operation with these inputs. Raises ConformanceError if there is none."""
    for family in FAMILIES:
        if family.operation == operation and family.covers(inputs):
            return family
    raise ConformanceError(f"there is no list of mistakes for the operation {operation!r} with these options, expected "
                           "one of " + ", ".join(dict.fromkeys(family.operation for family in FAMILIES)))
