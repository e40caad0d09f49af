"""A verdict on a claim follows from the figures: holds, does not, undecided, not measured."""

import pytest

from benchmarks.claims import Figures, fewer, under


def figures(*perplexities):
    return Figures([{"label": "model", "summary": {"segment_length": 35, "test_perplexity": figure}}
                    for figure in perplexities], "model")


@pytest.mark.parametrize("ours, theirs, verdict", [
    ((100.0, 101.0, 99.0), (110.0, 111.0, 109.0), "holds, by 10.0"),
    ((110.0, 111.0, 109.0), (100.0, 101.0, 99.0), "does not hold, by 10.0"),
    ((100.0, 101.0, 99.0), (101.0, 102.0, 100.0), "undecided (difference 1.0, standard error 0.8)"),
    ((100.0, 100.1, 99.9), (101.0, 106.0, 96.0), "undecided (difference 1.0, standard error 4.1)"),
    ((100.0,), (110.0, 111.0, 109.0), "holds, by 10.0, one side one seed"),
    ((100.0,), (102.0, 103.0, 101.0), "undecided (difference 2.0, standard error 1.2, one side one seed)"),
    ((100.0,), (102.0,), "undecided (difference 2.0, one seed each)"),
    ((), (102.0,), "not measured"),
])
def test_under(ours, theirs, verdict):
    assert under(figures(*ours), 35, figures(*theirs), 35) == verdict


@pytest.mark.parametrize("ours, theirs, verdict", [
    (75.0, 100.0, "holds, by 25 %"), (125.0, 100.0, "does not hold, by 25 %"), (99.5, 100.0, "about the same (-0.5 %)"),
])
def test_fewer(ours, theirs, verdict):
    assert fewer(ours, theirs) == verdict
