"""What a training step of the CRT and its cheaper forms takes, against the plain Transformer of the same blocks.

The models are those of benchmarks/grids/ptb.toml that the table of cheaper forms in docs/results.md has (T=35); a step
is two segments of 20 rows, forwards, backwards, clipping and AdamW, in float32. The models take a step each by turns,
so that whatever else the machine does falls on all alike."""

import sys
import time
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.ptb_tables import CHEAP, plain_transformer
from benchmarks.report import ROOT
from minicrt import engines
from minicrt.comparison import read_grid
from minicrt.models import SegmentModel, create_model, model_mapping
from minicrt.parallel import threads
from minicrt.training import AdamW, train_step

PLAIN = "plain"
GRID, VOCABULARY = ROOT / "benchmarks" / "grids" / "ptb.toml", 10_000
BATCH, SEGMENTS = 20, 2
WARM_UP = 3                                                  # steps that are not counted
COLUMNS = {"form": "s", "milliseconds": ".1f", "spread": ".1f", "tokens_per_second": ",.0f", "over_plain": "+.1%"}


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--steps", type=report.positive, default=40, help="of each model (default: 40)")
    options.add_argument("--engine", choices=engines.NAMES, default="numba", help="(default: numba)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    engine = engines.get(arguments.engine)
    cells = {cell.model: cell.settings.model | {"vocabulary": VOCABULARY} for cell in read_grid(GRID).cells
             if cell.segment_length == 35}
    models = {PLAIN: plain_transformer(model_mapping(create_model(cells["crt-gru"])), engine)}
    models |= {label: create_model(cells[label], engine) for label in CHEAP}
    steps = {label: Step(model) for label, model in models.items()}
    with threads.limit(number):
        for _ in tqdm(range(WARM_UP + arguments.steps), disable=None, leave=False):
            for step in steps.values():
                step.take()
    rows = [{"form": label, "threads": number, "engine": arguments.engine, **step.row()}
            for label, step in steps.items()]
    for row in rows:
        row["over_plain"] = row["milliseconds"] / rows[0]["milliseconds"] - 1
    print(f"\n{number} threads, {arguments.steps} steps each\n\n{report.table(rows, COLUMNS)}")
    report.write(arguments.json, rows, machine, lambda: figure(rows))


class Step:
    """A model in training on one window of random tokens."""

    def __init__(self, model: SegmentModel):
        rng = np.random.default_rng(0)
        self.model, self.parameters = model, model.initialize(rng)
        self.gradients, self.optimizer = self.parameters.zeros_like(), AdamW(self.parameters, engine=model.engine)
        shape = (SEGMENTS, 2, BATCH, model.config.segment_length)
        self.window = [tuple(pair) for pair in rng.integers(0, model.config.vocabulary, shape, dtype=np.int32)]
        self.seconds: list[float] = []

    def take(self) -> None:
        start = time.perf_counter()
        train_step(self.model, self.parameters, self.gradients, self.optimizer, self.window, {})
        self.seconds.append(time.perf_counter() - start)

    def row(self) -> dict[str, Any]:
        """The median, and half the distance of the quartiles, of the steps that count."""
        counted = self.seconds[WARM_UP:]
        low, median, high = np.quantile(counted, (0.25, 0.5, 0.75))
        tokens = SEGMENTS * BATCH * self.model.config.segment_length
        return {"milliseconds": 1000 * median, "spread": 500 * (high - low), "tokens_per_second": tokens / median}


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    drawn = Picture(figsize=(7, 3.5), layout="constrained")
    axes = drawn.subplots()
    axes.barh([row["form"] for row in rows], [100 * row["over_plain"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("time of a training step over the plain Transformer's (%)")
    return drawn


if __name__ == "__main__":
    report.run(main)
