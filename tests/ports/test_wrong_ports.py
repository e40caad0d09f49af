"""Every deliberately wrong port is rejected, and the first sentence of most diagnoses names the mistake."""

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
NAMED = 7 / 8                                                # of all wrong ports, at least


@pytest.fixture(scope="module")
def reports():
    """By port; every golden case is made once."""
    cases = {name: golden.case(name) for name in {port.case for port in PORTS.values()}}
    return {name: check_port(port.port, cases[port.case]) for name, port in PORTS.items()}


@pytest.mark.parametrize("name", PORTS)
def test_is_rejected(reports, name):
    assert not reports[name].ok


@pytest.mark.parametrize("name", ports_of(EVERY_DAY))
def test_what_people_write_every_day_is_named(reports, name):
    sentence = reports[name].diagnosis.sentences[0]
    assert PORTS[name].named_by(sentence), sentence


def test_most_mistakes_are_named(reports):
    first = {name: report.diagnosis.sentences[0] for name, report in reports.items()}
    unnamed = {name: sentence for name, sentence in first.items() if not PORTS[name].named_by(sentence)}
    assert len(PORTS) >= 140
    assert len(unnamed) <= (1 - NAMED) * len(PORTS), "\n".join(f"{name}: {unnamed[name]}" for name in unnamed)
