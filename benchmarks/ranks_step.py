"""One way of `benchmarks.ranks`, on all ranks that mpiexec has started: the first prints a JSON object, in seconds.

step      a training step: one segment of the whole batch, forwards and backwards, clipped, AdamW
exchange  the all-reduce of a gradient alone
alone     the gradient of one rank's rows, while the others compute nothing
update    the norm and AdamW
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.task import SIZES
from minicrt import engines
from minicrt.parallel import threads
from minicrt.parallel.ranks import started
from minicrt.training import AdamW, train_step
from minicrt.training.configuration import TrainingConfig
from minicrt.training.scaling import gradient_seconds, update_seconds


def main(width: str, number: str, steps: str) -> None:
    size, ranks = SIZES[int(width)], started()
    engine = engines.get()
    model, parameters, segment = size.model(engine), size.parameters(engine), size.segment()
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, engine=engine)
    config = TrainingConfig(steps=1, batch=size.batch, bptt_segments=1)
    with threads.limit(int(number)):
        found = {
            "step": timed(lambda: train_step(model, parameters, gradients, optimizer, [segment], {}, ranks=ranks),
                          int(steps)),
            "exchange": timed(lambda: ranks.add_up(gradients.flat), int(steps))}
        gradients.flat[...] = 0
        for rank in range(ranks.size):                       # one after the other
            if rank == ranks.rank:
                found["alone"] = gradient_seconds(model, config, -(-size.batch // ranks.size))
            ranks.total(0.0)
        found["update"] = update_seconds(model, config)
    if ranks.first:
        print(json.dumps(found))


def timed(action: Callable[[], object], times: int) -> float:
    """The median, after one that compiles and has memory made"""
    action()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
