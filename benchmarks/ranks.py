"""A training step on several ranks beside as many threads of one process, and one thread; and what was to be expected.

By turns, each in processes of its own: one thread, N threads of one process, N ranks of one thread by mpiexec on this
machine. `expected` is the estimate of `minicrt info --ranks N` from the times of one thread and the speed with which
the ranks' all-reduce of the gradient alone goes. On an idle machine."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.task import SIZES

COLUMNS = {"what": "s", "milliseconds": ",.1f", "spread": ".1f", "times": ".2f", "exchange": ".1f"}
# Root, as in a container; more ranks than Open MPI counts cores.
ALLOWED = dict.fromkeys(("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                         "OMPI_MCA_rmaps_base_oversubscribe"), "1")


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--width", type=report.one_of(list(SIZES)), default=[256], help="(default: 256)")
    options.add_argument("--ranks", type=report.positive, default=2, help="(default: 2)")
    options.add_argument("--rounds", type=report.positive, default=5, help="(default: 5)")
    options.add_argument("--steps", type=report.positive, default=5, help="in a round (default: 5)")
    arguments = options.parse_args()
    number = arguments.ranks
    machine = report.print_machine(1)
    rows: list[dict[str, Any]] = []
    for width in arguments.width:
        ways = {"one thread": (1, 1), f"{number} threads": (1, number), f"{number} ranks": (number, 1)}
        answers: dict[str, list[dict[str, float]]] = {what: [] for what in ways}
        for _ in range(arguments.rounds):
            for what, (ranks, threads) in ways.items():
                answers[what].append(measured(ranks, threads, width, arguments.steps))
        rows += compared(width, answers, number)
        print(f"\n{SIZES[width].name}\n\n{report.table(rows[-4:], COLUMNS)}")
    report.write(arguments.json, rows, machine, lambda: figure(rows))


def measured(ranks: int, threads: int, width: int, steps: int) -> dict[str, float]:
    """What `benchmarks.ranks_step` finds"""
    started = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
    asked = [*started, sys.executable, "-m", "benchmarks.ranks_step", str(width), str(threads), str(steps)]
    answer = subprocess.run(asked, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, check=True,
                            env={**os.environ, **ALLOWED})
    return json.loads(answer.stdout)


def compared(width: int, answers: dict[str, list[dict[str, float]]], number: int) -> list[dict[str, Any]]:
    """A row for each way, and one for the estimate; `times` as fast as one thread, in milliseconds"""
    middle = {what: {key: 1000 * statistics.median(one[key] for one in found) for key in found[0]}
              for what, found in answers.items()}
    one = middle["one thread"]
    rows = []
    for what, found in answers.items():
        taken = [1000 * answer["step"] for answer in found]
        rows.append({"width": width, "what": what, "milliseconds": middle[what]["step"],
                     "spread": (max(taken) - min(taken)) / 2, "times": one["step"] / middle[what]["step"],
                     "exchange": middle[what]["exchange"]})
    share = middle[f"{number} ranks"]
    expected = share["alone"] + one["update"] + share["exchange"]
    return [*rows, {"width": width, "what": "expected", "milliseconds": expected, "times": one["step"] / expected}]


def figure(rows: list[dict[str, Any]]) -> Any:
    from benchmarks.side_by_side import bars

    return bars([{"size": SIZES[row["width"]].name, "peer": row["what"], **row} for row in rows], "times",
                "times as fast as one thread")


if __name__ == "__main__":
    report.run(main)
