"""Keras's own layers, with converted weights, compute what minicrt does; their gradients come back."""

import os

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.conversions import from_keras, to_keras
from minicrt.errors import InputError
from tests.conformance.conversions.drawing import assert_equal
from tests.ports.cases import disagreement
from tests.ports.conversion_cases import HEADS, SIZES, D, layer_case

jax = pytest.importorskip("jax")
jax.config.update("jax_disable_most_optimizations", True)    # compiling is what takes the time here
os.environ.setdefault("KERAS_BACKEND", "jax")                # read when Keras is imported
keras = pytest.importorskip("keras")

if keras.backend.backend() != "jax":
    pytest.skip("Keras runs on another backend than JAX", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
layers = keras.layers
FLOAT32 = 1e-5     # on any backend but TensorFlow, Keras computes in float32 whatever the layer's dtype


@pytest.fixture(autouse=True, scope="module")
def float32():
    """Of the two types Keras makes float32 in some places and not in others, where JAX has both."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


LAYERS = {
    "linear": lambda **options: layers.Dense(SIZES["O"], **options),
    "layer_norm": lambda **options: layers.LayerNormalization(epsilon=1e-5, **options),
    "embedding": lambda **options: layers.Embedding(SIZES["V"], D, **options),
    "gru": lambda **options: layers.GRU(D, return_sequences=True, **options),
    "lstm": lambda **options: layers.LSTM(D, return_sequences=True, **options),
    "attention": lambda **options: layers.MultiHeadAttention(HEADS, SIZES["K"], **options),
}


def built(kind, case, **options):
    """A layer of Keras that has weights, its first values, and what calls it on weights, an input and a state."""
    module = LAYERS[kind](**options)
    module.build(*[case.x.shape] * (2 if kind == "attention" else 1))
    states = [v.value for v in module.non_trainable_variables]

    def call(weights, x, start=None):
        weights, x = [jax.numpy.asarray(w) for w in weights], jax.numpy.asarray(x)
        start = None if start is None else jax.numpy.asarray(start)
        if kind == "attention":
            return module.stateless_call(weights, states, x, x, use_causal_mask=True)[0]
        given = {} if start is None else {"initial_state": start if kind == "gru" else [start[:, :D], start[:, D:]]}
        return module.stateless_call(weights, states, x, **given)[0]

    return module, call


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", LAYERS)
def test_layer(kind, seed):
    case = layer_case(kind, seed)
    module, call = built(kind, case)
    weights = to_keras(kind, case.parameters, heads=HEADS)
    parts = 2 if kind == "attention" else 1                  # Keras's own names and shapes, in its order
    assert {name: value.shape for name, value in weights.items()} == {
        "/".join(w.path.split("/")[-parts:]): tuple(w.shape) for w in module.weights}
    assert [w.path.split("/")[-1] for w in module.weights] == [name.split("/")[-1] for name in weights]

    floats = {"x": case.x, "start": case.start} if case.d_x is not None else {}
    floats = {name: value for name, value in floats.items() if value is not None}
    y, pull = jax.vjp(lambda weights, given: call(weights, **({"x": case.x} | given)), list(weights.values()), floats)
    width = y.shape[-1]                                      # of an LSTM's [h, c], h
    assert disagreement(case.y[..., :width], y) < FLOAT32
    d_weights, d_floats = pull(jax.numpy.asarray(case.d_y[..., :width], y.dtype))
    errors = {name: disagreement(getattr(case, f"d_{name}"), d) for name, d in d_floats.items()}
    theirs = dict(zip((w.path for w in module.weights), d_weights))
    ours = from_keras(kind, theirs, gradients=True)
    assert set(ours) == set(case.d_parameters)
    errors |= {name: disagreement(case.d_parameters[name], ours[name]) for name in ours}
    expected = to_keras(kind, case.d_parameters, heads=HEADS, gradients=True)
    flat = [np.concatenate([np.ravel(d) for d in ds]) for ds in (expected.values(), d_weights)]
    errors["theirs"] = disagreement(*flat)                   # together: that of an attention's key bias is truly 0
    assert max(errors.values()) < FLOAT32, errors


def test_a_gru_whose_reset_gate_acts_before_the_product():
    case = layer_case("gru", 2)
    p = {name: value for name, value in case.parameters.items() if name != "b_hn"}
    ours, _ = ops.gru(case.x, case.start, p["w"], p["u"], p["b"], None, False)
    module, call = built("gru", case, reset_after=False)
    weights = list(to_keras("gru", p).values())
    assert disagreement(ours, call(weights, case.x, case.start)) < FLOAT32
    module.set_weights(weights)
    assert set(from_keras("gru", module.get_weights())) == {"w", "u", "b"}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_that_keras_made(kind):
    """All weights drawn: a GRU has two biases in every gate, minicrt has their sum and computes the same."""
    case, rng = layer_case(kind, 3), np.random.default_rng(4)
    module, call = built(kind, case)
    module.set_weights([rng.standard_normal(w.shape) for w in module.get_weights()])
    theirs = call(module.get_weights(), case.x, case.start)
    ours = from_keras(kind, module.get_weights())
    assert disagreement(theirs, call(to_keras(kind, ours, heads=HEADS).values(), case.x, case.start)) < FLOAT32
    for weights in ({w.path: w.numpy() for w in module.weights}, {w.path: w.value for w in module.weights}):
        assert_equal(from_keras(kind, weights), ours)


@pytest.mark.parametrize("kind, without", [("linear", "use_bias"), ("gru", "use_bias"), ("lstm", "use_bias"),
                                           ("attention", "use_bias"), ("layer_norm", "center")])
def test_layers_without_biases(kind, without):
    case = layer_case(kind, 5)
    (module, call), (_, full) = built(kind, case, **{without: False}), built(kind, case)
    given = [np.random.default_rng(6).standard_normal(w.shape) for w in module.get_weights()]
    named = {"gamma": given[0]} if kind == "layer_norm" else given         # a list of one could be of scale=False
    found = to_keras(kind, from_keras(kind, named), heads=HEADS)
    if kind == "linear":
        assert set(found) == {"kernel"}
        found["bias"] = np.zeros(SIZES["O"])
    assert disagreement(call(given, case.x, case.start), full(found.values(), case.x, case.start)) < FLOAT32


def test_a_gru_whose_direction_is_not_the_only_one():
    module = layers.Bidirectional(layers.GRU(D))
    module.build((1, 2, SIZES["I"]))
    with pytest.raises(InputError, match="the forward one alone of a Bidirectional"):
        from_keras("gru", {w.path: w.numpy() for w in module.weights})
