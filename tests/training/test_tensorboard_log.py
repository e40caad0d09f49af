"""Event files, as TensorBoard reads them"""

import os
import signal
import subprocess
import sys

import pytest

from minicrt.cli import main
from minicrt.errors import ConfigurationError
from minicrt.training import Interrupted, Lines, TensorBoardLog, load_run, resume, train, train_on
from tests.cli.running import SMALL, assignments, environment, refused, write_text
from tests.training import tiny


@pytest.fixture
def corpus():
    return tiny.corpus()


def points(run):
    """{tag: [(step, value)]}, in the order of the files."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


class Crash(BaseException):
    """The process is gone."""


def crash():
    raise Crash


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_what_is_logged(tmp_path, corpus):
    pytest.importorskip("tensorboardX")
    watcher = tiny.Meddler()
    run = tmp_path / "run"
    train(run, tiny.model(memory="ncgru"), corpus, tiny.config(), TensorBoardLog(run, watcher))
    there = points(run)
    assert there["loss/step"] == [(k + 1, pytest.approx(loss)) for k, loss in enumerate(watcher.losses)]
    for tag, key in {"loss/valid": "valid_loss", "perplexity/train": "train_perplexity", "learning_rate":
                     "learning_rate", "gradient_norm": "gradient_norm"}.items():
        assert there[tag] == [(record["step"], pytest.approx(record[key])) for record in watcher.records]
    name = next(iter(watcher.records[0]["orthogonality"]))
    assert [step for step, _ in there[f"orthogonality/{name}"]] == [8, 15, 23, 30]


@pytest.mark.parametrize("meddler", [tiny.Meddler(20, ctrl_c), tiny.Meddler(20, crash), tiny.Meddler(3, crash)])
def test_a_run_that_goes_on_has_every_point_once(tmp_path, corpus, meddler):
    pytest.importorskip("tensorboardX")
    run = tmp_path / "run"
    with pytest.raises((Interrupted, Crash)):
        train(run, tiny.model(), corpus, tiny.config(), TensorBoardLog(run, meddler))
    resume(run, corpus=corpus, progress=TensorBoardLog(run))
    train_on(run, steps=40, corpus=corpus, progress=TensorBoardLog(run))
    there = points(run)
    assert [step for step, _ in there["loss/step"]] == list(range(1, 41))
    records = load_run(run).metrics
    assert there["loss/valid"] == [(record["step"], pytest.approx(record["valid_loss"])) for record in records]


def test_what_is_not_finite_is_left_out(tmp_path):
    pytest.importorskip("tensorboardX")
    log = TensorBoardLog(tmp_path)
    log.begin(0, 10)
    log.evaluated({"step": 5, "train_loss": 900.0, "valid_loss": 900.0, "train_perplexity": None,
                   "valid_perplexity": None, "learning_rate": 0.1, "gradient_norm": 1.0, "tokens_per_second": 9.0,
                   "orthogonality": {"a": 1e-7}})
    log.end()
    there = points(tmp_path)
    assert "perplexity/valid" not in there and there["loss/valid"] == [(5, 900)]
    assert there["orthogonality/a"] == [(5, pytest.approx(1e-7))]


def test_from_the_command_line(tmp_path, capsys, monkeypatch):
    pytest.importorskip("tensorboardX")
    monkeypatch.setattr(Lines, "step", lambda self, step, *_: ctrl_c() if step == 5 else None)
    run = tmp_path / "run"
    assert main(["train", "--corpus", str(write_text(tmp_path / "t.txt")), *SMALL, *assignments("steps=9"),
                 "--log", "tensorboard", "--out", str(run)]) == 130
    assert capsys.readouterr().err.endswith(f": minicrt train --resume {run} --log tensorboard\n")
    assert main(["train", "--resume", str(run), "--log", "tensorboard", "--quiet"]) == 0
    assert [step for step, _ in points(run)["loss/step"]] == list(range(1, 10))


def test_without_tensorboardx_it_is_one_line_and_no_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ConfigurationError, match="needs tensorboardX"):
        TensorBoardLog(tmp_path)
    line = refused(capsys, "train", "--corpus", write_text(tmp_path / "t.txt"), "--log", "tensorboard", "--out",
                   tmp_path / "run")
    assert "pip install 'minicrt[tensorboard]'" in line and not (tmp_path / "run").exists()


def test_it_is_not_imported_unless_asked_for():
    code = "import sys, minicrt.training, minicrt.cli.train; sys.exit(any('ensorboard' in m.split('.')[0] for m in " \
           "sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], env=environment(), check=False).returncode == 0
