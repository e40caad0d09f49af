"""A peer in a process of its own: `python -m benchmarks.child KIND PEER SIZE`, then a line in for a line out.

In: the number of steps to take. Out: a JSON object with the loss and the milliseconds of each.
At the end of the input: the peak resident memory.
"""

import json
import sys
import time

from benchmarks import peers
from benchmarks.peak_memory import peak_mib
from benchmarks.task import Size


def main(kind: str, peer: str, size: str) -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr                                  # what a library prints must not look like an answer
    step = getattr(peers, kind)(peer, Size(**json.loads(size)))
    for line in sys.stdin:
        times, losses = [], []
        for _ in range(int(line)):
            start = time.perf_counter()
            loss = step()
            times.append(1000 * (time.perf_counter() - start))
            losses.append(float(loss))
        print(json.dumps({"losses": losses, "milliseconds": times, "peak_mib": peak_mib()}), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
