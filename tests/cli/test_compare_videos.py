"""`minicrt compare` of models of video"""

import json

import pytest

from minicrt.cli import main
from minicrt.comparison import collect, read_grid, read_results
from minicrt.data import video_source as source
from minicrt.training import load_video_run
from tests.cli.running import refused

GRID = """
task = "video"
parameters = 3000
[base]
width = 8
layers = 1
heads = 2
inner = 8
cues = 2
motions = 2
clips = 2
shortest = 0
size = 16
steps = 1
warmup_steps = 1
evaluations = 1
batch = 2
[models.crvit]
[models.vit]
model = "vit"
fit = "inner"
[[cells]]
models = ["crvit", "vit"]
frames = [2]
seeds = [0, 1]
"""
NAMES = ["crvit-F2-s0", "crvit-F2-s1", "vit-F2-s0", "vit-F2-s1"]


@pytest.fixture
def grid(tmp_path, monkeypatch):
    monkeypatch.setenv("MINICRT_ENGINE", "numpy")
    monkeypatch.setattr(source, "VALIDATED", 6)
    monkeypatch.setattr(source, "TESTED", 6)
    monkeypatch.setattr(source, "PIXELS_OF", 16)
    path = tmp_path / "grid.toml"
    path.write_text(GRID, encoding="utf-8")
    return path


def compare(grid, *options):
    return main(["compare", str(grid), "--quiet", "--out", str(grid.parent / "runs"), *options])


def test_cells_share_settings_and_match_parameters(grid, capsys):
    cells = read_grid(grid).cells
    assert [cell.name for cell in cells] == NAMES and compare(grid, "--list") == 0
    assert {cell.settings.training.steps for cell in cells} == {1} and cells[1].settings.training.seed == 1
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    sizes = {name: int(line.split()[0].replace(",", "")) for name, line in listed.items()}
    assert list(listed) == NAMES and all("with 4 classes, batch 2" in line for line in listed.values())
    assert abs(sizes["vit-F2-s0"] - 3000) <= 4 * (2 * 8 + 1) / 2                 # a unit of the feed-forward has 17
    assert sizes["vit-F2-s0"] == cells[2].settings.model_of(4).size and sizes["crvit-F2-s0"] != 3000


def test_the_grid_is_trained_once_goes_on_and_is_tabulated(grid, capsys):
    assert compare(grid, "--only", NAMES[0], "--only", NAMES[2]) == 0
    out, results = capsys.readouterr().out, grid.parent / "runs" / "results"
    assert "MFLOP per frame" in out and "memory cut" in out and (results / "comparison.png").exists()
    found = {result["name"]: result for result in read_results(results)}
    run = load_video_run(grid.parent / "runs" / NAMES[0])
    assert set(found) == {NAMES[0], NAMES[2]} and found[NAMES[0]]["summary"] == run.summary
    rows = {row["label"]: row for row in collect(list(found.values()))}
    worth = run.summary["valid_mean_class_accuracy"] - run.summary["valid_mean_class_accuracy_memory_cut"]
    assert rows["crvit"]["memory_cut"] == worth and rows["vit"]["memory_cut"] is None
    assert rows["crvit"]["state_bytes"] == 4 * 8 and rows["vit"]["state_bytes"] == 0
    before = {path: path.read_bytes() for path in results.glob("*.json")}
    (results / f"{NAMES[2]}.json").unlink()                  # as after a stop: the run is there, its result is not
    assert compare(grid, "--only", NAMES[0], "--only", NAMES[2]) == 0
    assert f"{NAMES[0]}: done" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in results.glob("*.json")} == before
    assert main(["compare", "--show", str(results)]) == 0 and "| vit | 2 | 1 |" in capsys.readouterr().out


def test_what_is_there_of_other_settings_is_refused(grid, capsys):
    assert compare(grid, "--only", NAMES[2]) == 0
    capsys.readouterr()
    out, only = ("compare", grid, "--quiet", "--out", grid.parent / "runs"), ("--only", NAMES[2])
    grid.write_text(GRID.replace("heads = 2", "heads = 4"), encoding="utf-8")
    assert "heads = 2, and the grid says 4" in refused(capsys, *out, *only)
    other = ("--results", grid.parent / "other")
    assert "heads = 2, not 4" in refused(capsys, *out, *only, *other)
    grid.write_text(GRID.replace("size = 16", "size = 16\nnoise = 0.5"), encoding="utf-8")
    assert "noise = 0.04, not 0.5" in refused(capsys, *out, *only, *other)
    path = grid.parent / "runs" / "results" / f"{NAMES[2]}.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    del result["task"]
    path.write_text(json.dumps(result), encoding="utf-8")
    assert "it is not a cell's result" in refused(capsys, *out, *only)


@pytest.mark.parametrize("old, new, words", [
    ('task = "video"', 'task = "classify"', "task to be 'video'"), ('task = "video"', "task = 5", "task to be 'video'"),
    ("parameters = 3000", "tokens = 700", "no tokens, which is for grids of texts"),
    ("parameters = 3000", "vocabulary = 700", "no vocabulary, which is for grids of texts"),
    ('task = "video"', "classes = 3", "no classes, which is for grids of videos"),
    ("parameters = 3000", 'preset = "tiny"', "unknown preset 'tiny' of --task video"),
    ("frames = [2]", "segment_lengths = [2]", "models, frames and seeds in every [[cells]]"),
    ("frames = [2]", "frames = [0]", "frames of whole numbers of 1 or more"),
    ("frames = [2]", "frames = [1]", "clips of 1: synthetic video: frames is 1"),
    ("size = 16", "frames = 3", "frames in [[cells]] alone"), ("size = 16", "frame_size = 16", "decided by the videos"),
    ("size = 16", "level = 'word'", "unknown key 'level' in the grid"), ("inner = 8", "inner = 0", "inner is 0"),
    ("size = 16", "stride = 2", "unknown key 'stride' in the grid"), ('"vit"', '"vti"', "'vti'"),
    ('fit = "inner"', 'fit = "iner"', "did you mean 'inner'"), ("parameters = 3000", "parameters = 3", "ask for more"),
    ('fit = "inner"', 'fit = "segment_length"', "fit of the model 'vit'")])
def test_a_wrong_grid_is_refused(grid, capsys, old, new, words):
    assert old in GRID
    grid.write_text(GRID.replace(old, new), encoding="utf-8")
    error = refused(capsys, "compare", grid, "--list")
    assert words in error and "grid" in error, error


def test_what_compare_does_not_take_of_videos(grid, capsys, tmp_path):
    assert "--data-dir is not for videos" in refused(capsys, "compare", grid, "--quiet", "--data-dir", tmp_path,
                                                     "--out", tmp_path / "runs")
    nowhere = GRID.replace("cues = 2\nmotions = 2\nclips = 2\nshortest = 0\n", 'corpus = "nowhere"\nclips = 2\n')
    grid.write_text(nowhere, encoding="utf-8")
    assert compare(grid, "--list") == 0 and "with 10 classes" in capsys.readouterr().out
    assert "there is no folder nowhere" in refused(capsys, "compare", grid, "--quiet", "--out", tmp_path / "runs")
