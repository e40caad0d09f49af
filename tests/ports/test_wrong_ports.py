"""Every deliberately wrong port of an operation is rejected, and its diagnosis names the mistake."""

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from tests.ports.wrong import (  # noqa: E402
    attention,
    by_hand,
    comparators,
    crt,
    crt_reading,
    elementwise,
    gru,
    ordinary,
    ordinary_models,
    recurrent,
    rowwise,
    scans_by_hand,
    unguessed,
)
from tests.ports.wrong.checked import UNNAMED, assert_rejected_and_named, ports_of  # noqa: E402

torch.set_num_threads(1)                                     # tensors this small gain nothing from more

PORTS = ports_of((rowwise, elementwise, attention, gru, recurrent, by_hand, scans_by_hand, ordinary, unguessed))
OF_MODELS = ports_of((crt, crt_reading, comparators, ordinary_models))
EVERY_DAY = ports_of((ordinary, ordinary_models, unguessed))           # of these every one must be named


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected_and_named(name):
    assert_rejected_and_named(PORTS[name])


def test_most_mistakes_are_named():
    every = PORTS | OF_MODELS
    assert len(every) == len(PORTS) + len(OF_MODELS) >= 200
    assert UNNAMED <= every.keys() - EVERY_DAY.keys()
    assert len(UNNAMED) <= len(every) / 50
