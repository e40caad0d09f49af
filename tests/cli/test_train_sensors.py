"""`minicrt train --data`: a whole run on readings, resumed, and options that do not go together"""

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.training import load_sensor_run
from tests.cli.running import SMALL, assignments

SETTINGS = [*SMALL, *assignments("evaluations=2")]


@pytest.fixture
def pump(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = ["time [s],flow [l/min],pressure [bar],state"]
    lines += [f"{0.5 * k},{a:.4f},{b:.4f},{'on' if a > 0 else 'off'}" for k, (a, b) in
              enumerate(rng.standard_normal((300, 2)))]
    (tmp_path / "pump.csv").write_text("\n".join(lines).replace(",on", ",") + "\n", encoding="utf-8")
    (tmp_path / "plain.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n", encoding="utf-8")
    (tmp_path / "states.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def ran(capsys, *arguments):
    code = main([*map(str, arguments)])
    return (code, *capsys.readouterr())


def test_a_forecast(pump, capsys):
    code, out, _ = ran(capsys, "train", "--task", "forecast", "--data", "plain.csv", "--target", "pressure",
                       "--horizon", 3, "--set", "steps=4", "--out", "run", "--quiet", *SETTINGS)
    assert code == 0
    for words in ("readings  plain.csv: flow, pressure at 2 Hz; 240 to train on, 30 to validate, 30 to test",
                  "task      forecast pressure, 3 readings ahead", "that of the last reading: ", " bar",
                  "memory cut", "summary.json, curves.png, forecast.png, checkpoint.safetensors"):
        assert words in out, out
    assert "perplexity" not in out and "text" not in out
    assert load_sensor_run("run").framing.horizon == 3
    code, again, _ = ran(capsys, "train", "--resume", "run", "--quiet")
    assert code == 0 and again.strip().splitlines()[1:] == out[out.index("\n\n"):].strip().splitlines()[1:]


def test_classes(pump, capsys):
    code, out, err = ran(capsys, "train", "--task", "classify", "--data", "states.csv", "--target", "state", "--set",
                         "steps=4", *SETTINGS)
    assert code == 0 and "task      classify state: 2 classes" in out and "% right" in out and "perplexity" in err
    names = {path.name for path in (pump / "runs" / "states-classify-001").iterdir()}
    assert {"summary.json", "curves.png", "classes.png"} <= names


def test_a_finished_run_draws_its_pictures_again_where_its_readings_are(pump, capsys):
    assert main(["train", *FORECAST, "--set", "steps=2", "--out", "run", "--quiet", *SETTINGS]) == 0
    drawn = {name: (pump / "run" / name).read_bytes() for name in ("curves.png", "forecast.png")}
    (pump / "elsewhere").mkdir()
    (pump / "plain.csv").rename(pump / "elsewhere" / "plain.csv")
    for name in drawn:
        (pump / "run" / name).unlink()
    capsys.readouterr()
    code, out, err = ran(capsys, "train", "--resume", "run")
    assert code == 0 and "warning: forecast.png could not be made: there is no file" in err
    assert "curves.png, checkpoint.safetensors" in out
    assert ran(capsys, "train", "--resume", "run", "--data", "elsewhere/plain.csv")[0] == 0
    assert {name: (pump / "run" / name).read_bytes() for name in drawn} == drawn


FORECAST = ("--task", "forecast", "--data", "plain.csv", "--target", "pressure")


@pytest.mark.parametrize("arguments, words", [
    (("--data", "plain.csv"), "--data asks for sensor readings; give --task and --target as well"),
    (("--task", "forecast"), "--task asks for sensor readings; give --data and --target as well"),
    ((*FORECAST, "--corpus", "ptb"), "--corpus is for texts"),
    ((*FORECAST, "--preset", "small"), "--preset is for texts"),
    ((*FORECAST[:4], "--target", "presure"), "did you mean 'pressure'"),
    ((*FORECAST, "--set", "widht=3"), "did you mean 'width'"),
    ((*FORECAST, "--set", "tied=true"), "tied is for models of words"),
    ((*FORECAST, "--epochs", "1", "--set", "epochs=2"), "--set epochs and --epochs are both given"),
    ((*FORECAST, "--horizon", "0"), "--horizon"), ((*FORECAST, "--set", "random_start=true"), "random_start"),
    (("--task", "forecast", "--data", "states.csv", "--target", "pressure"), "line 2: state is "),
    (("--task", "forecast", "--data", "none.csv", "--target", "pressure"), "there is no file"),
    (("--task", "classify", "--data", "plain.csv", "--target", "state"), "no column 'state'")])
def test_what_does_not_go_together_is_one_line(pump, capsys, arguments, words):
    code, out, err = ran(capsys, "train", *arguments)
    assert code == 2 and words in err and err.count("\n") == 1, err
    assert not (pump / "runs").exists()


def test_a_run_on_readings_is_resumed_as_it_was_begun(pump, capsys):
    assert main(["train", *FORECAST, "--set", "steps=2", "--out", "run", "--quiet", *SETTINGS]) == 0
    capsys.readouterr()
    for more in (("--epochs", "3"), ("--set", "steps=9"), ("--target", "flow"), ("--corpus", "ptb")):
        code, _, err = ran(capsys, "train", "--resume", "run", *more)
        assert code == 2 and err.count("\n") == 1 and more[0] in err
    for command in (("generate", "run"), ("surprise", "run", "plain.csv")):
        code, _, err = ran(capsys, *command)
        assert code == 2 and "run on sensor readings" in err and err.count("\n") == 1
