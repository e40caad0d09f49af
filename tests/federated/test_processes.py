"""A SuperLink and two SuperNodes as processes, one set for all tests: the bits of one process, and what a kill costs

More moments are killed at by `python -m benchmarks.kills`.
"""

import importlib.util
import sys

import numpy as np
import pytest

pytest.importorskip("flwr")

from benchmarks import flower_processes  # noqa: E402
from benchmarks.killed_clients import Federated  # noqa: E402
from minicrt.federated import FederatedConfig, train_federated, write_app  # noqa: E402
from minicrt.training import TrainingConfig, load_run  # noqa: E402

pytestmark = pytest.mark.skipif(flower_processes.missing() or sys.platform != "linux",
                                reason="needs Flower's commands; finds processes in /proc")
TWO = FederatedConfig(clients=2, rounds=2, local_epochs=0.5, moments="kept")     # the second goes on amid a text
TRAINING = TrainingConfig(steps=1, batch=4)


@pytest.fixture(scope="module")
def federated(tmp_path_factory):
    made = Federated(tmp_path_factory.mktemp("deployment"), "server", rounds=1)
    yield made
    assert all(made.flower.end().values())                   # each when it is asked


@pytest.fixture(scope="module")
def usual(federated):
    """The weights of the run in this process, and its app"""
    folder = federated.folder
    app = write_app(folder / "app", federated.model, federated.corpus, TWO, TRAINING)
    return app, train_federated(folder / "usual", federated.model, federated.corpus, TWO, TRAINING,
                                progress=False).parameters.flat


def test_a_server_and_two_clients_as_processes(federated, usual):
    app, weights = usual
    result = federated.flower.run(app)
    assert result.returncode == 0 and "finished after 2 rounds" in result.stdout + result.stderr, result.stdout
    np.testing.assert_array_equal(load_run(app.with_name("app-run"), "numpy").parameters.flat, weights)


def test_a_killed_server_costs_nothing(federated):
    row = federated.killed(False, "server", 0.0)             # amid the first round
    assert row["whole"] and row["ended"] and row["silent"] < 60, row          # else it would not end at all


@pytest.mark.exhaustive                                      # half a minute passes until it is missed
def test_a_round_goes_on_without_a_killed_client(federated):
    row = federated.killed(False, "client 1", 0.0)
    assert row["whole"] and row["ended"] and row["missed"] and row["silent"] < 37, row        # Flower: 37.5 to 60


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray")
def test_a_simulation_by_flwr_run(tmp_path, usual):
    app, weights = usual
    with flower_processes.Deployment(tmp_path / "flower", simulation=True) as flower:
        result = flower.run(app, "--run-config", f"out='{tmp_path / 'run'}'", "--federation-config",
                            "num-supernodes=2 client-resources-num-cpus=1 init-args-num-cpus=2")
    assert "finished after 2 rounds" in result.stdout + result.stderr, result.stdout
    np.testing.assert_array_equal(load_run(tmp_path / "run", "numpy").parameters.flat, weights)
