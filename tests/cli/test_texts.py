"""Texts of one's own: what training says of them, and what else a run can score."""

import json
import re
import sys

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.train import add as add_train
from minicrt.data.tokenizers import OF_WORDS
from minicrt.settings import DataConfig
from tests.cli.running import SMALL, assignments, copy_of_run, refused, write_text

SHORT = [*SMALL, *assignments("steps=1", "evaluations=1"), "--quiet"]


def printed(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_a_text_without_blanks_between_words(capsys, tmp_path):
    text = tmp_path / "chinese.txt"
    rng = np.random.default_rng(0)
    lines = ["".join(map(chr, rng.integers(0x4E00, 0x5000, 20))) for _ in range(300)]
    text.write_text("\n".join(lines), encoding="utf-8")
    output = printed(capsys, "train", "--corpus", text, "--out", tmp_path / "run", *SHORT)
    caution, = re.findall("^caution .*", output, re.MULTILINE)
    assert "100 % of the validation part is <unk>" in caution and "--level character" in caution
    assert re.search("^valid perplexity .* 100.0 % <unk>$", output, re.MULTILINE)
    assert json.loads((tmp_path / "run/summary.json").read_text(encoding="utf-8"))["valid_unknown"] == 1
    output = printed(capsys, "train", "--corpus", text, "--out", tmp_path / "run2", "--level", "character", *SHORT)
    assert "caution" not in output


def test_three_kilobytes_of_text(capsys, tmp_path):
    """The preset's batch and evaluation_batch do not fit: smaller ones are taken, unless the user chose them."""
    text = write_text(tmp_path / "text", words=900)
    text.write_text(text.read_text(encoding="utf-8")[:3000], encoding="utf-8")
    small = assignments("width=8", "heads=2", "layers=1", "inner=8", "steps=1", "evaluations=1")
    for level, batches in {"word": "batch 18 instead of 20, evaluation_batch 1 instead of 10",
                           "character": "evaluation_batch 4 instead of 10"}.items():
        output = printed(capsys, "train", "--corpus", text, "--level", level, "--out", tmp_path / level, "--quiet",
                         *small)
        assert f"caution   the text is short: {batches}\n" in output
    assert "set evaluation_batch to at most 4" in refused(
        capsys, "train", "--corpus", text, "--level", "character", "--set", "evaluation_batch=5", *small)


@pytest.mark.parametrize("name", ["caf\udce9.txt", "cost_5_[6].txt", "new\nline.txt",
                                  "\u0646\u0635 \u0639\u0631\u0628\u064a.txt"])
def test_a_file_of_any_name(capsys, tmp_path, monkeypatch, name):
    if sys.platform != "linux" and not name.isprintable():
        pytest.skip("not a name on this system")
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / name)
    output = printed(capsys, "train", "--corpus", name, *SHORT)
    run, = (tmp_path / "runs").iterdir()
    assert f"run       runs/{run.name}\n" in output and (run / "curves.png").exists()
    scored = printed(capsys, "eval", run)
    assert scored == printed(capsys, "eval", run, "--corpus", name)
    (run / "summary.json").unlink()
    assert printed(capsys, "train", "--resume", run, "--quiet")


def test_a_folder_of_texts(capsys, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for seed, part in enumerate(["train", "dev", "test"]):
        write_text(folder / f"{part}.txt", seed=seed)
    output = printed(capsys, "train", "--corpus", folder, "--out", tmp_path / "run", *SHORT)
    assert "corpus    mine: 540 words to train on, 540 to validate, 540 to test" in output
    assert "test perplexity" in printed(capsys, "eval", tmp_path / "run", "--split", "test")
    write_text(folder / "dev.txt", seed=9)
    assert "is not the one that the run was trained on" in refused(capsys, "eval", tmp_path / "run")


def test_another_text_is_scored_with_the_vocabulary_of_the_run(trained, capsys, tmp_path):
    _, run, _ = trained
    other = tmp_path / "other.txt"
    other.write_text("Red and PINK, or\n" * 20, encoding="utf-8")
    output = printed(capsys, "eval", run, "--corpus", other)
    assert re.match(r"perplexity \d+\.\d+ .*; 40.0 % <unk>: unknown to the run's vocabulary\)", output)
    assert "99 tokens of other.txt scored, batch 2, " in output
    assert "leave --split out" in refused(capsys, "eval", run, "--corpus", other, "--split", "test")
    other.write_text("red and", encoding="utf-8")
    assert "1 tokens of other.txt scored, batch 1, segments of 1" in printed(capsys, "eval", run, "--corpus", other)
    other.write_text("red", encoding="utf-8")
    assert "other.txt has 1 tokens, too few" in refused(capsys, "eval", run, "--corpus", other)


def test_a_text_on_standard_input(trained, capsys, tmp_path, monkeypatch):
    _, run, _ = trained
    text = tmp_path / "text"
    text.write_bytes(b"red and blue and green " * 9)
    with text.open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert "44 tokens of standard input scored" in printed(capsys, "eval", run, "--corpus", "-")
    assert "save it to a file first" in refused(capsys, "train", "--corpus", "-")


def test_dynamic_evaluation_of_another_text_measures_on_the_run_s_own(trained, capsys, tmp_path):
    _, run, _ = trained
    other = write_text(tmp_path / "other.txt", seed=5)
    assert "perplexity, dynamic, " in printed(capsys, "eval", run, "--corpus", other, "--dynamic")


def test_a_corpus_that_was_moved(trained, capsys, tmp_path):
    text, run, _ = trained
    here = copy_of_run(run, tmp_path)
    own = printed(capsys, "eval", here, "--split", "test")
    moved = tmp_path / "moved.txt"
    moved.write_bytes(text.read_bytes())
    assert printed(capsys, "eval", here, "--corpus", moved, "--split", "test").splitlines()[0] == own.splitlines()[0]
    (here / "summary.json").unlink()
    other = write_text(tmp_path / "other.txt", seed=1)
    assert "is not the one that the run was trained on" in refused(capsys, "train", "--resume", here, "--corpus", other)
    assert printed(capsys, "train", "--resume", here, "--corpus", moved, "--quiet")
    assert (here / "summary.json").exists()


def test_data_list_tells_other_texts_named_ptb(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        write_text(tmp_path / f"ptb/ptb.{part}.txt")
    output = printed(capsys, "data", "list", "--data-dir", tmp_path)
    assert re.search("^ptb .*600 / 600 / 600 tokens, 6 types .*found", output, re.MULTILINE)
    assert "another ptb: ptb.train.txt has the SHA-256" in output
    output = printed(capsys, "train", "--corpus", "ptb", "--data-dir", tmp_path, "--out", tmp_path / "run", *SHORT)
    assert "caution   this is another ptb, its figures are not comparable: ptb.train.txt has the SHA-256" in output


def test_the_option_the_key_and_the_tokenizers_agree():
    from typing import get_args, get_type_hints

    from minicrt.cli.parser import Parser

    commands = Parser().add_subparsers()
    add_train(commands)
    option, = (action for action in commands.choices["train"]._actions if "--tokenizer" in action.option_strings)
    assert tuple(option.choices) == OF_WORDS
    assert get_args(get_type_hints(DataConfig)["tokenizer"]) == ("auto", *OF_WORDS)
