"""How time and memory grow with the length of a stream, and with the length of a segment, the width and the batch.

A stream of 10^3 to 10^6 tokens is evaluated (width 64, 2 layers, 1,000 words, batch 4, segments of 50; state carried).
A training step is timed at D=64, L=2, B=16, T=64, 1,000 words, each of T, D and B being doubled in turn. Every point is
measured in a process of its own. Memory is the peak resident size: of a stream all of the process's, of a training step
what it adds to the process.
The exponents are the slopes of the least-squares lines through the logarithms."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.task import Size
from minicrt import engines
from minicrt.parallel import threads

COLUMNS = {"against": "s", "value": ",", "milliseconds": ",.2f", "spread": ".2f", "tokens_per_second": ",.0f",
           "memory_mib": ",.1f"}
STREAMS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
STEP = Size(64, 2, 16, 64, 1_000)
STREAM = Size(64, 2, 4, 50, 1_000)
GROWN = {"stream": STREAMS, "length": (32, 64, 128, 256), "width": (64, 128, 256, 512), "batch": (8, 16, 32, 64)}


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--against", type=report.one_of(list(GROWN)), default=list(GROWN),
                         help=f"of {','.join(GROWN)}")
    options.add_argument("--engine", choices=engines.NAMES, default="numba", help="(default: numba)")
    options.add_argument("--longest", type=report.positive, default=STREAMS[-1], help="stream, in tokens")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    points = [(what, value) for what in arguments.against for value in GROWN[what]
              if what != "stream" or value <= arguments.longest]
    rows = []
    for what, value in tqdm(points, disable=None, leave=False):
        asked = [sys.executable, "-m", "benchmarks.scaling_point", what, str(value), arguments.engine, str(number)]
        answer = subprocess.run(asked, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, check=True)
        rows.append({"against": what, "value": value, "engine": arguments.engine, "threads": number,
                     **json.loads(answer.stdout)})
    print(f"\nengine {arguments.engine}, {number} threads\n\n{report.table(rows, COLUMNS)}\n")
    for what in dict.fromkeys(row["against"] for row in rows):
        print(f"{what}: time grows with the power {exponent(rows, what, 'milliseconds'):.3f}, memory with the power "
              f"{exponent(rows, what, 'memory_mib'):.3f}")
    report.write(arguments.json, rows, machine, lambda: figure(rows))


def exponent(rows: list[dict[str, Any]], what: str, key: str) -> float:
    """The slope of log(key) against log(value), over what is more than 0: of a step that adds no memory there is no
    logarithm."""
    pairs = [(row["value"], row[key]) for row in rows if row["against"] == what and (row.get(key) or 0) > 0]
    if len(pairs) < 2:
        return float("nan")
    x, y = np.log(np.array(pairs, float)).T
    return float(np.polyfit(x, y, 1)[0])


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    kinds = list(dict.fromkeys(row["against"] for row in rows))
    units = {"stream": "tokens in the stream", "length": "tokens in a segment", "width": "width", "batch": "batch rows"}
    drawn = Picture(figsize=(3.6 * len(kinds) + 0.5, 6), layout="constrained")
    for column, what in enumerate(kinds):
        points = [row for row in rows if row["against"] == what]
        for line, (key, label) in enumerate((("milliseconds", "time, ms"), ("memory_mib", "memory, MiB"))):
            axes = drawn.add_subplot(2, len(kinds), line * len(kinds) + column + 1)
            shown = [(row["value"], row[key]) for row in points if row.get(key)]
            axes.loglog(*zip(*shown), "o-") if shown else None
            if what != "stream" and shown:
                values = [value for value, _ in shown]
                axes.set_xticks(values, list(map(str, values)))
                axes.minorticks_off()
            axes.set_xlabel(units[what])
            axes.set_ylabel(label)
            axes.set_title(f"power {exponent(rows, what, key):.2f}", fontsize=9)
            if key == "memory_mib":
                axes.set_ylim(bottom=max(min(v for _, v in shown) / 4, 0.01), top=4 * max(v for _, v in shown))
    return drawn


if __name__ == "__main__":
    report.run(main)
