"""What a step of a stream takes on this machine, by the clock"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt.inference import SensorStream, Stream

TURN, TURNS = 20, 10                                         # steps at once, and turns at least
WARM, LONG = 0.2, 1.0                                        # seconds for the processor to wake up in, and to measure
INPUTS = 1000


def seconds_per_step(streams: Mapping[str, Stream | SensorStream]) -> dict[str, float]:
    """The median over single steps of each stream, which take turns for about a second in all.

    Tokens, or readings as the model sees them, are drawn from a fixed seed. The first of a segment, which read the
    memory as well, are among them.
    """
    given = {name: inputs_of(stream) for name, stream in streams.items()}
    times = {name: list[float]() for name in streams}
    warm = time.perf_counter() + WARM
    end = warm + LONG
    turns = 0
    while turns < TURNS or time.perf_counter() < end:
        for name, stream in streams.items():
            for one in given[name][turns * TURN % INPUTS:][:TURN]:
                start = time.perf_counter()
                stream.step(one)
                times[name].append(time.perf_counter() - start)
        turns += 1
        if time.perf_counter() < warm:
            times = {name: [] for name in streams}
    return {name: float(np.median(found)) for name, found in times.items()}


def inputs_of(stream: Stream | SensorStream) -> list[Any]:
    rng = np.random.default_rng(0)
    if isinstance(stream, SensorStream):
        return list(rng.standard_normal((INPUTS, stream.model.channels)))
    return rng.integers(0, stream.model.config.vocabulary, INPUTS).tolist()
