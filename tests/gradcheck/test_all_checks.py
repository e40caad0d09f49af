"""What `minicrt gradcheck` runs: every operation, and CRTs that use every switch"""

import dataclasses
import typing

import numpy as np
import pytest

from minicrt import ops
from minicrt.gradcheck import all_checks
from minicrt.gradcheck.all_checks import Row, run_gradchecks, table
from minicrt.gradcheck.cases import Case, all_cases
from minicrt.gradcheck.configurations import CHECKED, CONFIGURATIONS, GIVEN_MEMORY, check_small_model, small_model
from minicrt.models import MODELS
from minicrt.models.stack_config import StackConfig


def test_every_operation_has_a_case_and_every_case_passes():
    cases = list(all_cases(np.random.default_rng(11)))
    operations = {name.removesuffix("_backward") for name in ops.__all__ if name.endswith("_backward")}
    assert {case.operation for case in cases} == operations
    for case in cases:
        case.check(np.random.default_rng(12)).raise_if_wrong()


@pytest.mark.parametrize("name", CHECKED)
def test_the_gradient_of_a_whole_model(name):
    report = check_small_model(CHECKED[name], np.random.default_rng(13), given_memory=name in GIVEN_MEMORY,
                               directions=1)                 # no wrong gradient is orthogonal to a random direction
    report.raise_if_wrong()
    assert all(tensor.relative_error < 1e-9 for tensor in report.tensors)
    checked = {tensor.name: tensor for tensor in report.tensors}
    if "memory.start" in checked:                            # one of the two is there to be differentiated
        assert ("state.memory" in checked) == (name in GIVEN_MEMORY) == (checked["memory.start"].reference == 0)


@pytest.mark.parametrize("kind", MODELS)
def test_the_configurations_use_every_switch(kind):
    used = [dataclasses.asdict(small_model(overrides).config) for overrides in CONFIGURATIONS.values()
            if overrides.get("model", "crt") == kind]
    assert GIVEN_MEMORY <= CONFIGURATIONS.keys()
    config = MODELS[kind][1]
    common = {field.name for field in dataclasses.fields(StackConfig)}       # the CRT's configurations use them all
    hints = typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        if kind != "crt" and field.name in common | {"activation"}:
            continue
        missing = set(choices(hints[field.name])) - {config[field.name] for config in used}
        assert missing <= {"off"}, field.name             # of memory_norm, whose "auto" stands for it


def choices(hint):
    """What a switch may be, or the words that it may be in place of a number"""
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    return (False, True) if hint is bool else [word for part in typing.get_args(hint) for word in choices(part)]


def test_a_cut_gives_exactly_nothing_and_no_cut_the_whole_graph():
    """Of RMT's memory at the start of the stream, which the first of three segments reads: cut before a later one, its
    gradient is to the bit that of the segments in front of the cut."""
    model, rng = small_model({"model": "rmt"}), np.random.default_rng(14)
    parameters = model.initialize(rng, np.float64)
    segments = [tuple(rng.integers(0, 9, (2, 2, 4))) for _ in range(3)]

    def gradient(segments, cut_before=None):
        caches, state, gradients = [], {}, parameters.zeros_like()
        for tokens, targets in segments:
            _, state, cache = model.forward(parameters, tokens, targets, state)
            caches.append(cache)
        d_state = {}
        for k, cache in reversed(list(enumerate(caches))):
            d_state = model.backward(1.0, {} if k + 1 == cut_before else d_state, cache, gradients)
        return gradients["memory.start"]

    for cut in (1, 2):
        assert np.array_equal(gradient(segments, cut), gradient(segments[:cut]))
        assert not np.array_equal(gradient(segments), gradient(segments[:cut]))


def test_rows_and_table(monkeypatch):
    def one_wrong_case(rng):
        x = rng.standard_normal((2, 3))
        yield Case("right", "tanh", {"x": x})
        yield WrongCase("wrong", "tanh", {"x": x})

    class WrongCase(Case):
        def check(self, rng, *pair, **options):
            return super().check(rng, ops.tanh, lambda d_y, y: d_y * (1 - y))

    monkeypatch.setattr(all_checks, "all_cases", one_wrong_case)
    monkeypatch.setattr(all_checks, "CHECKED", {"a Transformer": CONFIGURATIONS["Transformer"]})
    seen = []
    rows = run_gradchecks(seed=3, progress=seen.append)
    assert seen == ["right", "wrong", "a Transformer"]
    assert [(row.name, row.verdict) for row in rows] == [("right", "ok"), ("wrong", "WRONG"), ("a Transformer", "ok")]
    assert rows[2].tensor.endswith("(worst of 29)") and rows[2].tolerance == 1e-9
    lines = table(rows).splitlines()
    assert lines[0].split() == ["check", "tensor", "relative", "error", "tolerance", "verdict"]
    assert lines[2].startswith("wrong") and lines[2].endswith("WRONG") and len(lines) == 4


def test_the_table_lines_up():
    rows = [Row("a", "weight", 1e-16, 1e-10, "ok"), Row("a longer name", "b", np.inf, 1e-10, "WRONG")]
    lines = table(rows).splitlines()
    assert len({line.index(cell) for line, cell in zip(lines, ("tensor", "weight", "b "))}) == 1
    assert "inf" in lines[2]
