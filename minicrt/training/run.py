"""Train a model in a run folder, go on with a run, load what a run has learned."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minicrt import __version__
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data import CORPORA, Corpus, Vocabulary, load_corpus
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.models import Parameters, SegmentModel, create_model, model_mapping
from minicrt.training.checkpoint import read_checkpoint
from minicrt.training.configuration import TrainingConfig
from minicrt.training.position import Position
from minicrt.training.progress import Progress
from minicrt.training.run_folder import RunFolder
from minicrt.training.snapshot import check_same
from minicrt.training.trainer import Trainer


@dataclass(frozen=True)
class Trained:
    """What a run has learned: its best weights on validation (before the first evaluation, the latest).

    `step` is the step they are from; `summary` is None while the run is not over. `configuration` is config.toml.
    """

    folder: Path
    model: SegmentModel
    parameters: Parameters
    vocabulary: Vocabulary
    configuration: dict[str, Any]
    step: int
    summary: dict[str, Any] | None = None

    @property
    def training(self) -> TrainingConfig:
        return from_mapping(TrainingConfig, self.configuration["training"], "training")

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of the run folder's metrics.jsonl, one an evaluation."""
        return RunFolder.open(self.folder).read_metrics()


def train(folder: Path | str, model: SegmentModel, corpus: Corpus, config: TrainingConfig,
          progress: Progress | None = None) -> Trained:
    """Train `model` on `corpus` in a new run folder; the weights come back, and stand in the folder.

    Raises CheckpointError if the folder holds another run, DataError if the corpus is too short, and what
    `Trainer.run` raises.
    """
    configuration = {
        "model": model_mapping(model),
        "training": to_mapping(config),
        "data": {"corpus": where_found(corpus), "level": corpus.level, "sha256": fingerprint(corpus)},
        "written_by": {"minicrt": __version__}}
    check_vocabulary(model, corpus)
    trainer = Trainer(RunFolder(folder, configuration), model, corpus, config, progress)
    trainer.folder.create()
    return finish(trainer)


def resume(folder: Path | str, data_dir: Path | str | None = None, progress: Progress | None = None,
           corpus: Corpus | None = None, model: SegmentModel | None = None, engine: ModuleType | None = None
           ) -> Trained:
    """Go on with the run in `folder`; the result is that of a run never stopped. A finished run is only loaded.

    `corpus` and `model` are made from config.toml unless given. Raises CheckpointError if there is no run, its
    checkpoint is damaged, or the corpus is not the one it was trained on.
    """
    run = RunFolder.open(folder)
    if run.read_summary() is not None and run.checkpoint.exists():
        return load_run(folder, engine)
    tables = configuration_tables(run)
    data = tables["data"]
    corpus = corpus or load_corpus(data["corpus"], data["level"], data_dir)
    if fingerprint(corpus) != data["sha256"]:
        raise CheckpointError(f"the corpus {data['corpus']!r} is not the one that {run.path} was trained on; "
                              f"put that one back")
    model = model or create_model(tables["model"], engine)
    check_vocabulary(model, corpus)
    return finish(Trainer(run, model, corpus, from_mapping(TrainingConfig, tables["training"], "training"), progress))


def load_run(path: Path | str, engine: ModuleType | None = None) -> Trained:
    """The best weights of a run, from its folder or from a checkpoint file alone.

    Raises CheckpointError if there is none, or it is damaged, or of another configuration than its config.toml.
    """
    path = Path(path)
    folder, summary = path.parent, None
    if path.is_file():
        checkpoint = read_checkpoint(path)
    else:
        run = RunFolder.open(path)
        if not run.checkpoint.exists():
            raise CheckpointError(f"the run in {path} has no checkpoint yet; resume it first")
        folder, summary, checkpoint = path, run.read_summary(), read_checkpoint(run.checkpoint)
        check_same(checkpoint, run.configuration)
    configuration = json.loads(checkpoint.metadata["configuration"])
    model = create_model(configuration["model"], engine)
    parameters = Parameters(model.specs(), np.dtype(configuration["training"]["precision"]))
    position = Position.from_json(checkpoint.metadata["position"])
    has_best = bool(checkpoint.group("best."))
    checkpoint.fill("best." if has_best else "parameters.", parameters)
    return Trained(folder, model, parameters, Vocabulary.from_mapping(json.loads(checkpoint.metadata["vocabulary"])),
                   configuration, position.best_step if has_best else position.step, summary)


def finish(trainer: Trainer) -> Trained:
    summary = trainer.run()
    return Trained(trainer.folder.path, trainer.model, trainer.best_parameters(), trainer.corpus.vocabulary,
                   trainer.folder.configuration, trainer.position.best_step, summary)


def configuration_tables(run: RunFolder) -> dict[str, Any]:
    """config.toml's tables. Raises CheckpointError if one of them, or what resuming needs of it, is missing."""
    for table, keys in {"model": ["vocabulary"], "training": ["seed"], "data": ["corpus", "level", "sha256"]}.items():
        there = run.configuration.get(table)
        for key in keys:
            if not isinstance(there, dict) or key not in there:
                raise CheckpointError(f"{run.path / 'config.toml'} lacks {table}.{key}; put the run's own file back")
    return run.configuration


def check_vocabulary(model: SegmentModel, corpus: Corpus) -> None:
    if model.config.vocabulary != corpus.vocabulary.size:
        raise ConfigurationError(f"the model has a vocabulary of {model.config.vocabulary} and the corpus one of "
                                 f"{corpus.vocabulary.size}; make the model with vocabulary={corpus.vocabulary.size}")


def where_found(corpus: Corpus) -> str:
    """What to give `load_corpus` to have this corpus again: its name, or its file's path from any folder."""
    return corpus.name if corpus.name in CORPORA else str(Path(corpus.source).absolute())


def fingerprint(corpus: Corpus) -> str:
    """The SHA-256 of the corpus's tokens and vocabulary: a run goes on with the same text or not at all."""
    digest = hashlib.sha256("\0".join(corpus.vocabulary.tokens).encode())
    for part in (corpus.train, corpus.valid, corpus.test):
        digest.update(np.ascontiguousarray(part, np.int32).tobytes())
        digest.update(b"end of part")
    return digest.hexdigest()
