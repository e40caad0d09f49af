"""The study of the memory: variants are what they are called, runs are kept and not made again."""

import json

import numpy as np
import pytest

from benchmarks import memory_study
from benchmarks.memory_study import POSITIONS, groups, measure, summary
from benchmarks.memory_tasks import STACK, learn, model_for
from benchmarks.memory_variants import VARIANTS, Held
from benchmarks.recall_tables import study_lengths, study_variants
from benchmarks.tables import kept_in
from tests.benchmarks.running import run


def trained(name, steps):
    variant = VARIANTS[name]
    plain, parameters = model_for("recall", {"model": "crt", **STACK, **POSITIONS["reset"], **variant.settings}, 0, 6)
    model = variant.model(plain.config, plain.engine)
    held = Held(variant, parameters)
    first = parameters.copy()
    learn(model, parameters, "recall", variant.k, steps, 2, 0, 4, 6, variant.learning_rate,
          lambda step: bool(held.after_step()))
    return model, first, parameters


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if variant.zero])
def test_what_starts_at_zero_stays_there_if_it_is_frozen_and_not_otherwise(name):
    _, first, parameters = trained(name, 3)
    for zero in VARIANTS[name].zero:
        assert not first[zero].any() and parameters[zero].any() != VARIANTS[name].frozen
    assert not np.array_equal(first["memory.0.w"], parameters["memory.0.w"])


def test_what_is_no_setting_is_a_model_with_its_own_gradient():
    """Against the difference quotient of the loss, by the parameters that the two models treat otherwise"""
    for name in ("without h: the reading of the past alone", "added alone: y + h + m W",
                 "multiplied alone: y + h + y ⊙ m W", "token four times as large"):
        model, _, parameters = trained(name, 1)
        parameters = parameters.astype(np.float64)
        rng = np.random.default_rng(1)
        tokens, targets = rng.integers(0, 8, (2, 3, 6))
        state = {"memory": rng.standard_normal((3, 1, 64))}

        def loss(model=model, parameters=parameters, tokens=tokens, targets=targets, state=state):
            return model.forward(parameters, tokens, targets, state)

        _, _, cache = loss()
        gradients = parameters.zeros_like()
        d_state = model.backward(1.0, {}, cache, gradients)
        for value, gradient in ((parameters["memory.read"], gradients["memory.read"]),
                                (parameters["blocks.0.attention.w_qkv"], gradients["blocks.0.attention.w_qkv"]),
                                (state["memory"], d_state["memory"])):
            at = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
            kept, step = value[at], 1e-5
            value[at] = kept + step
            above = loss()[0]
            value[at] = kept - step
            below = loss()[0]
            value[at] = kept
            assert gradient[at] == pytest.approx((above - below) / (2 * step), rel=1e-4), name


def test_runs_are_kept_and_not_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_study, "CHECKED", 10)
    monkeypatch.setattr(memory_study, "SCORED", 10)
    file = tmp_path / "study.json"
    arguments = ["memory_study", "--segment-lengths", "4,6", "--steps", 3, "--threads", 1, "--variants", "the default",
                 "--json", file]
    first = run(*arguments, "--seeds", "0")
    assert first.returncode == 0, first.stderr
    before = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [(row["segment_length"], row["seed"]) for row in before] == [(4, 0), (6, 0)]
    again = run(*arguments, "--seeds", "0,3")
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert again.returncode == 0 and rows[:2] == before and len(rows) == 4
    assert file.with_suffix(".png").stat().st_size > 1000


def test_training_ends_when_all_is_recalled_twice_and_is_counted_as_solved():
    row = measure("the default", 4, "reset", 0, 1500)
    assert row["solved"] and row["accuracy"] >= 0.95
    assert row["taken"] == row["curve"][-1][0] < 1500 and [share for _, share in row["curve"][-2:]] == [1.0, 1.0]
    assert row["solved_at"] <= row["taken"] - 125


def test_a_summary_counts_the_seeds():
    rows = [{"variant": "b = 0", "segment_length": 6, "positions": "reset", "seed": seed, "solved": solved,
             "solved_at": at, "accuracy": accuracy} for seed, solved, at, accuracy in
            ((1, True, 500, 1.0), (0, True, 250, 0.96), (2, False, None, 0.125))]
    (of_group,) = groups(rows).values()
    assert [row["seed"] for row in of_group] == [0, 1, 2]
    assert summary(of_group) == ("2 of 3", "375", "0.12")


def row_of(variant, length, positions, seed, at):
    return {"variant": variant, "segment_length": length, "positions": positions, "seed": seed, "solved_at": at,
            "solved": at is not None, "accuracy": 0.125 if at is None else 1.0,
            "command": f"{variant} {length} {positions} {seed}"}


def test_the_tables_say_what_the_rows_say():
    rows = [row_of("b = 4", 17, "reset", 0, None), row_of("the default", 17, "reset", 0, 500),
            row_of("the default", 17, "reset", 1, 750), row_of("the default", 70, "learned", 0, 2125)]
    assert study_variants(rows).splitlines()[2:] == ["| the default | 17 | reset | 2 of 2 | 625 | – |",
                                                     "| b = 4 | 17 | reset | 0 of 1 | – | 0.12 |"]
    assert study_lengths(rows).splitlines()[2:] == ["| 17 | 2 of 2 | 625 | – | – |", "| 70 | – | – | 1 of 1 | 2,125 |"]


def test_rows_in_two_files_count_once(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.tables.RESULTS", tmp_path)
    first, second = row_of("b = 4", 17, "reset", 0, None), row_of("b = 4", 17, "reset", 1, 250)
    for name, rows in (("memory_study.json", [first]), ("memory_study_b.json", [first, second]), ("other.json", [9])):
        (tmp_path / name).write_text(json.dumps({"rows": rows}), encoding="utf-8")
    assert kept_in("memory_study*.json") == [first, second]
