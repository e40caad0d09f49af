"""The accountant's formulas against the multiply-adds that the operations perform."""

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.models import create_model

SIZES = {"vocabulary": 11, "width": 6, "segment_length": 5}
STACK = {"layers": 2, "heads": 2, "inner": 7}
MODELS = {
    "transformer": {"model": "transformer", **STACK},
    "transformer_xl": {"model": "transformer_xl", **STACK},
    "transformer_xl, short cache": {"model": "transformer_xl", "cache_length": 3, **STACK},
    "rmt": {"model": "rmt", "memory_vectors": 2, **STACK},
    "crt": {"model": "crt", **STACK},
    "crt, per segment, narrow positions": {"model": "crt", "memory_update": "per_segment", "position_width": 3,
                                           **STACK},
    "crt, two vectors, no positions": {"model": "crt", "memory_vectors": 2, "positions": "none", **STACK},
    "crt, NC-GRU": {"model": "crt", "memory": "ncgru", "orthogonal": "candidate+reset", **STACK},
    "crt, minGRU": {"model": "crt", "memory": "mingru", **STACK},
    "crt, LRU": {"model": "crt", "memory": "lru", **STACK},
    "crt, readout transformer": {"model": "crt", "readout": "transformer", **STACK},
    "crt, slots": {"model": "crt", "memory_form": "slots", "memory_vectors": 3, **STACK},
    "crt, matrix": {"model": "crt", "memory_form": "matrix", "memory_keys": 4, **STACK},
    "crt, queue": {"model": "crt", "memory_form": "queue", "memory_vectors": 2, **STACK},
    "crt without either": {"model": "crt", "memory": "none", "positions": "learned", **STACK},
    "gru": {"model": "recurrent", "cell": "gru", "hidden": 4},
    "lstm": {"model": "recurrent", "hidden": 5},
    "mingru": {"model": "linear_recurrent", "hidden": 5, "inner": 7},
    "lru": {"model": "linear_recurrent", "cell": "lru", "hidden": 8, "inner": 0},
}


class Counted(np.ndarray):
    """An array that adds up the multiply-adds of the matrix products it takes part in."""

    performed = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **settings):
        plain = [np.asarray(x) if isinstance(x, Counted) else x for x in inputs]
        if out is not None:
            settings["out"] = tuple(np.asarray(x) if isinstance(x, Counted) else x for x in out)
        y = getattr(ufunc, method)(*plain, **settings)
        if ufunc is np.matmul:
            Counted.performed += int(np.size(y)) * np.shape(plain[0])[-1]
        return y.view(Counted) if isinstance(y, np.ndarray) else y


@pytest.mark.parametrize("name", MODELS)
def test_formula_is_what_is_performed(name, monkeypatch):
    # The orthogonal matrices are plain arrays: what it takes to make them is left out, what they are used for is not.
    ncgru = ops.ncgru
    monkeypatch.setattr(ops, "ncgru", lambda x, h0, w, u, *rest: ncgru(x, h0, w, u.view(Counted), *rest))
    model, rng = create_model({**SIZES, **MODELS[name]}, ops), np.random.default_rng(0)
    parameters = model.initialize(rng, np.float64)
    counted = parameters.with_flat(parameters.flat.view(Counted))
    tokens = rng.integers(0, 11, (1, 5))
    state = {}
    for _ in range(2):                                       # the second segment has a full cache
        Counted.performed = 0
        _, state = model.logits(counted, tokens, state)
    assert 2 * Counted.performed == accounting.segment_flops(model)
    assert sum(entry.size for entry in state.values()) == accounting.state_values(model)


def test_sections_of_the_specification():
    """docs/spec.md, 5.1, with its own letters, at D=256, L=3, F=1024, V=10000."""
    D, F, V, L = 256, 1024, 10_000, 3
    sizes = {"vocabulary": V, "width": D, "inner": F, "layers": L, "heads": 4}
    for T in (17, 70):
        made = {kind: accounting.segment_flops(create_model({"model": kind, "segment_length": T, **sizes}))
                for kind in ("transformer", "transformer_xl", "rmt", "crt")}
        J, S, S_2 = 2 * T, T + 1, T + 2
        assert made["transformer"] == L * (8 * T * D**2 + 4 * T**2 * D + 4 * T * D * F) + 2 * T * D * V
        assert made["transformer_xl"] == (L * (4 * T * D**2 + 6 * J * D**2 + 6 * T * J * D + 4 * T * D * F)
                                          + 2 * T * D * V)
        assert made["rmt"] == L * (8 * S_2 * D**2 + 4 * S_2**2 * D + 4 * S_2 * D * F) + 2 * T * D * V
        assert made["crt"] == (L * (8 * S * D**2 + 4 * S**2 * D + 4 * S * D * F) + 2 * T * D * V + 24 * T * D**2
                               + 2 * D**2)


def test_training_is_three_forward_passes_and_the_writer_again():
    model = create_model({**SIZES, **STACK})
    assert accounting.training_flops(model) == 3 * accounting.segment_flops(model)
    writer = create_model({**SIZES, **STACK, "memory_gradient": "writer"})
    assert accounting.training_flops(writer) == 3 * (accounting.segment_flops(model) + 12 * 5 * 6**2)


def test_activations_of_a_transformer_by_hand():
    """A row and layer: both norms' x̂, the second's output, what the products read (x, q, k, v; heads; inner) and p."""
    def size(length):
        model = create_model({**SIZES, **MODELS["transformer"], "segment_length": 40})
        return accounting.activation_bytes(model, length)

    quadratic = (size(24) - 2 * size(16) + size(8)) / (2 * 8**2)         # the probabilities alone grow with T²
    assert quadratic == 4 * 2 * 2                                        # 4 bytes, 2 layers, 2 heads


@pytest.mark.parametrize("name", MODELS)
def test_activations_grow_with_the_segment(name):
    model = create_model({**SIZES, **MODELS[name], "segment_length": 40})
    assert 0 < accounting.activation_bytes(model, 10) < accounting.activation_bytes(model, 20)
