"""Peers by turns: every one in its own process, one at work at a time."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.task import Size

Row = dict[str, Any]
OTHERS = ("gemm-floor", "weights-read", *peers.BITS)         # which compute something else
NO_PEERS = ("gemm-floor", "weights-read")                    # bounds, which are no training and no stream
LEARNING, STEPS_OF_LOSS = (peers.BFLOAT16, "torch-eager", "minicrt-numba"), 200          # whose losses are compared
PAUSE = 0.05                                                 # seconds: threads that spin after their work go to sleep


class Peer:
    def __init__(self, kind: str, name: str, size: Size, number_of_threads: int):
        variables = {name: str(number_of_threads) for name in (
            "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
        arguments = [sys.executable, "-m", "benchmarks.child", kind, name, json.dumps(dataclasses.asdict(size))]
        self.name, self.times, self.losses, self.peak_mib = name, list[float](), list[float](), None
        self.processor = list[float]()                       # milliseconds, as the times are
        self.fastest = 0                                     # turns in which no other was as fast
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, **variables}, cwd=Path(__file__).parents[1])

    def take(self, steps: int) -> Row:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"benchmarks: the peer {self.name} ended early (exit code {self.process.wait()}); what it said "
                     "stands above")
        answer = json.loads(line)
        self.losses += answer["losses"]
        return answer

    def warm_up(self) -> None:
        self.take(1)
        self.take(2)

    def turn(self, steps: int) -> float:
        """Returns the median of the turn's steps, in milliseconds."""
        time.sleep(PAUSE)
        answer = self.take(steps)
        self.times += answer["milliseconds"]
        self.processor += answer["processor_ms"]
        self.peak_mib = answer["peak_mib"]
        return statistics.median(answer["milliseconds"])

    def loss_of_step(self, step: int) -> float:
        if len(self.losses) < step:
            self.take(step - len(self.losses))
        return self.losses[step - 1]

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(300)                              # a busy machine takes its time over this, too


def measured(kind: str, names: Iterable[str], size: Size, number_of_threads: int, rounds: int, steps: int,
             bar: Any) -> list[Row]:
    """A row for each peer: the median of its steps and their spread (half the distance of the quartiles), in
    milliseconds. A peer that is not installed has a row that says so."""
    running, rows = [], list[Row]()
    for name in names:
        remark = peers.why_not(name)
        if remark:
            rows.append({"size": size.name, "peer": name, "milliseconds": None, "spread": None,
                         "tokens_per_second": None, "remark": remark})
        else:
            running.append(Peer(kind, name, size, number_of_threads))
    for peer in running:
        bar.set_postfix_str(f"{size.name}: {peer.name} warms up")
        peer.warm_up()
    check_first_losses(running)
    for _ in range(rounds):
        took = {}
        for peer in running:
            bar.set_postfix_str(f"{size.name}: {peer.name}")
            took[peer] = peer.turn(steps)
            bar.update()
        winner = min((peer for peer in running if peer.name not in NO_PEERS), key=lambda peer: took[peer], default=None)
        if winner:
            winner.fastest += 1
    with_bfloat16 = any(peer.name == peers.BFLOAT16 for peer in running)
    for peer in running:
        shown = {} if peer.name in NO_PEERS else {"fastest": f"{peer.fastest} of {rounds}"}
        if with_bfloat16 and peer.name in LEARNING:
            bar.set_postfix_str(f"{size.name}: {peer.name} takes {STEPS_OF_LOSS} steps")
            shown[f"loss_{STEPS_OF_LOSS}"] = peer.loss_of_step(STEPS_OF_LOSS)
        peer.end()
        quarter = statistics.quantiles(peer.times, n=4) if len(peer.times) > 1 else 3 * peer.times
        median = statistics.median(peer.times)
        tokens = size.tokens if kind == "training" else 1
        rows.append({"size": size.name, "peer": peer.name, "milliseconds": median,
                     "processor_ms": statistics.median(peer.processor), "spread": (quarter[2] - quarter[0]) / 2,
                     "tokens_per_second": 1000 * tokens / median, "peak_mib": peer.peak_mib,
                     "steps": len(peer.times), "threads": number_of_threads, **shown})
        if kind == "streaming":
            rows[-1] |= {f"p{p:g}": float(np.percentile(peer.times, p)) for p in (99, 99.9)}
    order = {name: place for place, name in enumerate(names)}
    return sorted(rows, key=lambda row: order[row["peer"]])


def check_first_losses(running: Iterable[Peer]) -> None:
    """All begin with the same parameters and tokens: who has another first loss (or score) computes something else."""
    firsts = {peer.name: peer.losses[0] for peer in running if peer.name not in OTHERS}
    reference = next(iter(firsts.values()), 0.0)
    for name, first in firsts.items():
        tolerance = 2e-2 if name == peers.BFLOAT16 else 1e-4
        if abs(first - reference) > tolerance * max(abs(reference), 1):
            sys.exit(f"benchmarks: the first result of {name} is {first}, that of {next(iter(firsts))} is {reference}; "
                     "they do not compute the same")
