"""How much the memory vector holds, and for how long.

amount  1 to 4 pairs of recall and 1 to 8 symbols of copy, for a CRT of each width: accuracy 8 segments back
hold    recall of one pair by a CRT of width 64: accuracy up to 1,000 segments back, and what a long filler makes of the
        memory that one segment has written: 32 episodes, in steps of a power of ten of tokens up to --tokens

One layer, inner = 2 · width, positions that start anew in each segment; trained on distances of 1 to 8 as in
benchmarks/memory_study.py, with gradients over two segments (of amount, over --k), at most --steps, until all is
recalled at two checks in a row. AdamW has a learning rate of 3e-3, or of amount --learning-rate.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from benchmarks.memory_study import BATCH, CHECKED, FURTHEST, POSITIONS, SCORED, is_recalled
from benchmarks.memory_tasks import learn, model_for, task_at
from minicrt.models import Parameters, SegmentModel, State
from minicrt.parallel import threads
from minicrt.training import recall_accuracy

AMOUNTS = {"recall": (1, 2, 3, 4), "copy": (1, 2, 4, 8)}
DISTANCES = (8, 16, 64, 256, 1000)                           # segments
LEARNING_RATE, STEPS = 3e-3, 3000                            # of AdamW; at most
SATURATED = 0.95                                             # of |m|; what a GRU writes stays under 1
SHOWN = {"cosine": "cosine of m with its first value", "accuracy": "recall accuracy", "size": "mean size of units",
         "saturated": f"units larger than {SATURATED} in size (share)"}


def trained(name: str, amount: int, width: int, length: int, k: int, seed: int, steps: int, learning_rate: float
            ) -> tuple[SegmentModel, Parameters, int]:
    """The model, and the steps that its training took"""
    configuration = {"model": "crt", "layers": 1, "width": width, "inner": 2 * width, **POSITIONS["reset"]}
    model, parameters = model_for(name, configuration, seed, length, amount)
    task, curve = task_at(name, FURTHEST, length, amount), list[tuple[int, float]]()
    taken = learn(model, parameters, name, k, steps, FURTHEST, seed, BATCH, length, learning_rate, amount=amount,
                  after_step=lambda step: is_recalled(model, parameters, task, seed, step, curve))
    return model, parameters, taken


def measure_amount(name: str, amount: int, width: int, length: int, k: int, seed: int, steps: int,
                   learning_rate: float) -> dict[str, Any]:
    start = time.perf_counter()
    model, parameters, taken = trained(name, amount, width, length, k, seed, steps, learning_rate)
    task = task_at(name, FURTHEST, length, amount)
    return {"part": "amount", "task": name, "amount": amount, "width": width, "segment_length": length, "k": k,
            "learning_rate": learning_rate, "steps": steps, "seed": seed, "chance": task.chance,
            "accuracy": recall_accuracy(model, parameters, task, np.random.default_rng([seed, 2]), SCORED),
            "taken": taken, "seconds": time.perf_counter() - start}


def measure_hold(length: int, seed: int, steps: int, tokens: int) -> dict[str, Any]:
    start = time.perf_counter()
    model, parameters, taken = trained("recall", 1, 64, length, 2, seed, steps, LEARNING_RATE)
    accuracy = [recall_accuracy(model, parameters, task_at("recall", d, length), np.random.default_rng([seed, 2]),
                                CHECKED) for d in DISTANCES]
    return {"part": "hold", "segment_length": length, "seed": seed, "taken": taken, "distances": list(DISTANCES),
            "accuracy": accuracy, "drift": drift(model, parameters, length, seed, tokens),
            "seconds": time.perf_counter() - start}


def drift(model: SegmentModel, parameters: Parameters, length: int, seed: int, tokens: int) -> list[dict[str, Any]]:
    """What has become of the memory of BATCH episodes after 0, 10, 100, … tokens of filler, in whole segments"""
    rng, task = np.random.default_rng([seed, 4]), task_at("recall", 1, length)
    (shown, _), (asked, targets) = task.window(rng, BATCH)
    _, state = model.logits(parameters, shown, State())
    first, passed, points = state["memory"], 0, list[dict[str, Any]]()
    for due in [0, *(10 ** power for power in range(1, len(str(tokens))))]:
        while passed < due:
            filler = rng.integers(task.values + task.keys, task.vocabulary_size, (BATCH, length), dtype=np.int32)
            _, state = model.logits(parameters, filler, state)
            passed += length
        m = state["memory"]                                  # (B, 1, D)
        logits, _ = model.logits(parameters, asked, state)
        points.append({"tokens": passed, "cosine": cosine(first, m), "size": float(np.abs(m).mean()),
                       "saturated": float((np.abs(m) > SATURATED).mean()),
                       "accuracy": float((logits[:, -1].argmax(-1) == targets[:, -1]).mean())})
    return points


def cosine(first: np.ndarray, m: np.ndarray) -> float:
    """The mean over episodes"""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(m, axis=-1)
    return float(((first * m).sum(-1) / lengths).mean())


def plot(rows: Sequence[dict[str, Any]], path: Any) -> None:
    """Accuracy against the amount, a line a width, the mean over seeds; against the distance; and the drift, by seed"""
    from minicrt.plotting import BLUE, GREEN, ORANGE, Picture

    figure = Picture(figsize=(10, 6.6), dpi=100, layout="constrained")
    grid = np.ravel(figure.subplots(2, 2))
    for axes, name, unit in zip(grid, AMOUNTS, ("pairs", "symbols")):
        of_task = [row for row in rows if row.get("task") == name and is_drawn(row)]
        for width, marker in zip(sorted({row["width"] for row in of_task}), "os^vD" * 9):
            amounts = sorted({row["amount"] for row in of_task if row["width"] == width})
            axes.plot(amounts, [np.mean([row["accuracy"] for row in of_task if row["width"] == width
                                         and row["amount"] == amount]) for amount in amounts],
                      marker=marker, label=f"width {width}")
        axes.set(title=f"{name}, {FURTHEST} segments back, mean over seeds", xlabel=f"{unit} to remember",
                 ylabel="accuracy (share of answers)", ylim=(0, 1.03), xticks=AMOUNTS[name])
        if of_task:
            axes.legend(fontsize=8)
    for row in (row for row in rows if row["part"] == "hold"):
        grid[2].plot(row["distances"], row["accuracy"], marker="o", color=BLUE, alpha=0.6)
        for key, color in (("cosine", BLUE), ("accuracy", GREEN), ("size", ORANGE), ("saturated", "black")):
            grid[3].plot([point["tokens"] for point in row["drift"]], [point[key] for point in row["drift"]],
                         color=color, alpha=0.6)
            grid[3].lines[-1].set_label(SHOWN[key] if len(grid[3].lines) <= 4 else "_")
    grid[2].set(title="one pair, a line a seed", xlabel="distance (segments)", xscale="log", ylim=(0, 1.03),
                ylabel="accuracy (share of answers)")
    grid[3].set(title="drift over filler, a line a seed", xlabel="tokens of filler", ylabel="share, or value of m")
    grid[3].set_xscale("symlog", linthresh=10)
    if grid[3].lines:
        grid[3].set_ylim(0, 1.03)
        grid[3].legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    figure.savefig(path)


def is_drawn(row: dict[str, Any]) -> bool:
    return (row["segment_length"], *trained_as(row)) == (17, 2, LEARNING_RATE, STEPS)


def trained_as(row: dict[str, Any]) -> tuple[int, float, int]:
    """Gradients over how many segments, how fast and how long; what a row does not say was as by default."""
    return row.get("k", 2), row.get("learning_rate", LEARNING_RATE), row.get("steps", STEPS)


Table = tuple[list[str], list[list[Any]]]                    # the head, and the rows


def amounts(rows: Sequence[dict[str, Any]]) -> Table:
    """Accuracy by what has to be remembered and by width, each seed"""
    found: dict[tuple[str, int, int, tuple[int, float, int]], dict[int, list[str]]] = {}
    for row in sorted((row for row in rows if row["part"] == "amount"),
                      key=lambda row: (row["task"] != "recall", row["segment_length"] != 17, -trained_as(row)[1],
                                       trained_as(row), row["amount"], row["seed"])):
        of_widths = found.setdefault((row["task"], row["amount"], row["segment_length"], trained_as(row)), {})
        of_widths.setdefault(row["width"], []).append(f"{row['accuracy']:.2f}")
    widths = sorted({width for of_widths in found.values() for width in of_widths})
    return (["to remember", "T", "k", "learning rate", "steps, at most", *(f"width {width}" for width in widths)],
            [[f"{task}: {amount}", length, k, f"{rate:g}", f"{steps:,}",
              *(", ".join(of_widths.get(width, ["–"])) for width in widths)]
             for (task, amount, length, (k, rate, steps)), of_widths in found.items()])


def held(rows: Sequence[dict[str, Any]]) -> Table:
    """Accuracy by distance in segments, each seed a row"""
    found = sorted((row for row in rows if row["part"] == "hold"), key=lambda row: (row["segment_length"], row["seed"]))
    return (["T", "seed", *(f"{distance:,}" for distance in DISTANCES)],
            [[row["segment_length"], row["seed"], *(f"{share:.2f}" for share in row["accuracy"])] for row in found])


def drifted(rows: Sequence[dict[str, Any]]) -> Table:
    """What filler makes of the memory, each seed"""
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in sorted((row for row in rows if row["part"] == "hold"), key=lambda row: row["seed"]):
        for point in row["drift"]:
            found.setdefault((row["segment_length"], point["tokens"]), []).append(point)
    return (["T", "tokens of filler", *SHOWN.values()],
            [[length, f"{tokens:,}", *(", ".join(f"{point[key]:.2f}" for point in points) for key in SHOWN)]
             for (length, tokens), points in sorted(found.items())])


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--parts", type=report.one_of(("amount", "hold")), default=["amount", "hold"],
                        help="amount, hold (default: both)")
    parser.add_argument("--tasks", type=report.one_of(tuple(AMOUNTS)), default=list(AMOUNTS), help="(default: both)")
    parser.add_argument("--amounts", type=report.numbers, metavar="N,…", help="(default: 1,2,3,4; of copy 1,2,4,8)")
    parser.add_argument("--widths", type=report.numbers, default=[32, 64, 128, 256], metavar="D,…")
    parser.add_argument("--segment-length", type=report.positive, help="(default: 17; of hold 35)")
    parser.add_argument("--k", type=report.positive, default=2, metavar="SEGMENTS",
                        help="that the gradients of amount reach over (default: 2)")
    parser.add_argument("--learning-rate", type=report.positive_number, default=LEARNING_RATE,
                        help=f"of amount (default: {LEARNING_RATE})")
    parser.add_argument("--seeds", type=report.numbers, default=[0, 1, 2], metavar="S,…", help="(default: 0,1,2)")
    parser.add_argument("--steps", type=report.positive, default=STEPS, help=f"at most (default: {STEPS})")
    parser.add_argument("--tokens", type=report.positive, default=10 ** 6, help="of filler (default: 1000000)")
    of = parser.parse_args()
    rows = KeptRows(of.json, "part")
    chosen: list[tuple[str, Any]] = []
    for seed in of.seeds:
        if "hold" in of.parts:
            length = of.segment_length or 35
            chosen.append((f"--parts hold --segment-length {length} --seeds {seed} --steps {of.steps} --tokens "
                           f"{of.tokens}", (measure_hold, length, seed, of.steps, of.tokens)))
        if "amount" in of.parts:
            length, more = of.segment_length or 17, f" --k {of.k}" if of.k != 2 else ""
            if of.learning_rate != LEARNING_RATE:
                more += f" --learning-rate {of.learning_rate}"
            chosen += [(f"--parts amount --tasks {name} --amounts {amount} --widths {width} --segment-length {length} "
                        f"--seeds {seed} --steps {of.steps}{more}",
                        (measure_amount, name, amount, width, length, of.k, seed, of.steps, of.learning_rate))
                       for width in of.widths for name in of.tasks for amount in of.amounts or AMOUNTS[name]]
    with threads.limit(of.threads or threads.count()):
        for options, (measure, *arguments) in chosen:
            command = f"python -m benchmarks.memory_capacity {options}"
            if not rows.has(command):
                row = measure(*arguments)
                rows.add({**row, "command": command})
                print(f"{options}   accuracy {row['accuracy']} after {row['taken']} steps   {row['seconds']:.0f} s",
                      flush=True)
    if of.json is not None and rows.rows:
        plot(rows.rows, of.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
