"""What does not fit is named in one line, with what was meant or why there is nothing like it here"""

import numpy as np
import pytest

from minicrt.conformance.conversions import from_jax, from_keras, from_torch, to_jax, to_keras, to_torch
from minicrt.errors import InputError
from minicrt.models import create_model
from tests.conformance.conversions.drawing import parameters

SIZES = {"I": 3, "O": 2, "V": 5, "F": 4, "H": 2, "K": 2}


def ours(kind, **changes):
    given = parameters(kind, SIZES) | changes
    return {name: value for name, value in given.items() if value is not None}


def theirs(kind, **changes):
    given = to_torch(kind, parameters(kind, SIZES)) | changes
    return {name: value for name, value in given.items() if value is not None}


CRT = create_model({"vocabulary": 5, "width": 4, "layers": 3, "heads": 2, "inner": 3}).initialize(
    np.random.default_rng(0))
CRT_STATE = to_torch("crt", CRT)
X = np.zeros((2, 12))

WRONG = {
    "unknown kind": (lambda: to_torch("grru", {}), "unknown kind 'grru'; did you mean 'gru'?"),
    "a kind unlike any": (lambda: to_jax("convolution", {}), "expected one of: linear, layer_norm"),
    "missing": (lambda: to_torch("lstm", ours("lstm", u=None)), "'u' is missing; expected u, w, b"),
    "reset before": (lambda: to_torch("gru", ours("gru", b_hn=None)), "only the other form"),
    "reset before in Flax": (lambda: to_jax("gru", ours("gru", b_hn=None)), "reset_after=False"),
    "misspelt": (lambda: to_torch("gru", ours("gru", b_hm=X)), "unknown name 'b_hm'; did you mean 'b_hn'?"),
    "transposed": (lambda: to_torch("gru", ours("gru", w=np.zeros((12, 3)))),
                   "to_torch('gru'): w has shape (12, 3), expected (I, 3D) with D = 4"),
    "their shape": (lambda: from_torch("linear", theirs("linear", bias=np.zeros(3))),
                    "from_torch('linear'): bias has shape (3,), expected (O) with O = 2, I = 3"),
    "two layers": (lambda: from_torch("gru", theirs("gru", weight_ih_l1=X)), "convert one layer at a time"),
    "bidirectional": (lambda: from_torch("lstm", theirs("lstm", weight_ih_l0_reverse=X)), "bidirectional"),
    "projected": (lambda: from_torch("lstm", theirs("lstm", weight_hr_l0=X)), "proj_size has no counterpart"),
    "kdim": (lambda: from_torch("attention", theirs("attention", q_proj_weight=X)), "kdim and vdim"),
    "add_bias_kv": (lambda: from_torch("attention", theirs("attention", bias_k=X)), "add_bias_kv"),
    "half of the biases": (lambda: from_torch("gru", theirs("gru", bias_hh_l0=None)), "'bias_hh_l0' is missing"),
    "no gain": (lambda: from_torch("layer_norm", {"bias": np.zeros(3)}), "'weight' is missing"),
    "not a mapping": (lambda: to_torch("gru", X), "got a ndarray, expected a dict of arrays by name"),
    "a list": (lambda: to_torch("gru", [X]), "got a list, expected a dict of arrays by name"),
    "a number": (lambda: to_torch("gru", 3), "got a int, expected a dict"),
    "integers": (lambda: to_torch("layer_norm", {"gain": np.arange(3), "bias": np.zeros(3)}), "gain has dtype int64"),
    "no gradient": (lambda: from_torch("linear", {"weight": None}), "weight is None, expected an array"),
    "ragged": (lambda: to_torch("linear", {"weight": [[1.0], [1.0, 2.0]]}), "weight cannot be read as an array"),
    "no heads": (lambda: to_jax("attention", ours("attention")), "give heads=H"),
    "heads that do not divide": (lambda: to_jax("attention", ours("attention"), heads=3), "not divisible by 3 heads"),
    "wider heads": (lambda: from_jax("attention", {
        **{part: {"kernel": np.zeros((4, 2, 3))} for part in ("query", "key", "value")},
        "out": {"kernel": np.zeros((2, 3, 4))}}), "2 heads of 3 in a model of width 4 (qkv_features)"),
    "variables": (lambda: from_jax("linear", {"params": {"kernel": X}}), "variables['params']"),
    "not a tree": (lambda: from_jax("linear", X), "got a ndarray, expected nested dicts of arrays"),
    "a block of Keras": (lambda: to_keras("block", {}), "to_keras: unknown kind 'block'; expected one of: linear"),
    "a model of Keras": (lambda: from_keras("crt", [X]), "from_keras: unknown kind 'crt'; expected one of: linear"),
    "two weights of four": (lambda: from_keras("gru", [X, X, X, X]),
                            "from_keras('gru'): got 4 arrays, expected 3: kernel, recurrent_kernel, bias"),
    "weights that are none": (lambda: from_keras("lstm", X), "got a ndarray, expected layer.get_weights() or a dict"),
    "three rows of bias": (lambda: from_keras("gru", [np.zeros((3, 12)), np.zeros((4, 12)), np.zeros((3, 12))]),
                           "bias has shape (3, 12), expected (2, 3D), or (3D,) for reset_after=False"),
    "no gain in Keras": (lambda: from_keras("layer_norm", {"beta": np.zeros(3)}), "scale=False has no gain"),
    "gamma or beta": (lambda: from_keras("layer_norm", [np.zeros(3)]), "got 1 array, which may be gamma or beta"),
    "bidirectional in Keras": (lambda: from_keras("gru", {f"b/{way}_gru/gru_cell/kernel": X for way in (
        "forward", "backward")}), "the forward one alone of a Bidirectional"),
    "no heads in Keras": (lambda: to_keras("attention", ours("attention")), "to_keras: heads is missing"),
    "wider heads in Keras": (lambda: from_keras("attention", [
        *[np.zeros((4, 2, 3))] * 3, np.zeros((2, 3, 4))]), "2 heads of 3 in a model of width 4 (key_dim)"),
    "their transposed kernel": (lambda: from_keras("gru", [np.zeros((12, 3)), np.zeros((4, 12))]),
                                "kernel has shape (12, 3), expected (I, 3D) with D = 4"),
    "a block gone": (lambda: from_torch("crt", {n: v for n, v in CRT_STATE.items() if ".1." not in n}),
                     "has the numbers [0, 2], expected 0 to 1"),
    "no embedding": (lambda: from_torch("crt", {n: v for n, v in CRT_STATE.items() if n != "embedding.weight"}),
                     "'embedding.weight' is missing"),
    "a model's part": (lambda: from_torch("crt", {n: v for n, v in CRT_STATE.items() if n != "memory.0.bias_hh_l0"}),
                       "'memory.0.bias_hh_l0' is missing"),
    "a model's shape": (lambda: from_torch("crt", CRT_STATE | {"blocks.2.linear1.weight": X}),
                        "blocks.2.linear1.weight has shape (2, 12), expected (F, D) with D = 4"),
    "a model's misspelt name": (lambda: from_torch("crt", CRT_STATE | {"blocks.2.self_atn.in_proj_bias": X}),
                                "did you mean 'blocks.2.self_attn.in_proj_bias'?"),
    "a model's second layer": (lambda: from_torch("crt", CRT_STATE | {"memory.0.weight_ih_l1": X}),
                               "convert one layer at a time"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused(name):
    call, message = WRONG[name]
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
