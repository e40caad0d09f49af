"""Whole parameter tables: every model there and back, in PyTorch's names and in Flax's"""

import numpy as np
import pytest

from minicrt.conformance.conversions import from_jax, from_torch, to_jax, to_torch
from minicrt.errors import InputError
from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model
from minicrt.models import create_model, model_mapping
from tests.conformance.conversions.drawing import assert_equal

REFUSED = {name for name, changes in CONFIGURATIONS.items()
           if changes.get("reset_after") is False or changes.get("shared_biases") is False
           or changes.get("output") == "adaptive" or changes.get("memory_form", "vector") != "vector"}


def table(model, seed=0):
    parameters = model.initialize(np.random.default_rng(seed), np.float64)
    parameters.flat += 0.1 * np.random.default_rng(seed + 1).standard_normal(parameters.size)
    return parameters, {name: parameters[name] for name in parameters}


@pytest.mark.parametrize("name", [name for name, changes in CONFIGURATIONS.items()
                                  if name not in REFUSED and "task" not in changes])
def test_there_and_back(name):
    model = small_model(CONFIGURATIONS[name])
    kind, heads = model_mapping(model)["model"], getattr(model.config, "heads", None)
    parameters, ours = table(model)
    assert_equal(from_torch(kind, to_torch(kind, parameters, heads)), ours)
    assert_equal(from_torch(kind, to_torch(kind, parameters, heads, gradients=True), gradients=True), ours)
    if kind != "transformer_xl":
        assert_equal(from_jax(kind, to_jax(kind, parameters, heads)), ours)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_has_no_counterpart_is_refused(name):
    model = small_model(CONFIGURATIONS[name])
    with pytest.raises(InputError, match="b_hn.*reset_after=False|shared_biases=False|softmax is not converted|"
                       "of memory_form only 'vector' is converted"):
        to_torch(model_mapping(model)["model"], table(model)[0], heads=1)


def test_the_names_of_a_crt():
    model = create_model({"vocabulary": 5, "width": 4, "layers": 1, "heads": 2, "inner": 3, "segment_length": 2,
                          "position_width": 3, "memory_norm": "on", "tied": False})
    parameters, _ = table(model)
    gru = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}
    block = {"self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight",
             "self_attn.out_proj.bias"} | {f"{part}.{kind}" for part in ("linear1", "linear2", "norm1", "norm2")
                                           for kind in ("weight", "bias")}
    assert set(to_torch("crt", parameters)) == {
        "embedding.weight", "positions_out.weight", "memory_start", "memory_norm.weight", "memory_norm.bias",
        "memory_read.weight",
        "norm_final.weight", "norm_final.bias", "output.weight", "output.bias",
        *(f"{path}.{name}" for path in ("positions", "memory.0") for name in gru),
        *(f"blocks.0.{name}" for name in block)}
    tree = to_jax("crt", parameters, heads=2)
    assert set(tree) == {"embedding", "positions", "positions_out", "memory_start", "memory_0", "memory_norm",
                         "memory_read", "blocks_0", "norm_final", "output"}
    assert tree["output"]["kernel"].shape == (4, 5)


def test_the_names_of_the_authors_transformer_xl():
    model = create_model({"model": "transformer_xl", "vocabulary": 5, "width": 4, "layers": 1, "heads": 2, "inner": 3})
    parameters, ours = table(model)
    state = to_torch("transformer_xl", parameters, heads=2)
    assert np.array_equal(state["r_w_bias"].ravel(), parameters["attention_bias.0.u"])       # added to q before k
    assert np.array_equal(state["r_r_bias"].ravel(), parameters["attention_bias.0.v"])       # before R
    assert np.array_equal(state["layers.0.pos_ff.layer_norm.weight"], parameters["blocks.0.norm_feed_forward.gain"])
    assert state["r_w_bias"].shape == state["r_r_bias"].shape == (2, 2)
    assert np.array_equal(state["layers.0.dec_attn.qkv_net.weight"][5], parameters["blocks.0.attention.w_kv"][:, 1])
    assert {"word_emb.emb_layers.0.weight", "crit.out_layers.0.bias", "layers.0.dec_attn.o_net.weight",
            "layers.0.dec_attn.r_net.weight", "layers.0.pos_ff.CoreNet.3.weight"} <= set(state)
    assert_equal(from_torch("transformer_xl", state | {"pos_emb.inv_freq": np.ones(2)}), ours)


def test_a_tied_output():
    model = create_model({"model": "transformer", "vocabulary": 5, "width": 4, "layers": 1, "heads": 2, "inner": 3})
    parameters, ours = table(model)
    state = to_torch("transformer", parameters)
    assert "output.weight" not in state
    assert_equal(from_torch("transformer", state | {"output.weight": state["embedding.weight"]}), ours)
    untied = from_torch("transformer", state | {"output.weight": 2 * state["embedding.weight"]})
    assert np.array_equal(untied["output.weight"], 2 * ours["embedding"])
