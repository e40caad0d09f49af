"""What breaks when sensors do: the error of forecasts against the rate of damage, and how soon a memory recovers

The readings are those of the dosing machine (`minicrt.data.sensors.dosing_machine`), where a dose explains the pressure
48 readings later; the pressure is forecast 16 readings ahead, so that the last reading does not tell it. Each arm is
trained on readings as they are ("clean"), or on windows each of which has one of the damages at a rate drawn from 0 to
0.4 ("damaged"), and scored on 128 other recordings of 384 readings, damaged at each rate. Errors are root mean squared,
in bar; the machine's noise alone makes 0.1.

Recovery: 16 readings of a recording are lost, or noisy with a deviation of 3, or stuck, after the dose of a cycle;
counted are the readings after them until the forecasts stay within 0.05 bar (root mean squared over recordings) of
those of the recording without. null: not within the 144 readings that follow.
"""

import sys
import time
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.damages import DAMAGES, Array, Rng
from benchmarks.kept_rows import KeptRows
from minicrt.data.sensors import Framing, Question, ReadingStream, SensorData, dosing_machine, sensor_data
from minicrt.models import Parameters, SensorModel, create_sensor_model
from minicrt.parallel import threads
from minicrt.training import AdamW, train_step

PERIOD, HORIZON = 64, 16
RATES = (0.1, 0.2, 0.4)
RECORDINGS, LENGTH = 128, 6 * PERIOD
BURST = slice(3 * PERIOD + 16, 3 * PERIOD + 32)              # between a dose and the pressure that it explains
WITHIN = 0.05                                                # bar

# name -> (bptt_segments, the model)
ARMS: dict[str, tuple[int, dict[str, Any]]] = {
    "CRT": (4, {"model": "crt", "width": 32, "layers": 1, "heads": 2, "inner": 64, "segment_length": 16}),
    "GRU": (4, {"model": "recurrent", "cell": "gru", "width": 64, "layers": 1, "segment_length": 16}),
    "Transformer": (4, {"model": "transformer", "width": 32, "layers": 2, "heads": 2, "inner": 64,
                        "segment_length": 16}),
    "Transformer, T = 64": (1, {"model": "transformer", "width": 32, "layers": 2, "heads": 2, "inner": 64,
                                "segment_length": 64}),
}
TRAINED = ("clean", "damaged")


def damaged(x: Array, rng: Rng) -> Array:
    """One of the damages, at a rate of its own"""
    return DAMAGES[list(DAMAGES)[rng.integers(len(DAMAGES))]](x, 0.4 * rng.random(), rng)


def learn(model: SensorModel, data: SensorData, bptt: int, steps: int, seed: int, trained: str) -> Parameters:
    rng = np.random.default_rng([seed, 1])
    parameters = model.initialize(np.random.default_rng([seed, 0]))
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, learning_rate=4e-3)
    stream, state, first = ReadingStream(data.train, 16, model.config.segment_length, "training"), {}, 0
    for step in range(1, steps + 1):
        if first + bptt > len(stream):
            first, state = 0, {}
        segments = [stream.segment(index) for index in range(first, first + bptt)]
        first += bptt
        if trained == "damaged":
            inputs = damaged(np.concatenate([x for x, _ in segments], 1), rng)
            parts = np.split(inputs, np.cumsum([x.shape[1] for x, _ in segments])[:-1], 1)
            segments = [(part, targets) for part, (_, targets) in zip(parts, segments)]
        rate = min(1.0, step / 50, 1.05 * (1 - step / (steps + 1)))
        state = train_step(model, parameters, gradients, optimizer, segments, state, rate=rate).state
    return parameters


def recordings(framing: Framing) -> tuple[Array, Array]:
    """Inputs (128, 384, C) and targets (128, 384) of recordings that nobody was trained on"""
    made = [dosing_machine(np.random.default_rng([1, row]), LENGTH, PERIOD) for row in range(RECORDINGS)]
    inputs = framing.inputs(np.stack([readings.values for readings in made]))
    return inputs, np.stack([framing.targets(readings)[:, 0] for readings in made])


def forecasts(model: SensorModel, parameters: Parameters, inputs: Array) -> Array:       # (B, N, C) -> (B, N)
    found, state, T = [], dict[str, Array](), model.config.segment_length
    for start in range(0, inputs.shape[1], T):
        y, state = model.logits(parameters, inputs[:, start:start + T], state)
        found.append(y[..., 0])
    return np.concatenate(found, 1)


def root_mean_square(x: Array) -> float:
    return float(np.sqrt(np.nanmean(x * x)))


def errors(model: SensorModel, parameters: Parameters, framing: Framing, inputs: Array, targets: Array
           ) -> dict[str, list[float]]:
    """Of each damage at the rates 0 and RATES"""
    scale, right = framing.scale, forecasts(model, parameters, inputs)
    without = scale * root_mean_square(right - targets)
    found = {}
    for number, (name, damage) in enumerate(DAMAGES.items()):
        at = [forecasts(model, parameters, damage(inputs, rate, np.random.default_rng([2, number, k])))
              for k, rate in enumerate(RATES)]
        found[name] = [without, *(scale * root_mean_square(y - targets) for y in at)]
    return found


def recovery(model: SensorModel, parameters: Parameters, framing: Framing, inputs: Array) -> dict[str, int | None]:
    """The readings after a burst until the forecasts are again those without it; None: not in this recording"""
    right, rng = forecasts(model, parameters, inputs), np.random.default_rng(3)
    lost, noisy, stuck = inputs.copy(), inputs.copy(), inputs.copy()
    lost[:, BURST] = np.nan
    noisy[:, BURST] += 3 * rng.standard_normal(noisy[:, BURST].shape)
    stuck[:, BURST] = stuck[:, BURST.start - 1, None]
    found: dict[str, int | None] = {}
    for name, x in {"lost": lost, "noisy": noisy, "stuck": stuck}.items():
        off = framing.scale * np.sqrt(np.mean((forecasts(model, parameters, x) - right) ** 2, 0))[BURST.stop:]
        far = np.flatnonzero(off > WITHIN)
        steps = int(far[-1]) + 1 if far.size else 0
        found[name] = steps if steps < len(off) - HORIZON else None
    return found


def measure(arm: str, trained: str, steps: int, seed: int) -> dict[str, Any]:
    start = time.perf_counter()
    bptt, configuration = ARMS[arm]
    data = sensor_data(dosing_machine(np.random.default_rng([0, seed]), 20_000, PERIOD),
                       Question("forecast", "pressure", HORIZON))
    model = create_sensor_model(channels=6, outputs=1, **configuration)
    parameters = learn(model, data, bptt, steps, seed, trained)
    inputs, targets = recordings(data.framing)
    return {"arm": arm, "trained": trained, "seed": seed, "steps": steps, "parameters": parameters.size,
            "rates": [0.0, *RATES], "errors": errors(model, parameters, data.framing, inputs, targets),
            "recovery": recovery(model, parameters, data.framing, inputs), "seconds": time.perf_counter() - start}


def by_rate(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Head and lines of a table: an arm and a damage a line, a rate a column; the mean over seeds and their range"""
    head = ["arm", "trained", "damage", "none", *map(str, RATES)]
    lines = [[arm, trained, name, *(shown([row["errors"][name][k] for row in found]) for k in range(1 + len(RATES)))]
             for (arm, trained), found in groups(rows).items() for name in DAMAGES]
    return head, lines


def by_burst(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Head and lines of a table: the readings that each seed needs to recover from each burst"""
    bursts = list(rows[0]["recovery"])
    return ["arm", "trained", *bursts], [
        [arm, trained, *(", ".join("never" if row["recovery"][burst] is None else str(row["recovery"][burst])
                                   for row in found) for burst in bursts)]
        for (arm, trained), found in groups(rows).items()]


def groups(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By arm and training, in the order of the arms, the seeds in theirs"""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (list(ARMS).index(row["arm"]), TRAINED.index(row["trained"]), row["seed"])):
        found.setdefault((row["arm"], row["trained"]), []).append(row)
    return found


def shown(figures: list[float]) -> str:
    """`0.21 (0.15–0.31)`"""
    mean = f"{np.mean(figures):.2f}"
    return mean if len(figures) == 1 else f"{mean} ({min(figures):.2f}–{max(figures):.2f})"


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--arms", action="append", choices=list(ARMS), help="may be given again (default: all)")
    parser.add_argument("--steps", type=report.positive, default=400)
    parser.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    arguments = parser.parse_args()
    rows = KeptRows(arguments.json, "arm")
    chosen = [(seed, arm, trained) for seed in arguments.seeds for arm in arguments.arms or ARMS for trained in TRAINED]
    with threads.limit(arguments.threads or threads.count()):
        for seed, arm, trained in chosen:
            command = f'python -m benchmarks.sensor_damage --arms "{arm}" --steps {arguments.steps} --seed {seed}'
            if any(row["command"] == command and row["trained"] == trained for row in rows):
                continue
            row = measure(arm, trained, arguments.steps, seed)
            rows.add({**row, "command": command})
            worst = "  ".join(f"{name} {at[-1]:.2f}" for name, at in row["errors"].items())
            print(f"{arm:<20} {trained:<8} seed {seed}  none {row['errors']['noise'][0]:.2f}  {worst}  recovery "
                  f"{row['recovery']}  {row['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    report.run(main)
