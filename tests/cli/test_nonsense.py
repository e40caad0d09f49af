"""Files of a run, grids and options in which anything may stand: one line, no traceback, and nothing is lost"""

import os
import sys

import pytest

from minicrt.cli import main
from tests.cli.running import SMALL, copy_of_run, refused

LONG, DEEP = "9" * 5000, "[" * 3000


@pytest.fixture
def run(trained, tmp_path):
    return copy_of_run(trained[1], tmp_path)


def contents(folder):
    return {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize("command", [["eval"], ["info"], ["train", "--resume"]], ids=" ".join)
@pytest.mark.parametrize(("file", "text"), [
    ("config.toml", "x = 1"), ("config.toml", "corpus = 5"), ("config.toml", "model = [1]"), ("config.toml", "[x]"),
    ("config.toml", f"[model]\nwidth = {LONG}"), ("config.toml", f"[model]\nwidth = {DEEP}"),
    ("config.toml", "[model]\nwidth = {a = {a = 1}}"), ("config.toml", "[data]\ncorpus = 5\nlevel = 5\nsha256 = 5"),
    ("summary.json", "{}"), ("summary.json", "5"), ("summary.json", DEEP), ("summary.json", '{"valid_perplexity": 1}'),
])
def test_a_run_with_nonsense_in_it(run, capsys, command, file, text):
    (run / file).write_text(text, encoding="utf-8")
    before = contents(run)
    assert file in refused(capsys, *command, run)
    assert contents(run) == before


@pytest.mark.parametrize("line", ["{}", "5", '{"valid_perplexity": 1}', DEEP, f'{{"step": {LONG}}}'])
def test_metrics_with_nonsense_in_them(run, capsys, line):
    (run / "summary.json").unlink()
    (run / "metrics.jsonl").write_text(line + "\n", encoding="utf-8")
    before = contents(run)
    assert "metrics.jsonl is damaged: line 1" in refused(capsys, "train", "--resume", run)
    assert contents(run) == before


def test_metrics_with_another_figure_or_without_a_line(run, capsys):
    (run / "summary.json").unlink()
    good = (run / "metrics.jsonl").read_text(encoding="utf-8")
    digit = good.index('"train_loss": ') + len('"train_loss": ')
    for damaged in (good[:digit] + str((int(good[digit]) + 1) % 10) + good[digit + 1:], good.split("\n", 1)[1]):
        (run / "metrics.jsonl").write_text(damaged, encoding="utf-8")
        assert "SHA-256" in refused(capsys, "train", "--resume", run)


def test_a_run_goes_on_without_metrics_that_were_removed(run, capsys):
    (run / "summary.json").unlink()
    (run / "metrics.jsonl").unlink()
    assert main(["train", "--resume", str(run)]) == 0
    assert "metrics.jsonl is gone" in capsys.readouterr().err


@pytest.mark.parametrize(("table", "key", "value"), [
    ("model", "vocabulary", '"x"'), ("training", "seed", "[1]"), ("training", "learning_rate", '"x"'),
    ("data", "corpus", "5"), ("data", "level", "5"), ("data", "level", '"x"'), ("data", "sha256", "1.5"),
    ("model", "model", "5"), ("model", "layers", "100000000000")])
def test_a_table_with_nonsense_in_it(run, capsys, table, key, value):
    for name in ("summary.json", "checkpoint.safetensors", "metrics.jsonl"):
        (run / name).unlink()
    lines, inside = [], ""
    for line in (run / "config.toml").read_text(encoding="utf-8").splitlines():
        inside = line.strip("[]") if line.startswith("[") else inside
        lines.append(f"{key} = {value}" if inside == table and line.startswith(f"{key} = ") else line)
    (run / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    assert key in refused(capsys, "train", "--resume", run)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
@pytest.mark.parametrize("file", ["config.toml", "summary.json", "metrics.jsonl", "checkpoint.safetensors"])
def test_a_pipe_among_the_files_of_a_run(run, capsys, file):
    if file == "metrics.jsonl":
        (run / "summary.json").unlink()
    (run / file).unlink()
    os.mkfifo(run / file)
    assert "it is a pipe" in refused(capsys, "train", "--resume", run)


@pytest.mark.parametrize("assignment", [
    f"width={LONG}", f"width=-{LONG}", f"width={DEEP}", "width=[0, 2**70]", "width=[0, 1180591620717411303424]",
    f"width={'0' * 400}", f"width=1{'0' * 400}", "width=0x" + "f" * 9000, f"epochs={LONG}", "epochs=1e308",
    "epochs=1e400", "minutes=1e308", "checkpoint_seconds=1e308", f"seed=1{'0' * 400}", f"corpus={DEEP}", f"x{LONG}=1",
    f"memory={DEEP[:20]}", "layers=1000000000", "memory_vectors=1000000000", "evaluations=1000000000",
    f"corpus={'x' * 5000}", "width=1e18", "batch=1000000000000000", f"learning_rate=1{'0' * 400}"])
def test_settings(trained, capsys, tmp_path, monkeypatch, assignment):
    monkeypatch.chdir(tmp_path)
    if assignment.startswith("corpus"):
        refused(capsys, "train", "--set", assignment)
    else:
        refused(capsys, "train", "--corpus", trained[0], "--set", assignment)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [
    ["--seed", LONG], ["--epochs", "1e308"], ["--minutes", "1e308"], ["--epochs", LONG], ["--threads", LONG],
    ["--seed", "9" * 40]], ids=lambda options: options[0])
def test_options(trained, capsys, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    assert len(refused(capsys, "train", "--corpus", trained[0], *options)) < 300
    assert list(tmp_path.iterdir()) == []


GRID = """
[base]
{base}
[models.crt]
{model}
[[cells]]
models = {models}
segment_lengths = {lengths}
seeds = {seeds}
{more}
"""
USUAL = {"base": "", "model": "layers = 1", "models": '["crt"]', "lengths": "[5]", "seeds": "[0]", "more": ""}


@pytest.mark.parametrize("change", [
    {"base": f"width = {LONG}"}, {"base": f"width = {DEEP}"}, {"lengths": f"[{LONG}]"}, {"lengths": DEEP},
    {"lengths": "[1180591620717411303424]"}, {"seeds": f"[{'9' * 38}9]"}, {"models": DEEP}, {"models": "[[]]"},
    {"lengths": str([*range(1, 201)]), "seeds": str([*range(200)])}, {"model": "layers = 1000000000"},
    {"base": "epochs = 1e308"}], ids=lambda change: next(iter(change)))
def test_grids(tmp_path, capsys, change):
    (tmp_path / "grid.toml").write_text(GRID.format(**USUAL | change), encoding="utf-8")
    assert "grid.toml" in refused(capsys, "compare", tmp_path / "grid.toml", "--list")


@pytest.mark.parametrize(("head", "fit"), [
    ("parameters = 1_000_000_000_000", "layers"), (f"parameters = {LONG}", "width"),
    (f"parameters = {'9' * 38}", "inner"), (f"tokens = {LONG}\nparameters = 1000", "inner"),
    (f"tokens = {'9' * 38}\nparameters = 1000", "inner")])
def test_grids_that_fit(tmp_path, capsys, head, fit):
    change = {"model": f'fit = "{fit}"'}
    (tmp_path / "grid.toml").write_text(head + GRID.format(**USUAL | change), encoding="utf-8")
    assert "grid.toml" in refused(capsys, "compare", tmp_path / "grid.toml", "--list")


def test_the_memory_of_the_machine_is_a_bound(trained, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minicrt.machine_memory.machine_memory", lambda: 4 * 2 ** 10)
    error = refused(capsys, "train", "--corpus", trained[0], *SMALL)
    assert "not enough memory: training" in error and "make the model smaller" in error
    assert list(tmp_path.iterdir()) == []
