
import pytest

from minicrt.training import Interrupted, read_checkpoint, resume, train
from minicrt.training.budget import Calibration
from tests.training import tiny


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


@pytest.fixture
def planned(monkeypatch):
    """Plans that do not depend on how fast the machine happens to be; each is counted."""
    plans = []
    monkeypatch.setattr(Calibration, "plan", lambda self, *spent: plans.append(spent) or 45)
    return plans


def test_minutes_are_planned_once_and_reproduced_by_steps(tmp_path, corpus, planned):
    changes = {"warmup_steps": 12, "evaluations": 3, "checkpoint_seconds": 1000.0}
    watcher = tiny.Meddler(30, tiny.ctrl_c)
    with pytest.raises(Interrupted):
        train(tmp_path / "minutes", tiny.model(), corpus, tiny.config(minutes=0.02, **changes), watcher)
    assert watcher.said == [f"planned 45 steps ({45 / 13:.2f} epochs) for 0.02 minutes; steps=45 reproduces this run"]
    with pytest.raises(tiny.Crash):
        resume(tmp_path / "minutes", corpus=corpus, progress=tiny.Meddler(45, tiny.crash))
    resume(tmp_path / "minutes", corpus=corpus)
    assert len(planned) == 1
    train(tmp_path / "steps", tiny.model(), corpus, tiny.config(steps=45, **changes))
    assert tiny.outcome(tmp_path / "minutes") == tiny.outcome(tmp_path / "steps")


@pytest.mark.parametrize("at", [1, 2, 7])
def test_ctrl_c_while_the_minutes_are_measured(tmp_path, corpus, at, planned):
    changes = {"warmup_steps": 12, "evaluations": 3}
    with pytest.raises(Interrupted):
        train(tmp_path / "minutes", tiny.model(), corpus, tiny.config(minutes=0.01, **changes),
              tiny.Meddler(at, tiny.ctrl_c))
    assert len(planned) == 1 and (tmp_path / "minutes" / "checkpoint.safetensors").exists()
    resume(tmp_path / "minutes", corpus=corpus)
    assert len(planned) == 1
    train(tmp_path / "steps", tiny.model(), corpus, tiny.config(steps=45, **changes))
    assert tiny.outcome(tmp_path / "minutes") == tiny.outcome(tmp_path / "steps")


@pytest.mark.parametrize("at", ["measuring", "planning"])
def test_a_crash_before_the_plan_is_saved_begins_again(tmp_path, corpus, at, planned, monkeypatch):
    changes = {"warmup_steps": 12, "evaluations": 3, "minutes": 0.005, "checkpoint_seconds": 0.0}
    with monkeypatch.context() as patch, pytest.raises(tiny.Crash):
        patch.setattr(Calibration, "plan", lambda *spent: tiny.crash())
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(**changes),
              tiny.Meddler(1 if at == "measuring" else 0, tiny.crash))
    assert (tmp_path / "run" / "checkpoint.safetensors").exists() == (at == "planning")
    assert resume(tmp_path / "run", corpus=corpus).summary["steps"] == 45 and len(planned) == 1
    train(tmp_path / "steps", tiny.model(), corpus, tiny.config(**{**changes, "minutes": 0.0, "steps": 45}))
    assert tiny.outcome(tmp_path / "run") == tiny.outcome(tmp_path / "steps")


def last_weights(run):
    checkpoint = read_checkpoint(run / "checkpoint.safetensors")
    return {name: array.tobytes() for name, array in checkpoint.group("parameters.").items()}


def test_minutes_that_are_over_when_they_are_planned(tmp_path, corpus, monkeypatch):
    """It is too late for the evaluations that a run of so few steps would have had, and that is what it says."""
    changes = {"warmup_steps": 12, "evaluations": 3}
    monkeypatch.setattr(Calibration, "done", lambda self: len(self._times) == 5)
    monkeypatch.setattr(Calibration, "plan", lambda self, *spent: len(self._times))
    watcher = tiny.Meddler()
    train(tmp_path / "minutes", tiny.model(), corpus, tiny.config(minutes=0.0001, **changes), watcher)
    assert watcher.said == [f"planned 5 steps ({5 / 13:.2f} epochs) for 0.0001 minutes; steps=5 takes the same steps"]
    assert [record["step"] for record in watcher.records] == [5]
    train(tmp_path / "steps", tiny.model(), corpus, tiny.config(steps=5, **changes))
    assert last_weights(tmp_path / "minutes") == last_weights(tmp_path / "steps")
