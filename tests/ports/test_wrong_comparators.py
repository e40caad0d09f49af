"""Every deliberately wrong port of another model is rejected, and most diagnoses name the mistake."""

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from tests.ports.wrong import comparators, ordinary_models  # noqa: E402
from tests.ports.wrong.checked import assert_most_are_named, assert_named, assert_rejected, ports_of  # noqa: E402

torch.set_num_threads(1)

PORTS = ports_of(comparators, ordinary_models)
EVERY_DAY = ports_of(ordinary_models)                       # what people write every day: every one must be named


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected(name):
    assert_rejected(PORTS[name])


@pytest.mark.parametrize("name", EVERY_DAY)
def test_what_people_write_every_day_is_named(name):
    assert_named(EVERY_DAY[name])


def test_most_mistakes_are_named():
    assert len(PORTS) >= 45
    assert_most_are_named(PORTS.values())
