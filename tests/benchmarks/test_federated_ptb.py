"""Federated beside central training: rows are kept, and the table says what they say"""

import json

import numpy as np
import pytest

from benchmarks import federated_causes, federated_ptb
from minicrt.data import load_corpus
from tests.benchmarks.running import run

pytest.importorskip("flwr")


@pytest.fixture
def text(tmp_path, monkeypatch):
    words = np.random.default_rng(0).integers(0, 30, 4000)
    lines = (" ".join(f"w{word}" for word in line) for line in words.reshape(-1, 8))
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    small = {"width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 4}
    for module in (federated_ptb, federated_causes):
        monkeypatch.setattr(module, "MODEL", small)
        monkeypatch.setattr(module, "ROWS", 2)
    return tmp_path / "text.txt"


def test_one_thing_is_changed_at_a_time(text, monkeypatch):
    """With nothing changed it is the run by Flower; each change changes it."""
    monkeypatch.setitem(federated_causes.ARMS, "nothing", {})
    corpus = load_corpus(text)
    usual = federated_ptb.measure(federated_causes.UNCHANGED, 0, 1, corpus)["curve"][-1][3]
    found = {arm: federated_causes.measure(arm, 0, 1, corpus) for arm in ("nothing", "moments kept", "rate x 2.83",
                                                                          "server's rate 2.83", "4 x the rounds")}
    figures = [row["valid_perplexity"] for row in found.values()]
    np.testing.assert_allclose(figures[0], usual, rtol=1e-5)
    assert len({round(figure, 4) for figure in figures}) == 5 and np.isfinite(figures).all()
    assert [row["rounds"] for row in found.values()] == [8, 8, 8, 8, 32]
    rows = [{"arm": federated_causes.UNCHANGED, "seed": 0, "valid_perplexity": usual}]
    table = federated_causes.by_arm([found["moments kept"]], rows)[1]
    assert table[1] == ["moments kept", 1, 8, f"{figures[1]:.1f}", f"{100 * (figures[1] / usual - 1):+.1f} %"]


def test_runs_are_kept_and_read_as_many_tokens(tmp_path, text):
    arguments = ["federated_ptb", "--corpus", text, "--passes", 1, "--threads", 1, "--json",
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
