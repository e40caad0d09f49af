"""Every deliberately wrong port of the CRT is rejected, and most diagnoses name the mistake."""

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from tests.ports.wrong import crt, crt_reading  # noqa: E402
from tests.ports.wrong.checked import assert_most_are_named, assert_rejected, ports_of  # noqa: E402

torch.set_num_threads(1)

PORTS = ports_of(crt, crt_reading)


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected(name):
    assert_rejected(PORTS[name])


def test_most_mistakes_are_named():
    assert len(PORTS) >= 30
    assert_most_are_named(PORTS.values())
