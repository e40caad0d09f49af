"""A case as the bytes of its three files, and back: case.json, tensors.bin, tensors.safetensors

tensors.bin is for readers without a library: the tensors one after the other in the case's order, little-endian, C
order, each at a multiple of 64 bytes with zeros in between. case.json says where: it has a line for every tensor, with
its keys in a fixed order, so that C can read it without a parser for JSON. Truth values are a byte each, 0 or 1.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, cast, get_args

import numpy as np
from safetensors.numpy import save

from minicrt.arguments import shown
from minicrt.conformance.golden.containers import Entry, arrays_in, entries_of, parse_json
from minicrt.conformance.golden.tensors import GoldenCase, Role, Tensor
from minicrt.errors import ConformanceError

ALIGNMENT = 64
LARGE = 1e6         # a natural size of terms is no larger than so many times the case's largest number
FILES = ("tensors.safetensors", "tensors.bin", "case.json")


def in_dtype(case: GoldenCase, dtype: str) -> dict[str, np.ndarray]:
    """The case's arrays by name, those of floats rounded to `dtype`, in the memory layout of the files."""
    return {tensor.name: np.array(tensor.value, dtype if tensor.value.dtype.kind == "f" else tensor.value.dtype,
                                  order="C") for tensor in case.tensors}


def encoded(case: GoldenCase, dtype: str) -> dict[str, bytes]:
    """The bytes of each of FILES."""
    arrays = in_dtype(case, dtype)
    data, rows = bytearray(), []
    for tensor in case.tensors:
        array = arrays[tensor.name]
        data += bytes(-len(data) % ALIGNMENT)
        rows.append({"name": tensor.name, "role": tensor.role, "dtype": array.dtype.name, "shape": list(array.shape),
                     "offset": len(data), "bytes": array.nbytes, "scale": tensor.scale, "meaning": tensor.meaning})
        data += array.astype(array.dtype.newbyteorder("<")).tobytes()
    # One entry of metadata: the library writes several in no fixed order.
    return {"tensors.safetensors": save(arrays, {"case": case.name}), "tensors.bin": bytes(data),
            "case.json": "\n".join(json_lines(case, dtype, rows)).encode("utf-8")}


def json_lines(case: GoldenCase, dtype: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    head = {"name": case.name, "kind": case.kind, "subject": case.subject, "dtype": dtype, "byte_order": "little",
            "layout": "C", "configuration": dict(case.configuration), "tolerance": dict(case.tolerance)}
    yield "{"
    for key, value in head.items():
        yield f"{dumped(key)}: {dumped(value)},"
    for key, values in (("conventions", list(case.conventions)), ("tensors", rows)):
        yield f"{dumped(key)}: ["
        yield ",\n".join(map(dumped, values))
        yield "]," if key == "conventions" else "]"
    yield "}\n"


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def decoded(text: bytes, data: bytes, where: str) -> GoldenCase:
    """The case whose case.json is `text` and whose tensors.bin is `data`; `where` names its folder in errors.

    Raises ConformanceError, one line, for whatever is no such pair of files.
    """
    document = parse_json(text, f"{where}/case.json")
    entries = entries_of(document, f"{where}/case.json")
    arrays = arrays_in(data, entries, f"{where}/tensors.bin")
    for key, kind in (("name", str), ("kind", str), ("subject", str), ("configuration", dict), ("tolerance", dict),
                      ("conventions", list)):
        if not isinstance(document.get(key), kind):
            raise ConformanceError(f"{where}/case.json: {key!r} is {shown(document.get(key))}, expected a "
                                   f"{kind.__name__}; write the folder again")
    if document["kind"] not in ("operation", "model"):
        raise ConformanceError(f"{where}/case.json: the kind is {shown(document['kind'])}, expected operation or model")
    most = LARGE * max([1.0, *(float(np.abs(array[np.isfinite(array)]).max(initial=0)) for array in arrays.values()
                               if array.dtype.kind == "f")])
    return GoldenCase(document["name"], document["kind"], document["subject"],
                      tuple(decoded_tensor(entry, arrays[entry.name], where, most) for entry in entries),
                      document["configuration"], tuple(map(str, document["conventions"])),
                      {name: positive(value, f"{where}/case.json: the tolerance for {name}", 1.0)
                       for name, value in document["tolerance"].items()})


def decoded_tensor(entry: Entry, value: np.ndarray, where: str, most: float) -> Tensor:
    role, place = entry.row.get("role"), f"{where}/case.json: {entry.name}"
    if role not in get_args(Role):
        raise ConformanceError(f"{place} has the role {shown(role)}, expected one of {', '.join(get_args(Role))}")
    return Tensor(entry.name, cast(Role, role), value, str(entry.row.get("meaning", "")),
                  positive(entry.row.get("scale", 0.0), f"{place}: the scale", most))


def positive(value: Any, what: str, most: float) -> float:
    """A number with which wrong tensors do not pass"""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ConformanceError(f"{what} is {shown(value)}, expected a number of 0 or more")
    if value > most:
        raise ConformanceError(f"{what} is {shown(value)}, with which any numbers would pass; expected {most:.3g} at "
                               "most; write the folder again")
    return float(value)
