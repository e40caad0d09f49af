"""How much of its memory each network keeps a token at first, as `update_bias` says"""

import numpy as np
import pytest

from minicrt import ops
from minicrt.models import CRT, CRTConfig
from minicrt.models.retention import gate_biases

MEMORIES = ("gru", "ncgru", "mingru", "lru", "s4d", "mamba")
CHANGED = {"lru": ["memory.0.nu", "memory.0.log_gamma"], "s4d": ["memory.0.log_dt"], "mamba": ["memory.0.b_dt"]}
D, T, SPAN = 16, 10, 4


def test_a_number_is_the_bias_of_all():
    assert np.array_equal(gate_biases(-1.5, 40, 3), [-1.5] * 3)


@pytest.mark.parametrize("t_max", [3, 40, 1000])
def test_chrono_spreads_the_time_and_log_uniform_its_logarithm(t_max):
    """The quantiles of a large sample of the distributions they are named after"""
    rng, units = np.random.default_rng(0), 9
    shares = (np.arange(units) + 0.5) / units
    for kind, sample in (("chrono", np.log(rng.uniform(1, t_max - 1, 400_000))),
                         ("log_uniform", rng.uniform(0, np.log(t_max), 400_000))):
        np.testing.assert_allclose(gate_biases(kind, t_max, units), np.quantile(sample, shares), atol=0.03)


def kept(memory, update_bias):
    """What a (B, 1, D) memory has left of a drawn start after one token of zeros, unit by unit, with no candidate"""
    model = CRT(CRTConfig(5, width=D, heads=2, segment_length=T, memory=memory, memory_span=SPAN, memory_states=2,
                          update_bias=update_bias), ops)
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    start = np.random.default_rng(1).standard_normal((1, 1, D))
    for name in ("w", "u", "w_in", "w_x"):                                  # what remains of the gates is their biases
        if f"memory.0.{name}" in parameters:
            parameters[f"memory.0.{name}"][:] = 0
    if memory == "ncgru":                                    # its U is orthogonal; below the threshold nothing passes
        parameters["memory.0.b"][2 * D:] = -1e9
    h, _ = model.write(parameters, np.zeros((1, 1, D)), start)
    if memory == "mamba":                                    # of a channel's states the slower one
        return (h[0][0, 0] / start[0, 0])[::2]
    if memory not in ("lru", "s4d"):
        return h[0][0, 0] / start[0, 0]
    before, after = (a[:D // 2] + 1j * a[D // 2:] for a in (start[0, 0], h[0][0, 0]))
    return np.abs(after / before)[::2 if memory == "s4d" else 1]             # both states of a channel keep as much


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("kind", ["chrono", "log_uniform"])
def test_each_network_keeps_what_the_biases_say(memory, kind):
    found = kept(memory, kind)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-gate_biases(kind, SPAN * T, len(found)))), rtol=1e-9)


@pytest.mark.parametrize("memory", ["gru", "ncgru", "mingru", "s4d", "mamba"])
@pytest.mark.parametrize("bias", [-2.0, 0.0, 3.0])
def test_a_number_is_kept_by_every_gate(memory, bias):
    np.testing.assert_allclose(kept(memory, bias), 1 / (1 + np.exp(-bias)), rtol=1e-9)


@pytest.mark.parametrize("memory", MEMORIES)
def test_positions_do_not_change_with_it(memory):
    """The setting is the memory's; the network of positions starts as before."""
    plain, spread = (CRT(CRTConfig(5, width=D, heads=2, memory=memory, update_bias=bias), ops).initialize(
        np.random.default_rng(0)) for bias in (0.0, "chrono"))
    assert np.array_equal(plain["positions.b"], spread["positions.b"])
    changed = [name for name in plain if not np.array_equal(plain[name], spread[name])]
    assert changed == CHANGED.get(memory, ["memory.0.b"])


@pytest.mark.parametrize("settings, written", [
    ({}, True), ({"memory": "ncgru"}, True), ({"memory_vectors": 2}, True), ({"memory_span": 1}, False),
    ({"memory": "mingru"}, False), ({"memory": "lru"}, False)])
def test_what_a_gru_writes_is_read_as_itself_where_segments_are_to_be_bridged(settings, written):
    """y W_n W_nᵀ speaks for every y: W_r ∝ W_nᵀ, and as large as where it has a draw of its own, s (M D)^−½"""
    config = CRTConfig(5, width=64, heads=2, segment_length=T, **settings)
    parameters, M = CRT(config, ops).initialize(np.random.default_rng(0)), config.memory_vectors
    candidates = np.concatenate([parameters[f"memory.{i}.w"][:, -64:] for i in range(M)], axis=1)
    read = parameters["memory.read"]
    likeness = np.corrcoef(candidates.T.ravel(), read.ravel())[0, 1] if candidates.T.shape == read.shape else 0
    assert likeness > 0.999 if written else abs(likeness) < 0.1
    assert read.std() == pytest.approx(min(1, config.t_max / 128) * (64 * M) ** -0.5, rel=0.03)
