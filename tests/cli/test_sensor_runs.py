"""Runs on sensor readings: eval, with cuts, other recordings and a picture; budget, quantize, export; refusals"""

import json
import re

import numpy as np
import pytest

from minicrt import accounting
from minicrt.cli import main
from minicrt.inference import SensorStream
from minicrt.training import load_sensor_run
from tests.cli.running import SMALL, assignments, refused

SETTINGS = ["--set", "steps=4", *SMALL, *assignments("evaluations=2"), "--quiet", "--engine", "numpy"]
HEADER = "time [s],flow [l/min],pressure [bar],state"


def rows(count, seed):
    pairs = np.random.default_rng(seed).standard_normal((count, 2))
    return [f"{0.5 * k},{a:.4f},{b:.4f},{'on' if a > 0 else 'off'}" for k, (a, b) in enumerate(pairs)]


def write(folder, name, lines, states):
    lines = lines if states else [line.rpartition(",")[0] for line in lines]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pump")
    for name, states in (("plain.csv", False), ("states.csv", True)):
        write(place, name, [HEADER, *rows(300, 0)], states)
    ask = {"forecast": ("plain.csv", "pressure", "--horizon", "3"), "classify": ("states.csv", "state")}
    for task, (file, target, *more) in ask.items():
        assert main(["train", "--task", task, "--data", str(place / file), "--target", target, *more, "--out",
                     str(place / task), *SETTINGS]) == 0
    return place


@pytest.fixture(autouse=True)
def there(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("WARM", "LONG"):
        monkeypatch.setattr(f"minicrt.accounting.measured.{name}", 0.0)


def evaluated(capsys, *arguments):
    capsys.readouterr()
    assert main(["eval", *map(str, arguments), "--engine", "numpy"]) == 0
    return capsys.readouterr().out


def summary(run):
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", ["valid", "test"])
def test_the_figures_are_those_of_the_summary(folder, capsys, part):
    forecast, classes = summary(folder / "forecast"), summary(folder / "classify")
    out = evaluated(capsys, "forecast", "--split", part)
    assert out.startswith(f"{part} error {forecast[f'{part}_error']:#.4g} bar   (that of the last reading: "
                          f"{forecast[f'{part}_baseline']:#.4g} bar)\n")
    assert "27 of 30 readings of plain.csv scored" in out and "carried: memory, positions; weights of step" in out
    out = evaluated(capsys, "classify", "--split", part)
    assert out.startswith(f"{part} perplexity {classes[f'{part}_perplexity']:#.4g}, "
                          f"{100 * classes[f'{part}_accuracy']:.1f} % right   (that of the classes' shares: ")


@pytest.mark.parametrize("cut", ["memory", "positions", "state"])
def test_a_cut_is_that_of_the_summary(folder, capsys, cut):
    figures = summary(folder / "forecast")
    assert f"valid error {figures[f'valid_error_{cut}_cut']:#.4g} bar" in evaluated(capsys, "forecast", "--cut", cut)
    assert figures[f"valid_error_{cut}_cut"] != figures["valid_error"]


def test_another_recording_is_scored_whole_with_the_scales_of_the_run(folder, capsys):
    lines = [HEADER, *rows(80, 1)]
    plain = evaluated(capsys, "forecast", "--data", write(folder, "other.csv", lines, False))
    assert re.match(r"error [\d.]+ bar   \(that of the last reading: [\d.]+ bar\)\n77 of 80 readings of other.csv",
                    plain)
    cells = [line.split(",") for line in lines]
    turned = write(folder, "turned.csv", [",".join((c[0], c[2], "extra" if k == 0 else "7", c[1], c[3]))
                                          for k, c in enumerate(cells)], False)
    assert evaluated(capsys, "forecast", "--data", turned).replace("turned.csv", "other.csv") == plain
    classes = evaluated(capsys, "classify", "--data", write(folder, "others.csv", lines, True))
    assert re.match(r"perplexity [\d.]+, [\d.]+ % right\n80 of 80 readings of others.csv", classes)


def test_a_recording_that_was_moved_has_its_parts(folder, capsys):
    plain = evaluated(capsys, "forecast", "--split", "test")
    (folder / "moved.csv").write_bytes((folder / "plain.csv").read_bytes())
    moved = evaluated(capsys, "forecast", "--split", "test", "--data", "moved.csv")
    assert moved.replace("moved.csv", "plain.csv") == plain


@pytest.mark.parametrize("run, file, before, after, words", [
    ("forecast", "plain.csv", "[bar]", "[Pa]", "has pressure in Pa, the run was trained on bar"),
    ("forecast", "plain.csv", "flow", "flux", "has no column 'flow', which the run reads"),
    ("classify", "states.csv", "[l/min]", "[m3/h]", "has flow in m3/h, the run was trained on l/min")])
def test_its_own_numbers_under_another_name_or_in_another_unit_are_refused(folder, capsys, run, file, before, after,
                                                                           words):
    text = (folder / file).read_text(encoding="utf-8")
    (folder / "renamed.csv").write_text(text.replace(before, after), encoding="utf-8")
    for command in (["eval", run], ["train", "--resume", run]):
        assert words in refused(capsys, *command, "--data", "renamed.csv"), command
    (folder / file).write_text(text.replace(before, after), encoding="utf-8")            # and in its own place
    try:
        assert words in refused(capsys, "eval", run)
    finally:
        (folder / file).write_text(text, encoding="utf-8")


def test_its_own_numbers_in_other_columns_or_with_other_classes_are_another_recording(folder, capsys):
    lines = [line.split(",") for line in (folder / "states.csv").read_text(encoding="utf-8").split()[1:]]
    text = (folder / "states.csv").read_text(encoding="utf-8")
    crossed = text.replace("flow [l/min],pressure [bar]", "pressure [bar],flow [l/min]")
    (folder / "crossed.csv").write_text(crossed, encoding="utf-8")
    assert "300 of 300 readings of crossed.csv" in evaluated(capsys, "classify", "--data", "crossed.csv")
    (folder / "oh.csv").write_text(text.replace(",off", ",oak"), encoding="utf-8")
    on = sum(line[-1] == "on" for line in lines)
    assert f"{on} of 300 readings of oh.csv" in evaluated(capsys, "classify", "--data", "oh.csv")


def test_its_own_numbers_doubled_are_another_recording(folder, capsys):
    lines = (folder / "plain.csv").read_text(encoding="utf-8").splitlines()
    doubled = [",".join([time, *(f"{2 * float(cell):.4f}" for cell in cells)]) for time, *cells in
               (line.split(",") for line in lines[1:])]
    write(folder, "doubled.csv", [lines[0], *doubled], True)  # scaled by their own deviations they would be the same
    assert "297 of 300 readings of doubled.csv" in evaluated(capsys, "forecast", "--data", "doubled.csv")


@pytest.mark.parametrize("run", ["forecast", "classify"])
def test_a_picture(folder, capsys, run):
    picture = folder / f"{run}.png"
    assert str(picture) in evaluated(capsys, run, "--picture", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "is there already" in refused(capsys, "eval", run, "--picture", picture)


@pytest.mark.parametrize("run, arguments, words", [
    ("forecast", ["--corpus", "x.txt"], "--corpus is for runs on text"),
    ("forecast", ["--dynamic"], "--dynamic is for runs on text"),
    ("forecast", ["--cut", "everything"], "cut is 'everything'"), ("forecast", ["--data", "none.csv"], "no file"),
    ("forecast", ["--data", "other.csv", "--split", "test"], "--split got test, but other.csv is not the run's own"),
    ("forecast", ["--data", "states.csv"], "line 2: state is "),
    ("forecast", ["--data", "short.csv"], "short.csv has no column 'pressure', which the run reads"),
    ("forecast", ["--data", "units.csv"], "units.csv has flow in m3/h, the run was trained on l/min"),
    ("forecast", ["--data", "two.csv"], "two.csv has nothing to score: no pressure in 2 readings"),
    ("classify", ["--data", "plain.csv"], "no column 'state'"),
    ("classify", ["--data", "foreign.csv"], "of a class that the run knows (off, on) in 2 readings")])
def test_what_does_not_fit_is_one_line(folder, capsys, run, arguments, words):
    write(folder, "other.csv", [HEADER, *rows(80, 1)], False)
    for name, lines in {"short.csv": ["flow", "1"], "units.csv": ["flow [m3/h],pressure", "1,2"],
                        "two.csv": ["flow,pressure", "1,2", "3,4"],
                        "foreign.csv": ["flow,pressure,state", "1,2,broken", "3,4,"]}.items():
        write(folder, name, lines, True)
    assert words in refused(capsys, "eval", run, *arguments)


def test_a_run_on_text_takes_no_readings(trained, capsys):
    for option in (["--data", "plain.csv"], ["--picture", "x.png"]):
        assert f"{option[0]} is for runs on sensor readings" in refused(capsys, "eval", trained[1], *option)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("run, what", [("forecast", "error"), ("classify", "perplexity")])
def test_a_run_is_quantised_and_scored_as_it_is_then(folder, capsys, run, what, bits):
    small = folder / f"{run}-{bits}"
    assert main(["quantize", run, "--bits", str(bits), "--out", str(small), "--engine", "numpy"]) == 0
    out = capsys.readouterr().out
    before, after = re.search(rf"validation {what} +([\d.]+) +([\d.]+)   [+-][\d.]+ %\n", out).groups()
    assert re.search(r"milliseconds per reading +[\d.]+ +[\d.]+   [\d.]+ times as fast\n", out)
    for name, said in ((run, before), (str(small), after)):
        figure = re.match(rf"valid {what} ([\d.]+)", evaluated(capsys, name))[1]
        assert float(figure) == pytest.approx(float(said), rel=1e-3)
    loaded = load_sensor_run(small)
    assert loaded.bits == bits and loaded.framing == load_sensor_run(run).framing
    assert f"quantised to {bits} bits" in repr(loaded)
    readings = [1.0, float("nan")] if run == "forecast" else [1.0, 2.0]
    stream, dense = (SensorStream(loaded.model, weights, loaded.framing)
                     for weights in (loaded.parameters, loaded.parameters.copy()))
    np.testing.assert_allclose(stream.step(readings), dense.step(readings), rtol=1e-5)
    assert "is quantised, and such weights are neither trained" in refused(capsys, "train", "--resume", small)


def test_a_budget_counts_what_a_reading_takes(folder, capsys):
    run = load_sensor_run("forecast")
    assert main(["budget", "forecast", "--engine", "numpy"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"forecast: CRT of {run.model.size:,} parameters, float32\n")
    multiply_adds = sum(accounting.token_multiply_adds(run.model).values())
    assert re.search(rf"multiply-adds per reading +{multiply_adds / 1000:.3g} k\n", out)
    assert "a reading takes here" in out and "readings of the segment" in out and "token" not in out
    assert main(["budget", "classify", "--flash", "1kB", "--engine", "numpy"]) == 1


def test_it_is_described(folder, capsys):
    assert main(["info", "forecast"]) == 0
    out = capsys.readouterr().out
    assert "weights of step" in out and "target=pressure horizon=3" in " ".join(out.split()) and "input.weight" in out


def test_it_is_exported(folder, capsys):
    assert main(["export", "forecast", "--format", "c", "--out", "device"]) == 0
    assert {path.name for path in (folder / "device").iterdir()} == {"model.h", "model.c", "readings.h", "main.c"}
    header = (folder / "device" / "model.h").read_text(encoding="utf-8")
    assert "0: flow, l/min\n" in header and "The forecast is pressure, bar, 3 readings later." in header
    onnx = pytest.importorskip("onnx")
    assert main(["export", "classify", "--format", "onnx", "--out", "model.onnx"]) == 0
    model = onnx.load("model.onnx")
    assert [entry.name for entry in model.graph.input][0] == "reading"
    assert {entry.key: entry.value for entry in model.metadata_props}["classes"] == '["off", "on"]'


@pytest.mark.parametrize("command", [["generate", "forecast"], ["surprise", "forecast", "plain.csv"]])
def test_what_is_of_texts_alone_refuses_it(folder, capsys, command):
    assert "is of a run on sensor readings, where one on text is expected" in refused(capsys, *command)
