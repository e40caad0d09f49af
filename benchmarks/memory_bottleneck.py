"""What a memory holds by its size: accuracy against the bytes that a stream carries from segment to segment.

copy         S symbols in one segment, asked for --distance segments later in their order
multi-query  S pairs of a key and a value in one segment, each key once more at the end: its value is asked

Every arm has width 32, learned or no positions, AdamW with 3e-3, 32 episodes a step and the gradient of the whole
window; it is trained on distances from 1 to --distance for --steps at most, until all is recalled at two checks in a
row, and scored on 1,000 other episodes at --distance. The bytes are those of the carried state in float32: of the CRTs,
the memory alone.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from benchmarks.memory_study import SCORED, is_recalled
from benchmarks.memory_tasks import learn, model_for, task_at
from minicrt.accounting import state_values
from minicrt.parallel import threads
from minicrt.training import recall_accuracy

STACK: dict[str, Any] = {"width": 32, "inner": 64, "layers": 1}
CRT: dict[str, Any] = {"model": "crt", "positions": "learned", **STACK}
MAMBA: dict[str, Any] = {"model": "mamba", "layers": 2, "width": 32}
BATCH, LENGTH = 32, 16

# name -> the kind of memory, by which it is drawn, and the model's configuration
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "one vector": ("vectors", CRT),
    "4 vectors": ("vectors", {**CRT, "memory_vectors": 4}),
    "4 slots": ("slots", {**CRT, "memory_form": "slots", "memory_vectors": 4}),
    "16 slots": ("slots", {**CRT, "memory_form": "slots", "memory_vectors": 16}),
    "16 slots, 4 written": ("sparse slots", {**CRT, "memory_form": "slots", "memory_vectors": 16, "memory_top_k": 4}),
    "queue of 4": ("queue", {**CRT, "memory_form": "queue", "memory_vectors": 4}),
    "queue of 16": ("queue", {**CRT, "memory_form": "queue", "memory_vectors": 16}),
    "matrix, K = 4": ("matrix", {**CRT, "memory_form": "matrix", "memory_keys": 4}),
    "matrix, K = 16": ("matrix", {**CRT, "memory_form": "matrix", "memory_keys": 16}),
    "RMT, M = 1": ("RMT", {"model": "rmt", **STACK}),
    "RMT, M = 4": ("RMT", {"model": "rmt", "memory_vectors": 4, **STACK}),
    "Transformer-XL, M = T": ("Transformer-XL", {"model": "transformer_xl", **STACK}),
    "Transformer-XL, M = 2T": ("Transformer-XL", {"model": "transformer_xl", "cache_length": 2 * LENGTH, **STACK}),
    "Mamba, N = 4": ("Mamba", {**MAMBA, "states": 4}),
    "Mamba, N = 16": ("Mamba", {**MAMBA, "states": 16}),
}
TASKS = ("copy", "multi-query")


def measure(name: str, arm: str, amount: int, distance: int, steps: int, seed: int) -> dict[str, Any]:
    start, processor = time.perf_counter(), time.process_time()
    model, parameters = model_for(name, ARMS[arm][1], seed, LENGTH, amount)
    task, curve = task_at(name, distance, LENGTH, amount), list[tuple[int, float]]()
    taken = learn(model, parameters, name, 99, steps, distance, seed, BATCH, LENGTH, amount=amount,
                  after_step=lambda step: is_recalled(model, parameters, task, seed, step, curve))
    return {"task": name, "arm": arm, "amount": amount, "distance": distance, "seed": seed, "steps": steps,
            "bytes": 4 * state_values(model), "parameters": parameters.size, "taken": taken, "chance": task.chance,
            "accuracy": recall_accuracy(model, parameters, task, np.random.default_rng([seed, 2]), SCORED),
            "curve": curve, "seconds": time.perf_counter() - start,
            "processor_seconds": time.process_time() - processor}


def groups(rows: Sequence[dict[str, Any]]) -> dict[str, dict[tuple[str, int], list[dict[str, Any]]]]:
    """By arm, in the order of ARMS, and by task and amount; the seeds in order"""
    found: dict[str, dict[tuple[str, int], list[dict[str, Any]]]] = {}
    for arm in ARMS:
        for row in sorted(rows, key=lambda row: (row["task"], row["amount"], row["seed"])):
            if row["arm"] == arm:
                found.setdefault(arm, {}).setdefault((row["task"], row["amount"]), []).append(row)
    return found


def table(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Each arm's bytes, and its accuracy at each seed"""
    asked = sorted({(row["task"], row["amount"]) for row in rows})
    lines = []
    for arm, found in groups(rows).items():
        sizes = sorted({row["bytes"] for some in found.values() for row in some})
        lines.append([arm, " to ".join(f"{size:,}" for size in sizes),
                      *(", ".join(f"{row['accuracy']:.2f}" for row in found[key]) if key in found else "–"
                        for key in asked)])
    return ["memory", "bytes", *(f"{task}, S = {amount}" for task, amount in asked)], lines


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Accuracy against bytes, a picture for each task and amount: the mean over seeds, a line a kind of memory"""
    from minicrt.plotting import Picture

    asked = sorted({(row["task"], row["amount"]) for row in rows})
    figure = Picture(figsize=(4.6 * len(asked) + 1.6, 3.8), dpi=100, layout="constrained")
    for axes, key in zip(np.ravel(figure.subplots(1, len(asked), squeeze=False)), asked):
        of = [row for row in rows if (row["task"], row["amount"]) == key]
        for kind, marker in zip(dict.fromkeys(kind for kind, _ in ARMS.values()), "osD^v<>P"):
            by_size: dict[int, list[float]] = {}
            for row in of:
                if ARMS[row["arm"]][0] == kind:
                    by_size.setdefault(row["bytes"], []).append(row["accuracy"])
            sizes = sorted(by_size)
            axes.plot(sizes, [statistics.mean(by_size[size]) for size in sizes], marker=marker, label=kind)
        axes.axhline(of[0]["chance"], color="black", linewidth=0.8, linestyle=":")
        axes.set(title=f"{key[0]}, S = {key[1]}, {of[0]['distance']} segments back", ylim=(0, 1.03), xscale="log",
                 xlabel="carried state (bytes)", ylabel="accuracy (share of answers), mean over seeds")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.savefig(path)


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--tasks", type=report.one_of(TASKS), default=list(TASKS), help="(default: both)")
    parser.add_argument("--arms", action="append", choices=list(ARMS), help="may be given again (default: all)")
    parser.add_argument("--amounts", type=report.numbers, default=[4, 8], metavar="S,…", help="(default: 4,8)")
    parser.add_argument("--distance", type=report.positive, default=2)
    parser.add_argument("--steps", type=report.positive, default=2000, help="at most (default: 2000)")
    parser.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    of = parser.parse_args()
    rows = KeptRows(of.json, "arm")
    chosen = [(seed, name, amount, arm) for seed in of.seeds for amount in of.amounts for name in of.tasks
              for arm in of.arms or ARMS]
    with threads.limit(of.threads or threads.count()):
        for seed, name, amount, arm in chosen:
            command = (f"python -m benchmarks.memory_bottleneck --tasks {name} --arms \"{arm}\" --amounts {amount} "
                       f"--distance {of.distance} --steps {of.steps} --seed {seed}")
            if rows.has(command):
                continue
            row = measure(name, arm, amount, of.distance, of.steps, seed)
            rows.add({**row, "command": command})
            print(f"{name:<12}S = {amount:<4}{arm:<24} seed {seed:<3}{row['bytes']:>7,} bytes   "
                  f"{row['accuracy']:.2f} after {row['taken']:,} steps   {row['seconds']:.0f} s", flush=True)
    if of.json is not None and rows.rows:
        plot(rows.rows, of.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
