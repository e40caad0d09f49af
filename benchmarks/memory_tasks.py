"""Who can remember, and how far: accuracy on small tasks against the distance in segments.

Each arm is trained on episodes whose distance is drawn anew for every step, 1 to --furthest, and scored on 1,000 other
episodes at each distance. A window longer than the arm's gradient reaches (bptt_segments = k) is run forwards without a
gradient up to its last k segments. The arms "CRT, k" have learned positions, so that the memory vector is all they
carry; those named "carries" have recurrent positions, and differ in what goes on to the next segment. Every arm: width
64, one layer (Mamba two), AdamW, the same episodes. The picture shows the mean over seeds.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from minicrt.data import TASKS, RecallTask
from minicrt.models import Parameters, SegmentModel, State, create_model
from minicrt.parallel import threads
from minicrt.training import AdamW, recall_accuracy, train_step

LEARNED: dict[str, Any] = {"model": "crt", "positions": "learned"}
STACK = {"layers": 1, "inner": 128}

# name -> (bptt_segments, the model's configuration)
ARMS: dict[str, tuple[int, dict[str, Any]]] = {
    "Transformer": (1, {"model": "transformer", **STACK}),
    "Transformer-XL, M = T": (1, {"model": "transformer_xl", **STACK}),
    "CRT, k = 1": (1, {**LEARNED, **STACK}),
    "CRT, k = 2": (2, {**LEARNED, **STACK}),
    "CRT, k = 4": (4, {**LEARNED, **STACK}),
    "CRT, whole window": (99, {**LEARNED, **STACK}),
    "CRT, writer's gradient": (1, {**LEARNED, "memory_gradient": "writer", **STACK}),
    "CRT, carried positions": (4, {"model": "crt", "memory": "none", **STACK}),
    "carries nothing, k = 2": (2, {"model": "crt", "memory": "none", "position_carry": False, **STACK}),
    "carries memory, k = 2": (2, {"model": "crt", "position_carry": False, **STACK}),
    "carries positions, k = 2": (2, {"model": "crt", "memory": "none", **STACK}),
    "carries both, k = 2": (2, {"model": "crt", **STACK}),
    "RMT, k = 4": (4, {"model": "rmt", **STACK}),
    "GRU, k = 4": (4, {"model": "recurrent", "cell": "gru", "layers": 1}),
    "LSTM, k = 4": (4, {"model": "recurrent", "cell": "lstm", "layers": 1}),
    "minGRU, k = 4": (4, {"model": "linear_recurrent", "cell": "mingru", **STACK}),
    "LRU, k = 4": (4, {"model": "linear_recurrent", "cell": "lru", **STACK}),
    "S4D, k = 4": (4, {"model": "s4d", **STACK}),
    "Mamba, k = 4": (4, {"model": "mamba", "layers": 2}),
}
NAMES = ("recall", *TASKS)
SCORED = 1000                                                # sequences at each distance


def task_at(name: str, distance: int, length: int = 6, amount: int | None = None) -> Any:
    """`amount` is how many pairs, or symbols, have to be remembered; of recall one, where it is None."""
    sizes = {"distance": distance, "segment_length": length}
    if name == "recall":
        pairs = 1 if amount is None else amount
        return RecallTask(pairs=pairs, keys=max(2, pairs), **sizes)
    return TASKS[name](**sizes, **({} if amount is None else {"length": amount}))


def model_for(name: str, configuration: dict[str, Any], seed: int, length: int, amount: int | None = None
              ) -> tuple[SegmentModel, Parameters]:
    model = create_model({"vocabulary": task_at(name, 1, length, amount).vocabulary_size, "width": 64,
                          "segment_length": length, **configuration})
    return model, model.initialize(np.random.default_rng([seed, 0]))


def learn(model: SegmentModel, parameters: Parameters, name: str, k: int, steps: int, furthest: int, seed: int,
          batch: int, length: int, learning_rate: float = 3e-3, after_step: Callable[[int], bool] | None = None,
          furthest_at: Callable[[int], int] | None = None, amount: int | None = None, carried: float = 0.0) -> int:
    """Train on episodes whose distance is drawn for each step from 1 to `furthest`, or to furthest_at(step), until
    after_step(step) says so, or for `steps`; returns how many it took. A share `carried` of the episodes begins with
    the state that the one before has left, the others with none."""
    optimizer, gradients = AdamW(parameters, learning_rate=learning_rate), parameters.zeros_like()
    draws, state = np.random.default_rng([seed, 1]), State()
    for step in range(1, steps + 1):
        most = furthest if furthest_at is None else furthest_at(step)
        task = task_at(name, int(draws.integers(1, most + 1)), length, amount)
        if not carried or draws.random() >= carried:
            state = State()
        window = task.window(draws, batch)
        for tokens, targets in window[:-k]:                  # with_gradient: it keeps what the writer read, if asked to
            _, state, _ = model.forward(parameters, tokens, targets, state)
        rate = min(1.0, step / 50, 2 * (1 - step / (steps + 1)))
        state = train_step(model, parameters, gradients, optimizer, window[-k:], state, rate=rate).state
        if after_step is not None and after_step(step):
            return step
    return steps


def measure(name: str, arm: str, steps: int, furthest: int, seed: int, batch: int, length: int) -> dict[str, Any]:
    start = time.perf_counter()
    k, configuration = ARMS[arm]
    model, parameters = model_for(name, configuration, seed, length)
    learn(model, parameters, name, k, steps, furthest, seed, batch, length)
    distances = sorted({1, 2, 3, 4, 6, 8, 12, 16, furthest})
    accuracy = [recall_accuracy(model, parameters, task_at(name, d, length), np.random.default_rng([seed, 2]), SCORED)
                for d in distances]
    return {"task": name, "arm": arm, "distances": distances, "accuracy": accuracy, "chance": task_at(name, 1).chance,
            "segment_length": length, "parameters": parameters.size, "steps": steps, "seed": seed,
            "seconds": time.perf_counter() - start}


def is_drawn(row: dict[str, Any]) -> bool:
    """The arms that carry this or that, and longer segments, are in the table of docs/results.md alone."""
    return row["segment_length"] == 6 and not row["arm"].startswith("carries")


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """A table of accuracy for each task, a row an arm and a column a distance, so that none hides another; white was
    not measured."""
    from minicrt.plotting import Picture

    rows = [row for row in rows if is_drawn(row)]
    names = [name for name in NAMES if any(row["task"] == name for row in rows)]
    arms = [arm for arm in ARMS if any(row["arm"] == arm for row in rows)]
    distances = sorted({distance for row in rows for distance in row["distances"]})
    columns = min(len(names), 2)
    lines = -(-len(names) // columns)
    figure = Picture(figsize=(1.8 + 3.9 * columns, lines * (0.9 + 0.24 * (len(arms) + 1))), dpi=110,
                     layout="constrained")
    grid = np.ravel(figure.subplots(lines, columns, squeeze=False))
    for axes, name in zip(grid, names):
        table = np.array([*(mean_accuracy(rows, name, arm, distances) for arm in arms),
                          [task_at(name, d).chance for d in distances]])
        image = axes.imshow(table, vmin=0, vmax=1, cmap="viridis", aspect="auto")
        for (line, column), share in np.ndenumerate(table):
            if not np.isnan(share):
                axes.text(column, line, f"{share:.2f}", ha="center", va="center", fontsize=7,
                          color="white" if share < 0.6 else "black")
        axes.axhline(len(arms) - 0.5, color="white", linewidth=2)
        axes.set_xticks(range(len(distances)), list(map(str, distances)))
        axes.set_yticks(range(len(arms) + 1), [*arms, "chance"], fontsize=8)
        axes.tick_params(length=0, labelleft=axes in grid[::columns])
        axes.set(title=name, xlabel="distance (segments)")
    for axes in grid[len(names):]:
        axes.remove()
    figure.colorbar(image, ax=list(grid[:len(names)]), label="accuracy (share of answers), mean over seeds", aspect=40,
                    fraction=0.02)
    figure.savefig(path)


def mean_accuracy(rows: list[dict[str, Any]], name: str, arm: str, distances: list[int]) -> list[float]:
    """Over the seeds, at each distance; NaN where it was not measured"""
    found = [[row["accuracy"][row["distances"].index(distance)] for row in rows
              if row["task"] == name and row["arm"] == arm and distance in row["distances"]] for distance in distances]
    return [float(np.mean(shares)) if shares else np.nan for shares in found]


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--tasks", type=report.one_of(NAMES), default=["recall"], help=", ".join(NAMES))
    parser.add_argument("--arms", action="append", choices=list(ARMS), help="may be given again (default: all)")
    parser.add_argument("--steps", type=report.positive, default=3000)
    parser.add_argument("--furthest", type=report.positive, default=8)
    parser.add_argument("--batch", type=report.positive, default=32)
    parser.add_argument("--segment-length", type=report.positive, default=6)
    parser.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    arguments = parser.parse_args()
    rows = KeptRows(arguments.json, "arm")
    chosen = [(seed, name, arm) for seed in arguments.seeds for name in arguments.tasks
              for arm in arguments.arms or ARMS]
    with threads.limit(arguments.threads or threads.count()):
        for seed, name, arm in chosen:
            command = (f"python -m benchmarks.memory_tasks --tasks {name} --arms \"{arm}\" "
                       f"--steps {arguments.steps} --furthest {arguments.furthest} --batch {arguments.batch} "
                       f"--seed {seed} --segment-length {arguments.segment_length}")
            if rows.has(command):
                continue
            row = measure(name, arm, arguments.steps, arguments.furthest, seed, arguments.batch,
                          arguments.segment_length)
            rows.add({**row, "command": command})
            print(f"{name:<12}{arm:<26} seed {seed:<3}" + "".join(f"{d:>4}: {a:.2f}" for d, a in
                  zip(row["distances"], row["accuracy"])) + f"   {row['seconds']:.0f} s", flush=True)
    if arguments.json is not None and any(map(is_drawn, rows)):
        plot(rows.rows, arguments.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
