"""Two mistakes at once in a port of a whole model"""

import itertools

import numpy as np
import pytest

from minicrt.conformance.checking.catalogue import catalogue_of
from tests.conformance.mistakes.model_traces import differ, diverging, tensors


@pytest.mark.parametrize("name, pair", [
    ("crt-gru", ("memory token: with a position", "memory token: not in the first segment")),
    ("crt-per-segment", ("writer: reads the memory row too", "writer: reads before the final norm"))])
def test_a_search_gets_over_two_that_no_port_has(cases, name, pair):
    for names in (pair, pair[::-1]):
        assert all(np.isfinite(value).all() for value in catalogue_of(cases[name]).trace(names).values())


PAIRS = [("norm: post", "activation: relu"), ("activation: gelu_tanh", "layer_norm: Bessel's correction"),
         ("memory: detached", "embedding: not scaled"), ("readout: transformer", "writer: starts from zeros"),
         ("positions: not added", "d_loss: averaged"), ("memory: the first one kept", "norm_final: missing"),
         ("output: no bias", "linear_cross_entropy: sum in place of mean")]


@pytest.mark.parametrize("pair", PAIRS)
def test_two_mistakes_at_once(cases, pair):
    case = cases["crt-gru"]
    both, alone = tensors(case, *pair), [tensors(case, name) for name in pair]
    assert not any(differ(both[key], value) for key, value in tensors(case, *reversed(pair)).items())
    for one in alone:
        assert any(differ(both[key], value) for key, value in one.items() if key in both)
    order = [tensor.name for tensor in case.computed()]
    firsts = [order.index(diverging(case, found)[0]) for found in (both, *alone)]
    assert firsts[0] == min(firsts[1:])


@pytest.mark.parametrize("name, pair, whole", [
    ("crt-gru", ("memory: detached", "positions: detached"), "state: detached"),
    ("lstm-model", ("state: layer.0 not carried", "state: layer.1 not carried"), "state: not carried")])
def test_two_of_one_kind_are_both_made(cases, name, pair, whole):
    both, of_all = tensors(cases[name], *pair), tensors(cases[name], whole)
    assert not any(differ(both[key], value) for key, value in of_all.items())


def test_two_parameters_at_zero_are_both_at_zero(cases):
    found = tensors(cases["crt-gru"], "output: no bias", "m_0: zeros")
    assert not any(found[f"d_parameters/{name}"].any() for name in ("output.bias", "memory.start"))


def test_two_of_different_kinds_keep_apart(cases):
    found = tensors(cases["crt-gru"], "memory: not carried", "positions: detached")
    alone = tensors(cases["crt-gru"], "memory: not carried")
    assert not any(differ(found[key], value) for key, value in alone.items() if not key.startswith("d_"))


def test_two_mistakes_of_one_operation(cases):
    case = cases["crt-gru"]
    names = [f"layer_norm: {mistake}" for mistake in ("eps 1e-3", "variance over D − 1", "bias missing")]
    for pair in itertools.combinations(names, 2):
        both = tensors(case, *pair)
        assert set(both) == {tensor.name for tensor in case.computed()}
        for name in pair:
            assert any(differ(both[key], value) for key, value in tensors(case, name).items())


def test_two_that_contradict_each_other_compute_nothing(cases):
    assert tensors(cases["transformer-xl"], "same_length: true", "cache_length: 0") == {}
