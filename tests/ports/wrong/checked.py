"""What becomes of a wrong port: it is rejected, and the first sentence of its diagnosis names the mistake"""

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from minicrt.conformance import check_port, golden
from minicrt.conformance.checking import CheckReport
from tests.ports.wrong.wrong_port import WrongPort

NAMED = 7 / 8                                                # of the wrong ports of models, at least
case_of = cache(golden.case)


def ports_of(*modules: ModuleType) -> dict[str, WrongPort]:
    return {port.name: port for module in modules for port in vars(module).values() if isinstance(port, WrongPort)}


@cache
def report_of(port: WrongPort) -> CheckReport:
    return check_port(port.port, case_of(port.case))


def assert_rejected(port: WrongPort) -> None:
    assert not report_of(port).ok


def assert_named(port: WrongPort) -> None:
    sentence = report_of(port).diagnosis.sentences[0]
    assert port.named_by(sentence), sentence


def assert_most_are_named(ports: Iterable[WrongPort]) -> None:
    first = {port: report_of(port).diagnosis.sentences[0] for port in ports}
    unnamed = [f"{port.name}: {sentence}" for port, sentence in first.items() if not port.named_by(sentence)]
    assert len(unnamed) <= (1 - NAMED) * len(first), "\n".join(unnamed)
