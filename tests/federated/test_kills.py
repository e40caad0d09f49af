"""A process of a deployment is killed amid the first round: the run goes on

The whole of it is `python -m benchmarks.kills`.
"""

import sys

import pytest

pytest.importorskip("flwr")

from benchmarks import flower_processes  # noqa: E402
from benchmarks.kills import ANSWER, Federated  # noqa: E402

pytestmark = [pytest.mark.skipif(flower_processes.missing() or sys.platform != "linux",
                                 reason="needs Flower's commands; finds processes in /proc")]


def killed(folder, target):
    federated = Federated(folder, rounds=2)
    try:
        return federated.killed(False, target, 0.0)
    finally:
        federated.flower.end()


def test_a_killed_server_costs_nothing(tmp_path):
    row = killed(tmp_path, "server")
    assert row["whole"] and row["ended"] and row["silent"] < 30, row


@pytest.mark.exhaustive                                      # Flower takes a minute to miss a client
def test_a_round_goes_on_without_a_killed_client(tmp_path):
    row = killed(tmp_path, "client 1")
    assert row["whole"] and row["ended"] and row["silent"] < ANSWER + 60, row
