"""Federated beside central training: rows are kept, and the table says what they say"""

import json

import numpy as np
import pytest

from benchmarks import federated_ptb
from tests.benchmarks.running import run

pytest.importorskip("flwr")


def test_runs_are_kept_and_read_as_many_tokens(tmp_path, monkeypatch):
    words = np.random.default_rng(0).integers(0, 30, 4000)
    lines = (" ".join(f"w{word}" for word in line) for line in words.reshape(-1, 8))
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(federated_ptb, "MODEL", {"width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 4})
    monkeypatch.setattr(federated_ptb, "ROWS", 2)
    arguments = ["federated_ptb", "--corpus", tmp_path / "text.txt", "--passes", 1, "--threads", 1, "--json",
                 tmp_path / "rows.json", "--arms", "central", "--arms", "by-article, 1/2 pass a round"]
    first = run(*arguments, "--seeds", "0")
    assert first.returncode == 0, first.stderr
    before = json.loads((tmp_path / "rows.json").read_text("utf-8"))["rows"]
    central, clients = before
    assert (central["rounds"], clients["rounds"], central["bytes_up"]) == (0, 2, 0)
    assert abs(central["curve"][-1][1] / clients["curve"][-1][1] - 1) < 0.05     # tokens
    assert clients["curve"][-1][2] == 8 * 2 * 2 * clients["bytes_up"] / 1e6
    assert clients["bytes_up"] > 4 * clients["parameters"]
    assert run(*arguments, "--seeds", "0").returncode == 0
    assert json.loads((tmp_path / "rows.json").read_text("utf-8"))["rows"] == before
    assert (tmp_path / "rows.png").stat().st_size > 1000


def row(arm, seed, valid, rounds=4):
    return {"arm": arm, "seed": seed, "rounds": rounds, "valid_perplexity": valid, "test_perplexity": valid - 1,
            "curve": [[1, 10, 1.0, 300.0], [2, 20, 25.4, valid]]}


def test_the_table_compares_seed_by_seed():
    arm = "by-article, 1/8 pass a round"
    rows = [row("central", 0, 100.0, 0), row(arm, 0, 110.0), row(arm, 1, 120.0), row("central", 1, 100.0, 0)]
    assert federated_ptb.by_arm(rows)[1] == [["central", 2, "–", "–", "100.0 ± 0.0", "99.0 ± 0.0", "–"],
                                             [arm, 2, 4, "25", "115.0 ± 7.1", "114.0 ± 7.1", "+15.0 %"]]
