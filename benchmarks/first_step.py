"""The first training step ever, which compiles the kernels, and that of the next process, which finds them compiled.

Each in a process of its own, the first with an empty folder for machine code: seconds for the imports, for the first
step (D=64, L=2, B=16, T=35, 10,000 words), and until the process has taken it, by the clock and of the processor."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from minicrt.atomic import write_atomically
from minicrt.parallel import threads
from minicrt.strict_json import to_json

TIMED = ("imports", "first_step", "whole")
COLUMNS = {"run": "s", **{f"{name}_{kind}": ".2f" for kind in ("s", "cpu_s") for name in TIMED}}
IN_A_PROCESS = "from benchmarks.first_step import take; take()"


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--rounds", type=report.positive, default=3, help="(default: 3)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    taken: dict[str, list[dict[str, float]]] = {"the first ever": [], "the next": []}
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for run in taken.values():
                run.append(one(folder, number))
    rows = [{"run": name, "threads": number, **{key: statistics.median(row[key] for row in run) for key in run[0]}}
            for name, run in taken.items()]
    print(f"{number} threads, medians of {arguments.rounds}, in seconds\n\n{report.table(rows, COLUMNS)}")
    if arguments.json:
        found = [{**row, "command": report.command()} for row in rows]
        write_atomically(arguments.json, (to_json(found, indent=1) + "\n").encode())


def one(folder: str, number: int) -> dict[str, float]:
    """What `take` found, and the whole process with the interpreter's own start"""
    variables = dict.fromkeys(threads.VARIABLES, str(number))
    start = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", IN_A_PROCESS], stdout=subprocess.PIPE, check=True,
                            env={**os.environ, **variables, "NUMBA_CACHE_DIR": folder}, cwd=Path(__file__).parents[1])
    return {**json.loads(answer.stdout), "whole_s": time.perf_counter() - start}


def take() -> None:
    """In the process: a line of JSON"""
    moments = [(time.perf_counter(), time.process_time())]
    from benchmarks.peers import training
    from benchmarks.task import SIZES

    step = training("minicrt-numba", SIZES[64])
    moments.append((time.perf_counter(), time.process_time()))
    step()
    moments.append((time.perf_counter(), time.process_time()))
    (wall, cpu), (wall_ready, cpu_ready), (wall_end, cpu_end) = moments
    print(json.dumps({"imports_s": wall_ready - wall, "first_step_s": wall_end - wall_ready, "whole_cpu_s": cpu_end,
                      "imports_cpu_s": cpu_ready - cpu, "first_step_cpu_s": cpu_end - cpu_ready}))


if __name__ == "__main__":
    report.run(main)
