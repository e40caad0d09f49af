"""A Flower app: what is written, and that its server is a run as any other"""

import json
import signal
import tomllib

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.data import load_corpus
from minicrt.errors import CheckpointError, ConfigurationError, TrainingError
from minicrt.models import create_model
from minicrt.training import Interrupted, TrainingConfig, load_run

pytest.importorskip("flwr")

from minicrt.federated import FederatedConfig, client, deployed, run, train_federated, write_app  # noqa: E402
from minicrt.federated.local_grid import LocalGrid  # noqa: E402
from minicrt.federated.run import FederatedTrainer, configuration_of  # noqa: E402

SETTINGS = {"width": 6, "layers": 1, "heads": 2, "inner": 6, "segment_length": 5, "dropout": 0.1}
TRAINING = TrainingConfig(steps=1, batch=4, evaluation_batch=2, learning_rate=0.02)
TWO = FederatedConfig(clients=2, rounds=2, timeout=300.0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    words = np.random.default_rng(0).integers(0, 12, 1200)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(" ".join(f"w{word}" for word in words), encoding="utf-8")
    return load_corpus(path)


@pytest.fixture
def model(corpus):
    return create_model({**SETTINGS, "vocabulary": corpus.vocabulary.size}, "numpy")


@pytest.fixture
def app(tmp_path, model, corpus):
    return write_app(tmp_path / "app", model, corpus, TWO, TRAINING)


def settings_of(app, **changes):
    """As Flower hands them to the ServerApp"""
    return flat(tomllib.loads((app / "pyproject.toml").read_text("utf-8"))["tool"]["flwr"]["app"]["config"]) | changes


def flat(table, before=""):
    found = {}
    for key, value in table.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return found


def served(app, grid=None, **changes):
    client._clients.clear()
    deployed.serve(grid or LocalGrid(client.app, 2), settings_of(app, **changes))


def same(one, other):
    np.testing.assert_array_equal(load_run(one, "numpy").parameters.flat, load_run(other, "numpy").parameters.flat)


@pytest.fixture
def usual(tmp_path, model, corpus):
    """The folder of the run in this process"""
    train_federated(tmp_path / "usual", model, corpus, TWO, TRAINING, progress=False)
    return tmp_path / "usual"


def test_an_app_is_what_flower_takes(app):
    assert sorted(path.relative_to(app).as_posix() for path in app.rglob("*.*")) == [
        "federated_app/__init__.py", "federated_app/client.py", "federated_app/server.py", "pyproject.toml"]
    from flwr.cli.config_utils import load_and_validate
    config, warnings = load_and_validate(app / "pyproject.toml")
    assert not warnings and config["tool"]["flwr"]["app"]["config"]["federated"]["rounds"] == 2
    assert settings_of(app)["out"] == str(app.with_name("app-run"))


def test_its_server_makes_the_run_of_one_process(app, usual, capsys):
    served(app)
    same(app.with_name("app-run"), usual)
    assert "finished after 2 rounds" in capsys.readouterr().out
    served(app)
    assert "is finished" in capsys.readouterr().out


def test_settings_are_changed_where_flower_changes_them(app, tmp_path):
    served(app, **{"federated.rounds": 1, "out": str(tmp_path / "other"), "federated.local_epochs": 1})
    assert load_run(tmp_path / "other").summary["rounds"] == 1
    with pytest.raises(CheckpointError, match=r"other settings in \[model\]|other settings in \[training\]"):
        served(app, out=str(tmp_path / "other"))
    with pytest.raises(ConfigurationError, match="clients is 1, expected 2"):
        served(app, **{"federated.clients": 1})


def test_a_server_that_died_goes_on(app, monkeypatch, usual):
    learn = FederatedTrainer.learn

    def dying(self, rng):
        if self.position.step:
            raise SystemError("a power cut")
        return learn(self, rng)
    monkeypatch.setattr(FederatedTrainer, "learn", dying)
    with pytest.raises(SystemError):
        served(app)
    monkeypatch.setattr(FederatedTrainer, "learn", learn)
    served(app)
    after = load_run(app.with_name("app-run"))
    assert after.summary["rounds"] == 2 and len(after.metrics) == 2


def test_what_stops_it_is_said_in_a_line(app, monkeypatch, capsys):
    monkeypatch.setattr(FederatedTrainer, "run", lambda self: (_ for _ in ()).throw(TrainingError("nobody is there")))
    with pytest.raises(TrainingError):
        served(app)
    assert capsys.readouterr().err == "minicrt: error: nobody is there\n"
    monkeypatch.setattr(FederatedTrainer, "run", lambda self: (_ for _ in ()).throw(Interrupted("stopped")))
    with pytest.raises(Interrupted):
        served(app)
    assert capsys.readouterr().err == "minicrt: stopped\n"


def test_signals_are_left_to_flower(app, monkeypatch):
    """It ends a ServerApp whose SuperLink has died by SIGINT, while that waits for an answer."""
    learn, handlers = FederatedTrainer.learn, []

    def watched(self, rng):
        handlers.append(signal.getsignal(signal.SIGINT))
        return learn(self, rng)
    monkeypatch.setattr(FederatedTrainer, "learn", watched)
    served(app)
    assert handlers == [signal.getsignal(signal.SIGINT)] * 2


class Few(LocalGrid):
    """Of whose nodes so many are connected"""

    def __init__(self, there, clients=2):
        super().__init__(client.app, clients)
        self.there = there

    def get_node_ids(self):
        return super().get_node_ids()[:self.there]


def test_a_round_is_for_the_clients_that_are_there(app, capsys, monkeypatch):
    """The first waits for all; the second does not."""
    waits = []
    monkeypatch.setattr(run.time, "sleep", waits.append)
    served(app, Few(1), **{"federated.timeout": 0.05})
    error = capsys.readouterr().err
    assert all(f"round {number}: 1 of 2 clients are connected" in error for number in (1, 2)) and waits
    with pytest.raises(TrainingError, match="round 1: no client is connected"):
        served(app, Few(0), **{"federated.timeout": 0.05, "out": str(app.with_name("other"))})


def test_the_first_round_does_not_wait_for_the_last_client_as_long_as_for_the_first(app, monkeypatch):
    """With noise it does."""
    now = [0.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(run.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    served(app, Few(1))
    assert run.GATHERING <= now[0] < run.GATHERING + 1
    with pytest.raises(TrainingError, match="1 of 2 clients are connected after 300 s"):
        served(app, Few(1), out=str(app.with_name("other")), **{"federated.clip_update": 1.0, "federated.noise": 1.0})
    assert now[0] > run.GATHERING + 300


def test_with_noise_a_round_is_for_all_clients_or_none(app, monkeypatch):
    """With fewer the noise on their average would be too little for the epsilon that is reported."""
    monkeypatch.setattr(run.time, "sleep", lambda seconds: None)
    private = {"federated.clip_update": 1.0, "federated.noise": 1.0, "federated.timeout": 0.05}
    with pytest.raises(TrainingError, match="1 of 2 clients are connected after 0.05 s, but with noise all have to be"):
        served(app, Few(1), **private)


def test_later_rounds_do_not_wait_for_who_has_left(app, monkeypatch):
    grid, waits = Few(2), []
    monkeypatch.setattr(run.time, "sleep", waits.append)
    learn = FederatedTrainer.learn

    def leaving(self, rng):
        found = learn(self, rng)
        grid.there = 1
        return found
    monkeypatch.setattr(FederatedTrainer, "learn", leaving)
    served(app, grid)
    assert not waits and load_run(app.with_name("app-run")).summary["rounds"] == 2


def test_a_node_that_is_nobodys(model, corpus):
    described = json.dumps(configuration_of(model, corpus, TWO, TRAINING) | {"engine": "numpy"})
    with pytest.raises(ConfigurationError, match="partition-id is 7 .* expected 0 to 1"):
        client.make_clients(described, model, corpus)
        client.client_of(described, 7)


def test_by_the_command_line(tmp_path, corpus, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["federated", "--clients", "2", "--corpus", corpus.address, *(
        word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}"))]
    assert main([*arguments, "--app", "mine", "--out", "results"]) == 0
    assert f"flwr run {tmp_path / 'mine'} local" in capsys.readouterr().out
    assert settings_of(tmp_path / "mine")["out"] == str(tmp_path / "results") and not (tmp_path / "results").exists()
    assert main([*arguments, "--app", "mine"]) == 2 and "is there already" in capsys.readouterr().err
    assert main([*arguments, "--app", "other", "--backend", "ray"]) == 2 and not (tmp_path / "other").exists()
    assert main(["federated", "--resume", "results", "--app", "other"]) == 2
