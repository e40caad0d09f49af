"""A conversion by the name of its kind: a layer, or a whole model of layers"""

from collections.abc import Mapping
from typing import Any

from minicrt.arguments import check_truth, shown
from minicrt.conformance.conversions.layer import Layer
from minicrt.conformance.conversions.models import MODELS, Library, convert_model
from minicrt.conformance.conversions.names import Named
from minicrt.errors import InputError
from minicrt.suggestion import suggestion

LAYERS = ("linear", "layer_norm", "embedding", "gru", "lstm", "attention", "block")


def convert(function: str, kind: str, values: Any, layers: Mapping[str, Layer], library: Library, back: bool,
            gradients: bool) -> Named:
    """Raises InputError for an unknown kind, and for names and shapes that do not fit."""
    models = [name for name, modules in MODELS.items()
              if all(layer in layers for module in modules for layer in module.kinds)]
    known = [*(layer for layer in LAYERS if layer in layers), *models]
    if not isinstance(kind, str) or kind not in known:
        raise InputError(f"{function}: unknown kind {shown(kind)}; {suggestion(kind, known, 'expected one of')}")
    check_truth(f"{function}: gradients", gradients)
    where = f"{function}({kind!r})"
    if kind in LAYERS:
        return layers[kind].convert(values, where, back, gradients)
    return convert_model(kind, values, layers, library, back, gradients, where)
