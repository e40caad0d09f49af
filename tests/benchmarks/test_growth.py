"""How a step grows: what is made of the times, and that a point is measured"""

import json

import pytest

from benchmarks import growth
from benchmarks.scaling import exponent
from benchmarks.task import Size
from tests.benchmarks.running import run


def test_memory_is_what_the_step_adds_and_the_share_is_the_floors():
    rows = [{"peer": "minicrt-numba", "milliseconds": 20.0, "processor_ms": 36.0, "peak_mib": 150.0},
            {"peer": "gemm-floor", "milliseconds": 15.0, "processor_ms": 9.0, "peak_mib": 90.0},
            {"peer": "torch-eager", "milliseconds": None}]
    for threads, share in ((2, 0.75), (1, 0.25)):            # with one thread by the processor's time
        found = growth.completed([{**row, "threads": threads} if row["milliseconds"] else row for row in rows],
                                 {"minicrt-numba": 100.0, "gemm-floor": 80.0})
        assert [row["memory_mib"] for row in found] == [50, 10, None]
        assert [row["against_floor"] for row in found] == [share, 1, None]


@pytest.mark.filterwarnings("error")
def test_a_step_that_adds_no_memory_is_left_out_of_the_exponent():
    rows = [{"against": "batch", "value": value, "memory_mib": memory} for value, memory in
            ((1, -7.0), (2, None), (4, 20.0), (16, 80.0))]
    assert exponent(rows, "batch", "memory_mib") == pytest.approx(1)


def test_long_steps_are_repeated_less():
    long, short = growth.BASE.changed(width=1_024, length=512), growth.NEXT_TO_NOTHING
    assert growth.steps_a_turn(long) == 1 < growth.steps_a_turn(growth.BASE) < growth.steps_a_turn(short) == 30


def test_a_small_grid(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "BASE", Size(16, 1, 2, 4, 50))
    monkeypatch.setattr(growth, "GROWN", {"width": (16, 32), "batch": (2,)})
    file = tmp_path / "growth.json"
    result = run("growth", "--peers", "gemm-floor", "--rounds", 1, "--threads", 1, "--largest", 32, "--json", file)
    assert result.returncode == 0, result.stderr
    assert "width, 1 threads, gemm-floor: time grows with the power" in result.stdout
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert [(row["against"], row["value"]) for row in rows] == [("width", 16), ("width", 32), ("batch", 2)]
    assert all(row["against_floor"] == pytest.approx(1) for row in rows)
    assert file.with_suffix(".png").stat().st_size > 1000
    file.write_text(json.dumps(rows[:1]), encoding="utf-8")          # stopped after a point: that is not measured again
    again = run("growth", "--peers", "gemm-floor", "--rounds", 1, "--threads", 1, "--largest", 32, "--json", file)
    assert again.returncode == 0, again.stderr
    assert json.loads(file.read_text(encoding="utf-8"))[0] == rows[0]
    file.write_text("[{}]", encoding="utf-8")
    refused = run("growth", "--peers", "gemm-floor", "--rounds", 1, "--json", file)
    assert refused.returncode == 1 and "does not hold the results of this benchmark" in refused.stderr
