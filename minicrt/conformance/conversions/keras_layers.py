"""The layers of Keras 3: names, layouts and gate orders, paths joined by "/". `keras` has the table."""

from minicrt.conformance.conversions import flax_layers, torch_layers
from minicrt.conformance.conversions.layer import Layer, Map, renaming, reordered
from minicrt.conformance.conversions.names import Array, Hints, Named

NORM_HINTS: Hints = (
    ("^gamma$", "a LayerNormalization of scale=False has no gain; give ones, {'gamma': np.ones(D), ...}"),
)
ATTENTION_PARTS = (*flax_layers.PARTS, "attention_output")
# In the order of `layer.get_weights()`, which has no biases where the layer has none.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "linear": ("kernel", "bias"),
    "layer_norm": ("gamma", "beta"),
    "embedding": ("embeddings",),
    "gru": ("kernel", "recurrent_kernel", "bias"),
    "lstm": ("kernel", "recurrent_kernel", "bias"),
    "attention": tuple(f"{part}/{name}" for part in ATTENTION_PARTS for name in ("kernel", "bias")),
}


def layers(heads: int | None = None, reset_after: bool = True) -> dict[str, Layer]:
    """Every kind of layer; `heads` is asked for only where a layout depends on it."""
    return {
        "linear": renaming({"weight": ("kernel", "I O"), "bias": ("bias", "O")}, optional=frozenset({"bias"})),
        "layer_norm": renaming({"gain": ("gamma", "D"), "bias": ("beta", "D")}, biases=frozenset({"beta"}),
                               hints=NORM_HINTS),
        "embedding": renaming({"table": ("embeddings", "V D")}),
        "gru": GRU if reset_after else GRU_RESET_BEFORE,
        "lstm": LSTM,
        "attention": flax_layers.attention(heads, "attention_output", "keras", "key_dim"),
    }


def _ordered(x: Array) -> Array:
    """Blocks r, z, n as z, r, n, and the other way: the order is its own inverse."""
    return reordered(x, (1, 0, 2), -1)


TORCH = {"kernel": "weight_ih_l0", "recurrent_kernel": "weight_hh_l0", "bias[0]": "bias_ih_l0", "bias[1]": "bias_hh_l0"}


def _through_torch(to: Map) -> Map:
    """Keras's GRU has the two biases of PyTorch's, as two rows of one; its blocks stand in another order."""
    def to_keras(ours: Named) -> Named:
        theirs = to(ours)
        return {name: _ordered(theirs[torch].T) for name, torch in TORCH.items()}

    return to_keras


def _back_through_torch(back: Map) -> Map:
    return lambda theirs: back({torch: _ordered(theirs[name]).T for name, torch in TORCH.items()})


_TORCH_GRU = torch_layers.GRU
GRU = Layer(
    ours=_TORCH_GRU.ours,
    theirs={"recurrent_kernel": "D 3D", "kernel": "I 3D", "bias[0]": "3D", "bias[1]": "3D"},
    to=_through_torch(_TORCH_GRU.to), back=_back_through_torch(_TORCH_GRU.back),
    to_gradients=_through_torch(_TORCH_GRU.to_gradients or _TORCH_GRU.to),
    back_gradients=_back_through_torch(_TORCH_GRU.back_gradients or _TORCH_GRU.back),
    biases=frozenset({"bias[0]", "bias[1]"}))

GRU_RESET_BEFORE = Layer(
    ours={"u": "D 3D", "w": "I 3D", "b": "3D"},
    theirs={"recurrent_kernel": "D 3D", "kernel": "I 3D", "bias": "3D"},
    to=lambda p: {theirs: _ordered(p[ours]) for theirs, ours in zip(WEIGHTS["gru"], "wub")},
    back=lambda s: {ours: _ordered(s[theirs]) for theirs, ours in zip(WEIGHTS["gru"], "wub")},
    biases=frozenset({"bias"}))

LSTM = renaming({"u": ("recurrent_kernel", "D 4D"), "w": ("kernel", "I 4D"), "b": ("bias", "4D")},
                biases=frozenset({"bias"}))
