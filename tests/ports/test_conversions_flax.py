"""Flax's own layers, applied to converted parameters, compute what minicrt does; their gradients come back."""

import numpy as np
import pytest

from minicrt.conformance.conversions import from_jax, to_jax
from tests.ports.cases import disagreement
from tests.ports.conversion_cases import HEADS, SIZES, D, T, layer_case

jax = pytest.importorskip("jax")
nn = pytest.importorskip("flax.linen")

import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)    # compiling is what takes the time here

F64 = {"dtype": jnp.float64, "param_dtype": jnp.float64}
CAUSAL = np.tri(T, dtype=bool)[None, None]                   # True is where Flax looks, as here


def gru(x, start):
    return nn.RNN(nn.GRUCell(D, **F64, name="cell"))(x, initial_carry=start)


def lstm(cell):
    """Its carry is (c, h), ours [h, c]."""
    return lambda x, start: nn.RNN(cell(D, **F64, name="cell"))(x, initial_carry=(start[:, D:], start[:, :D]))


class Block(nn.Module):
    """The block of `to_jax`'s table, put together from Flax's layers"""

    norm: str
    activation: str

    @nn.compact
    def __call__(self, x):
        f = {"relu": nn.relu, "gelu": lambda v: nn.gelu(v, approximate=False), "gelu_tanh": nn.gelu}[self.activation]
        inner, outer = nn.Dense(SIZES["F"], **F64, name="feed_forward_in"), nn.Dense(D, **F64, name="feed_forward_out")
        attend = nn.MultiHeadDotProductAttention(HEADS, **F64, name="attention")
        for name, branch in (("norm_attention", lambda v: attend(v, mask=CAUSAL)),
                             ("norm_feed_forward", lambda v: outer(f(inner(v))))):
            norm = nn.LayerNorm(epsilon=1e-5, **F64, name=name)
            x = x + branch(norm(x)) if self.norm == "pre" else norm(x + branch(x))
        return x


class Cell(nn.Module):
    """A recurrent layer whose cell lies under the name "cell" """

    layer: str

    @nn.compact
    def __call__(self, x, start):
        run = {"gru": gru, "lstm": lstm(nn.LSTMCell), "optimized lstm": lstm(nn.OptimizedLSTMCell)}[self.layer]
        return run(x, start)


LAYERS = {
    "linear": ("linear", nn.Dense(SIZES["O"], **F64)),
    "layer_norm": ("layer_norm", nn.LayerNorm(epsilon=1e-5, **F64)),
    "embedding": ("embedding", nn.Embed(SIZES["V"], D, **F64)),
    "gru": ("gru", Cell("gru")),
    "lstm": ("lstm", Cell("lstm")),
    "optimized lstm": ("lstm", Cell("optimized lstm")),
    "attention": ("attention", nn.MultiHeadDotProductAttention(HEADS, **F64)),
    **{f"block, {norm}-norm, {f}": ("block", Block(norm, f)) for norm, f in (
        ("pre", "gelu"), ("post", "relu"), ("pre", "gelu_tanh"))},
}


@pytest.mark.parametrize("label", LAYERS)
def test_layer(label):
    kind, module = LAYERS[label]
    settings = {"norm": module.norm, "activation": module.activation} if kind == "block" else {}
    case = layer_case(kind, 6, **settings)
    tree = to_jax(kind, case.parameters, heads=HEADS)
    in_cell = isinstance(module, Cell)

    def apply(tree, x, start):
        variables = {"params": {"cell": tree} if in_cell else tree}
        if kind == "attention":
            return module.apply(variables, x, mask=CAUSAL)
        return module.apply(variables, x, *([start] if in_cell else []))

    arguments = (tree, case.x, case.start)
    like = jax.eval_shape(lambda: module.init(jax.random.PRNGKey(0), *[a for a in arguments[1:] if a is not None]))
    like = like["params"]["cell"] if in_cell else like["params"]
    assert jax.tree.map(np.shape, tree) == jax.tree.map(np.shape, like)      # Flax's own names and shapes

    where = [i for i, a in enumerate(arguments) if a is not None and (i != 1 or case.d_x is not None)]
    y, pull = jax.vjp(lambda *given: apply(*[given[where.index(i)] if i in where else a
                                             for i, a in enumerate(arguments)]), *(arguments[i] for i in where))
    width = y.shape[-1]                                      # of an LSTM's [h, c], h
    assert y.dtype == jnp.float64 and disagreement(case.y[..., :width], y) < 1e-10
    gradients = dict(zip(where, pull(jnp.asarray(case.d_y[..., :width]))))
    ours = from_jax(kind, gradients[0])
    errors = {name: disagreement(case.d_parameters[name], ours[name]) for name in ours}
    errors |= {i: disagreement((case.d_x, case.d_start)[i - 1], gradients[i]) for i in where if i}
    assert set(case.d_parameters) <= set(errors)
    assert max(errors.values()) < 1e-10, errors
