"""A folder of golden cases, version 1, written and read

    manifest.json              the format, its version, the dtype, and the cases
    CASE/case.json             what the case is, and a line a tensor
    CASE/tensors.bin           the tensors, for readers without a library: see encoding.py
    CASE/tensors.safetensors   the same tensors under the same names
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt import __version__
from minicrt.arguments import shown
from minicrt.atomic import is_temporary, write_atomically
from minicrt.conformance.golden.containers import parse_json, read_bytes
from minicrt.conformance.golden.encoding import decoded, dumped, encoded
from minicrt.conformance.golden.port_folder import read_port
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import ConformanceError

__all__ = ["MANIFEST", "Written", "read", "read_port", "write"]

FORMAT, VERSION = "minicrt-golden", 1
MANIFEST = "manifest.json"
DTYPES = ("float64", "float32")
NAME = re.compile(r"[A-Za-z0-9_-]+")                         # what is safe as the name of a folder, everywhere
Row = dict[str, str]


@dataclass(frozen=True)
class Written:
    """How much was written."""

    cases: int
    tensors: int
    bytes: int


def write(folder: Path, cases: Mapping[str, Callable[[], GoldenCase]], dtype: str = "float64",
          progress: Callable[[str], None] | None = None) -> Written:
    """Make the cases and write them; `progress` is called with the name of each before it is made.

    The folder must be new, empty, or one of golden cases already: then cases of the same name are replaced and the
    others stay. While it runs the manifest lists the cases that stay, so that whoever dies in between leaves a folder
    in which every case listed is whole. Raises ConformanceError rather than touch any other folder, or mix dtypes or
    versions in one, and where the disk is full.
    """
    try:
        return _written(folder, cases, dtype, progress)
    except OSError as error:
        raise ConformanceError(f"golden cases cannot be written to {folder}: {error.strerror or error}; give "
                               "another folder") from error


def _written(folder: Path, cases: Mapping[str, Callable[[], GoldenCase]], dtype: str,
             progress: Callable[[str], None] | None) -> Written:
    if dtype not in DTYPES:
        raise ConformanceError(f"golden cases are written in {' or '.join(DTYPES)}, got {dtype!r}")
    kept = rows_to_keep(folder, cases, dtype)
    for name in cases:
        if (folder / name).is_symlink():
            raise ConformanceError(f"{folder / name} is a link, expected a folder; remove it, or write elsewhere")
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder, kept, dtype)
    rows, tensors, total = list(kept), 0, 0
    for name, make in cases.items():
        if progress:
            progress(name)
        case = make()
        (folder / name).mkdir(exist_ok=True)
        for file, data in encoded(case, dtype).items():
            write_atomically(folder / name / file, data)
            total += len(data)
        rows.append({"name": name, "kind": case.kind, "subject": case.subject, "folder": name})
        tensors += len(case.tensors)
    total += write_manifest(folder, rows, dtype)
    return Written(len(cases), tensors, total)


def write_manifest(folder: Path, rows: list[Row], dtype: str) -> int:
    """Returns its size."""
    head = {"format": FORMAT, "version": VERSION, "minicrt": __version__, "dtype": dtype}
    lines = [f"{dumped(key)}: {dumped(value)}," for key, value in head.items()]
    text = "\n".join(["{", *lines, '"cases": [', ",\n".join(map(dumped, rows)), "]", "}\n"])
    data = text.encode("utf-8")
    write_atomically(folder / MANIFEST, data)
    return len(data)


def rows_to_keep(folder: Path, cases: Mapping[str, Any], dtype: str) -> list[Row]:
    """The manifest's rows of the cases that are there and are not written now."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise ConformanceError(f"{folder} is a file; golden cases need a folder, a new or an empty one")
    if not (folder / MANIFEST).exists():
        if not all(is_temporary(path.name, MANIFEST) for path in folder.iterdir()):
            raise ConformanceError(f"{folder} holds files but no {MANIFEST}, so it is no folder of golden cases; give "
                                   "an empty folder or one that does not exist")
        return []
    manifest = read_manifest(folder)
    kept = [row for row in manifest["cases"] if row["name"] not in cases]
    for key, ours in (("dtype", dtype), ("minicrt", __version__)):
        if kept and manifest[key] != ours:
            raise ConformanceError(f"{folder} holds cases with {key} {manifest[key]}, these have {ours}; "
                                   f"{kept[0]['name']} and others would stay as they are: write all cases, or to "
                                   "another folder")
    return kept


def read(folder: Path) -> dict[str, GoldenCase]:
    """The cases of a folder, by name, in the manifest's order.

    Raises ConformanceError, one line, for a folder that is missing, of another version, incomplete or damaged.
    """
    cases = {}
    for row in read_manifest(folder)["cases"]:
        place = folder / row["folder"]
        case = decoded(read_bytes(place / "case.json"), read_bytes(place / "tensors.bin"), str(place))
        if case.name != row["name"]:
            raise ConformanceError(f"{place}/case.json is of the case {case.name!r}, the manifest says "
                                   f"{row['name']!r}; write the folder again")
        cases[case.name] = case
    return cases


def read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ConformanceError(f"there is no folder {folder}; `minicrt golden write {folder}` makes one")
    path = folder / MANIFEST
    if not path.exists():
        raise ConformanceError(f"{folder} has no {MANIFEST}, so it is no folder of golden cases; `minicrt golden "
                               "write` makes one")
    manifest = parse_json(read_bytes(path), str(path))
    if manifest.get("format") != FORMAT:
        raise ConformanceError(f"{path} has the format {shown(manifest.get('format'))}, expected {FORMAT!r}")
    if manifest.get("version") != VERSION:
        raise ConformanceError(f"{path} has version {shown(manifest.get('version'))} of the format, this minicrt reads "
                               f"version {VERSION}; write the folder again")
    if manifest.get("dtype") not in DTYPES or not isinstance(manifest.get("minicrt"), str):
        raise ConformanceError(f"{path}: dtype is {shown(manifest.get('dtype'))} and minicrt "
                               f"{shown(manifest.get('minicrt'))}, expected {' or '.join(DTYPES)} and a version")
    rows = manifest.get("cases")
    if not isinstance(rows, list) or not all(is_row(row) for row in rows):
        raise ConformanceError(f"{path}: \"cases\" is no list of objects with name and folder (letters, digits, - and "
                               "_); write the folder again")
    names = [row["name"] for row in rows]
    if len(set(names)) < len(names):
        raise ConformanceError(f"{path} lists a case twice; write the folder again")
    return manifest


def is_row(row: Any) -> bool:
    return isinstance(row, dict) and all(isinstance(row.get(key), str) and NAME.fullmatch(row[key])
                                         for key in ("name", "folder"))
