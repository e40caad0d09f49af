"""One point of `benchmarks.scaling`, in a process of its own: prints a JSON object."""

import json
import statistics
import sys
import time
from typing import Any

import numpy as np

from benchmarks.peak_memory import peak_mib
from benchmarks.scaling import STEP, STREAM
from benchmarks.task import Size
from minicrt import engines
from minicrt.data import TokenStream
from minicrt.parallel import threads
from minicrt.training import AdamW, evaluate, train_step

REPETITIONS = 7


def main(what: str, value: str, engine: str, number: str) -> None:
    with threads.limit(int(number)):
        point = stream(int(value), engine) if what == "stream" else step(STEP.changed(**{what: int(value)}), engine)
    print(json.dumps(point))


def stream(tokens: int, engine: str) -> dict[str, Any]:
    """The evaluation of a stream of so many tokens."""
    model, parameters = STREAM.model(engines.get(engine)), STREAM.parameters(engines.get(engine))
    corpus = np.random.default_rng(0).integers(0, STREAM.vocabulary, tokens, np.int32)
    whole = TokenStream(corpus, STREAM.batch, STREAM.length)
    evaluate(model, parameters, TokenStream(corpus[:500], STREAM.batch, STREAM.length))      # compiles, and warms up
    times = timed(lambda: evaluate(model, parameters, whole), 1 if tokens > 100_000 else 3)
    return found(times, tokens, 0.0)


def step(size: Size, engine: str) -> dict[str, Any]:
    chosen = engines.get(engine)
    small = Size(16, 1, 2, 4, 50)
    work(small, chosen)()                                    # imports and compiles before memory is looked at
    before = peak_mib()
    taken = work(size, chosen)
    taken()
    return found(timed(taken, REPETITIONS), size.tokens, before)


def work(size: Size, engine: Any) -> Any:
    model, parameters, segment = size.model(engine), size.parameters(engine), size.segment()
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, engine=engine)
    return lambda: train_step(model, parameters, gradients, optimizer, [segment], {})


def timed(function: Any, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def found(times: list[float], tokens: int, before: float | None) -> dict[str, Any]:
    median, peak = statistics.median(times), peak_mib()
    memory = None if before is None or peak is None else peak - before
    return {"milliseconds": median, "spread": (max(times) - min(times)) / 2,
            "tokens_per_second": 1000 * tokens / median, "memory_mib": memory}


if __name__ == "__main__":
    main(*sys.argv[1:])
