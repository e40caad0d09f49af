"""Runs of a Flower deployment, one of whose processes is killed"""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.flower_processes import Deployment
from benchmarks.killed_runs import LONGEST, MODEL, STARTING, below, is_whole, processes, text_in, waited
from minicrt import create_model, load_corpus
from minicrt.federated import FederatedConfig, write_app
from minicrt.training import RunFolder, TrainingConfig, load_run

ROUNDS = 2


class Federated:
    """`what` is killed: client or server"""

    def __init__(self, folder: Path, what: str, rounds: int = ROUNDS) -> None:
        self.folder, self.what, self.rounds, self.number = folder, what, rounds, 0
        self.starting = self.lasting = 0.0                   # seconds until there is a run folder, and from then on
        corpus = load_corpus(text_in(folder))
        self.model, self.corpus = create_model({**MODEL, "vocabulary": corpus.vocabulary.size}, "numpy"), corpus
        self.flower = Deployment(folder / "flower")
        self.flower.__enter__()

    def close(self) -> None:
        self.flower.end()

    def time(self) -> None:
        """How long a run takes that nobody kills"""
        start, run = time.monotonic(), self.begin()
        self.starting = waited(lambda: RunFolder.is_at(run))
        waited(lambda: (run / "summary.json").exists(), self.flower.processes["run"])
        self.lasting = time.monotonic() - start - self.starting
        self.flower.processes["run"].wait(LONGEST)

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
        if not early:
            waited(lambda: RunFolder.is_at(run), self.flower.processes["run"])
        at = 0.9 * part * (self.starting if early else self.lasting)
        time.sleep(at)
        row = {"target": target, "early": early, "at": at, "killed": not (run / "summary.json").exists(),
               "step": lines_of(run)}
        return row | (self.without_a_server(run) if target == "server" else
                      self.without_a_client(run, int(target.split()[1])))

    def without_a_client(self, run: Path, number: int) -> dict[str, Any]:
        self.flower.kill(f"node{number}")
        waited(lambda: RunFolder.is_at(run), self.flower.processes["run"])
        silent = 0.0
        while not (run / "summary.json").exists():
            seen = lines_of(run)
            silent = max(silent, waited(lambda: lines_of(run) > seen or (run / "summary.json").exists(),  # noqa: B023
                                        self.flower.processes["run"]))
        self.flower.processes["run"].wait(LONGEST)
        self.flower.start_client(number)
        return {"silent": silent, "whole": is_whole(run), "ended": load_run(run, "numpy").summary is not None}

    def without_a_server(self, run: Path) -> dict[str, Any]:
        apps = below(self.flower.processes["superlink"].pid)
        self.flower.kill("superlink")
        silent = waited(lambda: not apps & processes().keys())
        self.flower.kill("run")
        whole = is_whole(run)
        self.flower.start_server()
        self.again()
        waited(lambda: (run / "summary.json").exists(), self.flower.processes["run"])
        self.flower.processes["run"].wait(LONGEST)
        return {"silent": silent, "whole": whole, "ended": load_run(run, "numpy").summary is not None}


def lines_of(run: Path) -> int:
    """Rounds that are evaluated"""
    return (run / "metrics.jsonl").read_bytes().count(b"\n") if (run / "metrics.jsonl").exists() else 0
