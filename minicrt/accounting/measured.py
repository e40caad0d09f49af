"""What a token of a stream takes on this machine, by the clock"""

import time
from collections.abc import Mapping

import numpy as np

from minicrt.inference import Stream

TURN, TURNS = 20, 10                                         # tokens at once, and turns at least
WARM, LONG = 0.2, 1.0                                        # seconds for the processor to wake up in, and to measure


def seconds_per_token(streams: Mapping[str, Stream]) -> dict[str, float]:
    """The median over single steps of each stream, which take turns for about a second in all.

    The tokens are drawn from a fixed seed. The first of a segment, which reads the memory as well, are among them.
    """
    tokens = {name: np.random.default_rng(0).integers(0, stream.model.config.vocabulary, 1000)
              for name, stream in streams.items()}
    times = {name: list[float]() for name in streams}
    warm = time.perf_counter() + WARM
    end = warm + LONG
    turns = 0
    while turns < TURNS or time.perf_counter() < end:
        for name, stream in streams.items():
            for token in tokens[name][turns * TURN % 1000:][:TURN].tolist():
                start = time.perf_counter()
                stream.step(token)
                times[name].append(time.perf_counter() - start)
        turns += 1
        if time.perf_counter() < warm:
            times = {name: [] for name in streams}
    return {name: float(np.median(found)) for name, found in times.items()}
