"""Every deliberately wrong port of an operation is rejected, and its diagnosis names the mistake."""

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from tests.ports.wrong import (  # noqa: E402
    attention,
    by_hand,
    elementwise,
    gru,
    ordinary,
    recurrent,
    rowwise,
    scans_by_hand,
    spaces,
    unguessed,
)
from tests.ports.wrong.checked import assert_named, assert_rejected, ports_of  # noqa: E402

torch.set_num_threads(1)                                     # tensors this small gain nothing from more

PORTS = ports_of(rowwise, elementwise, attention, gru, recurrent, by_hand, scans_by_hand, ordinary, unguessed,
                 spaces)


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected_and_named(name):
    assert_rejected(PORTS[name])
    assert_named(PORTS[name])


def test_there_are_many():
    assert len(PORTS) >= 130
