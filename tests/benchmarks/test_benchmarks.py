"""What the benchmarks count and write; not how fast anything is."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gemm_floor, peers, processor, report, scaling, timeline, train_step
from benchmarks.task import SIZES, Size
from minicrt import ops
from tests.benchmarks.running import run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.name)
def test_the_floor_has_the_products_of_the_model(size):
    """Every matrix is in three products a row (its own, and those of two gradients); attention has its own."""
    D, F, S, L = size.width, 4 * size.width, size.length + 1, size.layers
    rows, block_rows = size.tokens, size.batch * S
    matrices = block_rows * L * (4 * D * D + 2 * D * F) + rows * (2 * 6 * D * D + size.vocabulary * D)
    attention = 3 * L * size.batch * 2 * S * S * D
    # The vocabulary's rows are cut into pieces of a size that is rounded up.
    assert gemm_floor.multiply_adds(size) == pytest.approx(3 * matrices + attention, rel=2e-3)


def test_peers_begin_alike():
    size = Size(16, 1, 4, 5, 50)
    tokens, targets = size.segment()
    assert tokens.shape == targets.shape == (4, 5) and tokens.max() < 50
    assert np.array_equal(size.parameters(ops).flat, size.parameters(ops).flat)


def test_a_peer_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    assert peers.missing("torch-compile") == "torch" and peers.missing("minicrt-numpy") is None
    assert peers.why_not("torch-compile") == "torch is not installed" and peers.why_not("minicrt-numpy") is None


def test_bfloat16_is_timed_where_the_processor_has_it(monkeypatch, tmp_path):
    monkeypatch.setattr(peers, "missing", lambda peer: None)
    for flags, found in (("fpu avx2", []), ("fpu amx_bf16 avx512_bf16", ["AMX", "AVX-512 BF16"])):
        (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\n", encoding="utf-8")
        units = processor.bfloat16_units(tmp_path / "cpuinfo")
        monkeypatch.setattr(peers, "bfloat16_units", lambda units=units: units)
        assert units == found and (peers.why_not(peers.BFLOAT16) is None) == bool(found)
    assert processor.bfloat16_units(tmp_path / "none") == []


def test_a_timeline_adds_up():
    """Two threads share a window and then an update; the first waits at the end of the window and works alone after."""
    spans = [timeline.Span(0, timeline.SHARED, 1, 5, 0), timeline.Span(0, "linear", 2, 4, 1),
             timeline.Span(1, timeline.SHARED, 1, 7, 0), timeline.Span(1, "gru", 1, 6, 1),
             timeline.Span(0, timeline.WAITING, 5, 7, 0), timeline.Span(0, "norm", 8, 9, 0)]
    assert timeline.idle(spans, 10, 2) == [2, 4]
    assert timeline.by_operation(spans, 10) == {
        "gru": [0, 5], timeline.OTHER: [2, 1], "linear": [2, 0], timeline.WAITING: [2, 0], timeline.ALONE: [3, 0],
        "norm": [1, 0]}


def test_the_timeline_of_a_step():
    spans, seconds = timeline.step(Size(256, 1, 4, 40, 50), 2)
    rows = timeline.by_operation(spans, seconds)
    assert {"linear_cross_entropy", "gru_backward", "self_attention", "adamw_update", timeline.WAITING} <= set(rows)
    assert sum(took[0] for took in rows.values()) == pytest.approx(seconds)
    assert sum(rows["gru"]) > 0 and rows["gru"][1] > 0 and all(0 <= time <= seconds
                                                              for time in timeline.idle(spans, seconds, 2))


def test_exponents():
    rows = [{"against": "stream", "value": n, "milliseconds": 3.0 * n ** 1.5} for n in (10, 100, 1000)]
    assert scaling.exponent(rows, "stream", "milliseconds") == pytest.approx(1.5)
    assert np.isnan(scaling.exponent(rows[:1], "stream", "milliseconds"))


def test_ratios_are_of_the_same_size():
    rows = [{"size": size, "peer": peer, "milliseconds": time} for size, peer, time in (
        ("a", "torch-eager", 20.0), ("a", "minicrt-numba", 10.0), ("a", "gemm-floor", 8.0), ("b", "torch-eager", 90.0))]
    train_step.add_ratios(rows)
    assert [row.get("against_floor") for row in rows] == [0.4, 0.8, 1.0, None]
    assert train_step.verdicts(rows)[1:] == ["a: minicrt-numba is 2.00 times as fast as PyTorch eager"]


def test_a_table():
    shown = report.table([{"a": "x", "b": 1.25}, {"a": "yy", "b": None}], {"a": "s", "b": ".1f"})
    assert shown.splitlines() == ["a     b", "x   1.2", "yy    -"]


def test_training_steps_side_by_side(tmp_path):
    file = tmp_path / "steps.json"
    result = run("train_step", "--sizes", 64, "--peers", "minicrt-numpy,gemm-floor", "--rounds", 1, "--vocabulary", 40,
                 "--threads", 1, "--json", file)
    assert result.returncode == 0, result.stderr
    assert "GFLOP/s" in result.stdout and "1 threads each" in result.stdout
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert [row["peer"] for row in rows] == ["minicrt-numpy", "gemm-floor"]
    assert [row.get("fastest") for row in rows] == ["1 of 1", None]
    for row in rows:
        assert row["milliseconds"] > 0 and row["spread"] >= 0 and row["threads"] == 1
        assert row["tokens_per_second"] == pytest.approx(1000 * 16 * 35 / row["milliseconds"])
        assert "--json" not in row["command"]
    assert file.with_suffix(".png").stat().st_size > 1000


@pytest.mark.parametrize("module", ["train_step", "streaming", "operations", "scaling", "cheap_forms", "growth",
                                    "first_step"])
def test_help_and_nonsense(module):
    shown = subprocess.run([sys.executable, "-m", f"benchmarks.{module}", "--help"], cwd=ROOT, capture_output=True,
                           text=True, encoding="utf-8", check=False)
    assert "usage: python -m benchmarks." in shown.stdout
    result = run(module, "--threads", "none")
    assert result.returncode == 2 and "'none' is not a whole number of 1 or more" in result.stderr


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path):
    (tmp_path / "file").touch()
    for path, message in ((tmp_path / "file" / "rows.json", "is no folder to write in"), (tmp_path, "is a folder")):
        result = run("scaling", "--json", path)
        assert result.returncode == 2 and message in result.stderr and not result.stdout
    assert report.writable(str(tmp_path / "new" / "rows.json")) == tmp_path / "new" / "rows.json"


def test_a_step_of_video_is_timed_beside_its_peers():
    result = run("video_step", "--rounds", 2, "--batch", 1, "--clips", 1)
    assert result.returncode == 0, result.stderr
    header, *rows = result.stdout.splitlines()
    assert header.startswith("1 clips of 8 frames, batch 1, 1 threads; first loss ") and rows
    assert all(re.fullmatch(r"[a-z]+-[a-z]+ +[\d.]+ ± [\d.]+ +processor +[\d.]+", row) for row in rows)
