"""What is on paper of many processes and devices is what `minicrt info --ranks` says"""

import json

import pytest

from tests.benchmarks.running import run

pytest.importorskip("flwr")

from benchmarks import scale  # noqa: E402
from minicrt import create_model, presets  # noqa: E402
from minicrt.accounting import training_flops  # noqa: E402
from minicrt.training import scaling  # noqa: E402


def test_parts_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "CLOCK", scaling.CLOCK)
    result = run("scale", "--width", 8, "--json", tmp_path / "scale.json", "--bandwidth", "1kB/s")
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "scale.json").read_text("utf-8"))
    ranks = [row for row in rows if row["part"] == "cores"]
    assert [row["ranks"] for row in ranks] == list(scale.CORES) and (tmp_path / "scale.png").stat().st_size > 1000
    size = ranks[1]["traffic"] / 4                           # 2 (n - 1)/n of it, n = 2, in float32
    for row in ranks:
        assert row["traffic"] == pytest.approx(scaling.sent(row["ranks"], size, "float32"))
        assert row["seconds"] == pytest.approx(row["gradient"] + row["update"] + row["traffic"] / 1e3)
    devices = [row for row in rows if row["part"] == "devices"]
    assert {(row["clients"], row["bits"]) for row in devices} == {(n, bits) for n in scale.DEVICES for bits in (32, 8)}
    for row in devices:
        assert row["down"] > 4 * row["parameters"] and row["link"] == row["clients"] * (row["down"] + row["up"]) / 1e3
        assert row["memory"] == row["clients"] * row["down"] and (row["bits"] == 8 or row["up"] == row["down"])


def test_the_speed_is_that_of_what_is_timed(monkeypatch):
    """What `training_flops` counts is one segment a row, so one is timed, and none of it twice."""
    timed = []
    monkeypatch.setattr(scaling, "gradient_seconds", lambda model, config, rows: timed.append((config, rows)) or 2.0)
    monkeypatch.setattr(scaling, "update_seconds", lambda model, config: 0.0)
    first = scale.wikitext(1e9)[0]
    (config, rows), = timed
    assert (config.bptt_segments, config.recompute, rows) == (1, False, 4)
    small = create_model({**presets.load("wikitext103")["model"], "vocabulary": 10_000, "layers": 2})
    assert first["flops"] == 4 * training_flops(small) / 2.0
