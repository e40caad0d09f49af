"""What becomes of a wrong port: it is rejected, and the first sentence of its diagnosis names the mistake"""

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from minicrt.conformance import check_port, golden
from tests.ports.wrong.wrong_port import WrongPort

UNNAMED = frozenset[str]()                                   # those whose sentence does not name the mistake
case_of = cache(golden.case)


def ports_of(modules: Iterable[ModuleType]) -> dict[str, WrongPort]:
    return {port.name: port for module in modules for port in vars(module).values() if isinstance(port, WrongPort)}


def assert_rejected_and_named(port: WrongPort) -> None:
    report = check_port(port.port, case_of(port.case))
    assert not report.ok
    sentence = report.diagnosis.sentences[0]
    assert port.name in UNNAMED or port.named_by(sentence), sentence
