"""The peers that are timed side by side do the same work: their first losses and scores agree."""

import pytest

from benchmarks.peers import missing, streaming, training
from benchmarks.task import Size


@pytest.mark.parametrize("peer", ["torch-eager", "jax-jit", "minicrt-numba"])
def test_first_losses_agree(peer):
    if missing(peer):
        pytest.skip(missing(peer))
    size = Size(width=16, layers=1, batch=3, length=5, vocabulary=30)
    expected, found = (training(name, size) for name in ("minicrt-numpy", peer))
    for _ in range(2):
        assert found() == pytest.approx(expected(), rel=1e-4)


@pytest.mark.parametrize("peer, near", [("torch-eager", 1e-5), ("onnxruntime", 1e-5), ("minicrt-numba", 1e-5),
                                        ("minicrt-8-bits", 0.03), ("minicrt-4-bits", 0.3)])
def test_first_scores_agree(peer, near):
    if missing(peer):
        pytest.skip(missing(peer))
    size = Size(width=16, layers=1, batch=3, length=5, vocabulary=30)
    expected, found = (streaming(name, size) for name in ("minicrt-numpy", peer))
    for _ in range(12):                                      # two segments end
        assert found() == pytest.approx(expected(), rel=1e-4, abs=near)
