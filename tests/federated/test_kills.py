"""A SuperLink and then a SuperNode of a deployment are killed: the run goes on

The whole of it is `python -m benchmarks.kills`; here each is killed once, amid the first round.
"""

import sys

import pytest

pytest.importorskip("flwr")

from benchmarks import flower_processes  # noqa: E402

pytestmark = [pytest.mark.skipif(flower_processes.missing() or sys.platform != "linux",
                                 reason="needs Flower's commands; finds processes in /proc")]


def test_a_killed_server_and_a_killed_client_cost_nothing(tmp_path):
    from benchmarks.kills import ANSWER, Federated

    federated = Federated(tmp_path, rounds=2)
    try:
        for target, longest in (("server", 30.0), ("client 1", ANSWER + 60)):    # Flower misses a client after a minute
            row = federated.killed(False, target, 0.0)
            assert row["whole"] and row["ended"] and row["silent"] < longest, row
    finally:
        federated.flower.end()
