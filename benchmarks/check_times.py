"""How long the checker of ports takes where it cannot find a name: of a mistake that it knows it takes less.

In a golden case's tensors one has noise: the first of the forward pass (`first`), the output, where only outputs and
gradients are handed in (`output`), or the first of the backward pass (`gradient`). Of all cases of operations, or of
those of models, in one process with one thread; seconds of the processor, of comparing and of the diagnosis."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import report
from minicrt.conformance import case_names, golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import DataError
from minicrt.parallel import threads

NOISE = 0.3                                                  # of a number's size
WRONG = {"first": ("intermediate", "output"), "output": ("output",), "gradient": ("backward", "gradient")}
COLUMNS = {"case": "s", "wrong": "s", "tensor": "s", "cpu_s": ".2f"}


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--kind", choices=("operation", "model"), default="operation", help="(default: operation)")
    options.add_argument("--cases", help="of these alone, separated by commas")
    arguments = options.parse_args()
    names = arguments.cases.split(",") if arguments.cases else case_names()
    cases = [case for case in map(golden.case, names) if case.kind == arguments.kind]
    if not cases:
        raise DataError(f"{arguments.cases} has no case of this kind; --kind names another")
    machine = report.print_machine(1)
    rows = list[report.Row]()
    with threads.limit(1):
        for case in tqdm(cases, disable=None, leave=False):
            rows += [{"case": case.name, "wrong": wrong, "tensor": name, "cpu_s": seconds(case, tensors)}
                     for wrong, name, tensors in noised(case)]
    rows.sort(key=lambda row: -row["cpu_s"])
    times = [row["cpu_s"] for row in rows]
    print(f"\n{report.table(rows[:20], COLUMNS)}\n\n{len(rows)} checks of {len(cases)} cases: {max(times):.2f} s at "
          f"most, {np.median(times):.2f} in the median")
    report.write(arguments.json, rows, machine, lambda: figure(times))


def noised(case: GoldenCase) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is wrong, the name of the tensor with noise, and all that is handed in"""
    rng, computed = np.random.default_rng(0), list(case.computed())
    for wrong, roles in WRONG.items():
        first = next((t for t in computed if t.role in roles and t.value.size > 1), None)
        if first is not None:
            handed = {t.name: np.array(t.value) for t in computed
                      if wrong != "output" or t.role in ("output", "gradient")}
            handed[first.name] *= 1 + NOISE * rng.standard_normal(first.value.shape)
            yield wrong, first.name, handed


def seconds(case: GoldenCase, handed: dict[str, Any]) -> float:
    """Of the processor, for a check that ends without a name or with one that happens to fit"""
    start, comparison = time.process_time(), compare(case, handed)
    if not comparison.ok:
        diagnose(comparison)
    return time.process_time() - start


def figure(times: list[float]) -> Any:
    from minicrt.picture import Picture

    drawn = Picture(figsize=(5, 3), layout="constrained")
    axes = drawn.subplots()
    axes.hist(times, bins=20)
    axes.set_xlabel("processor time of a check, s")
    axes.set_ylabel("checks")
    return drawn


if __name__ == "__main__":
    report.run(main)
