"""The layers of flax.linen: names, layouts and gate orders, paths joined by "/". `flax` has the table."""

import numpy as np

from minicrt.conformance.conversions import torch_layers
from minicrt.conformance.conversions.layer import Layer, Map, check_heads, renaming
from minicrt.conformance.conversions.names import Hints, Named
from minicrt.errors import InputError

HINTS: Hints = (("^params", "give what is inside: variables['params']"),)
PARTS = ("query", "key", "value")                            # of w_qkv, from left to right


def layers(heads: int | None = None) -> dict[str, Layer]:
    """Every kind of layer; `heads` is asked for only where a layout depends on it."""
    return {
        "linear": LINEAR,
        "layer_norm": LAYER_NORM,
        "rms_norm": renaming({"gain": ("scale", "D")}),
        "embedding": renaming({"table": ("embedding", "V D")}, hints=HINTS),
        "gru": GRU,
        "lstm": LSTM,
        "attention": attention(heads),
        "block": block(heads),
        **torch_layers.CELLS,
        "projection": renaming({"weight": ("kernel", "I O")}),
        "output": renaming({"weight": ("kernel.T", "V D"), "bias": ("bias", "V")},
                           optional=frozenset({"weight", "kernel"})),
    }


LINEAR = renaming({"weight": ("kernel", "I O"), "bias": ("bias", "O")}, optional=frozenset({"bias"}), hints=HINTS)
LAYER_NORM = renaming({"gain": ("scale", "D"), "bias": ("bias", "D")}, biases=frozenset({"bias"}), hints=HINTS)


def _gru_to(p: Named) -> Named:
    tree = {"hn/bias": p["b_hn"]}
    for gate, w, u, b in zip("rzn", np.split(p["w"], 3, 1), np.split(p["u"], 3, 1), np.split(p["b"], 3)):
        tree |= {f"i{gate}/kernel": w, f"i{gate}/bias": b, f"h{gate}/kernel": u}
    return tree


def _gru_back(s: Named) -> Named:
    w, b, u = (np.concatenate([s[f"{side}{gate}/{name}"] for gate in "rzn"], axis=-1)
               for side, name in (("i", "kernel"), ("i", "bias"), ("h", "kernel")))
    return {"w": w, "u": u, "b": b, "b_hn": s["hn/bias"]}


GRU = Layer(
    ours={"u": "D 3D", "w": "I 3D", "b": "3D", "b_hn": "D"},
    theirs={**{f"h{gate}/kernel": "D D" for gate in "rzn"}, **{f"i{gate}/kernel": "I D" for gate in "rzn"},
            **{f"i{gate}/bias": "D" for gate in "rzn"}, "hn/bias": "D"},
    to=_gru_to, back=_gru_back, hints=HINTS + torch_layers.RECURRENT_HINTS)


def _lstm_to(p: Named) -> Named:
    tree: Named = {}
    for gate, w, u, b in zip("ifgo", np.split(p["w"], 4, 1), np.split(p["u"], 4, 1), np.split(p["b"], 4)):
        tree |= {f"i{gate}/kernel": w, f"h{gate}/kernel": u, f"h{gate}/bias": b}
    return tree


def _lstm_back(s: Named) -> Named:
    w, u, b = (np.concatenate([s[f"{side}{gate}/{name}"] for gate in "ifgo"], axis=-1)
               for side, name in (("i", "kernel"), ("h", "kernel"), ("h", "bias")))
    return {"w": w, "u": u, "b": b}


LSTM = Layer(
    ours={"u": "D 4D", "w": "I 4D", "b": "4D"},
    theirs={**{f"h{gate}/kernel": "D D" for gate in "ifgo"}, **{f"i{gate}/kernel": "I D" for gate in "ifgo"},
            **{f"h{gate}/bias": "D" for gate in "ifgo"}},
    to=_lstm_to, back=_lstm_back, hints=HINTS)


def attention(heads: int | None, out: str = "out", library: str = "jax", width: str = "qkv_features") -> Layer:
    """Flax's, and Keras's, which names two things otherwise: the last layer, and what may differ from the width."""
    def to(p: Named) -> Named:
        H, D = check_heads(heads, len(p["w_out"]), f"to_{library}"), len(p["w_out"])
        tree: Named = {}
        for part, w, b in zip(PARTS, np.split(p["w_qkv"], 3, 1), np.split(p["b_qkv"], 3)):
            tree |= {f"{part}/kernel": w.reshape(D, H, -1), f"{part}/bias": b.reshape(H, -1)}
        return tree | {f"{out}/kernel": p["w_out"].reshape(H, -1, D), f"{out}/bias": p["b_out"]}

    def back(s: Named) -> Named:
        H, K, D = s[f"{out}/kernel"].shape
        if H * K != D:
            raise InputError(f"from_{library}: {H} heads of {K} in a model of width {D} ({width}), expected heads "
                             "times their width to be the model's")
        w_qkv = np.concatenate([s[f"{part}/kernel"].reshape(D, D) for part in PARTS], axis=1)
        return {"w_qkv": w_qkv, "b_qkv": np.concatenate([s[f"{part}/bias"].ravel() for part in PARTS]),
                "w_out": s[f"{out}/kernel"].reshape(D, D), "b_out": s[f"{out}/bias"]}

    shapes = {f"{out}/kernel": "H K D", **{f"{part}/kernel": "D H K" for part in PARTS},
              **{f"{part}/bias": "H K" for part in PARTS}, f"{out}/bias": "D"}
    return Layer(ours={"w_out": "D D", "w_qkv": "D 3D", "b_qkv": "3D", "b_out": "D"}, theirs=shapes, to=to, back=back,
                 biases=frozenset(name for name in shapes if name.endswith("bias")), hints=HINTS)


def block(heads: int | None) -> Layer:
    """Two LayerNorms, an attention and two Dense, under the names of minicrt's own parts: Flax has no such layer."""
    dense = {side: renaming({f"w_{side}": ("kernel", shape), f"b_{side}": ("bias", shape[-1])})
             for side, shape in (("in", "D F"), ("out", "F D"))}
    parts = (("norm_attention", "norm_attention", LAYER_NORM), ("norm_feed_forward", "norm_feed_forward", LAYER_NORM),
             ("attention", "attention", attention(heads)), ("feed_forward", "feed_forward_in", dense["in"]),
             ("feed_forward", "feed_forward_out", dense["out"]))

    def through(values: Named, back: bool) -> Named:
        result: Named = {}
        for ours, theirs, layer in parts:
            path, other = (theirs + "/", ours + ".") if back else (ours + ".", theirs + "/")
            part: Map = layer.back if back else layer.to
            inside = {name: values[path + name] for name in layer.names(back)}
            result |= {other + name: value for name, value in part(inside).items()}
        return result

    return Layer(
        ours={f"{ours}.{name}": shape for ours, _, layer in parts for name, shape in layer.ours.items()},
        theirs={f"{theirs}/{name}": shape for _, theirs, layer in parts for name, shape in layer.theirs.items()},
        to=lambda p: through(p, False), back=lambda s: through(s, True),
        biases=frozenset(f"{theirs}/{name}" for _, theirs, layer in parts for name in layer.theirs
                         if name.endswith("bias")), hints=HINTS)
