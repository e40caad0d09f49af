"""What a memory holds by its size: runs are kept and not made again, the bytes are those of the state"""

import json
import sys

from benchmarks import memory_bottleneck
from benchmarks.memory_bottleneck import ARMS, main, table
from benchmarks.memory_tasks import model_for
from minicrt.accounting import state_values


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["memory_bottleneck", *map(str, arguments)])
    monkeypatch.setattr(memory_bottleneck, "__spec__", type("Spec", (), {"name": "benchmarks.memory_bottleneck"}))
    main()


def test_runs_are_kept_and_not_made_again(tmp_path, monkeypatch):
    file = tmp_path / "bottleneck.json"
    options = ["--threads", 1, "--steps", 2, "--amounts", 2, "--arms", "matrix, K = 4", "--json", file]
    run(monkeypatch, *options, "--tasks", "copy")
    before = json.loads(file.read_text(encoding="utf-8"))["rows"]
    run(monkeypatch, *options, "--arms", "one vector")
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert rows[0] == before[0] and [(row["task"], row["arm"]) for row in rows] == [
        ("copy", "matrix, K = 4"), ("copy", "one vector"), ("multi-query", "matrix, K = 4"),
        ("multi-query", "one vector")]
    assert all({"command", "seed", "seconds", "accuracy", "bytes"} <= set(row) for row in rows)
    assert file.with_suffix(".png").stat().st_size > 1000
    head, lines = table(rows)
    assert head == ["memory", "bytes", "copy, S = 2", "multi-query, S = 2"]
    assert [line[:2] for line in lines] == [["one vector", "128"], ["matrix, K = 4", "512"]]


def test_an_arm_carries_its_memory_alone():
    for arm, size in {"4 slots": 4 * 32, "queue of 16": 16 * 32, "matrix, K = 16": 16 * 32, "RMT, M = 4": 4 * 32,
                      "Transformer-XL, M = T": 2 * 16 * 32}.items():
        model, _ = model_for("copy", ARMS[arm][1], 0, 16, 4)
        assert state_values(model) == size, arm
