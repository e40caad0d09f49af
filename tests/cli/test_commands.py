"""What a command prints and what a run leaves behind."""

import io
import json
import re
import subprocess
import tomllib

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.report import summary_lines
from tests.cli.running import command, environment, refused, run_minicrt


def test_train_prints_the_summary_and_leaves_every_file(trained):
    _, run, printed = trained
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert {file.name for file in run.iterdir()} == {"config.toml", "metrics.jsonl", "summary.json", "curves.png",
                                                     "checkpoint.safetensors", "sample.txt"}
    for key in ("valid_perplexity", "test_perplexity", "valid_perplexity_memory_cut", "valid_perplexity_positions_cut",
                "valid_perplexity_state_cut"):
        assert f"{summary[key]:.2f}" in printed
    assert f"{summary['parameters']:,} parameters" in printed
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    sample = (run / "sample.txt").read_text(encoding="utf-8")
    assert sample.strip() and "<unk>" not in sample
    assert sample.strip().splitlines()[0].strip() in printed


def test_the_configuration_holds_what_was_asked_for(trained):
    text, run, _ = trained
    configuration = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))
    assert configuration["model"]["width"] == 8
    assert configuration["training"]["epochs"] == 2
    assert configuration["training"]["seed"] == 3
    assert configuration["data"]["corpus"] == str(text)


def test_eval_gives_the_figures_of_the_summary(trained, capsys):
    _, run, _ = trained
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    for options, key in [([], "valid_perplexity"), (["--split", "test"], "test_perplexity"),
                         (["--cut", "memory"], "valid_perplexity_memory_cut"),
                         (["--cut", "positions"], "valid_perplexity_positions_cut"),
                         (["--cut", "state"], "valid_perplexity_state_cut")]:
        assert main(["eval", str(run), *options]) == 0
        assert f"perplexity {summary[key]:.3f} " in capsys.readouterr().out
    assert main(["eval", str(run), "--batch", "3", "--segment-length", "4"]) == 0
    assert "batch 3, segments of 4, carried: memory, positions" in capsys.readouterr().out


def test_dynamic_evaluation_is_reported_apart(trained, capsys):
    _, run, _ = trained
    assert main(["eval", str(run), "--dynamic", "--learning-rate", "1e-6"]) == 0
    printed = capsys.readouterr().out
    assert "valid perplexity, dynamic, " in printed and "batch 1, segments of 5" in printed
    assert "--cut" in refused(capsys, "eval", run, "--dynamic", "--cut", "memory")
    assert "--dynamic" in refused(capsys, "eval", run, "--decay", "0.1")
    assert "learning_rate" in refused(capsys, "eval", run, "--dynamic", "--learning-rate", "-1")
    assert "smaller learning rate" in refused(capsys, "eval", run, "--dynamic", "--learning-rate", "1e300", code=1)
    assert main(["eval", str(run), "--dynamic", "--decay", "1e300"]) == 0


def test_generate_continues_the_prompt_and_repeats_itself_with_the_same_seed(trained, capsys):
    _, run, _ = trained
    texts = []
    for seed in ("5", "5", "6"):
        assert main(["generate", str(run), "--prompt", "red and blue", "--tokens", "30", "--seed", seed]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("red and blue ")
    assert len(texts[0].replace("\n", " <eos> ").split()) >= 3 + 30


def test_generate_says_which_words_it_does_not_know(trained, capsys):
    _, run, _ = trained
    assert main(["generate", str(run), "--prompt", "red zebra", "--tokens", "0"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "red <unk>\n"
    assert captured.err == "minicrt: not in the vocabulary, read as <unk>: zebra\n"


def test_generate_reads_standard_input_and_stops_where_it_is_told(trained, capsys, monkeypatch):
    _, run, _ = trained
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"red and blue"), encoding="utf-8"))
    assert main(["generate", str(run), "--prompt", "-", "--tokens", "400", "--stop", "green", "--stop", "or or"]) == 0
    text = capsys.readouterr().out.split()
    assert text[:3] == ["red", "and", "blue"] and "green" not in text[3:-1]
    assert text[-1] == "green" or text[-2:] == ["or", "or"]
    assert "'zebra' is not in the run's vocabulary" in refused(capsys, "generate", run, "--stop", "red zebra")
    assert "has no token" in refused(capsys, "generate", run, "--stop", " ")


def test_surprise_prints_each_token_or_makes_a_page(trained, tmp_path, capsys):
    _, run, _ = trained
    text = tmp_path / "letter.txt"
    text.write_text("red and zebra\nblue <b>", encoding="utf-8")
    assert main(["surprise", str(run), str(text)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["token"] for row in rows][:3] == ["red", "and", "zebra"]
    assert rows[0]["surprisal"] is None and all(row["surprisal"] > 0 for row in rows[1:])
    assert [row["known"] for row in rows][:3] == [True, True, False]
    page = tmp_path / "letter.html"
    assert main(["surprise", str(run), str(text), "--html", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert page.read_text(encoding="utf-8").count("title=") >= 5
    assert "is there already" in refused(capsys, "surprise", run, text, "--html", page)


def test_surprise_refuses_what_it_cannot_read_or_write(trained, tmp_path, capsys):
    _, run, _ = trained
    empty, words = tmp_path / "empty.txt", tmp_path / "words.txt"
    empty.write_text("", encoding="utf-8")
    words.write_text("red", encoding="utf-8")
    assert "empty.txt" in refused(capsys, "surprise", run, empty)
    assert "there is no file" in refused(capsys, "surprise", run, tmp_path / "none.txt")
    assert "is no folder" in refused(capsys, "surprise", run, words, "--html", tmp_path / "none" / "page.html")
    assert "no such name" in refused(capsys, "surprise", run, words, "--html", tmp_path / f"{'a' * 300}.html")


def test_info_shows_every_parameter(trained, capsys):
    _, run, _ = trained
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert main(["info", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("parameter")) + 1
    table = lines[start:lines.index("", start)]
    cells = [line.replace(",", "").split() for line in table]
    sizes = {row[0]: int(row[-1] if row[0] == "all" else row[-2]) for row in cells}
    assert sizes.pop("all") == sum(sizes.values()) == summary["parameters"]
    assert "blocks.0.attention.w_qkv" in sizes


def test_info_adds_up_the_memory_of_a_step(capsys):
    """Of a run of the accountant's own table: tests/test_accounting.py holds its parts to what is measured."""
    assert main(["info", "--model", "width=32", "heads=4", "inner=64", "vocabulary=500", "batch=4", "--engine", "numpy",
                 "--threads", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("a training step's memory"))
    assert lines[start] == "a training step's memory: 2 x 4 x 35 tokens, engine numpy, 1 thread, float32"
    *parts, whole = [float(line.split()[-2].replace(",", "")) for line in lines[start + 1:lines.index("", start)]]
    assert whole == pytest.approx(sum(parts), abs=0.05 * len(parts)) and whole > 1


@pytest.mark.parametrize("wrong, line", [
    (["widht=64"], "unknown key 'widht'"), (["vocabulary=x"], "vocabulary is 'x', expected a whole number"),
    (["width"], "expected key=value"), (["width=7"], "width 7 is not divisible by 4 heads")])
def test_info_of_a_model_that_cannot_be(capsys, wrong, line):
    assert line in refused(capsys, "info", "--model", *wrong)


def test_info_shows_versions_and_corpora(capsys):
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert f"NumPy {np.__version__}" in printed
    assert "python-docs" in printed


def test_info_of_a_preset(capsys):
    assert main(["info", "--preset", "tiny"]) == 0
    printed = capsys.readouterr().out
    assert "memory.0.w" in printed
    assert "operations a token" in printed and "GFLOP/s" in printed and "hours here" in printed


def test_info_of_a_preset_whose_corpus_is_not_here(capsys, monkeypatch, tmp_path):
    from minicrt import accounting
    monkeypatch.setenv("MINICRT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(accounting, "training_speed", lambda *_: accounting.Speed(1e9, "as said"))
    assert main(["info", "--preset", "wikitext103"]) == 0
    printed = capsys.readouterr().out
    assert "wikitext-103 is not here: its sizes as published, 267,735 types and 103,227,021 tokens" in printed
    assert "1.0 GFLOP/s (as said)" in printed and "1,800,000,000 tokens" in printed


def test_data_list_and_a_corpus_that_is_nowhere(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MINICRT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["data", "list"]) == 0
    printed = capsys.readouterr().out
    assert "found: pydoc_data.topics" in printed
    assert "not found: run `minicrt data get ptb`" in printed
    assert "minicrt data get ptb" in refused(capsys, "train", "--corpus", "ptb")


def test_gradcheck_prints_a_table_and_agrees(capsys, monkeypatch):
    """Of two whole models: tests/gradcheck/test_all_checks.py holds each of them to more than the table says."""
    from minicrt.gradcheck import all_checks
    two = dict(list(all_checks.CHECKED.items())[:2])
    monkeypatch.setattr(all_checks, "CHECKED", two)
    assert main(["gradcheck", "--seed", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["check", "tensor", "relative", "error", "tolerance", "verdict"]
    assert all(line.endswith(" ok") for line in lines[1:-2])
    assert all(any(line.startswith(f"{name} ") for line in lines) for name in two)
    assert lines[-1].startswith(f"all {len(lines) - 3} gradients agree")


def test_a_wrong_gradient_is_exit_code_1(capsys, monkeypatch):
    from minicrt import ops
    from minicrt.gradcheck import all_checks
    monkeypatch.setattr(all_checks, "CHECKED", {})
    monkeypatch.setattr(ops, "tanh_backward", lambda d_y, cache: d_y)
    assert main(["gradcheck"]) == 1
    printed = capsys.readouterr().out
    assert " WRONG" in printed
    assert "gradients are WRONG" in printed.splitlines()[-1]


def test_a_reader_that_goes_away_is_no_error(trained):
    _, run, _ = trained
    process = subprocess.Popen(command("info", run), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    error = process.stderr.read()
    assert (process.wait(), error) == (141, b"")


def test_no_traceback_from_a_process_without_unicode(trained, tmp_path):
    """A terminal that knows ASCII only."""
    _, run, _ = trained
    result = run_minicrt("generate", run, "--prompt", "café", "--tokens", "3", cwd=tmp_path, PYTHONIOENCODING="ascii",
                         PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, "minicrt: not in the vocabulary, read as <unk>: caf\\xe9\n")


def test_a_part_of_the_state_that_is_not_there_has_no_effect_to_report():
    summary = {"epochs": 1.0, "seconds": 1.0, "tokens_per_second": 1.0, "best_step": 1, "unigram_perplexity": 200.0,
               "test_perplexity": 50.0, "unigram_perplexity_test": 200.0, "valid_perplexity": 40.0,
               "valid_perplexity_memory_cut": 40.0, "valid_perplexity_positions_cut": 50.0,
               "valid_perplexity_state_cut": 50.0, "state_carried": ["positions"]}
    text = "\n".join(summary_lines(summary))
    assert "0.20 of the unigram model's 200.0" in text
    assert re.search(r"carried positions cut +50.00 +\+25.0 %", text)
    assert re.search(r"memory cut +40.00 +this model has none", text)
    assert re.search(r"both cut +50.00 +\+25.0 %", text)
