"""The memory tasks cover every model and task, and what is measured is not measured again."""

import json

import pytest

from benchmarks import memory_tasks
from benchmarks.memory_tasks import ARMS, NAMES, mean_accuracy
from benchmarks.recall_tables import by_task
from minicrt.models import MODELS, create_model
from minicrt.training.step import Step
from tests.benchmarks.running import run


def test_every_model_has_an_arm_and_every_reach_of_the_gradient():
    assert {configuration["model"] for _, configuration in ARMS.values()} == set(MODELS)
    cells = {configuration.get("cell") for _, configuration in ARMS.values()}
    assert {"gru", "lstm", "mingru", "lru"} <= cells
    assert {1, 2, 4} <= {k for k, configuration in ARMS.values() if configuration.get("positions") == "learned"}
    assert any(configuration.get("memory_gradient") == "writer" for _, configuration in ARMS.values())
    assert set(NAMES) == {"recall", "copy", "multi-query", "adding", "denoise", "parenthesis"}
    for _, configuration in ARMS.values():
        create_model({"vocabulary": 9, "width": 64, "segment_length": 6, **configuration})


@pytest.fixture(autouse=True)
def few_sequences(monkeypatch):
    monkeypatch.setattr(memory_tasks, "SCORED", 20)


def test_rows_are_kept_and_not_measured_again(tmp_path):
    file = tmp_path / "tasks.json"
    arguments = ["memory_tasks", "--steps", 2, "--furthest", 2, "--batch", 2, "--threads", 1, "--json", file]
    first = run(*arguments, "--arms", "Transformer")
    assert first.returncode == 0, first.stderr
    before, = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert before["arm"] == "Transformer" and len(before["accuracy"]) == len(before["distances"])
    assert all(0 <= share <= 1 for share in before["accuracy"])
    again = run(*arguments, "--arms", "Transformer", "--arms", "CRT, writer's gradient", "--tasks", "recall,copy")
    assert again.returncode == 0, again.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert rows[0] == before and [(row["task"], row["arm"]) for row in rows] == [
        ("recall", "Transformer"), ("recall", "CRT, writer's gradient"), ("copy", "Transformer"),
        ("copy", "CRT, writer's gradient")]
    assert file.with_suffix(".png").stat().st_size > 1000
    other = run(*arguments, "--arms", "Transformer", "--batch", 3, "--seeds", "0,4")
    assert other.returncode == 0, other.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["seed"] for row in rows[4:]] == [0, 4]                         # another batch is another measurement
    assert "--seed 4 " in rows[5]["command"]


def test_rows_that_are_not_drawn_leave_no_figure(tmp_path):
    file = tmp_path / "tasks.json"
    done = run("memory_tasks", "--steps", 2, "--furthest", 2, "--batch", 2, "--threads", 1, "--json", file, "--arms",
               "carries nothing, k = 2")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(file.read_text(encoding="utf-8"))["rows"]) == 1 and not file.with_suffix(".png").exists()


def test_a_file_of_something_else_is_kept(tmp_path):
    file = tmp_path / "tasks.json"
    for text in ("", "[]", "{}", '{"rows": [9]}', '{"rows": [{"command": "another", "variant": "b = 0"}]}'):
        file.write_text(text, encoding="utf-8")
        done = run("memory_tasks", "--steps", 2, "--json", file)
        assert done.returncode == 1 and "tasks.json does not hold the results" in done.stderr
        assert len(done.stderr.splitlines()) == 1 and file.read_text(encoding="utf-8") == text


def test_the_picture_shows_the_mean_over_seeds_of_what_was_measured():
    rows = [{"task": task, "arm": "GRU, k = 4", "distances": [1, furthest], "accuracy": [share, share / 2]}
            for task, furthest, share in (("recall", 8, 1.0), ("recall", 16, 0.5), ("copy", 8, 0.0))]
    found = mean_accuracy(rows, "recall", "GRU, k = 4", [1, 8, 16, 20])
    assert found[:3] == [0.75, 0.5, 0.25] and found[3] != found[3]


def test_the_table_has_the_arms_that_learned_every_task():
    rows = [{"task": task, "arm": "GRU, k = 4", "distances": [1, 8], "accuracy": [1.0, share], "segment_length": 6}
            for task in NAMES for share in (0.994, 0.5 if task == "copy" else 1.0, 0.996)]
    rows += [{**rows[0], "arm": "LSTM, k = 4"}, {**rows[0], "segment_length": 17}]
    assert by_task(rows).splitlines()[2:] == [
        "| GRU, k = 4 | 3 | " + " | ".join("0.50–1.00" if task == "copy" else "0.99–1.00" for task in NAMES) + " |"]
    assert by_task(rows[:-2] + [{**rows[0], "accuracy": [1.0, 0.25]}]).splitlines()[2].startswith(
        "| GRU, k = 4 | 3/4 | 0.25–1.00 |")


@pytest.mark.parametrize("carried, begins", [(0.0, [{}, {}, {}]), (1.0, [{}, {"memory": 1}, {"memory": 2}])])
def test_an_episode_begins_with_no_state_or_with_that_of_the_one_before(monkeypatch, carried, begins):
    seen = []

    def train_step(model, parameters, gradients, optimizer, window, state, rate):
        seen.append(dict(state))
        return Step(0.0, {"memory": len(seen)}, 0.0)

    monkeypatch.setattr(memory_tasks, "train_step", train_step)
    model, parameters = memory_tasks.model_for("recall", {"model": "crt", "width": 8, "heads": 1, "layers": 1}, 0, 6)
    assert memory_tasks.learn(model, parameters, "recall", 99, 3, 2, 0, 2, 6, carried=carried) == 3
    assert seen == begins
