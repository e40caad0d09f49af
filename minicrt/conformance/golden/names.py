"""What a port calls our tensors: a TOML file

    [names]                    ours = theirs, in every case
    d_x = "x.grad"
    [cases."gru"]              in this case alone
    h = "output"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minicrt.arguments import shown
from minicrt.conformance.golden.containers import read_bytes
from minicrt.documents import DocumentError, toml_document
from minicrt.errors import ConformanceError


@dataclass(frozen=True)
class Names:
    """Their names by ours: `common` in every case that has such a tensor, `cases` by case, which come first."""

    common: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_names(path: Path) -> Names:
    """Raises ConformanceError for a file that is missing, no TOML, or has other things in it."""
    try:
        document = toml_document(read_bytes(path))
    except DocumentError as error:
        raise ConformanceError(f"{path} {error}") from error
    for key in document:
        if key not in ("names", "cases"):
            raise ConformanceError(f"{path} has {shown(key)}; it may have the table [names], and "
                                   "[cases.\"NAME\"] tables")
    cases = document.get("cases", {})
    if not isinstance(cases, dict):
        raise ConformanceError(f"{path}: cases is {shown(cases)}, expected tables such as [cases.\"gru\"]")
    return Names(table(document.get("names", {}), f"{path}: [names]"),
                 {name: table(own, f"{path}: [cases.\"{name}\"]") for name, own in cases.items()})


def table(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(theirs, str) for theirs in value.values()):
        raise ConformanceError(f"{where} is {shown(value)}, expected lines such as d_x = \"x.grad\" (ours = "
                               "theirs; a name with a dot or slash in it goes into quotes)")
    return value
