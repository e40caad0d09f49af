"""PyTorch's own layers, loaded with converted parameters, compute what minicrt does; their gradients come back."""

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.conversions import from_torch, to_torch
from minicrt.errors import InputError
from minicrt.models import create_model
from tests.models.windows import gradient, random_parameters, random_window
from tests.ports.cases import disagreement
from tests.ports.conversion_cases import HEADS, SIZES, B, D, T, layer_case

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.ports.torch_nn_models import MODELS  # noqa: E402

LATER = torch.ones(T, T, dtype=torch.bool).triu(1)           # True is where torch does not look
F64 = {"dtype": torch.float64, "device": "cpu"}


def block(activation="relu", norm="post"):
    return nn.TransformerEncoderLayer(D, HEADS, SIZES["F"], 0.0, activation, batch_first=True,
                                      norm_first=norm == "pre", **F64)


LAYERS = {
    "linear": (lambda: nn.Linear(SIZES["I"], SIZES["O"], **F64), lambda m, x, s: m(x)),
    "layer_norm": (lambda: nn.LayerNorm(D, **F64), lambda m, x, s: m(x)),
    "embedding": (lambda: nn.Embedding(SIZES["V"], D, **F64), lambda m, x, s: m(x)),
    "gru": (lambda: nn.GRU(SIZES["I"], D, batch_first=True, **F64), lambda m, x, s: m(x, s[None])[0]),
    "lstm": (lambda: nn.LSTM(SIZES["I"], D, batch_first=True, **F64),
             lambda m, x, s: m(x, tuple(half[None].contiguous() for half in s.chunk(2, -1)))[0]),
    "attention": (lambda: nn.MultiheadAttention(D, HEADS, batch_first=True, **F64),
                  lambda m, x, s: m(x, x, x, attn_mask=LATER, need_weights=False)[0]),
    "block": (block, lambda m, x, s: m(x, src_mask=LATER)),
}


def load(module, state):
    module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})


def check(case, module, call):
    load(module, to_torch(case.kind, case.parameters))
    x = torch.tensor(case.x, requires_grad=case.d_x is not None)
    start = None if case.start is None else torch.tensor(case.start, requires_grad=True)
    y = call(module, x, start)
    assert disagreement(case.y[..., :y.shape[-1]], y.detach()) < 1e-10       # of an LSTM's [h, c], h
    y.backward(torch.from_numpy(case.d_y[..., :y.shape[-1]].copy()))
    if case.d_x is not None:
        assert disagreement(case.d_x, x.grad) < 1e-10
    if start is not None:
        assert disagreement(case.d_start, start.grad) < 1e-10
    theirs = {name: parameter.grad for name, parameter in module.named_parameters()}
    ours = from_torch(case.kind, theirs, gradients=True)
    assert set(ours) == set(case.d_parameters)
    errors = {name: disagreement(case.d_parameters[name], ours[name]) for name in ours}
    expected = to_torch(case.kind, case.d_parameters, gradients=True)
    errors |= {name: disagreement(value, theirs[name]) for name, value in expected.items()}
    assert max(errors.values()) < 1e-10, errors


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", LAYERS)
def test_layer(kind, seed):
    make, call = LAYERS[kind]
    check(layer_case(kind, seed), make(), call)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_block(activation, norm):
    check(layer_case("block", 2, activation=activation, norm=norm), block(activation, norm), LAYERS["block"][1])


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_cell_that_torch_made(kind):
    """Its own first values have two biases in every gate; minicrt has their sum and computes the same."""
    torch.manual_seed(0)
    module = LAYERS[kind][0]()
    p = from_torch(kind, module.state_dict())
    case = layer_case(kind, 3)
    theirs = LAYERS[kind][1](module, torch.tensor(case.x), torch.tensor(case.start)).detach()
    names = ("w", "u", "b", "b_hn")[:len(p)]
    ours, _ = getattr(ops, kind)(case.x, case.start, *(p[name] for name in names))
    assert np.abs(module.bias_hh_l0.detach().numpy()).min() > 0
    assert disagreement(ours[..., :D], theirs) < 1e-10


def test_a_dtype_that_numpy_does_not_have():
    with pytest.raises(InputError, match="weight cannot be read as an array .*; convert it to float32 first"):
        from_torch("linear", nn.Linear(2, 3).bfloat16().state_dict())


@pytest.mark.parametrize("kind", ["linear", "gru", "lstm", "layer_norm", "attention"])
def test_layers_without_biases(kind):
    torch.manual_seed(1)
    I = SIZES["I"]
    module = {"linear": lambda: nn.Linear(I, SIZES["O"], bias=False, **F64),
              "layer_norm": lambda: nn.LayerNorm(D, bias=False, **F64),
              "gru": lambda: nn.GRU(I, D, bias=False, batch_first=True, **F64),
              "lstm": lambda: nn.LSTM(I, D, bias=False, batch_first=True, **F64),
              "attention": lambda: nn.MultiheadAttention(D, HEADS, bias=False, batch_first=True, **F64)}[kind]()
    p = from_torch(kind, module.state_dict())
    full = LAYERS[kind][0]()
    state = to_torch(kind, p)
    if kind == "linear":
        assert set(state) == {"weight"}
        state["bias"] = np.zeros(SIZES["O"])
    load(full, state)
    case = layer_case(kind, 4)
    x, start = torch.tensor(case.x), None if case.start is None else torch.tensor(case.start)
    call = LAYERS[kind][1]
    assert disagreement(call(full, x, start).detach(), call(module, x, start).detach()) < 1e-14


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_model(name, carried):
    """A model put together from torch.nn, over four segments: loss, final state, every gradient.

    The window goes on from a carried state, or starts a stream."""
    mapping, make = MODELS[name]
    model, rng = create_model(mapping), np.random.default_rng(5)
    kind = mapping.get("model", "crt")
    p = random_parameters(model, rng)
    window = random_window(model, rng, B, [4, 4, 4, 3], carried=carried)
    total, state, d_p, _ = gradient(model, p, window)

    peer = make(model.config).double()
    load(peer, to_torch(kind, p))
    after, objective = {entry: torch.tensor(value) for entry, value in window.state.items()}, torch.zeros(())
    for tokens, targets, weight in zip(window.tokens, window.targets, window.weights):
        loss, after = peer(torch.tensor(tokens), torch.tensor(targets), after)
        objective = objective + weight * loss
    objective = objective + sum((torch.tensor(d) * after[entry]).sum() for entry, d in window.d_state.items())
    objective.backward()

    assert disagreement(total, objective.detach()) < 1e-10
    assert set(state) == set(after)
    assert all(disagreement(state[entry], after[entry].detach()) < 1e-9 for entry in state)
    theirs = {key: torch.zeros_like(value) if value.grad is None else value.grad       # of m_0 where it is not read
              for key, value in peer.named_parameters()}
    found = from_torch(kind, theirs, gradients=True)
    assert set(found) == set(p)
    errors = {key: disagreement(d_p[key], found[key]) for key in found}
    assert max(errors.values()) < 1e-9, errors
