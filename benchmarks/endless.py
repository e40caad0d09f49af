"""A stream that goes on and on: what its process holds, and what a token takes, after 10^3, 10^4 … tokens.

A CRT's Stream, or with --sensors a SensorStream, with random weights. Printed are the most that the process has had
resident, the objects that Python holds, and the median time of the last thousand tokens: none of them grows.
"""

import gc
import sys
import time
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.peak_memory import peak_mib
from minicrt import engines
from minicrt.inference import SensorStream, Stream
from minicrt.models import create_model, create_sensor_model
from minicrt.parallel import threads

LAST = 1000


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--tokens", type=report.positive, default=1_000_000, metavar="N", help="(default: 1000000)")
    parser.add_argument("--width", type=report.positive, default=64, metavar="D", help="(default: 64)")
    parser.add_argument("--sensors", action="store_true", help="readings of four sensors in place of tokens")
    parser.add_argument("--engine", choices=tuple(engines.MODULES), help="(default: the usual one)")
    arguments = parser.parse_args()
    with threads.limit(arguments.threads or 1):
        stream, inputs = made(arguments.width, arguments.sensors, arguments.engine)
        print(f"{stream.model!r}\n\n{'tokens':>10}{'peak MiB':>10}{'objects':>10}{'ms a token':>12}", flush=True)
        done = 0
        while done < arguments.tokens:
            goal = min(max(10 * done, LAST), arguments.tokens)
            times = run(stream, inputs, done, goal)
            gc.collect()
            print(f"{goal:>10,}{peak_mib() or 0:>10.1f}{sys.getallocatedblocks():>10,}"
                  f"{1000 * float(np.median(times)):>12.4f}", flush=True)
            done = goal


def made(width: int, sensors: bool, engine: str | None) -> tuple[Any, list[Any]]:
    """A stream, and what it is given by turns"""
    rng = np.random.default_rng(0)
    sizes: dict[str, Any] = {"width": width, "layers": 2, "heads": 4, "inner": 4 * width, "engine": engine}
    if sensors:
        of_readings = create_sensor_model(4, 1, **sizes)
        return SensorStream(of_readings, of_readings.initialize(rng)), list(rng.standard_normal((LAST, 4)))
    model = create_model(vocabulary=1000, **sizes)
    return Stream(model, model.initialize(rng)), rng.integers(0, 1000, LAST).tolist()


def run(stream: Any, inputs: list[Any], first: int, last: int) -> np.ndarray:
    """Steps number `first` to `last` − 1; the seconds of the last thousand"""
    times = np.zeros(LAST)
    for step in range(first, last):
        start = time.perf_counter()
        stream.step(inputs[step % LAST])
        times[step % LAST] = time.perf_counter() - start
    return times


if __name__ == "__main__":
    report.run(main)
