"""A peer in a process of its own: `python -m benchmarks.child KIND PEER SIZE`, then a line in for a line out.

In: the number of steps to take. Out: a JSON object with the loss and the milliseconds of each, on the clock and of the
processor.
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
        times, processor, losses = [], [], []
        for _ in range(int(line)):
            start, spent = time.perf_counter(), time.process_time()
            loss = step()
            times.append(1000 * (time.perf_counter() - start))
            processor.append(1000 * (time.process_time() - spent))
            losses.append(float(loss))
        print(json.dumps({"losses": losses, "milliseconds": times, "processor_ms": processor, "peak_mib": peak_mib()}),
              file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
