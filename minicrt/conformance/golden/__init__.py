"""Golden cases: all that operations and whole models compute from given values, forwards and backwards

    values.py      given values, the same bytes everywhere        operations.py   the cases of operations
    sketches/      the inputs of those                            models.py       the cases of whole models
    optimizers.py  the cases of AdamW
    files.py       a folder of cases, written and read            port_folder.py  what a port wrote
"""

import difflib
from collections.abc import Callable, Iterable, Sequence

from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import ConformanceError

__all__ = ["GoldenCase", "all_cases", "case", "hint", "some_cases"]

LISTED = 5                                                   # names in a hint


def all_cases() -> dict[str, Callable[[], GoldenCase]]:
    """Every case by name, operations first; a case is made when it is called for."""
    from minicrt.conformance.golden.models import model_cases
    from minicrt.conformance.golden.operations import operation_cases
    from minicrt.conformance.golden.optimizers import optimizer_cases

    return operation_cases() | optimizer_cases() | model_cases()


def some_cases(names: Sequence[str] | None) -> dict[str, Callable[[], GoldenCase]]:
    """The cases of these names, each once, or all where `names` is None. Raises ConformanceError for unknown ones."""
    known = all_cases()
    for name in names or ():
        if name not in known:
            raise ConformanceError(f"no golden case is named {name!r}"
                                   + (hint(name, known) or "; `minicrt golden list` shows the names"))
    return known if names is None else {name: known[name] for name in names}


def hint(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the cases that begin with `name`, or with the one most like it; else nothing"""
    known = list(known)
    begin = [other for other in known if other.lower().startswith(name.lower() + "-")]
    near = begin or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    more = f" or one of {len(near) - LISTED} more that begin with {name}" if len(near) > LISTED else ""
    return f"; did you mean {', '.join(near[:LISTED])}{more}?" if near else ""


def case(name: str) -> GoldenCase:
    """The case of that name. Raises ConformanceError if there is none."""
    return some_cases([name])[name]()
