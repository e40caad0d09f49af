"""Every deliberately wrong port is rejected, and the first sentence of most diagnoses names the mistake."""

from functools import cache

import pytest

pytest.importorskip("torch")

import torch  # noqa: E402

from minicrt.conformance import check_port, golden  # noqa: E402
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
from tests.ports.wrong.wrong_port import WrongPort  # noqa: E402

torch.set_num_threads(1)                                     # tensors this small gain nothing from more

MODULES = (rowwise, elementwise, attention, gru, recurrent, by_hand, scans_by_hand, crt, crt_reading,
           comparators, ordinary, ordinary_models, unguessed)
EVERY_DAY = (ordinary, ordinary_models, unguessed)           # of these every one must be named


def ports_of(modules):
    return {port.name: port for module in modules for port in vars(module).values() if isinstance(port, WrongPort)}


PORTS = ports_of(MODULES)
UNNAMED = frozenset[str]()                                   # none of those that people write every day
case_of = cache(golden.case)


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected_and_named(name):
    """Each port by itself, so that every process that runs tests checks its own share of them once."""
    report = check_port(PORTS[name].port, case_of(PORTS[name].case))
    assert not report.ok
    assert name in UNNAMED or PORTS[name].named_by(sentence := report.diagnosis.sentences[0]), sentence


def test_most_mistakes_are_named():
    assert len(PORTS) >= 240
    assert UNNAMED <= PORTS.keys() - ports_of(EVERY_DAY).keys()
    assert len(UNNAMED) <= len(PORTS) / 50
