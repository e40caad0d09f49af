"""A pass through the output over a large vocabulary, forwards and backwards: adaptive, and a softmax over all words

Targets are drawn by Zipf's law, the word of rank r as often as 1/r; arrays are float32, each form in a process of its
own. Time is the median of some passes, on the clock (milliseconds, times as fast) and of the processor; memory is what
a process has had resident at most, before the first pass (with the weights, and what it takes to draw them) and after
the last."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.peak_memory import peak_mib
from minicrt import engines
from minicrt.ops.clusters import clusters, default_cutoffs
from minicrt.parallel import threads

COLUMNS = {"form": "s", "div_value": "g", "numbers": ",d", "milliseconds": ",.1f", "processor_ms": ",.1f",
           "times_as_fast": ".1f", "before_mib": ",.0f", "peak_mib": ",.0f", "loss": ".3f"}
FORMS = {"softmax": 0.0, "adaptive, tied": 1.0, "adaptive, own": 4.0}                # and what the width is divided by


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--width", type=report.positive, default=256, help="D (default: 256)")
    options.add_argument("--vocabulary", type=report.positive, default=267_735, help="V (default: 267735)")
    options.add_argument("--rows", type=report.positive, default=300, help="tokens (default: 300)")
    options.add_argument("--passes", type=report.positive, default=5, help="(default: 5)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    rows: list[dict[str, Any]] = []
    for form in FORMS:
        command = [sys.executable, "-m", "benchmarks.adaptive_softmax", "--form", form,
                   *map(str, (arguments.width, arguments.vocabulary, arguments.rows, arguments.passes, number))]
        answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True,
                                cwd=Path(__file__).parents[1]).stdout
        rows.append({"form": form, "div_value": FORMS[form], "threads": number, **json.loads(answer)})
        rows[-1]["times_as_fast"] = rows[0]["milliseconds"] / rows[-1]["milliseconds"]
    print(f"\nD = {arguments.width}, V = {arguments.vocabulary:,}, {arguments.rows} rows, {number} threads; numbers: "
          "of the words' vectors\n")
    print(report.table(rows, COLUMNS))
    report.write(arguments.json, rows, machine, lambda: figure(rows))


def measured(form: str, D: int, V: int, rows: int, passes: int) -> dict[str, Any]:
    """One form: the median pass, and the memory before the first and at most"""
    rng, engine = np.random.default_rng(0), engines.get("numba")
    frequency = 1 / np.arange(1, V + 1)
    targets = rng.choice(V, rows, p=frequency / frequency.sum())
    z = rng.standard_normal((rows, D), np.float32)
    if form == "softmax":
        operation, arrays = engine.linear_cross_entropy, [drawn(rng, D, V, D), np.zeros(V, np.float32)]
        backward, options = engine.linear_cross_entropy_backward, ()
    else:
        cutoffs = default_cutoffs(V)
        last = clusters(V, D, cutoffs, FORMS[form])[-1]
        S, K = cutoffs[0], len(cutoffs)
        arrays = [drawn(rng, D, S + K, D), np.zeros(V + K, np.float32), drawn(rng, D, D, last.columns.stop),
                  drawn(rng, D, last.entries.stop)]
        operation, backward, options = engine.adaptive_softmax, engine.adaptive_softmax_backward, (cutoffs, FORMS[form])
    before, loss = peak_mib(), 0.0
    times: list[float] = []
    processor: list[float] = []
    for _ in range(passes + 1):                              # the first one compiles
        start, spent = time.perf_counter(), time.process_time()
        loss, cache = operation(z, *arrays, targets, *options)
        backward(1.0, cache)
        times.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - spent))
    numbers = arrays[0].size + (arrays[3].size if len(arrays) > 2 else 0)
    return {"numbers": numbers, "milliseconds": statistics.median(times[1:]),
            "processor_ms": statistics.median(processor[1:]), "before_mib": before,
            "peak_mib": peak_mib(), "loss": float(loss)}


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    made = Picture(figsize=(6, 2), layout="constrained")
    axes = made.subplots()
    axes.barh([row["form"] for row in rows], [row["milliseconds"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds, forwards and backwards")
    return made


def drawn(rng: np.random.Generator, D: int, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32) / np.float32(D ** 0.5)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--form"]:
        width, vocabulary, tokens, count, cores = map(int, sys.argv[3:])
        with threads.limit(cores):
            print(json.dumps(measured(sys.argv[2], width, vocabulary, tokens, count)))
    else:
        report.run(main)
