"""A training step of a preset at its full size, on tokens drawn by Zipf's law: seconds, tokens a second, memory

The words' frequencies are those of a text (the word of rank r as often as 1/r), which is what an adaptive softmax costs
hang on; no corpus is needed. Each form runs in a process of its own, for --steps; the fastest counts, and the first of
them compiles what a cache does not have. Memory is what that process has had resident at most, the interpreter
included; beside it what `minicrt info` says. Tokens a second are by the processor's time: on a busy machine what a core
of its own would take."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.peak_memory import peak_mib
from minicrt import accounting, engines
from minicrt.data.published import TYPES
from minicrt.models import create_model
from minicrt.parallel import threads
from minicrt.settings import parse_assignments, settings
from minicrt.training import make_optimizer, train_step

COLUMNS = {"recompute": "s", "tokens": ",d", "seconds": ",.1f", "processor_seconds": ",.1f",
           "tokens_per_second": ",.1f", "peak_mib": ",.0f", "said_mib": ",.0f", "loss": ".3f"}


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--preset", default="wikitext103", help="(default: wikitext103)")
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of minicrt train")
    options.add_argument("--recompute", type=report.one_of(["true", "false"]), default=["true"],
                         help="the forms, of true,false (default: true)")
    options.add_argument("--steps", type=report.positive, default=1, help="(default: 1)")
    arguments = options.parse_args()
    number = arguments.threads or 1
    machine = report.print_machine(number)
    rows = []
    for recompute in arguments.recompute:
        asked = json.dumps({"preset": arguments.preset, "set": [*arguments.set, f"recompute={recompute}"],
                            "threads": number, "steps": arguments.steps})
        answer = subprocess.run([sys.executable, "-m", "benchmarks.preset_step", "--step", asked], text=True,
                                stdout=subprocess.PIPE, encoding="utf-8", check=True,
                                cwd=Path(__file__).parents[1]).stdout
        rows.append({"recompute": recompute, **json.loads(answer), "threads": number, "seed": 0,
                     "command": f"python -m benchmarks.preset_step {' '.join(sys.argv[1:])}".strip()})
    print(f"\n{arguments.preset}, {number} thread{'s' * (number != 1)}; MiB as measured, and as minicrt info says\n")
    print(report.table(rows, COLUMNS))
    report.write(arguments.json, rows, machine, lambda: figure(rows))


def step_of(asked: dict[str, Any]) -> dict[str, Any]:
    chosen = settings(asked["preset"], parse_assignments(asked["set"]))
    training, engine = chosen.training, engines.get("numba")
    model = create_model({**chosen.model, "vocabulary": TYPES.get(chosen.data.corpus, 10_000)}, engine)
    T, B, K, V = model.config.segment_length, training.batch, training.bptt_segments, model.config.vocabulary
    rng = np.random.default_rng(0)
    parameters = model.initialize(rng)
    optimizer, gradients = make_optimizer(training, parameters, engine), parameters.zeros_like()
    frequency = 1 / np.arange(1, V + 1)
    text = rng.choice(V, (B, K * T + 1), p=frequency / frequency.sum())
    segments = [(text[:, n * T:n * T + T], text[:, n * T + 1:n * T + T + 1]) for n in range(K)]
    taken, loss = list[tuple[float, float]](), 0.0
    for _ in range(asked["steps"]):
        start, spent = time.perf_counter(), time.process_time()
        loss, _, _ = train_step(model, parameters, gradients, optimizer, segments, {}, rng, training.clip,
                                recompute=training.recompute)
        taken.append((time.process_time() - spent, time.perf_counter() - start))
    processor, seconds = min(taken)
    said = accounting.step_memory(model.config, training, model.size, "numba", asked["threads"])
    return {"set": asked["set"], "steps": asked["steps"], "parameters": model.size, "rows": B, "segments": K,
            "segment_length": T, "tokens": B * K * T,
            "seconds": seconds, "processor_seconds": processor, "tokens_per_second": B * K * T / processor,
            "peak_mib": peak_mib(), "said_mib": sum(said.values()) / 2 ** 20, "loss": float(loss)}


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    made = Picture(figsize=(6, 2), layout="constrained")
    axes = made.subplots()
    axes.barh([f"recompute={row['recompute']}" for row in rows], [row["peak_mib"] or 0 for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("memory of a step, MiB")
    return made


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        given = json.loads(sys.argv[2])
        with threads.limit(given["threads"]):
            print(json.dumps(step_of(given)))
    else:
        report.run(main)
