"""Does the memory learn with every seed, and what decides it: recall by the memory vector alone.

A CRT of width 64 with one layer learns to recall a value from 1 to 8 segments back (`minicrt.data.RecallTask`, one
pair), with gradients over two segments, 32 episodes a step, AdamW with 3e-3, for at most --steps. Positions carry
nothing on: they are recurrent and start anew in each segment ("reset"), or learned. Every 125 steps the accuracy 8
segments back is taken on 300 episodes; training ends when it has been 1 twice in a row. A seed has solved the task if
then, on 1,000 other episodes, the accuracy is at least 0.95. The variants are in benchmarks/memory_variants.py.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from benchmarks.memory_tasks import STACK, learn, model_for, task_at
from benchmarks.memory_variants import VARIANTS, Held
from minicrt.models import Parameters, SegmentModel
from minicrt.parallel import threads
from minicrt.training import recall_accuracy

POSITIONS: dict[str, dict[str, Any]] = {"reset": {"position_carry": False}, "learned": {"positions": "learned"}}
FURTHEST, BATCH, EVERY, SOLVED = 8, 32, 125, 0.95
CHECKED, SCORED = 300, 1000                                  # episodes


def is_recalled(model: SegmentModel, parameters: Parameters, task: Any, seed: int, step: int,
                curve: list[tuple[int, float]]) -> bool:
    """After every EVERY steps adds (step, accuracy) to the curve; whether it was 1 twice in a row."""
    if step % EVERY:
        return False
    curve.append((step, recall_accuracy(model, parameters, task, np.random.default_rng([seed, 3]), CHECKED)))
    return [accuracy for _, accuracy in curve[-2:]] == [1.0, 1.0]


def measure(name: str, length: int, positions: str, seed: int, steps: int) -> dict[str, Any]:
    """One run; `curve` has (step, accuracy 8 segments back) of every check."""
    start, variant, task = time.perf_counter(), VARIANTS[name], task_at("recall", FURTHEST, length)
    configuration = {"model": "crt", **STACK, **POSITIONS[positions], **variant.settings}
    plain, _ = model_for("recall", configuration, seed, length)
    model = variant.model(plain.config, plain.engine)        # type: ignore[arg-type]
    parameters = model.initialize(np.random.default_rng([seed, 0]))
    held, curve = Held(variant, parameters), list[tuple[int, float]]()

    def after_step(step: int) -> bool:
        held.after_step()
        return is_recalled(model, parameters, task, seed, step, curve)

    def furthest_at(step: int) -> int:
        return min(FURTHEST, 1 + 2 * step * FURTHEST // (steps + 1)) if variant.curriculum else FURTHEST

    taken = learn(model, parameters, "recall", variant.k, steps, FURTHEST, seed, BATCH, length, variant.learning_rate,
                  after_step, furthest_at)
    final = recall_accuracy(model, parameters, task, np.random.default_rng([seed, 2]), SCORED)
    return {"variant": name, "segment_length": length, "positions": positions, "seed": seed, "steps": steps,
            "taken": taken, "accuracy": final, "solved": final >= SOLVED,
            "solved_at": next((step for step, accuracy in curve if accuracy >= SOLVED), None),
            "curve": curve, "seconds": time.perf_counter() - start}


def groups(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, int, str], list[dict[str, Any]]]:
    """By variant, segment length and positions, in the order of VARIANTS; each seed once."""
    found: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (list(VARIANTS).index(row["variant"]), row["segment_length"],
                                             row["positions"] != "reset", row["seed"])):
        found.setdefault((row["variant"], row["segment_length"], row["positions"]), []).append(row)
    return found


def summary(rows: Sequence[dict[str, Any]]) -> tuple[str, str, str]:
    """The share of seeds that solve it, the median of the steps until they do, and the accuracies of the others"""
    solved = [row for row in rows if row["solved"]]
    steps = [row["solved_at"] for row in solved if row["solved_at"] is not None]
    others = ", ".join(f"{row['accuracy']:.2f}" for row in rows if not row["solved"])
    return f"{len(solved)} of {len(rows)}", f"{statistics.median(steps):,.0f}" if steps else "–", others or "–"


def plot(rows: Sequence[dict[str, Any]], path: Any) -> None:
    """A panel for each variant, segment length and positions; a line for each seed"""
    from minicrt.plotting import Picture

    panels = groups(rows)
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure = Picture(figsize=(3.1 * columns, 2.3 * lines + 0.4), dpi=100, layout="constrained")
    grid = np.ravel(figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True))
    for axes, ((variant, length, positions), of_panel) in zip(grid, panels.items()):
        for row in of_panel:
            axes.plot(*zip(*row["curve"]), linewidth=0.9, alpha=0.8, color="#3A6EA5" if row["solved"] else "#C9560C")
        axes.axhline(1 / 8, color="#6B6B6B", linestyle=":", linewidth=0.8)
        axes.set_title(f"{variant}\nT = {length}, positions {positions}", fontsize=8)
        axes.set(xlim=(0, max(row["steps"] for row in rows)), ylim=(0, 1.03))
    for axes in grid[len(panels):]:
        axes.remove()
    figure.supxlabel("step of 32 episodes", fontsize=9)
    figure.supylabel("accuracy 8 segments back\n(share of answers; dotted: chance)", fontsize=8)
    figure.savefig(path)


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--variants", action="append", choices=list(VARIANTS), help="may be given again (default: all)")
    parser.add_argument("--segment-lengths", type=report.numbers, default=[17], metavar="T,…", help="(default: 17)")
    parser.add_argument("--positions", action="append", choices=list(POSITIONS), help="(default: reset)")
    parser.add_argument("--seeds", type=report.numbers, default=list(range(10)), metavar="S,…", help="(default: 0-9)")
    parser.add_argument("--steps", type=report.positive, default=3000, help="at most (default: 3000)")
    arguments = parser.parse_args()
    rows = KeptRows(arguments.json, "variant")
    chosen = [(variant, length, positions, seed) for length in arguments.segment_lengths
              for positions in arguments.positions or ["reset"] for variant in arguments.variants or VARIANTS
              for seed in arguments.seeds]
    with threads.limit(arguments.threads or threads.count()):
        for variant, length, positions, seed in chosen:
            command = (f'python -m benchmarks.memory_study --variants "{variant}" --segment-lengths {length} '
                       f"--positions {positions} --seeds {seed} --steps {arguments.steps}")
            if rows.has(command):
                continue
            row = measure(variant, length, positions, seed, arguments.steps)
            rows.add({**row, "command": command})
            print(f"{variant:<34} T = {length:<4} {positions:<8} seed {seed:<3} {row['accuracy']:.2f} after "
                  f"{row['taken']:>5} steps   {row['seconds']:.0f} s", flush=True)
    if arguments.json is not None and rows.rows:
        plot(rows.rows, arguments.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
