"""Parameters and gradients to and from JAX: the layers of flax.linen as nested dicts, and whole models built of them

Layers (kind, Flax's class: minicrt → Flax; kernels are (in, out) as here, D = H K):

    linear, Dense             weight, bias → kernel, bias
    layer_norm, LayerNorm     gain, bias → scale, bias.  Flax's epsilon is 1e-6 unless told; here it is 1e-5
    embedding, Embed          table (V, D) → embedding (V, D)
    gru, GRUCell              blocks r, z, n of w (I, 3D) and b → ir, iz, in: {kernel (I, D), bias (D,)}
                              of u (D, 3D) → hr, hz, hn: {kernel (D, D)};  b_hn → hn: bias, the only one on that side
    lstm, LSTMCell and        blocks i, f, g, o of w (I, 4D) → ii, if, ig, io: {kernel (I, D)}
    OptimizedLSTMCell         of u and b → hi, hf, hg, ho: {kernel (D, D), bias (D,)}.  Its carry is (c, h); s = [h, c]
    attention,                parts q, k, v of w_qkv (D, 3D), b_qkv → query, key, value: {kernel (D, H, K), bias (H, K)}
    MultiHeadDotProductAttention      w_out (D, D), b_out → out: {kernel (H, K, D), bias (D,)}
    block, no class of Flax   norm_attention, norm_feed_forward: LayerNorm;  attention: MultiHeadDotProductAttention;
                              feed_forward.{w_in, b_in}, {w_out, b_out} → feed_forward_in, feed_forward_out: Dense

Models have the names of `pytorch`'s table, entries of a list as Flax names them (blocks_0, memory_0, layers_0), and
output: {kernel (D, V), bias (V,)}. "transformer_xl" is not among them. nn.gelu is the tanh form (gelu_tanh) unless
approximate=False.

The map renames, cuts and joins, so gradients take the same one.
"""

from collections.abc import Mapping
from typing import Any

from minicrt.conformance.conversions import flax_layers
from minicrt.conformance.conversions.kinds import convert
from minicrt.conformance.conversions.names import Named
from minicrt.errors import InputError

Tree = dict[str, Any]


def to_jax(kind: str, parameters: Any, heads: int | None = None) -> Tree:
    """A nested dict of NumPy arrays, `module.apply({"params": tree}, …)`, from minicrt's parameters or gradients.

    `heads` H is asked for where there is an attention: "attention", "block", and the models of blocks.
    Raises InputError for an unknown kind, for missing or unknown names, for shapes that do not fit, and for a GRU whose
    reset gate acts before the product (it has no b_hn), which Flax does not have.
    """
    return _nested(convert("to_jax", kind, parameters, flax_layers.layers(heads), "jax", back=False, gradients=False))


def from_jax(kind: str, tree: Any) -> Named:
    """minicrt's parameters or gradients from Flax's: what is in variables["params"]. A missing bias is zeros.

    Raises InputError for an unknown kind, for missing or unknown names, and for shapes that do not fit.
    """
    if not isinstance(tree, Mapping):
        raise InputError(f"from_jax({kind!r}): got a {type(tree).__name__}, expected nested dicts of arrays")
    return convert("from_jax", kind, _flat(tree), flax_layers.layers(), "jax", back=True, gradients=False)


def _nested(flat: Named) -> Tree:
    """{"a/b": x} → {"a": {"b": x}}"""
    tree: Tree = {}
    for path, value in flat.items():
        *folders, name = path.split("/")
        branch = tree
        for folder in folders:
            branch = branch.setdefault(folder, {})
        branch[name] = value
    return tree


def _flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """{"a": {"b": x}} → {"a/b": x}"""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{path}{name}/") if isinstance(value, Mapping) else {f"{path}{name}": value}
    return flat
