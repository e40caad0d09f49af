"""What `minicrt gradcheck` runs: every operation, and CRTs that use every switch"""

import dataclasses
import typing

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance import suite
from minicrt.conformance.cases import Case, all_cases
from minicrt.conformance.models import CONFIGURATIONS, SMALL, check_crt
from minicrt.conformance.suite import Row, run_gradchecks, table
from minicrt.models.crt_config import CRTConfig


def test_every_operation_has_a_case_and_every_case_passes():
    cases = list(all_cases(np.random.default_rng(11)))
    operations = {name.removesuffix("_backward") for name in ops.__all__ if name.endswith("_backward")}
    assert {case.operation for case in cases} == operations
    for case in cases:
        case.check(np.random.default_rng(12)).raise_if_wrong()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_gradient_of_a_whole_model(name):
    report = check_crt(CONFIGURATIONS[name], np.random.default_rng(13))
    report.raise_if_wrong()
    assert all(tensor.relative_error < 1e-9 for tensor in report.tensors)


def test_the_configurations_use_every_switch():
    used = [dataclasses.asdict(CRTConfig(**{**SMALL, **overrides})) for overrides in CONFIGURATIONS.values()]
    hints = typing.get_type_hints(CRTConfig)
    for field in dataclasses.fields(CRTConfig):
        values = typing.get_args(hints[field.name]) or {bool: (False, True)}.get(hints[field.name], ())
        missing = set(values) - {config[field.name] for config in used}
        # The series' inverse is a constant to the complex step; "auto" and the inverses have tests of their own.
        assert missing <= {"neumann", "off"}, field.name


def test_rows_and_table(monkeypatch):
    def one_wrong_case(rng):
        x = rng.standard_normal((2, 3))
        yield Case("right", "tanh", {"x": x})
        yield WrongCase("wrong", "tanh", {"x": x})

    class WrongCase(Case):
        def check(self, rng, *pair, **options):
            return super().check(rng, ops.tanh, lambda d_y, y: d_y * (1 - y))

    monkeypatch.setattr(suite, "all_cases", one_wrong_case)
    monkeypatch.setattr(suite, "CONFIGURATIONS", {"a Transformer": CONFIGURATIONS["Transformer, learned positions"]})
    seen = []
    rows = run_gradchecks(seed=3, progress=seen.append)
    assert seen == ["right", "wrong", "a Transformer"]
    assert [(row.name, row.verdict) for row in rows] == [("right", "ok"), ("wrong", "WRONG"), ("a Transformer", "ok")]
    assert rows[2].tensor.endswith("(worst of 29)") and rows[2].tolerance == 1e-9
    lines = table(rows).splitlines()
    assert lines[0].split() == ["check", "tensor", "relative", "error", "tolerance", "verdict"]
    assert lines[2].startswith("wrong") and lines[2].endswith("WRONG") and len(lines) == 4


def test_the_table_lines_up():
    rows = [Row("a", "weight", 1e-16, 1e-10, True), Row("a longer name", "b", np.inf, 1e-10, False)]
    lines = table(rows).splitlines()
    assert len({line.index(cell) for line, cell in zip(lines, ("tensor", "weight", "b "))}) == 1
    assert "inf" in lines[2]
