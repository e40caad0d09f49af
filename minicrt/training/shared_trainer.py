"""The trainer of a run that several ranks share by MPI: each holds all weights, and the state of its own rows.

A step has one all-reduce of the flat gradient, in place; all then take the same step of the optimizer. Clocks and
signals differ from rank to rank, so what they decide is agreed on first. The first rank alone writes the run folder.
"""

import hashlib
import json
import zlib
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from minicrt import engines
from minicrt.data import Corpus
from minicrt.errors import ConfigurationError, TrainingError
from minicrt.models import SegmentModel
from minicrt.parallel import threads
from minicrt.parallel.ranks import Ranks
from minicrt.parallel.shares import moved
from minicrt.training.checkpoint import Checkpoint
from minicrt.training.configuration import TrainingConfig
from minicrt.training.position import Position
from minicrt.training.progress import Progress
from minicrt.training.run_folder import RunFolder
from minicrt.training.shared_folder import SharedFolder
from minicrt.training.snapshot import load_snapshot, save_snapshot
from minicrt.training.trainer import Trainer
from minicrt.training.window import WORTH_A_THREAD


class SharedTrainer(Trainer):
    """One run on several ranks, all of which make this and call `run`, with the same arguments.

    Raises ConfigurationError where there are more ranks than rows of the batch, or where the ranks have not been
    started alike.
    """

    def __init__(self, folder: RunFolder, model: SegmentModel, corpus: Corpus, config: TrainingConfig,
                 progress: Progress | None, ranks: Ranks):
        self.ranks = ranks
        if config.batch < ranks.size:
            raise ConfigurationError(f"{ranks.size} ranks are to share the {config.batch} rows of a batch, and each "
                                     f"needs one; start {config.batch} at most, or set batch to {ranks.size} or more")
        check_alike(folder.configuration, model, config, ranks)
        super().__init__(SharedFolder(folder.path, folder.configuration, ranks), model, corpus, config,
                         progress if ranks.first else Progress())
        self._say_who_is_idle()

    def _say_who_is_idle(self) -> None:
        length = self.model.config.segment_length
        rows = max(-(-(WORTH_A_THREAD // self.model.config.width) // length), 1)
        pieces = min(self.config.batch // rows, threads_each(self.config) * self.ranks.size) or 1
        if pieces < self.ranks.size:
            self.progress.say(f"{self.ranks.size - pieces} of {self.ranks.size} ranks have nothing to do: {rows} rows "
                              f"of {length} tokens are the least that is shared out, and the batch has "
                              f"{self.config.batch}")

    def limited(self) -> AbstractContextManager[None]:
        return threads.limit(threads_each(self.config))

    def agreed(self, number: int) -> int:
        return self.ranks.largest(number)

    def load(self) -> None:
        """The first rank reads the checkpoint; the others have from it all but the rows of the state, which go to them
        at the first step."""
        state, there = self.state, self.folder.checkpoint
        self.ranks.first_alone(lambda: load_snapshot(state, self.folder, self.model, self.progress, self.ranks.size)
                               if self.folder.has_checkpoint() else None)
        state.position = Position.of(Checkpoint(there, {}, {"position": self.ranks.told(state.position.to_json())}))
        state.optimizer.count = state.position.step
        if self.ranks.largest(state.best is not None) and state.best is None:
            state.best = state.parameters.flat.copy()
        for array in (state.parameters.flat, state.average, state.best, *state.optimizer.moments.values()):
            if array is not None:
                self.ranks.share(array)

    def write(self) -> None:
        state, ranks = self.state, self.ranks
        check = zlib.crc32(state.parameters.flat.tobytes())
        if ranks.largest(check) != -ranks.largest(-check):
            raise TrainingError(f"step {state.position.step}: the ranks no longer hold the same weights; start them on "
                                "machines of one kind, with the same versions of NumPy and Numba")
        rows = replace(state, carried=moved(state.carried, 0, self.config.batch if ranks.first else 0, ranks))
        ranks.first_alone(lambda: save_snapshot(rows, self.folder, self.model, self.corpus.described(), ranks.size))

    def summary(self) -> dict[str, Any]:
        return {**super().summary(), "ranks": self.ranks.size}

    def _evaluation_seconds(self) -> float:
        return super()._evaluation_seconds() / self.ranks.size


def threads_each(config: TrainingConfig) -> int:
    """The threads of each rank: one where nothing else is asked for, since ranks of one machine share its cores."""
    return config.threads or threads.asked_for() or 1


def check_alike(configuration: dict[str, Any], model: SegmentModel, config: TrainingConfig, ranks: Ranks) -> None:
    """Raise ConfigurationError unless all ranks have the same configuration, corpus, engine and number of threads."""
    data = {key: value for key, value in configuration["data"].items() if key != "corpus"}       # a path may differ
    mine = {"another configuration or corpus": hashlib.sha256(
                json.dumps([configuration["model"], configuration["training"], data]).encode()).hexdigest(),
            "another engine": engines.name_of(model.engine), "another number of threads": str(threads_each(config))}
    for what, text in mine.items():
        texts = ranks.texts(text)
        other = next((rank for rank, theirs in enumerate(texts) if theirs != texts[0]), None)
        if other is not None:
            raise ConfigurationError(f"rank {other} has {what} than rank 0; start all with the same command, on the "
                                     "same data")
