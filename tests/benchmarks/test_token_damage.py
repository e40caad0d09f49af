"""What is measured of damaged texts, when a model is well again, and that nothing is measured twice"""

import json

import numpy as np
import pytest

from benchmarks import token_damage, token_models
from benchmarks.token_damage import (
    AFTER,
    BEFORE,
    BURST,
    FAULTS,
    WITHIN,
    by_fault,
    by_rate,
    divergence,
    excerpts,
    recovery,
    tokens_until,
    with_fault,
)
from benchmarks.token_models import ARMS, LENGTH, TRAINED, Text
from minicrt.data.token_damage import DAMAGES
from minicrt.models import create_model
from minicrt.training.progress import Progress
from tests.benchmarks.running import run


@pytest.fixture
def words(monkeypatch):
    """A short text of few words, narrow models, and few excerpts"""
    text = np.random.default_rng(0).integers(0, 40, 700).astype(np.int32)
    monkeypatch.setattr(token_models, "text", lambda: Text(text, text))
    monkeypatch.setattr(token_damage, "text", lambda: Text(text, text))
    monkeypatch.setattr(token_damage, "EXCERPTS", 3)
    for arm in ARMS:
        monkeypatch.setitem(ARMS[arm], "width", 8)
        monkeypatch.setitem(ARMS[arm], "vocabulary", 40)
    return text


def test_a_burst_is_inside_a_segment_and_a_gap_as_long_as_one(monkeypatch):
    monkeypatch.setattr(token_damage, "EXCERPTS", 3)
    words = np.arange(1200)
    assert BURST.start // LENGTH == BURST.stop // LENGTH == BEFORE
    whole = excerpts(words, BEFORE + 2 + AFTER)
    assert whole.shape == (3, (BEFORE + 2 + AFTER) * LENGTH) and (np.diff(whole) == 1).all()
    for fault in ("replaced", "stuck"):
        changed = np.flatnonzero((with_fault(fault, whole) != whole).any(0))
        assert BURST.start <= changed[0] and changed[-1] < BURST.stop
    assert (with_fault("stuck", whole)[:, BURST] == whole[:, BURST.start - 1, None]).all()
    gap = with_fault("gap", whole)
    np.testing.assert_array_equal(gap[:, BURST.start:], whole[:, BURST.start + LENGTH:])
    assert with_fault("memory reset", whole) is not whole and (with_fault("memory reset", whole) == whole).all()


def test_when_a_model_is_well_again():
    off = np.zeros(100)
    assert tokens_until(off) == 0
    off[:3] = 1
    assert tokens_until(off) == 3
    off[40] = 2 * WITHIN
    assert tokens_until(off) == 41
    off[80] = 1                                              # fewer than LENGTH after it
    assert tokens_until(off) is None


def test_the_divergence_is_that_of_the_predictions():
    p = np.log(np.array([[[0.5, 0.5], [0.9, 0.1]]])) + 7     # logits are given up to a constant
    q = np.log(np.array([[[0.25, 0.75], [0.9, 0.1]]]))
    assert divergence(p, q) == pytest.approx([0.5 * np.log(2) + 0.5 * np.log(2 / 3), 0])


def test_a_model_without_a_past_is_well_at_once_and_one_with_a_cache_when_it_is_out(words):
    model = create_model(model="transformer", vocabulary=40, width=8, layers=1, heads=1, inner=8,
                         segment_length=LENGTH, engine="numpy")
    model.memory_entries = frozenset({"cache"})
    flat = model.initialize(np.random.default_rng(0))
    for name in flat:
        if name not in ("embedding", "output.bias"):
            flat[name] = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_damage, "distance", lambda *_: 0.0)
        found = recovery(model, flat, words, Progress())
    assert found["memory reset"]["tokens"] == found["another's memory"]["tokens"] == 0
    assert max(found["gap"]["divergence"]) < 1e-6            # the next word alone is read: it is the same one
    model = create_model(model="transformer_xl", vocabulary=40, width=8, layers=1, heads=1, inner=8,
                         segment_length=LENGTH, engine="numpy")
    found = recovery(model, model.initialize(np.random.default_rng(0)), words, Progress())
    for fault in FAULTS:                                     # 128 tokens after it; what is two segments back is gone
        assert found[fault]["divergence"][0] > 1e-4 and found[fault]["divergence"][-1] < 1e-6
        assert len(found[fault]["memory"]) == AFTER + 1
        assert found[fault]["memory"][0] > 0.01 and found[fault]["memory"][-1] < 1e-5


def test_rows_are_kept_and_not_measured_again_and_weights_are_found(tmp_path, words, monkeypatch):
    file, weights = tmp_path / "damage.json", tmp_path / "weights"
    arguments = ["token_damage", "--train-tokens", 700, "--threads", 1, "--json", file, "--arms", "GRU",
                 "--weights", weights]
    first = run(*arguments)
    assert first.returncode == 0, first.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["trained"] for row in rows] == list(TRAINED)
    assert rows[0]["command"] == ("python -m benchmarks.token_damage --arms GRU --trained clean --seed 0 "
                                  "--train-tokens 700")
    for row in rows:
        assert row["perplexity"].keys() == DAMAGES.keys() and len(row["perplexity"]["gaps"]) == len(row["rates"]) == 4
        assert len({of[0] for of in row["perplexity"].values()}) == 1 and row["recovery"].keys() == FAULTS.keys()
    assert file.with_suffix(".png").stat().st_size > 1000
    assert run(*arguments).stdout == ""
    monkeypatch.setattr(token_damage, "plot", lambda *_: None)
    file.unlink()
    again = run(*arguments)
    assert again.returncode == 0 and len(list(weights.iterdir())) == 2
    kept = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["perplexity"] for row in kept] == [row["perplexity"] for row in rows]
    head, lines = by_rate(rows + [{**rows[0], "seed": 1}])
    assert len(lines) == 2 * len(DAMAGES) and len(head) == len(lines[0]) and "–" in lines[0][3]
    assert by_fault(rows)[0] == ["model", "trained", *FAULTS]
    next(weights.iterdir()).write_bytes(b"not weights")
    file.unlink()
    assert "not weights of this benchmark" in run(*arguments).stderr
