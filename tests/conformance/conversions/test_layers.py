"""There and back is the identity; gradients keep their inner product with a change of the parameters"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance.conversions import from_jax, from_keras, from_torch, to_jax, to_keras, to_torch
from minicrt.conformance.conversions.flax import _flat
from minicrt.conformance.conversions.keras_layers import WEIGHTS
from minicrt.conformance.conversions.kinds import LAYERS
from tests.conformance.conversions.drawing import assert_equal, dimensions, kinds, parameters, seeds


@given(kind=kinds, sizes=dimensions, seed=seeds, dtype=st.sampled_from(["float32", "float64", "complex128"]))
def test_there_and_back(kind, sizes, seed, dtype):
    ours = parameters(kind, sizes, seed, dtype)
    assert_equal(from_torch(kind, to_torch(kind, ours)), ours)
    assert_equal(from_jax(kind, to_jax(kind, ours, heads=sizes["H"])), ours)


@given(kind=kinds, sizes=dimensions, seed=seeds)
def test_gradients_there_and_back(kind, sizes, seed):
    ours = parameters(kind, sizes, seed)
    assert_equal(from_torch(kind, to_torch(kind, ours, gradients=True), gradients=True), ours)


@given(kind=kinds, sizes=dimensions, seed=seeds)
def test_gradients_belong_to_the_parameters(kind, sizes, seed):
    """⟨G_theirs, δ theirs⟩ = ⟨G_ours, δ ours⟩ along every change of theirs: gradients take the transpose of the map."""
    def product(gradients, change):
        return sum(np.sum(gradients[name] * change[name]) for name in change)

    d_ours = parameters(kind, sizes, seed + 1)
    d_theirs = to_torch(kind, d_ours, gradients=True)
    rng = np.random.default_rng(seed)
    change = {name: rng.standard_normal(value.shape) for name, value in d_theirs.items()}
    assert np.isclose(product(d_theirs, change), product(d_ours, from_torch(kind, change)), rtol=1e-9, atol=1e-9)

    change = parameters(kind, sizes, seed + 2)               # and their gradients, whatever they are, along one of ours
    d_theirs = {name: rng.standard_normal(value.shape) for name, value in d_theirs.items()}
    d_ours = from_torch(kind, d_theirs, gradients=True)
    assert np.isclose(product(d_theirs, to_torch(kind, change)), product(d_ours, change), rtol=1e-9, atol=1e-9)


@given(kind=st.sampled_from(list(WEIGHTS)), sizes=dimensions, seed=seeds, gradients=st.booleans(),
       dtype=st.sampled_from(["float32", "float64"]))
def test_keras_there_and_back(kind, sizes, seed, gradients, dtype):
    ours = parameters(kind, sizes, seed, dtype)
    if kind == "gru" and seed % 2:
        del ours["b_hn"]                                     # reset_after=False
    theirs = to_keras(kind, ours, heads=sizes["H"], gradients=gradients)
    assert tuple(theirs) == WEIGHTS[kind]
    for weights in (theirs, list(theirs.values()), {f"a/{kind}_cell/{name}": value for name, value in theirs.items()}):
        assert_equal(from_keras(kind, weights, gradients=gradients), ours)


@given(sizes=dimensions, seed=seeds)
def test_the_gradients_of_keras_gru_belong_to_its_weights(sizes, seed):
    """As for PyTorch above: two rows of bias make one."""
    rng, d_ours = np.random.default_rng(seed), parameters("gru", sizes, seed + 1)
    change = {name: rng.standard_normal(value.shape) for name, value in to_keras("gru", d_ours).items()}
    d_theirs, moved = to_keras("gru", d_ours, gradients=True), from_keras("gru", change)
    assert np.isclose(sum(np.sum(d_theirs[name] * change[name]) for name in change),
                      sum(np.sum(d_ours[name] * moved[name]) for name in moved), rtol=1e-9, atol=1e-9)


def test_where_the_gru_of_keras_keeps_what():
    """Recognisable numbers: the block r holds 1, z holds 2, n holds 3, b_hn holds 4."""
    blocks = np.array([1.0, 2.0, 3.0])
    ours = {"w": 10 * blocks[None], "u": 100 * blocks[None], "b": blocks, "b_hn": np.array([4.0])}
    theirs = to_keras("gru", ours)
    assert theirs["kernel"].tolist() == [[20, 10, 30]] and theirs["recurrent_kernel"].tolist() == [[200, 100, 300]]
    assert theirs["bias"].tolist() == [[2, 1, 3], [0, 0, 4]]
    found = from_keras("gru", theirs | {"bias": np.array([[2.0, 1.0, 3.0], [5.0, 6.0, 4.0]])})
    assert found["b"].tolist() == [7, 7, 3] and found["b_hn"].tolist() == [4]
    d_theirs = to_keras("gru", ours, gradients=True)
    assert d_theirs["bias"].tolist() == [[2, 1, 3], [2, 1, 4]]
    del ours["b_hn"]
    assert to_keras("gru", ours)["bias"].tolist() == [2, 1, 3]


@given(kind=kinds, sizes=dimensions)
def test_results_are_copies_in_c_order(kind, sizes):
    ours = parameters(kind, sizes)
    trees = [to_torch(kind, ours), _flat(to_jax(kind, ours, heads=sizes["H"])), from_torch(kind, to_torch(kind, ours))]
    for tree in trees:
        for value in tree.values():
            assert value.flags.c_contiguous
            assert not any(np.shares_memory(value, given) for given in ours.values())


@given(kind=st.sampled_from(["linear", "layer_norm", "gru", "lstm", "attention", "block"]), sizes=dimensions,
       seed=seeds)
def test_a_layer_without_biases_has_zeros(kind, sizes, seed):
    ours = parameters(kind, sizes, seed)
    theirs = {name: value for name, value in to_torch(kind, ours).items() if "bias" not in name}
    found = from_torch(kind, theirs)
    biases = {name for name in ours if name.split(".")[-1].startswith("b")}
    if kind == "linear":
        assert set(found) == {"weight"}                      # linear does without
    else:
        assert_equal(found, {name: np.zeros_like(value) if name in biases else value for name, value in ours.items()})


def test_where_a_gru_keeps_what():
    """Recognisable numbers: the block r holds 1, z holds 2, n holds 3, b_hn holds 4."""
    blocks = np.array([1.0, 2.0, 3.0])
    ours = {"w": 10 * blocks[None], "u": 100 * blocks[None], "b": blocks, "b_hn": np.array([4.0])}
    theirs = to_torch("gru", ours)
    assert theirs["weight_ih_l0"].tolist() == [[10], [20], [30]]
    assert theirs["bias_ih_l0"].tolist() == [1, 2, 3]
    assert theirs["bias_hh_l0"].tolist() == [0, 0, 4]
    found = from_torch("gru", theirs | {"bias_hh_l0": np.array([5.0, 6.0, 4.0])})
    assert found["b"].tolist() == [6, 8, 3] and found["b_hn"].tolist() == [4]
    tree = to_jax("gru", ours)
    assert tree["ir"]["bias"].item() == 1 and tree["hz"]["kernel"].item() == 200 and tree["hn"]["bias"].item() == 4
    assert set(tree["hr"]) == set(tree["hz"]) == {"kernel"}


def test_gradients_of_two_biases_that_make_one():
    d_theirs = to_torch("gru", {"w": np.ones((1, 3)), "u": np.ones((1, 3)), "b": np.array([1.0, 2.0, 3.0]),
                                "b_hn": np.array([4.0])}, gradients=True)
    assert d_theirs["bias_ih_l0"].tolist() == [1, 2, 3]
    assert d_theirs["bias_hh_l0"].tolist() == [1, 2, 4]
    assert from_torch("gru", d_theirs, gradients=True)["b"].tolist() == [1, 2, 3]


def test_where_an_attention_keeps_what():
    w_qkv = np.arange(48.0).reshape(4, 12)
    ours = {"w_qkv": w_qkv, "b_qkv": w_qkv[0], "w_out": w_qkv[:, :4], "b_out": w_qkv[0, :4]}
    assert np.array_equal(to_torch("attention", ours)["in_proj_weight"][5], w_qkv[:, 5])
    tree = to_jax("attention", ours, heads=2)
    assert np.array_equal(tree["key"]["kernel"][:, 1, 0], w_qkv[:, 4 + 2])       # the second head's first feature
    assert np.array_equal(tree["out"]["kernel"][1, 0], ours["w_out"][2])


@pytest.mark.parametrize("kind", LAYERS)
def test_tensors_are_taken_off_their_graph(kind):
    class Tensor:
        """What a tensor with a gradient shows of itself"""

        def __init__(self, value):
            self.value = value

        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            return self.value

    ours = parameters(kind, dict.fromkeys("IOVFHK", 2))
    theirs = {name: Tensor(value) for name, value in to_torch(kind, ours).items()}
    assert_equal(from_torch(kind, theirs), ours)
