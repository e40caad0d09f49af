"""A check's result as a table of text and as JSON"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, number
from minicrt.conformance.checking.diagnosis import Diagnosis
from minicrt.conformance.golden.tensors import GoldenCase

ROWS = 20
HEAD = ("", "tensor", "shape", "dtype", "abs. error", "rel. error", "tolerance", "ulps", "ulps of max", "at",
        "theirs", "ours", "verdict")


class Checked(Protocol):
    """What is told of a check"""

    @property
    def case(self) -> GoldenCase: ...

    @property
    def comparison(self) -> Comparison: ...

    @property
    def ok(self) -> bool: ...

    @property
    def diagnosis(self) -> Diagnosis: ...


def text(report: Checked, verbose: bool = False) -> str:
    """One case: a line that says how it went, the diagnosis, and a table of the tensors that are wrong.

    An arrow marks the first diverging tensor of the forward and of the backward pass. With `verbose` the table has all
    tensors of the case in the order of computation; without, no more than some twenty that are wrong.
    """
    lines = [headline(report)]
    if report.ok:
        lines += [f"  note: {remark}" for remark in report.comparison.remarks()]
    else:
        lines += [f"  {sentence}" for sentence in report.diagnosis.sentences]
        told = " ".join(report.diagnosis.sentences).lower()
        lines += [f"  note: {remark}" for remark in report.comparison.remarks() if remark.lower() not in told]
    rows = shown(report.comparison, verbose)
    if rows:
        lines += ["", *(f"  {line}" for line in table(report, rows))]
    left = len(report.comparison.wrong) - sum(row.wrong and not row.tensor.given for row in rows)
    if left:
        lines.append(f"  and {left} more that are wrong; the verbose table has them all")
    return "\n".join(lines)


def shown(comparison: Comparison, verbose: bool) -> list[TensorComparison]:
    """The rows of a table: all, or the first that are wrong, with the first of the backward pass."""
    if verbose:
        return [*comparison.other_inputs, *comparison.computed]
    rows = [*comparison.other_inputs, *comparison.wrong[:ROWS]]
    first = comparison.first_backward
    return rows if first is None or any(row is first for row in rows) else [*rows, first]


def headline(report: Checked) -> str:
    comparison = report.comparison
    count, present, wrong = len(comparison.computed), len(comparison.compared), len(comparison.wrong)
    missing = f", {count - present} not handed in" if present < count else ""
    if not present:
        return f"{report.case.name}: WRONG, nothing could be compared"
    if report.ok:
        return f"{report.case.name}: ok, {counted(present, 'tensor')} right{missing}"
    return f"{report.case.name}: WRONG, {counted(wrong, 'tensor')} wrong, {present - wrong} right{missing}"


def counted(number: int, thing: str) -> str:
    """`1 tensor`, `2 tensors`"""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def table(report: Checked, rows: Iterable[TensorComparison]) -> list[str]:
    """Aligned lines, a header first; a tensor that could not be compared says why below itself."""
    first = {row.name for row in (report.comparison.first_forward, report.comparison.first_backward) if row}
    rows = list(rows)
    cells = [HEAD, *(row_cells(row, row.name in first) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = [aligned(cells[0], widths)]
    for row, line in zip(rows, cells[1:]):
        lines.append(aligned(line, widths))
        if row.problem:
            lines.append(f"     {row.problem}")
    return lines


def row_cells(row: TensorComparison, first: bool) -> tuple[str, ...]:
    apart = row.distance
    shape = str(list(row.tensor.value.shape))
    if not row.present:
        return ("", row.name, shape, *["-"] * 9, row.verdict)
    assert row.theirs is not None
    start = ("->" if first else "", row.name, shape, str(row.theirs.dtype))
    if math.isnan(abs(apart.ours)) and row.problem:
        return (*start, *["-"] * 8, row.verdict)
    return (*start, f"{apart.absolute:.1e}", f"{apart.relative:.1e}", f"{row.tolerance:.0e}", f"{apart.ulps:.3g}",
            f"{apart.ulps_of_scale:.3g}", str(list(apart.index)), number(apart.theirs), number(apart.ours), row.verdict)


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()


def as_json(report: Checked) -> dict[str, Any]:
    """One case with stable keys; what is not finite is a string ("inf", "nan"), as JSON has no such numbers."""
    comparison = report.comparison
    forward, backward = comparison.first_forward, comparison.first_backward
    return {
        "case": report.case.name,
        "ok": report.ok,
        "tensors": {"expected": len(comparison.computed), "compared": len(comparison.compared),
                    "wrong": len(comparison.wrong)},
        "first_forward": forward.name if forward else None,
        "first_backward": backward.name if backward else None,
        "diagnosis": {"sentences": list(report.diagnosis.sentences), "method": report.diagnosis.method,
                      "mistakes": list(report.diagnosis.mistakes)},
        "remarks": comparison.remarks(),
        "unknown": list(comparison.unknown),
        "rows": [row_as_json(row) for row in (*comparison.given, *comparison.compared)],
    }


def row_as_json(row: TensorComparison) -> dict[str, Any]:
    assert row.theirs is not None
    apart = row.distance
    return {
        "name": row.name, "role": row.tensor.role, "shape": list(row.theirs.shape), "dtype": str(row.theirs.dtype),
        "verdict": row.verdict, "problem": row.problem, "absolute": plain(apart.absolute),
        "relative": plain(apart.relative), "tolerance": row.tolerance, "scale": row.tensor.scale,
        "ulps": plain(apart.ulps), "ulps_of_scale": plain(apart.ulps_of_scale), "index": list(apart.index),
        "theirs": plain(apart.theirs), "ours": plain(apart.ours),
    }


def plain(value: int | float | complex) -> int | float | str:
    return str(value) if isinstance(value, complex) or not math.isfinite(value) else value
