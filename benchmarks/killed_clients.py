"""Runs of a Flower deployment, one of whose processes is killed"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.flower_processes import Deployment
from benchmarks.killed_runs import LONGEST, MODEL, STARTING, below, is_whole, processes, text_in, waited
from minicrt import create_model, load_corpus
from minicrt.federated import FederatedConfig, write_app
from minicrt.training import RunFolder, TrainingConfig, load_run

ROUNDS = 2
RUNS = 3                                                     # that `flwr run` is tried after a new start of the server


class Federated:
    """`what` is killed: client or server"""

    def __init__(self, folder: Path, what: str, rounds: int = ROUNDS) -> None:
        self.folder, self.what, self.rounds, self.number = folder, what, rounds, 0
        self.dead = set[str]()                               # clients that were killed, as Flower calls them
        self.starting = self.lasting = 0.0                   # seconds until there is a run folder; in terms of them
        corpus = load_corpus(text_in(folder))
        self.model, self.corpus = create_model({**MODEL, "vocabulary": corpus.vocabulary.size}, "numpy"), corpus
        self.flower = Deployment(folder / "flower")
        self.flower.__enter__()

    def close(self) -> None:
        self.flower.end()

    def time(self) -> None:
        """How long a run takes that nobody kills"""
        start, run = time.monotonic(), self.begin()
        self.starting = self.waited(lambda: RunFolder.is_at(run))
        self.waited(lambda: (run / "summary.json").exists())
        self.lasting = (time.monotonic() - start) / self.starting - 1            # what it takes from then on
        self.flower.processes["run"].wait(LONGEST)

    def waited(self, until: Callable[[], bool]) -> float:
        """The seconds until it is so. Raises TimeoutError, with what the server said, where the run has ended."""
        try:
            return waited(until, self.flower.processes["run"])
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self.flower.said('run')[-2000:]}") from error

    def begin(self) -> Path:
        """A new run, begun: its folder"""
        self.number += 1
        write_app(self.folder / f"app{self.number}", self.model, self.corpus, FederatedConfig(
            clients=2, rounds=self.rounds, local_epochs=0.2), TrainingConfig(steps=1, batch=4))
        self.again()
        return self.folder / f"app{self.number}-run"

    def again(self) -> None:
        self.flower.begin(self.folder / f"app{self.number}", "run")

    def moment(self, rng: np.random.Generator) -> dict[str, Any]:
        if not self.lasting:
            self.time()
        early, number, part = bool(rng.random() < STARTING), int(rng.integers(2)), float(rng.random())
        return self.killed(early, f"client {number}" if self.what == "client" else self.what, part)

    def killed(self, early: bool, target: str, part: float) -> dict[str, Any]:
        """What comes of it: `part` of the time before there is a run folder, or else after, the target is killed."""
        run = self.begin()
        if not early:                                        # as slow as the machine is now
            self.starting = self.waited(lambda: RunFolder.is_at(run))
        at = 0.9 * part * self.starting * (1 if early else self.lasting)
        time.sleep(at)
        row = {"target": target, "early": early, "at": at, "killed": not (run / "summary.json").exists(),
               "step": lines_of(run)}
        return row | (self.without_a_server(run) if target == "server" else
                      self.without_a_client(run, int(target.split()[1])))

    def without_a_client(self, run: Path, number: int) -> dict[str, Any]:
        process, before = self.flower.processes["run"], len(self.flower.said("run"))
        dead = self.name_of(number)
        self.dead.add(dead)
        self.flower.kill(f"node{number}")
        self.waited(lambda: RunFolder.is_at(run))            # where it had not begun
        begun, silent = time.monotonic(), None
        while not (run / "summary.json").exists():
            said = self.flower.said("run")[before:]
            if silent is None and is_missed(dead, said):
                silent = time.monotonic() - begun
            if time.monotonic() - begun > LONGEST or process.poll() is not None and not (run / "summary.json").exists():
                raise TimeoutError(f"after {time.monotonic() - begun:.0f} s there is no end: {said[-2000:]}")
            time.sleep(0.1)
        silent = silent or time.monotonic() - begun          # Flower's log comes seconds late, and may after the end
        process.wait(LONGEST)
        said = self.flower.said("run")[before:]
        others = set(re.findall(r"left out: node (\d+):", said)) - self.dead
        self.flower.start_client(number)
        return {"silent": silent, "missed": is_missed(dead, said), "others_left_out": len(others),
                "whole": is_whole(run), "ended": load_run(run, "numpy").summary is not None}

    def name_of(self, number: int) -> str:
        """What Flower calls this client"""
        return re.findall(r"SuperNode ID: (\d+)", self.flower.said(f"node{number}"))[-1]

    def without_a_server(self, run: Path) -> dict[str, Any]:
        apps = below(self.flower.processes["superlink"].pid)
        self.flower.kill("superlink")
        silent = waited(lambda: not apps & processes().keys())
        self.flower.kill("run")
        whole = is_whole(run)
        self.flower.start_server()
        runs = 0
        while not (run / "summary.json").exists() and runs < RUNS:               # Flower's database may be locked, too,
            self.again()                                                         # where the machine is busy
            runs += 1
            self.flower.processes["run"].wait(LONGEST)
        return {"silent": silent, "whole": whole, "ended": load_run(run, "numpy").summary is not None, "runs": runs}


def is_missed(dead: str, said: str) -> bool:
    """Whether the server said that this client is gone"""
    return f"node {dead}" in said or "1 of 2 clients are connected" in said


def lines_of(run: Path) -> int:
    """Rounds that are evaluated"""
    return (run / "metrics.jsonl").read_bytes().count(b"\n") if (run / "metrics.jsonl").exists() else 0
