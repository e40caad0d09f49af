"""A rank is killed at a random moment: all end, nothing is lost, and the run goes on to the same bits

The whole of it is `python -m benchmarks.kills`; here two moments are tried, one of them while the ranks start.
"""

import sys

import numpy as np
import pytest

from tests.parallel import mpi

pytestmark = [mpi.needed, pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    from benchmarks.killed_ranks import Ranks

    return Ranks(tmp_path_factory.mktemp("killed"), steps=40)


@pytest.mark.parametrize(("early", "target", "part"), [(True, 1, 0.7), (False, 0, 0.3)])
def test_a_killed_rank_costs_nothing(ranks, early, target, part):
    row = ranks.killed(early, target, part)
    assert row["killed"] and row["whole"] and row["same_bits"] and row["silent"] < 30
    assert np.isfinite(row["at"]) and row["step"] <= 40
