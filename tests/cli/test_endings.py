"""A run ends with its results, whatever became of the training and of the pictures."""

import json
import tomllib

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.report import summary_lines
from minicrt.errors import TrainingError
from minicrt.training import Evaluation, Trainer
from tests.cli.running import SMALL, assignments, write_text

FILES = {"config.toml", "metrics.jsonl", "summary.json", "curves.png", "checkpoint.safetensors", "sample.txt"}


@pytest.fixture
def arguments(tmp_path):
    text = write_text(tmp_path / "cost$5_$6.txt")
    return ["train", "--corpus", str(text), "--out", str(tmp_path / "run"), *SMALL,
            *assignments("steps=8", "evaluations=4")]


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_a_run_that_diverges_but_stays_finite(arguments, tmp_path, capsys, monkeypatch):
    """A loss of 900 nats is a number, its perplexity is none."""
    monkeypatch.setattr("minicrt.training.trainer.evaluate",
                        lambda model, parameters, stream, *rest: Evaluation(900.0 * stream.predictions,
                                                                            stream.predictions))
    assert main(arguments) == 0
    first = capsys.readouterr()
    assert "valid perplexity  infinite   the unigram model has " in first.out
    assert "the training has diverged: try a smaller learning_rate" in first.out
    assert "valid e^900 (best)" in first.err and "warning" not in first.err
    assert {file.name for file in (tmp_path / "run").iterdir()} == FILES
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert summary["valid_perplexity"] is summary["valid_perplexity_state_cut"] is None
    for line in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line, parse_constant=refuse)
        assert record["valid_perplexity"] is None and record["valid_loss"] == 900
    assert main(["train", "--resume", str(tmp_path / "run")]) == 0
    assert first.out.endswith(capsys.readouterr().out)


def test_a_part_whose_loss_is_not_finite_costs_its_own_figure(arguments, tmp_path, capsys, monkeypatch):
    usual = Trainer.evaluate_stream

    def evaluate_stream(self, name, stream, *rest):
        if name in ("test", "validation, memory cut"):
            raise TrainingError("the loss of segment 0 is nan")
        return usual(self, name, stream, *rest)

    monkeypatch.setattr(Trainer, "evaluate_stream", evaluate_stream)
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "test: the loss of segment 0 is nan\n" in captured.err
    assert "test perplexity   infinite" in captured.out and "infinitely more" in captured.out
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert summary["test_perplexity"] is summary["valid_perplexity_memory_cut"] is None
    assert summary["valid_perplexity"] > 1 and summary["test_tokens"] > 0


@pytest.mark.parametrize("failure", [RuntimeError("latex could\nnot be found"), ModuleNotFoundError("no backend"),
                                     OverflowError("inf"), OSError(28, "No space left on device"), ValueError("$")])
def test_a_picture_that_cannot_be_drawn_is_one_warning_after_the_results(arguments, tmp_path, capsys, monkeypatch,
                                                                         failure):
    def fail(*_):
        raise failure
    monkeypatch.setattr("minicrt.plotting.learning_curves", fail)
    assert main([*arguments, "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"minicrt: warning: curves.png could not be made: {' '.join(str(failure).split())}\n"
    assert "\nvalid perplexity " in captured.out and "\nsample\n" in captured.out
    assert captured.out.endswith(": summary.json, sample.txt, checkpoint.safetensors\n")
    monkeypatch.undo()
    assert main(["train", "--resume", str(tmp_path / "run")]) == 0          # it is drawn later
    assert {file.name for file in (tmp_path / "run").iterdir()} == FILES


def test_a_sample_that_cannot_be_made_is_one_warning(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("minicrt.inference.Stream.feed", lambda self, tokens: np.full(9, np.nan))
    assert main([*arguments, "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("minicrt: warning: sample.txt could not be made: the model's logits are not finite")
    assert captured.err.count("\n") == 1
    assert captured.out.endswith(": summary.json, curves.png, checkpoint.safetensors\n")


def test_astronomical_figures_keep_to_their_columns():
    parts = {"valid_perplexity": 3.5e77, "test_perplexity": 1e7, "valid_perplexity_positions_cut": 4e77,
             "valid_perplexity_memory_cut": 2e8, "valid_perplexity_state_cut": None}
    lines = summary_lines({**parts, "unigram_perplexity": 300.0, "unigram_perplexity_test": 301.0, "epochs": 1.0,
                           "seconds": 1.0, "tokens_per_second": 5.0, "best_step": 3,
                           "state_carried": ["memory", "positions"]})
    assert max(map(len, lines)) <= 100 and " 3.5e+77 " in lines[2]


def test_configuration_names_the_file_as_it_is(arguments, tmp_path):
    assert main([*arguments, "--quiet"]) == 0
    configuration = tomllib.loads((tmp_path / "run" / "config.toml").read_text(encoding="utf-8"))
    assert configuration["data"]["corpus"].endswith("cost$5_$6.txt")
