"""The peers that are timed side by side do the same work: their first losses agree."""

import pytest

from benchmarks.peers import missing, training
from benchmarks.task import Size


@pytest.mark.parametrize("peer", ["torch-eager", "jax-jit", "minicrt-numba"])
def test_first_losses_agree(peer):
    if missing(peer):
        pytest.skip(missing(peer))
    size = Size(width=16, layers=1, batch=3, length=5, vocabulary=30)
    expected, found = (training(name, size) for name in ("minicrt-numpy", peer))
    for _ in range(2):
        assert found() == pytest.approx(expected(), rel=1e-4)
