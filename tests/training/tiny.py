"""A corpus and models small enough that a whole run takes a moment, and the comparison of two runs."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.data import Corpus, Vocabulary
from minicrt.models import CRT, CRTConfig
from minicrt.training import Progress, TrainingConfig, read_checkpoint

# All that may differ between two equal runs: times, and the digests of what holds them.
TIMES = {"seconds", "step_seconds", "tokens_per_second", "metrics", "sha256"}
TOKENS = 11


def corpus(tokens: int = 700) -> Corpus:
    """Tokens that follow a noisy cycle, so that there is something to learn."""
    rng = np.random.default_rng(5)
    noise = rng.random(tokens) < 0.2
    stream = np.where(noise, rng.integers(0, TOKENS, tokens), np.arange(tokens) % 7).astype(np.int32)
    stream[:TOKENS] = np.arange(TOKENS)
    train, valid, test = np.split(stream, [tokens * 7 // 10, tokens * 85 // 100])
    return Corpus("tiny", Vocabulary([f"w{i}" for i in range(TOKENS)]), train, valid, test, "word", "made here")


def model(**changes: Any) -> CRT:
    return CRT(CRTConfig(**{"vocabulary": TOKENS, "width": 4, "layers": 1, "heads": 2, "inner": 6,
                            "segment_length": 5, "memory_span": 1, "dropout": 0.2, **changes}))


def config(**changes: Any) -> TrainingConfig:
    budget = {} if changes.keys() & {"steps", "epochs", "minutes"} else {"steps": 30}
    return TrainingConfig(**{"batch": 4, "evaluation_batch": 3, "warmup_steps": 4, "evaluations": 4,
                             "learning_rate": 0.02, **budget, **changes})


class Meddler(Progress):
    """Does something after a given step; what progress is told, it writes down."""

    def __init__(self, at: int = 0, action=lambda: None):
        self.at, self.action = at, action
        self.losses: list[float] = []
        self.said: list[str] = []
        self.records: list[dict] = []

    def step(self, step, loss, tokens):
        self.losses.append(loss)
        if step == self.at:
            self.action()

    def evaluated(self, record):
        self.records.append(dict(record))

    def say(self, text):
        self.said.append(text)


def without_times(mapping: dict) -> dict:
    return {key: value for key, value in mapping.items() if key not in TIMES}


def outcome(folder: Path) -> tuple[dict[str, bytes], dict, list[dict], dict]:
    """All that a finished run leaves behind, but for the times, in a form to compare with ==."""
    checkpoint = read_checkpoint(folder / "checkpoint.safetensors")
    metrics = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return ({name: array.tobytes() for name, array in checkpoint.arrays.items()},
            without_times(json.loads(checkpoint.metadata["position"])),
            [without_times(json.loads(line)) for line in metrics],
            without_times(json.loads((folder / "summary.json").read_text(encoding="utf-8"))))


class Crash(BaseException):
    """The process is gone: nothing of the run gets to react."""


def crash():
    raise Crash


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)
