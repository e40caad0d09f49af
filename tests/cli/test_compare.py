"""`minicrt compare`, as a user meets it."""

import json
import subprocess

import pytest

from minicrt.cli import main
from minicrt.comparison import collect, read_grid
from minicrt.training import Evaluation
from tests.cli.running import command, environment, refused, write_text

GRID = """
preset = "tiny"
parameters = 600
tokens = 10
vocabulary = 6
[base]
corpus = "{corpus}"
width = 8
steps = 6
warmup_steps = 2
evaluations = 1
evaluation_batch = 2
[models.crt]
heads = 2
layers = 1
inner = 8
[models.gru]
model = "recurrent"
cell = "gru"
layers = 1
[models.transformer]
model = "transformer"
heads = 2
layers = 1
fit = "inner"
[[cells]]
models = ["crt", "transformer"]
segment_lengths = [5]
seeds = [0, 1]
[[cells]]
models = ["gru", "crt"]
segment_lengths = [5, 2]
seeds = [0]
"""
NAMES = ["crt-T5-s0", "crt-T5-s1", "transformer-T5-s0", "transformer-T5-s1", "gru-T5-s0", "gru-T2-s0", "crt-T2-s0"]


@pytest.fixture
def grid(tmp_path):
    text = write_text(tmp_path / "colours.txt", 1200)
    path = tmp_path / "grid.toml"
    path.write_text(GRID.format(corpus=text.as_posix()), encoding="utf-8")
    return path


def compare(grid, *options):
    return main(["compare", str(grid), "--quiet", "--out", str(grid.parent / "runs"), *options])


def test_cells_share_settings_and_match_parameters(grid):
    cells = {cell.name: cell for cell in read_grid(grid).cells}
    assert sorted(cells) == sorted(NAMES)
    sizes = [spec.size for spec in cells["transformer-T5-s0"].settings.create_model(6).specs()]
    assert abs(sum(sizes) - 600) <= 2 * 17                   # inner in steps of 4, 17 parameters each
    assert [cells[name].settings.training.batch for name in ("crt-T5-s0", "crt-T2-s0")] == [2, 5]


def test_the_grid_is_trained_once(grid, capsys):
    assert compare(grid, "--only", "gru-T5-s0") == 0
    assert "| gru | 5 | 1 |" in capsys.readouterr().out
    first = (grid.parent / "runs" / "results" / "gru-T5-s0.json").read_bytes()
    assert compare(grid) == 0
    printed = capsys.readouterr().out
    assert "gru-T5-s0: done" in printed and "| crt | 5 | 2 |" in printed
    results = grid.parent / "runs" / "results"
    assert (results / "gru-T5-s0.json").read_bytes() == first
    assert {path.stem for path in results.glob("*.json")} == set(NAMES)
    assert (results / "comparison.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads((results / "crt-T2-s0.json").read_text(encoding="utf-8"))
    assert result["summary"]["segment_length"] == 2 and result["summary"]["seed"] == 0
    assert result["flops_per_segment"] == 2 * result["flops_per_token"] and result["state_bytes"] == 4 * 16
    assert result["command"].endswith("--only crt-T2-s0")

    for run in (grid.parent / "runs").glob("crt-*"):         # results without their runs are still results
        for file in run.iterdir():
            file.unlink()
        run.rmdir()
    assert compare(grid) == 0
    assert capsys.readouterr().out.count(": done") == len(NAMES)
    assert main(["compare", "--show", str(results)]) == 0
    assert capsys.readouterr().out.count("\n| ") == 6        # a head, and a row for each model and length


def test_a_run_that_was_stopped_goes_on(grid, capsys):
    compare(grid, "--only", "gru-T5-s0")
    results = grid.parent / "runs" / "results"
    before = json.loads((results / "gru-T5-s0.json").read_text(encoding="utf-8"))
    (results / "gru-T5-s0.json").unlink()
    assert compare(grid, "--only", "gru-T5-s0") == 0         # the run is there, its result is made from it
    assert json.loads((results / "gru-T5-s0.json").read_text(encoding="utf-8")) == before


@pytest.mark.parametrize("name", ["table.md", "comparison.png"])
def test_a_table_or_a_picture_of_the_users_is_not_written_over(grid, capsys, name):
    mine = grid.parent / "mine"
    mine.mkdir()
    (mine / name).write_text("| precious |", encoding="utf-8")
    assert f"{name} is not what compare has written" in refused(capsys, "compare", grid, "--results", mine)
    assert not (grid.parent / "runs").exists() and (mine / name).read_text(encoding="utf-8") == "| precious |"


def test_a_table_of_the_users_is_not_written_over_by_show(grid, capsys):
    compare(grid, "--only", "gru-T5-s0")
    table = grid.parent / "runs" / "results" / "table.md"
    table.write_text("| precious |", encoding="utf-8")
    capsys.readouterr()
    assert "table.md is not what compare has written" in refused(capsys, "compare", "--show", table.parent)
    assert table.read_text(encoding="utf-8") == "| precious |"


def test_the_mean_over_seeds():
    def result(seed, valid):
        return {"label": "a", "state_bytes": 0, "flops_per_token": 1.0, "flops_per_segment": 5.0,
                "summary": {"segment_length": 5, "parameters": 9, "epochs": 1.0, "tokens_per_second": 10.0,
                            "valid_perplexity": valid, "test_perplexity": valid + 1, "seed": seed}}
    row, = collect([result(0, 100.0), result(1, 104.0)])
    assert (row["valid"], row["test"], row["seeds"]) == (102.0, 103.0, 2)
    assert row["valid_deviation"] == pytest.approx(8 ** 0.5)
    alone, = collect([result(0, 100.0)])
    assert alone["valid_deviation"] is None


def test_a_model_that_has_diverged_is_in_the_table(grid, capsys, monkeypatch):
    monkeypatch.setattr("minicrt.training.trainer.evaluate",
                        lambda model, parameters, stream, *rest: Evaluation(900.0 * stream.predictions,
                                                                            stream.predictions))
    assert compare(grid, "--only", "gru-T5-s0") == 0
    assert "| gru | 5 | 1 | not finite | not finite |" in capsys.readouterr().out
    results = grid.parent / "runs" / "results"
    assert "Infinity" not in (results / "gru-T5-s0.json").read_text(encoding="utf-8")
    assert (results / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_is_one_warning(grid, capsys, monkeypatch):
    def fail(rows):
        raise RuntimeError("no\nfonts")
    monkeypatch.setattr("minicrt.plotting.comparison", fail)
    assert compare(grid, "--only", "gru-T5-s0") == 0
    captured = capsys.readouterr()
    assert captured.err == "minicrt: warning: comparison.png could not be made: no fonts\n"
    assert captured.out.endswith(": table.md\n")


def test_a_run_of_other_settings_is_refused(grid, capsys):
    compare(grid, "--only", "gru-T5-s0")
    capsys.readouterr()
    grid.write_text(grid.read_text(encoding="utf-8").replace("steps = 6", "steps = 7"), encoding="utf-8")
    out = ["--out", grid.parent / "runs", "--only", "gru-T5-s0"]
    assert "steps = 6" in refused(capsys, "compare", grid, *out)
    (grid.parent / "runs" / "results" / "gru-T5-s0.json").unlink()
    assert "steps = 6, not 7" in refused(capsys, "compare", grid, *out)


@pytest.mark.parametrize(("old", "new", "message"), [
    ('models = ["crt", "transformer"]', 'models = ["crt", "transfomer"]', "transfomer"),
    ("segment_lengths = [5]", "segment_lengths = [0]", "segment_lengths of whole numbers of 1 or more"),
    ("seeds = [0, 1]", "seeds = [-1]", "seeds of whole numbers of 0 or more in every [[cells]], not [-1]"),
    ("seeds = [0, 1]", "seeds = [0, 1, 0]", "every one of seeds once in [[cells]], not 0 twice"),
    ("segment_lengths = [5]", "segment_lengths = [5, 5]", "segment_lengths once in [[cells]], not 5 twice"),
    ('"gru", "crt"', '"gru", "gru"', "every one of models once in [[cells]], not 'gru' twice"),
    ("parameters = 600", "parameters = 100", "parameters = 100 is less than the"),
    ("seeds = [0, 1]", "", "[[cells]]"),
    ("[base]", "[bases]", "bases"),
    ("width = 8", "widht = 8", "grid.toml, model 'crt', segments of 5: unknown key 'widht' in the grid"),
    ("width = 8", "width = -8", "grid.toml, model 'crt', segments of 5: "),
    ('cell = "gru"', 'cell = "rnn"', "rnn"),
    ("preset", "= preset", "TOML"),
    ('preset = "tiny"', "preset = 3", "name of a preset"),
    ("parameters = 600", 'parameters = "many"', "parameters to be a whole number"),
    ("parameters = 600", "parameters = inf", "parameters to be a whole number"),
    ("tokens = 10", "tokens = -10", "tokens to be a whole number"),
    ("vocabulary = 6", "vocabulary = 2.5", "vocabulary to be a whole number"),
    ("[base]", "[[base]]", "[base] to be one table"),
    ("width = 8", "width = 8\nseed = 3", "seed in [[cells]] alone"),
    ("[models.gru]", '[models."../gru"]', "'../gru'"),
    ("[models.gru]", "[models]\nzero = 0\n[models.gru]", "[models.NAME]"),
    ('models = ["crt", "transformer"]', "models = [[1]]", "[[cells]]"),
    ('models = ["crt", "transformer"]', "models = []", "[[cells]]"),
    ("[[cells]]", "[[cell]]", "cell"),
    ('fit = "inner"', "fit = 3", "'3'"),
    ('fit = "inner"', 'fit = "batch"', "batch"),
    ('fit = "inner"', 'fit = "innner"', "did you mean 'inner'"),
])
def test_a_wrong_grid_is_refused(grid, capsys, old, new, message):
    grid.write_text(grid.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert message in refused(capsys, "compare", grid)


def test_a_fit_that_does_not_change_the_size_is_refused(grid, capsys):
    text = grid.read_text(encoding="utf-8").replace('fit = "inner"', 'fit = "layers"').replace("600", "60000000")
    text = text.replace('model = "recurrent"', 'model = "transformer_xl"\nheads = 2\nfit = "clamp_length"')
    grid.write_text(text.replace('cell = "gru"', "").replace('["crt", "transformer"]', '["gru"]'), encoding="utf-8")
    assert "clamp_length" in refused(capsys, "compare", grid)


def test_a_result_that_is_damaged_is_named(grid, capsys):
    compare(grid, "--only", "gru-T5-s0")
    path = grid.parent / "runs" / "results" / "gru-T5-s0.json"
    good = path.read_text(encoding="utf-8")
    result = json.loads(good)
    without_test = {key: value for key, value in result["summary"].items() if key != "test_perplexity"}
    for damaged in (good[:len(good) // 2], "", "null", "3", "[]", json.dumps(result | {"flops_per_segment": None}),
                    json.dumps(result | {"summary": 3}), json.dumps(result | {"summary": without_test})):
        path.write_text(damaged, encoding="utf-8")
        capsys.readouterr()
        for arguments in ((grid, "--out", grid.parent / "runs", "--only", "gru-T5-s0"), ("--show", path.parent)):
            line = refused(capsys, "compare", *arguments)
            assert "gru-T5-s0.json cannot be read" in line and "; move it away" in line


@pytest.mark.parametrize(("file", "text", "message"), [
    ("config.toml", "", "lacks model.vocabulary"), ("config.toml", "model = 3", "config.toml is damaged"),
    ("summary.json", "[]", "summary.json is damaged"), ("summary.json", "{", "summary.json is damaged"),
    ("checkpoint.safetensors", "", "checkpoint.safetensors")])
def test_a_run_that_is_damaged_is_named(grid, capsys, file, text, message):
    compare(grid, "--only", "gru-T5-s0")
    runs = grid.parent / "runs"
    (runs / "results" / "gru-T5-s0.json").unlink()
    (runs / "gru-T5-s0" / file).write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert message in refused(capsys, "compare", grid, "--out", runs, "--only", "gru-T5-s0")


def test_two_processes_share_the_cells(grid):
    """Both begin at once; together they train every cell, and each ends with a table of what is there."""
    both = [subprocess.Popen(command("compare", grid, "--quiet", "--out", grid.parent / "runs"), env=environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
            for _ in range(2)]
    for process in both:
        printed, error = process.communicate()
        assert process.returncode == 0 and not error.replace("minicrt: compiling kernels for this machine, this once",
                                                             "").strip(), error
        assert "| gru | 5 |" in printed or "at it" in printed
    results = grid.parent / "runs" / "results"
    assert {path.stem for path in results.glob("*.json")} == set(NAMES) and not list(results.glob("*.partial"))


def test_a_cell_for_which_the_corpus_is_too_short_does_not_end_the_grid(grid, capsys):
    grid.write_text(grid.read_text(encoding="utf-8").replace("[models.crt]", "[models.crt]\nevaluation_batch = 500"),
                    encoding="utf-8")
    assert compare(grid, "--only", "crt-T5-s0", "--only", "gru-T5-s0") == 1
    printed, error = capsys.readouterr()
    assert "tokens: in 500 rows" in printed and "1 of 2 cells could not be trained: crt-T5-s0" in error
    assert {path.stem for path in (grid.parent / "runs" / "results").glob("*.json")} == {"gru-T5-s0"}


def test_what_compare_refuses(grid, tmp_path, capsys):
    assert "--show" in refused(capsys, "compare")
    assert "nowhere" in refused(capsys, "compare", "--show", tmp_path / "nowhere")
    for unreadable in (tmp_path, tmp_path / "nowhere.toml"):
        assert f"cannot read the grid {unreadable}: " in refused(capsys, "compare", unreadable)
    assert "no cell" in refused(capsys, "compare", grid, "--only", "crt-T6-s0")
    refused(capsys, "compare", tmp_path / "missing.toml")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    assert "bad.json" in refused(capsys, "compare", "--show", tmp_path)
