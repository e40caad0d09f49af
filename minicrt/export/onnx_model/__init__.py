"""A model as an ONNX graph of standard operators that runs one token"""

from minicrt.data import Vocabulary
from minicrt.data.sensors import Framing
from minicrt.errors import InputError
from minicrt.models import Parameters, SegmentModel

__all__ = ["OPSET", "export_onnx"]

OPSET = 20                                                   # the first that has Gelu


def export_onnx(model: SegmentModel, parameters: Parameters, meaning: Vocabulary | Framing) -> bytes:
    """An ONNX file of standard operators, opset 20, that reads a token of each of B texts. Needs the package onnx.

    Inputs: "token" (B,), int64, and the state, float32. Outputs: "logits" (B, V), of the token that follows, and
    "next.…" for every entry of the state, to be handed in with the next token. A text begins with zeros, and with keys
    and values of no rows, (B, H, 0, K); where a segment ends, the graph begins the next one itself. The B texts are all
    at the same place of a segment.

    State: "keys.l" and "values.l" (B, H, rows, K) of every layer; "positions" (B, D_p); "memory.i" (B, D), and what
    the segment's tokens read of it, "read" (B, D); "sum" (B, D), of a writer that reads once a segment: each where the
    model has it. The metadata holds the vocabulary, a JSON list, "tokenizer", "segment_length" and "model".

    Of a model of sensor readings `meaning` is the run's framing. The input is "reading" (B, C), float32 in the units of
    the run, NaN where one is missing; the output is "forecast" (B, 1), float64, in the target's unit, or
    "probabilities" (B, K) of the classes. The metadata holds "channels", "units", "task", "target", "horizon" and
    "classes".

    The matrices of a quantised run are small integers, of which float32 are made when the file is loaded.

    Raises InputError for a model that cannot be exported, where the three do not fit, and where onnx is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise InputError("an export to ONNX needs the package onnx, which is not installed: "
                         "pip install 'minicrt[export]'") from error
    from minicrt.export.design import design
    from minicrt.export.onnx_model.token_graph import token_graph

    return token_graph(design(model, parameters, meaning), OPSET)
