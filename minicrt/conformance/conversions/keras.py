"""Parameters and gradients to and from Keras 3: the weights of its layers, by name, in the order of `get_weights()`

Layers (kind, Keras's class: minicrt → Keras; matrices are (in, out) as here, D = H K):

    linear, Dense                    weight, bias → kernel, bias
    layer_norm, LayerNormalization   gain, bias → gamma, beta.  Keras's epsilon is 1e-3 unless told; here it is 1e-5
    embedding, Embedding             table (V, D) → embeddings
    gru, GRU                         w (I, 3D), u (D, 3D), blocks r, z, n → kernel, recurrent_kernel, blocks z, r, n
        reset_after=True             b (3D,), b_hn (D,) → bias (2, 3D) = [b; 0, 0, b_hn], in that order of blocks
        reset_after=False            b → bias (3D,); there is no b_hn
                                     Both sides: h' = (1 − z) ⊙ n + z ⊙ h
    lstm, LSTM                       w, u, b → kernel, recurrent_kernel, bias;  blocks i, f, g, o, as here; states h, c.
                                     Its 1 in the forget gate's bias (unit_forget_bias) is only a first value
    attention, MultiHeadAttention    parts q, k, v of w_qkv (D, 3D), b_qkv → query, key, value: kernel (D, H, K), bias
                                     (H, K);  w_out, b_out → attention_output: kernel (H, K, D), bias (D,)
                                     Its attention_mask is True where one may look, as here

Gradients take the same map, but for the GRU's two rows of bias, where it is as with PyTorch's two biases: each row has
the gradient of the sum, so gradients=True takes another map.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt.arguments import check_kind
from minicrt.conformance.conversions import keras_layers
from minicrt.conformance.conversions.kinds import convert
from minicrt.conformance.conversions.names import Named, array, arrays
from minicrt.errors import InputError


def to_keras(kind: str, parameters: Any, heads: int | None = None, gradients: bool = False) -> Named:
    """The weights of a Keras layer by name, from minicrt's parameters, or gradients where `gradients` says so.

    They stand in the layer's order: `layer.set_weights(list(weights.values()))`. `heads` H is asked for by "attention".
    A GRU with b_hn is for a layer of reset_after=True, one without for reset_after=False.
    Raises InputError for an unknown kind, for missing or unknown names, and for shapes that do not fit.
    """
    check_kind("to_keras: kind", kind, str, "the name of a layer")
    given = arrays(parameters, f"to_keras({kind!r})")
    layers = keras_layers.layers(heads, reset_after="b_hn" in given)
    found = convert("to_keras", kind, given, layers, "keras", back=False, gradients=gradients)
    if "bias[0]" in found:
        found["bias"] = np.stack([found.pop("bias[0]"), found.pop("bias[1]")])
    return {name: found[name] for name in keras_layers.WEIGHTS[kind] if name in found}


def from_keras(kind: str, weights: Any, gradients: bool = False) -> Named:
    """minicrt's parameters from a layer's `get_weights()`, or from `{w.path: w.numpy() for w in layer.weights}`.

    A missing bias is zeros; the one array of a LayerNormalization of center=False or scale=False must have its name.
    A GRU's bias of two rows is that of reset_after=True, of one axis that of reset_after=False; without a bias it is
    taken for the first, Keras's default. With `gradients` the values are gradients.
    Raises InputError for an unknown kind, for missing or unknown names, and for shapes that do not fit.
    """
    check_kind("from_keras: kind", kind, str, "the name of a layer")
    where = f"from_keras({kind!r})"
    named = _without_folders(kind, weights, where) if isinstance(weights, Mapping) else _in_order(kind, weights, where)
    before = False
    if kind == "gru" and named.get("bias") is not None:
        bias = array(named["bias"], f"{where}: bias")
        before = bias.ndim == 1
        if bias.ndim > 2 or bias.ndim == 2 and len(bias) != 2:
            raise InputError(f"{where}: bias has shape {bias.shape}, expected (2, 3D), or (3D,) for reset_after=False")
        if not before:
            named = {name: value for name, value in named.items() if name != "bias"} | {
                "bias[0]": bias[0], "bias[1]": bias[1]}
    layers = keras_layers.layers(reset_after=not before)
    return convert("from_keras", kind, named, layers, "keras", back=True, gradients=gradients)


def _in_order(kind: str, weights: Any, where: str) -> dict[str, Any]:
    """A list, as of `get_weights()`, by name: of all weights, or of those that are no biases."""
    if not isinstance(kind, str) or kind not in keras_layers.WEIGHTS:
        return {}                                            # convert says so
    if not isinstance(weights, list | tuple):
        raise InputError(f"{where}: got a {type(weights).__name__}, expected layer.get_weights() or a dict of arrays "
                         "by name")
    every = keras_layers.WEIGHTS[kind]
    if kind == "layer_norm" and len(weights) == 1:           # of center=False, or of scale=False: the list is the same
        raise InputError(f"{where}: got 1 array, which may be gamma or beta; name it: {{'gamma': x}}, or "
                         "{'gamma': np.ones(D), 'beta': x} for scale=False")
    for names in (every, [name for name in every if not name.endswith(("bias", "beta"))]):
        if len(weights) == len(names):
            return dict(zip(names, weights))
    raise InputError(f"{where}: got {len(weights)} arrays, expected {len(every)}: {', '.join(every)}")


def _without_folders(kind: str, weights: Mapping[Any, Any], where: str) -> dict[str, Any]:
    """{"gru/gru_cell/kernel": x, ...} → {"kernel": x, ...}; an attention's names keep the folder of their part."""
    parts = 2 if kind == "attention" else 1
    named = {"/".join(str(path).split("/")[-parts:]): value for path, value in weights.items()}
    if len(named) < len(weights):
        raise InputError(f"{where}: several weights have the same name ({', '.join(map(str, weights))}); convert one "
                         "layer at a time, and the forward one alone of a Bidirectional")
    return named
