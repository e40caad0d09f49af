"""How much the memory holds: runs are kept and not made again, and the drift is that of the memory."""

import json
import sys

import numpy as np
import pytest

from benchmarks import memory_capacity
from benchmarks.memory_capacity import amounts, cosine, drift, drifted, held, main
from benchmarks.memory_study import BATCH
from benchmarks.memory_tasks import task_at


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["memory_capacity", *map(str, arguments)])
    monkeypatch.setattr(memory_capacity, "__spec__", type("Spec", (), {"name": "benchmarks.memory_capacity"}))
    main()


def test_runs_are_kept_and_not_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.memory_capacity.DISTANCES", (2, 3))
    file = tmp_path / "capacity.json"
    options = ["--threads", 1, "--steps", 2, "--segment-length", 8, "--widths", "8", "--amounts", "4", "--tokens", 20,
               "--json", file]
    run(monkeypatch, *options, "--seeds", "0")
    before = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [(row["part"], row.get("task")) for row in before] == [("hold", None), ("amount", "recall"),
                                                                  ("amount", "copy")]
    assert before[0]["distances"] == [2, 3] and [point["tokens"] for point in before[0]["drift"]] == [0, 16]
    run(monkeypatch, *options, "--seeds", "0,1", "--parts", "amount", "--tasks", "copy")
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert rows[:3] == before and [(row["task"], row["seed"]) for row in rows[3:]] == [("copy", 1)]
    run(monkeypatch, *options, "--seeds", "1", "--parts", "amount", "--tasks", "copy", "--k", 3,
        "--learning-rate", "1e-3")
    last = json.loads(file.read_text(encoding="utf-8"))["rows"][-1]
    assert last["k"] == 3 and last["learning_rate"] == 1e-3
    assert last["command"].endswith(" --steps 2 --k 3 --learning-rate 0.001")
    assert file.with_suffix(".png").stat().st_size > 1000


@pytest.mark.parametrize("text", ["0", "-1e-3", "nan", "inf", "fast"])
def test_a_learning_rate_is_a_positive_number(text, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, f"--learning-rate={text}")
    assert f"{text!r} is not a number greater than 0 such as 3e-3" in capsys.readouterr().err


def test_the_learning_rate_is_that_of_the_training(monkeypatch):
    rates = []
    monkeypatch.setattr("benchmarks.memory_capacity.learn", lambda *arguments, **_: rates.append(arguments[9]) or 0)
    monkeypatch.setattr("benchmarks.memory_capacity.recall_accuracy", lambda *_: 1.0)
    memory_capacity.measure_amount("copy", 1, 8, 4, 2, 0, 1, 1e-4)
    assert rates == [1e-4]


def test_a_task_of_an_amount_asks_for_it():
    recall, copy = task_at("recall", 3, 17, 4), task_at("copy", 3, 17, 8)
    assert (recall.pairs, recall.keys, copy.length) == (4, 4, 8)
    assert task_at("recall", 3).pairs == 1 and task_at("copy", 3).length == 2


class Fading:
    """The memory of an episode is its number; each segment of filler takes it 1 further on one unit."""

    def logits(self, parameters, tokens, state):
        assert tokens.shape == (BATCH, 5)
        m = state["memory"] + [[[0.0, 1.0]]] if "memory" in state else np.full((BATCH, 1, 2), [1.0, 0.0])
        return np.zeros((BATCH, 5, 14)), {"memory": m}


def test_the_drift_is_that_of_the_memory():
    points = drift(Fading(), None, 5, 0, 100)
    assert [point["tokens"] for point in points] == [0, 10, 100]
    assert [point["cosine"] for point in points] == pytest.approx([1, 1 / np.sqrt(5), 1 / np.sqrt(401)])
    assert [point["size"] for point in points] == pytest.approx([0.5, 1.5, 10.5])
    assert [point["saturated"] for point in points] == [0.5, 1.0, 1.0]
    assert cosine(np.array([[[3.0, 4.0]]]), np.array([[[4.0, 3.0]]])) == pytest.approx(0.96)


def test_the_tables_say_what_the_rows_say():
    rows = [{"part": "amount", "task": task, "amount": amount, "width": width, "seed": seed, "accuracy": accuracy,
             "segment_length": length, **more} for task, amount, width, seed, accuracy, length, more in
            (("copy", 8, 32, 0, 0.25, 17, {}), ("recall", 2, 64, 1, 0.5, 17, {}),
             ("recall", 2, 64, 0, 1.0, 17, {"k": 2}), ("recall", 2, 64, 0, 0.75, 6, {}),
             ("recall", 2, 64, 0, 0.875, 17, {"k": 4}), ("recall", 2, 64, 0, 0.625, 17, {"learning_rate": 1e-3}),
             ("recall", 2, 64, 1, 0.5, 17, {"learning_rate": 1e-3, "steps": 10_000}))]
    rows.append({"part": "hold", "segment_length": 35, "seed": 0, "accuracy": [1.0, 1.0, 0.75, 0.5, 0.125], "drift": [
        {"tokens": 1015, "cosine": 0.5, "accuracy": 1.0, "size": 0.25, "saturated": 0.125}]})
    assert amounts(rows) == (["to remember", "T", "k", "learning rate", "steps, at most", "width 32", "width 64"], [
        ["recall: 2", 17, 2, "0.003", "3,000", "–", "1.00, 0.50"],
        ["recall: 2", 17, 4, "0.003", "3,000", "–", "0.88"],
        ["recall: 2", 17, 2, "0.001", "3,000", "–", "0.62"], ["recall: 2", 17, 2, "0.001", "10,000", "–", "0.50"],
        ["recall: 2", 6, 2, "0.003", "3,000", "–", "0.75"],
        ["copy: 8", 17, 2, "0.003", "3,000", "0.25", "–"]])
    assert held(rows)[1] == [[35, 0, "1.00", "1.00", "0.75", "0.50", "0.12"]]
    assert drifted(rows)[1] == [[35, "1,015", "0.50", "1.00", "0.25", "0.12"]]
