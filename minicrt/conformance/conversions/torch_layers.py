"""The layers of torch.nn: names, layouts and gate orders. `pytorch` has the table."""

import numpy as np

from minicrt.conformance.conversions.layer import Layer, check_heads, kept, renaming
from minicrt.conformance.conversions.names import Hints, Named

RECURRENT_HINTS: Hints = (
    ("_reverse$", "a bidirectional network has no counterpart here: its second half reads the future"),
    ("_l[1-9]", "convert one layer at a time: its names without their number, ending in _l0"),
    (r"\bweight_hr_", "proj_size has no counterpart here"),
    (r"\bb_hn$", "without b_hn it is the GRU whose reset gate acts before the product (reset_after=False), and nn.GRU "
                 "and Flax's GRUCell have only the other form"),
)
ATTENTION_HINTS: Hints = (
    (r"\b[qkv]_proj_weight$", "kdim and vdim have no counterpart here: queries, keys and values must be as wide as the "
                              "model"),
    (r"\bbias_[kv]$", "add_bias_kv has no counterpart here"),
)
CELLS = {                                                    # of minicrt's own; no torch layer computes these
    "ncgru": kept({"w": "I 3D", "u": "D K", "b": "3D", "skew_reset": "S", "skew_candidate": "S"},
                  frozenset({"skew_reset"})),
    "mingru": kept({"w": "I 2D", "b": "2D"}),
    "lru": kept({"nu": "D", "theta": "D", "log_gamma": "D", "w": "I 2D"}),
    "s4d": kept({"log_dt": "D", "log_a": "D N", "a_im": "D N", "c": "D 2N", "d": "D"}),
    "mamba": kept({"d": "E", "a_log": "E N", "w_in": "D 2E", "w_convolution": "K E", "b_convolution": "E",
                   "w_x": "E P", "w_dt": "R E", "b_dt": "E", "w_out": "E D"}),
    "s4d_writer": kept({"w_in": "D E", "log_dt": "E", "log_a": "E N", "a_im": "E N"}),
    "mamba_writer": kept({"w_x": "D P", "b_dt": "E", "a_log": "E N"}),
    "matrix": kept({"": "M D"}),
    "vector": kept({"": "D"}),
}


def layers(heads: int | None = None) -> dict[str, Layer]:
    """Every kind of layer; `heads` is asked for only where a layout depends on it."""
    return {
        "linear": renaming({"weight": ("weight.T", "I O"), "bias": ("bias", "O")}, optional=frozenset({"bias"})),
        "layer_norm": renaming({"gain": ("weight", "D"), "bias": ("bias", "D")}, biases=frozenset({"bias"})),
        "rms_norm": renaming({"gain": ("weight", "D")}),
        "embedding": renaming({"table": ("weight", "V D")}),
        "gru": GRU,
        "lstm": LSTM,
        "attention": ATTENTION,
        "block": BLOCK,
        **CELLS,
        "projection": renaming({"weight": ("weight.T", "I O")}),
        "output": renaming({"weight": ("weight", "V D"), "bias": ("bias", "V")}, optional=frozenset({"weight"})),
        "xl_output": renaming({"weight": ("out_layers.0.weight", "V D"), "bias": ("out_layers.0.bias", "V")},
                              optional=frozenset({"weight", "out_layers.0.weight"})),
        "xl_biases": _xl_biases(heads),
        "xl_block": XL_BLOCK,
    }


def _gru_to(p: Named) -> Named:
    redundant = np.zeros(2 * len(p["b_hn"]), p["b_hn"].dtype)            # torch's second bias of r and z
    return _matrices(p) | {"bias_ih_l0": p["b"], "bias_hh_l0": np.concatenate([redundant, p["b_hn"]])}


def _gru_back(s: Named) -> Named:
    D = len(s["bias_hh_l0"]) // 3
    b = s["bias_ih_l0"] + np.pad(s["bias_hh_l0"][:2 * D], (0, D))        # r and z add the two; n does not
    return _matrices_back(s) | {"b": b, "b_hn": s["bias_hh_l0"][2 * D:]}


def _gru_to_gradients(g: Named) -> Named:
    both = g["b"][:2 * len(g["b_hn"])]                                   # of r and z: that of the sum, for each of them
    return _matrices(g) | {"bias_ih_l0": g["b"], "bias_hh_l0": np.concatenate([both, g["b_hn"]])}


def _gru_back_gradients(g: Named) -> Named:
    D = len(g["bias_hh_l0"]) // 3
    return _matrices_back(g) | {"b": g["bias_ih_l0"], "b_hn": g["bias_hh_l0"][2 * D:]}


def _matrices(p: Named) -> Named:
    return {"weight_ih_l0": p["w"].T, "weight_hh_l0": p["u"].T}


def _matrices_back(s: Named) -> Named:
    return {"w": s["weight_ih_l0"].T, "u": s["weight_hh_l0"].T}


GRU = Layer(
    ours={"u": "D 3D", "w": "I 3D", "b": "3D", "b_hn": "D"},
    theirs={"weight_hh_l0": "3D D", "weight_ih_l0": "3D I", "bias_ih_l0": "3D", "bias_hh_l0": "3D"},
    to=_gru_to, back=_gru_back, to_gradients=_gru_to_gradients, back_gradients=_gru_back_gradients,
    biases=frozenset({"bias_ih_l0", "bias_hh_l0"}), hints=RECURRENT_HINTS)

LSTM = Layer(
    ours={"u": "D 4D", "w": "I 4D", "b": "4D"},
    theirs={"weight_hh_l0": "4D D", "weight_ih_l0": "4D I", "bias_ih_l0": "4D", "bias_hh_l0": "4D"},
    to=lambda p: _matrices(p) | {"bias_ih_l0": p["b"], "bias_hh_l0": np.zeros_like(p["b"])},
    back=lambda s: _matrices_back(s) | {"b": s["bias_ih_l0"] + s["bias_hh_l0"]},
    to_gradients=lambda g: _matrices(g) | {"bias_ih_l0": g["b"], "bias_hh_l0": g["b"]},
    back_gradients=lambda g: _matrices_back(g) | {"b": g["bias_ih_l0"]},
    biases=frozenset({"bias_ih_l0", "bias_hh_l0"}), hints=RECURRENT_HINTS)

ATTENTION = renaming(
    {"w_out": ("out_proj.weight.T", "D D"), "w_qkv": ("in_proj_weight.T", "D 3D"), "b_qkv": ("in_proj_bias", "3D"),
     "b_out": ("out_proj.bias", "D")},
    biases=frozenset({"in_proj_bias", "out_proj.bias"}), hints=ATTENTION_HINTS)

BLOCK = renaming(
    {"norm_attention.gain": ("norm1.weight", "D"), "norm_attention.bias": ("norm1.bias", "D"),
     "norm_feed_forward.gain": ("norm2.weight", "D"), "norm_feed_forward.bias": ("norm2.bias", "D"),
     "attention.w_qkv": ("self_attn.in_proj_weight.T", "D 3D"), "attention.b_qkv": ("self_attn.in_proj_bias", "3D"),
     "attention.w_out": ("self_attn.out_proj.weight.T", "D D"), "attention.b_out": ("self_attn.out_proj.bias", "D"),
     "feed_forward.w_in": ("linear1.weight.T", "D F"), "feed_forward.b_in": ("linear1.bias", "F"),
     "feed_forward.w_out": ("linear2.weight.T", "F D"), "feed_forward.b_out": ("linear2.bias", "D")},
    biases=frozenset({"norm1.bias", "norm2.bias", "self_attn.in_proj_bias", "self_attn.out_proj.bias", "linear1.bias",
                      "linear2.bias"}), hints=ATTENTION_HINTS)

# Transformer-XL: the names of the authors' code, kimiyoung/transformer-xl, pytorch/mem_transformer.py.


def _xl_biases(heads: int | None) -> Layer:
    names = {"u": "r_w_bias", "v": "r_r_bias"}

    def to(p: Named) -> Named:
        rows = check_heads(heads, len(p["u"]), "to_torch")
        return {theirs: p[ours].reshape(rows, -1) for ours, theirs in names.items()}

    return Layer(ours=dict.fromkeys(names, "D"), theirs=dict.fromkeys(names.values(), "H K"), to=to,
                 back=lambda s: {ours: s[theirs].ravel() for ours, theirs in names.items()})


_XL_ROWS = renaming(
    {"norm_attention.gain": ("dec_attn.layer_norm.weight", "D"),
     "norm_attention.bias": ("dec_attn.layer_norm.bias", "D"),
     "norm_feed_forward.gain": ("pos_ff.layer_norm.weight", "D"),
     "norm_feed_forward.bias": ("pos_ff.layer_norm.bias", "D"),
     "attention.w_qkv": ("dec_attn.qkv_net.weight.T", "D 3D"), "attention.w_r": ("dec_attn.r_net.weight.T", "D D"),
     "attention.w_out": ("dec_attn.o_net.weight.T", "D D"),
     "feed_forward.w_in": ("pos_ff.CoreNet.0.weight.T", "D F"), "feed_forward.b_in": ("pos_ff.CoreNet.0.bias", "F"),
     "feed_forward.w_out": ("pos_ff.CoreNet.3.weight.T", "F D"), "feed_forward.b_out": ("pos_ff.CoreNet.3.bias", "D")})


def _xl_back(s: Named) -> Named:
    ours = _XL_ROWS.back(s)
    w_qkv = ours.pop("attention.w_qkv")
    D = len(w_qkv)
    return ours | {"attention.w_q": w_qkv[:, :D], "attention.w_kv": w_qkv[:, D:]}


XL_BLOCK = Layer(
    ours={name: shape for name, shape in _XL_ROWS.ours.items() if name != "attention.w_qkv"} | {
        "attention.w_q": "D D", "attention.w_kv": "D 2D"},
    theirs=_XL_ROWS.theirs,
    to=lambda p: _XL_ROWS.to(p | {"attention.w_qkv": np.concatenate([p["attention.w_q"], p["attention.w_kv"]], 1)}),
    back=_xl_back)
