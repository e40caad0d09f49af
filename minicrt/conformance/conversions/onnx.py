"""The GRU and the LSTM of ONNX (opset 14 and later): arrays and attributes of the node

    GRU    w (I, 3D) → W (1, 3D, I),  u (D, 3D) → R (1, 3D, D),  their blocks r, z, n → z, r, h
           b, b_hn → B (1, 6D) = [Wb_z, Wb_r, Wb_h, Rb_z, Rb_r, Rb_h],  Wb = b,  Rb = [0, 0, b_hn]
           linear_before_reset = 1 with b_hn (reset_after=True), 0 without (reset_after=False, and Rb = 0).  ONNX's
           default is 0, so the attribute must be set.  Both sides: h' = (1 − z) ⊙ n + z ⊙ h
    LSTM   blocks i, f, g, o → i, o, f, c;  b → B (1, 8D) = [b, 0]

Back, a bias on both sides is added into one, except Rb_h with linear_before_reset = 1, which is b_hn; no B is zeros.
X is (T, B, I) and Y (T, 1, B, D) with the attribute layout 0; the weights are the same with 1.
"""

from collections.abc import Mapping
from types import NoneType
from typing import Any

import numpy as np

from minicrt.arguments import check_kind
from minicrt.conformance.conversions.layer import Layer, reordered
from minicrt.conformance.conversions.names import Array, Named, arrays
from minicrt.errors import InputError

Attributes = dict[str, int]
GRU_ORDER, LSTM_ORDER = (1, 0, 2), (0, 3, 1, 2)              # our block at each of theirs: r, z, n and i, f, g, o
ACTIVATIONS = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def to_onnx_gru(parameters: Any) -> tuple[Named, Attributes]:
    """{"W", "R", "B"} and {"hidden_size", "linear_before_reset"} from w, u, b and, with reset_after, b_hn.

    Raises InputError for missing or unknown names and for shapes that do not fit.
    """
    given = arrays(parameters, "to_onnx_gru")
    after = "b_hn" in given
    return _to(_gru(after), given, "to_onnx_gru", {"linear_before_reset": int(after)})


def from_onnx_gru(inputs: Any, attributes: Mapping[str, Any] | None = None) -> Named:
    """w, u, b and, with linear_before_reset = 1, b_hn, from a node's W, R, B and its attributes.

    Raises InputError for missing or unknown names, for shapes that do not fit, and for what has no counterpart here:
    another direction than forward, clip, other activations.
    """
    attributes = _attributes("GRU", attributes, "from_onnx_gru", linear_before_reset=0)
    return _back(_gru(bool(attributes["linear_before_reset"])), inputs, "from_onnx_gru", attributes)


def to_onnx_lstm(parameters: Any) -> tuple[Named, Attributes]:
    """{"W", "R", "B"} and {"hidden_size"} from w, u, b. Raises InputError as `to_onnx_gru`."""
    return _to(_LSTM, parameters, "to_onnx_lstm", {})


def from_onnx_lstm(inputs: Any, attributes: Mapping[str, Any] | None = None) -> Named:
    """w, u, b from a node's W, R, B and its attributes. Raises InputError as `from_onnx_gru`, and for peepholes P."""
    attributes = _attributes("LSTM", attributes, "from_onnx_lstm", input_forget=0)
    if attributes["input_forget"]:
        raise InputError("from_onnx_lstm: input_forget = 1 ties two gates and has no counterpart here")
    return _back(_LSTM, inputs, "from_onnx_lstm", attributes)


def _gru(after: bool) -> Layer:
    def bias(p: Named) -> Array:
        recurrent = np.zeros_like(p["b"])
        if after:
            recurrent[2 * len(p["b_hn"]):] = p["b_hn"]
        return np.concatenate([reordered(p["b"], GRU_ORDER, 0), reordered(recurrent, GRU_ORDER, 0)])

    def back(s: Named) -> Named:
        b, recurrent = (reordered(half, np.argsort(GRU_ORDER), 0) for half in np.split(s["B"], 2))
        D = len(b) // 3
        if not after:
            return {"b": b + recurrent}
        return {"b": b + np.pad(recurrent[:2 * D], (0, D)), "b_hn": recurrent[2 * D:]}

    last = {"b_hn": "D"} if after else {}
    return _layer(3, GRU_ORDER, last, bias, back)


def _lstm_back(s: Named) -> Named:
    return {"b": reordered(np.add(*np.split(s["B"], 2)), np.argsort(LSTM_ORDER), 0)}


def _layer(gates: int, order: Any, last: dict[str, str], bias: Any, bias_back: Any) -> Layer:
    """The matrices of either cell; `bias` and `bias_back` map the rest. The axis of the directions is put on apart."""
    inverse = np.argsort(order)
    return Layer(
        ours={"u": f"D {gates}D", "w": f"I {gates}D", "b": f"{gates}D", **last},
        theirs={"R": f"{gates}D D", "W": f"{gates}D I", "B": f"{2 * gates}D"},
        to=lambda p: {"W": reordered(p["w"], order, 1).T, "R": reordered(p["u"], order, 1).T, "B": bias(p)},
        back=lambda s: {"w": reordered(s["W"], inverse, 0).T, "u": reordered(s["R"], inverse, 0).T} | bias_back(s),
        biases=frozenset({"B"}), hints=(("^P$", "peepholes have no counterpart here"),))



_LSTM = _layer(4, LSTM_ORDER, {}, lambda p: np.concatenate([reordered(p["b"], LSTM_ORDER, 0), np.zeros_like(p["b"])]),
               _lstm_back)


def _to(layer: Layer, parameters: Any, where: str, attributes: Attributes) -> tuple[Named, Attributes]:
    converted = layer.convert(parameters, where, back=False)
    return ({name: converted[name][None] for name in ("W", "R", "B")},
            {"hidden_size": converted["R"].shape[1], **attributes})


def _back(layer: Layer, inputs: Any, where: str, attributes: Mapping[str, Any]) -> Named:
    given = arrays(inputs, where)
    for name, value in given.items():
        if name in layer.theirs and value.ndim and value.shape[0] == 2:
            raise InputError(f"{where}: {name} has shape {value.shape}, two directions; only a forward one has a "
                             "counterpart here: convert W[:1], R[:1], B[:1]")
        if name in layer.theirs and (not value.ndim or value.shape[0] != 1):
            raise InputError(f"{where}: {name} has shape {value.shape}, expected one direction in front, (1, ...)")
    result = layer.convert({name: value[0] if name in layer.theirs else value for name, value in given.items()}, where,
                           back=True)
    hidden = attributes.get("hidden_size", len(result["u"]))
    if hidden != len(result["u"]):
        raise InputError(f"{where}: hidden_size is {hidden}, but R has shape {given['R'].shape}; they must agree")
    return result


def _attributes(operator: str, given: Mapping[str, Any] | None, where: str, **defaults: int) -> dict[str, Any]:
    """The node's attributes over their defaults; raises InputError for those that change what is computed."""
    check_kind(f"{where}: the list of attributes", given, (Mapping, NoneType), "a mapping of names to values, or None")
    attributes = {**defaults, **(given or {})}
    harmless = {"hidden_size": None, "layout": None, "direction": ["forward"], "activations": ACTIVATIONS[operator]}
    for name, value in attributes.items():
        if name in defaults:
            if value not in (0, 1):
                raise InputError(f"{where}: {name} is {value!r}, expected 0 or 1")
            continue
        texts = [item.decode() if isinstance(item, bytes) else item
                 for item in (value if isinstance(value, (list, tuple)) else [value])]
        if name not in harmless:
            raise InputError(f"{where}: the attribute {name!r} has no counterpart here; expected only "
                             + ", ".join([*defaults, *harmless]))
        if harmless[name] is not None and texts != harmless[name]:
            raise InputError(f"{where}: {name} is {texts}, expected {harmless[name]}")
    return attributes
