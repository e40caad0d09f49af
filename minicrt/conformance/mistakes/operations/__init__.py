"""The catalogue of mistakes: what an author of an implementation is likely to get wrong, forward or backward.

Each operation is written here a second time, forward and backward, and carries its mistakes as named defects at the
very line where they are made. Without a defect it equals minicrt.ops. With a mistake in the forward pass, the backward
pass is right for that wrong forward. The one list serves twice:

    for variant in VARIANTS:                                 # mistakes in a backward pass: a check must reject them
        y, cache = variant.forward(**inputs)
        gradients = variant.backward(d_y, cache)

    faulty = faulty_operation("gru", inputs)                    # what a port that makes these mistakes computes
    faulty.trace(inputs, d_h, frozenset({"gate order z, r, n", "last step only"})) -> every tensor by name, in order
"""

from collections.abc import Mapping
from typing import Any

from minicrt.conformance.mistakes.operations.activations import ACTIVATIONS
from minicrt.conformance.mistakes.operations.adaptive import ADAPTIVE
from minicrt.conformance.mistakes.operations.attention import ATTENTION
from minicrt.conformance.mistakes.operations.binary_loss import BINARY_LOSS
from minicrt.conformance.mistakes.operations.causal_convolution import CAUSAL_CONVOLUTION
from minicrt.conformance.mistakes.operations.class_losses import CLASS_LOSSES
from minicrt.conformance.mistakes.operations.delta_rule import DELTA_RULE
from minicrt.conformance.mistakes.operations.dropout import DROPOUT
from minicrt.conformance.mistakes.operations.embedding import EMBEDDING
from minicrt.conformance.mistakes.operations.faulty import Faulty, Mistake, Variant
from minicrt.conformance.mistakes.operations.glu import GLU
from minicrt.conformance.mistakes.operations.gru import GRU
from minicrt.conformance.mistakes.operations.layer_norm import LAYER_NORM
from minicrt.conformance.mistakes.operations.linear import LINEAR
from minicrt.conformance.mistakes.operations.loss import LOSS
from minicrt.conformance.mistakes.operations.lru import LRU
from minicrt.conformance.mistakes.operations.lstm import LSTM
from minicrt.conformance.mistakes.operations.memory_rows import POOLED_QUEUE, SPARSE_WRITE
from minicrt.conformance.mistakes.operations.mingru import MINGRU
from minicrt.conformance.mistakes.operations.patches import PATCHES
from minicrt.conformance.mistakes.operations.relative import RELATIVE
from minicrt.conformance.mistakes.operations.rms_norm import RMS_NORM
from minicrt.conformance.mistakes.operations.s4d import S4D
from minicrt.conformance.mistakes.operations.scaled_cayley import SCALED_CAYLEY
from minicrt.conformance.mistakes.operations.selective_scan import SELECTIVE_SCAN
from minicrt.conformance.mistakes.operations.self_attention import SELF_ATTENTION
from minicrt.conformance.mistakes.operations.squared_error import SQUARED_ERROR
from minicrt.errors import ConformanceError

__all__ = ["FAULTY", "VARIANTS", "Faulty", "Mistake", "Variant", "faulty_operation"]

FAULTY: tuple[Faulty, ...] = (*LINEAR, *EMBEDDING, *LAYER_NORM, *ACTIVATIONS, *DROPOUT, *ATTENTION, *SELF_ATTENTION,
                                *RELATIVE, *GRU, *LSTM, *MINGRU, *LRU, *GLU, *SCALED_CAYLEY, *LOSS, *SQUARED_ERROR,
                                *PATCHES, *CLASS_LOSSES, *BINARY_LOSS, *RMS_NORM, *CAUSAL_CONVOLUTION,
                                *SELECTIVE_SCAN, *S4D, *ADAPTIVE, *DELTA_RULE, *SPARSE_WRITE, *POOLED_QUEUE)
VARIANTS: tuple[Variant, ...] = tuple(variant for faulty in FAULTY for variant in faulty.variants)


def faulty_operation(operation: str, inputs: Mapping[str, Any]) -> Faulty:
    """The faulty twin of the operation with these inputs. Raises ConformanceError if there is none."""
    for faulty in FAULTY:
        if faulty.operation == operation and faulty.covers(inputs):
            return faulty
    raise ConformanceError(f"there is no list of mistakes for the operation {operation!r} with these options, expected "
                           "one of " + ", ".join(dict.fromkeys(faulty.operation for faulty in FAULTY)))
