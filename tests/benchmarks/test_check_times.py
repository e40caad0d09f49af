"""How long checks without a name take: all three kinds are measured, and what is asked for must be there"""

import json

from tests.benchmarks.running import run


def test_each_kind_of_wrong_tensor_is_checked(tmp_path):
    file = tmp_path / "times.json"
    result = run("check_times", "--cases", "layer_norm", "--json", file)
    assert result.returncode == 0, result.stderr
    assert "3 checks of 1 cases" in result.stdout
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert {row["wrong"] for row in rows} == {"first", "output", "gradient"}
    assert all(row["case"] == "layer_norm" and row["cpu_s"] > 0 for row in rows)
    assert file.with_suffix(".png").stat().st_size > 1000


def test_cases_that_are_not_there_or_of_another_kind_are_said():
    assert "no golden case is named 'nix'" in run("check_times", "--cases", "nix").stderr
    assert "gru has no case of this kind" in run("check_times", "--cases", "gru", "--kind", "model").stderr
