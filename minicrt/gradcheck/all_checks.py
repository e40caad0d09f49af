"""Every gradient check of the package in one run: what `minicrt gradcheck` prints"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from minicrt.gradcheck.cases import all_cases
from minicrt.gradcheck.configurations import CHECKED, GIVEN_MEMORY, check_small_model
from minicrt.gradcheck.report import Report, TensorResult


@dataclass(frozen=True)
class Row:
    """A line of the table: the gradient of one tensor of one operation or model, or the worst of several."""

    name: str
    tensor: str
    relative_error: float
    tolerance: float
    verdict: str                                             # ok, WRONG or UNDECIDED

    @property
    def passed(self) -> bool:
        return self.verdict == "ok"


def run_gradchecks(seed: int = 0, progress: Callable[[str], None] | None = None) -> list[Row]:
    """Check every operation and whole models in every configuration, by the complex step in float64.

    An operation has a row a tensor. A model has one row, of its worst tensor, and one more for every other tensor that
    is wrong. `progress` is called with the name of each check before it runs.
    """
    rows = []
    for k, case in enumerate(all_cases(np.random.default_rng([seed, 0]))):
        if progress:
            progress(case.name)
        report = case.check(np.random.default_rng([seed, 1, k]))
        rows += [_row(case.name, tensor.name, tensor, report) for tensor in report.tensors]
    for k, (name, overrides) in enumerate(CHECKED.items()):
        if progress:
            progress(name)
        report = check_small_model(overrides, np.random.default_rng([seed, 2, k]), given_memory=name in GIVEN_MEMORY)
        rows.append(_row(name, f"{report.worst.name} (worst of {len(report.tensors)})", report.worst, report))
        rows += [_row(name, tensor.name, tensor, report) for tensor in report.wrong() if tensor is not report.worst]
    return rows


def _row(name: str, label: str, tensor: TensorResult, report: Report) -> Row:
    return Row(name, label, tensor.relative_error, report.tolerance, tensor.verdict(report.tolerance))


def table(rows: Iterable[Row], columns: int = 0) -> str:
    """The rows as text, a header first. If that is wider than `columns` > 0, each check is a heading of its tensors."""
    cells = [("check", "tensor", "relative error", "tolerance", "verdict")]
    cells += [(r.name, r.tensor, f"{r.relative_error:.1e}", f"{r.tolerance:.0e}", r.verdict) for r in rows]
    lines = _aligned(cells)
    if not columns or max(map(len, lines)) <= columns:
        return "\n".join(lines)
    grouped = []
    aligned = _aligned([("tensor", "error", "tolerance", "verdict"), *(line[1:] for line in cells[1:])])
    for k, line in enumerate(aligned):
        if k == 0 or cells[k][0] != cells[k - 1][0]:
            grouped.append(cells[k][0])
        grouped.append("  " + line)
    return "\n".join(grouped)


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
