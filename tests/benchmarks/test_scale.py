"""What is on paper of many processes and devices is what `minicrt info --ranks` says"""

import json

import pytest

from tests.benchmarks.running import run

pytest.importorskip("flwr")

from benchmarks import scale  # noqa: E402
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
