"""Train a model in a run folder, go on with a run, load what a run has learned."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

import tomli_w

from minicrt import __version__, engines, presets
from minicrt.arguments import check_kind, shown
from minicrt.configuration import IN_WORDS, from_mapping, to_mapping
from minicrt.data import Corpus, Vocabulary
from minicrt.documents import toml_document
from minicrt.engines import EngineOrName
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.files import expanded
from minicrt.models import SegmentModel, create_model, model_mapping
from minicrt.models.inputs import A_MODEL
from minicrt.parallel.ending import together
from minicrt.parallel.ranks import ALONE, Ranks, started
from minicrt.training.checkpoint import read_checkpoint
from minicrt.training.configuration import TrainingConfig, changed_table
from minicrt.training.kept_run import Kept, best_weights, kept_at
from minicrt.training.progress import Progress, progress_of
from minicrt.training.quantised_run import FORM, parameters_of, quantised_file, step_of
from minicrt.training.run_corpus import check_corpus, corpus_of_run, fingerprint, where_found
from minicrt.training.run_folder import RunFolder
from minicrt.training.run_tables import described, of_another_kind
from minicrt.training.shared_trainer import SharedTrainer
from minicrt.training.short_texts import fitted
from minicrt.training.snapshot import completed
from minicrt.training.trained import Trained
from minicrt.training.trainer import Trainer

# Of config.toml, to go on; the models and TrainingConfig check the rest.
NEEDED: dict[str, dict[str, type]] = {
    "model": {"vocabulary": int}, "training": {"seed": int}, "data": {"corpus": str, "level": str, "sha256": str}}


def train(folder: str | os.PathLike[str], model: SegmentModel, corpus: Corpus, config: TrainingConfig | None = None,
          progress: Progress | bool = True, ranks: Ranks | None = None, **settings: Any) -> Trained:
    """Train a model on a corpus in a new run folder, and return the weights that were best on validation.

        run = train("runs/first", model, corpus)                 # 8 epochs
        run = train("runs/second", model, corpus, minutes=5, learning_rate=1e-3, seed=1)
        run = train("runs/third", model, corpus, TrainingConfig(steps=1000), progress=False)

    Arguments
        folder    where config.toml, metrics.jsonl, checkpoint.safetensors and summary.json go; it must not exist yet
        model     a model with the corpus's vocabulary: create_model(vocabulary=corpus.vocabulary.size)
        corpus    what `load_corpus` returns
        config    how to train; left out, as `minicrt train` does with no option (with a smaller batch for a short
                  text), changed by `settings`
        progress  True: a bar on a terminal, or now and then a line, on standard error; False: nothing; or a Progress of
                  your own
        ranks     the processes that share the training; None: all that mpiexec has started, which call this alike
        settings  keys of TrainingConfig, in place of `config`: epochs, steps or minutes, learning_rate, batch, …

    The first weights are drawn from the configuration's `seed`.
    Ctrl-C saves the run and raises Interrupted (a KeyboardInterrupt); `minicrt.training.resume(folder)` goes on.
    Raises ConfigurationError for settings that do not fit, CheckpointError if the folder is in use or cannot be made,
    DataError if the corpus is too short, TrainingError when a loss or a gradient is not finite.
    """
    check_kind("folder", folder, (str, os.PathLike), "the path of a folder that does not exist yet")
    check_kind("model", model, SegmentModel, A_MODEL)
    check_kind("corpus", corpus, Corpus, "a corpus; load one with minicrt.load_corpus")
    if config is None:
        config = fitted(training_config(settings), corpus, model.config.segment_length, settings)
    elif settings:
        raise ConfigurationError(f"train got a config and {' and '.join(settings)} as well, expected one of them")
    check_kind("config", config, TrainingConfig, "a TrainingConfig, or its keys by name")
    configuration = {
        "model": model_mapping(model),
        "training": to_mapping(config),
        "data": {"corpus": where_found(corpus), "level": corpus.level, "tokenizer": corpus.vocabulary.tokenizer,
                 "sha256": fingerprint(corpus)},
        "written_by": {"minicrt": __version__}}
    check_vocabulary(model, corpus)
    ranks = started() if ranks is None else ranks
    with together(ranks):
        trainer = made(RunFolder(Path(folder), configuration), model, corpus, config, progress_of(progress), ranks)
        trainer.folder.create()
        return learned(trainer, trainer.run())


def made(folder: RunFolder, model: SegmentModel, corpus: Corpus, config: TrainingConfig, progress: Progress,
         ranks: Ranks) -> Trainer:
    """A trainer of one process, or of several ranks"""
    return Trainer(folder, model, corpus, config, progress) if ranks.size == 1 else SharedTrainer(
        folder, model, corpus, config, progress, ranks)


def training_config(settings: Mapping[str, Any]) -> TrainingConfig:
    """That of the preset tiny, with `settings` over it. Raises ConfigurationError for those that do not fit."""
    return from_mapping(TrainingConfig, changed_table(presets.load("tiny")["training"], settings), "training")


def resume(folder: str | os.PathLike[str], data_dir: Path | str | None = None, progress: Progress | bool = True,
           corpus: Corpus | str | os.PathLike[str] | None = None, model: SegmentModel | None = None,
           engine: EngineOrName = None, ranks: Ranks | None = None) -> Trained:
    """Go on with the run in `folder`; the result is that of a run never stopped. A finished run is only loaded.

    `corpus` and `model` are made from config.toml unless given; `corpus` may be the path where the text is now;
    `progress` and `ranks` as in `train`; the run may go on with another number of ranks than it had. Raises
    CheckpointError if there is no run, its checkpoint is damaged, or the corpus is not the one it was trained on.
    """
    check_kind("folder", folder, (str, os.PathLike), "the path of a run folder")
    progress = progress_of(progress)
    ranks = started() if ranks is None else ranks
    with together(ranks):
        told = toml_document(ranks.first_alone(lambda: tomli_w.dumps(what_is_there(Path(folder)))).encode())
        if told["finished"]:
            return load_run(folder, engine)
        run = RunFolder(Path(folder), told["configuration"])
        trainer = trainer_of(run, data_dir, progress, corpus, model, engine, ranks)
        return learned(trainer, trainer.run())


def what_is_there(folder: Path) -> dict[str, Any]:
    """The configuration of the run in `folder`, and whether it is finished, in a form for TOML"""
    run = completed(RunFolder.open(folder))
    return {"configuration": run.configuration,
            "finished": run.read_summary() is not None and run.checkpoint.exists()}


def trainer_of(run: RunFolder, data_dir: Path | str | None, progress: Progress,
               corpus: Corpus | str | os.PathLike[str] | None, model: SegmentModel | None, engine: EngineOrName,
               ranks: Ranks = ALONE) -> Trainer:
    """A trainer as `run` had it, at the run's beginning; the arguments are those of `resume`."""
    check_kind("corpus", corpus, (Corpus, str, os.PathLike, NoneType), "a corpus, its path, or None for the run's own")
    check_kind("model", model, (SegmentModel, NoneType), "a model, or None for the run's own")
    tables = configuration_tables(run)
    if "federated" in tables:
        raise CheckpointError(f"the run in {run.path} is of federated clients; go on with it by minicrt federated "
                              "--resume, or minicrt.federated.resume_federated")
    if not isinstance(corpus, Corpus):
        corpus = corpus_of_run(tables["data"], data_dir, corpus)
    check_corpus(corpus, tables["data"])
    found = engines.get(engine)
    with described(tables, run.path / "config.toml"):
        model = model or create_model(tables["model"], found)
        config = from_mapping(TrainingConfig, tables["training"], "training")
    check_vocabulary(model, corpus)
    return made(run, model, corpus, config, progress, ranks)


def load_run(path: str | os.PathLike[str], engine: EngineOrName = None) -> Trained:
    """The best weights of a run, with its model and vocabulary, from its folder or from a checkpoint file alone.
    Those of a quantised run are `minicrt.quantisation.QuantisedParameters`.

        run = load_run("runs/first")
        loss, state, _ = run.model.forward(run.parameters, tokens, targets, {}, with_gradient=False)

    Arguments
        path      a run folder, or the file checkpoint.safetensors of one
        engine    what the model is to run on: "numba", "numpy", or None for the usual one
    Raises CheckpointError if there is none, or it is damaged, or of another configuration than its config.toml.
    """
    check_kind("path", path, (str, os.PathLike), "the path of a run folder or of a checkpoint")
    path = expanded(path)
    quantised = quantised_file(path)
    folder, summary, checkpoint = kept_at(path) if quantised is None else \
        Kept(quantised.parent, None, read_checkpoint(quantised, FORM))
    configuration = checked_tables(checkpoint.described("configuration"), checkpoint.path)
    found = engines.get(engine)
    with described(configuration, checkpoint.path):
        model = create_model(configuration["model"], found)
    vocabulary = Vocabulary.from_mapping(checkpoint.described("vocabulary"))
    if vocabulary.size != model.config.vocabulary:
        raise CheckpointError(f"{checkpoint.path} has a vocabulary of {vocabulary.size} for a model of "
                              f"{model.config.vocabulary}; put a copy of it back")
    if quantised is not None:
        return Trained(folder, model, parameters_of(checkpoint, model), vocabulary, configuration, step_of(checkpoint))
    parameters, step, position = best_weights(checkpoint, model, configuration["training"])
    return Trained(folder, model, parameters, vocabulary, configuration, step, summary, position)


def learned(trainer: Trainer, summary: dict[str, Any]) -> Trained:
    """What a run has learned that has come to its end."""
    return Trained(trainer.folder.path, trainer.model, trainer.best_parameters(), trainer.corpus.vocabulary,
                   trainer.folder.configuration, trainer.position.best_step, summary, trainer.position)


def configuration_tables(run: RunFolder) -> dict[str, Any]:
    """config.toml's tables. Raises CheckpointError if one of them, or what resuming needs of it, is missing or damaged.
    """
    return checked_tables(run.configuration, run.path / "config.toml")


def checked_tables(configuration: dict[str, Any], where: Path) -> dict[str, Any]:
    if isinstance(configuration.get("data"), dict) and "task" in configuration["data"]:
        raise of_another_kind(where, configuration["data"]["task"], "text")
    for table, keys in NEEDED.items():
        there = configuration.get(table)
        for key, kind in keys.items():
            if not isinstance(there, dict) or key not in there:
                raise CheckpointError(f"{where} lacks {table}.{key}; put the run's own file back")
            if type(there[key]) is not kind:
                raise CheckpointError(f"{where} is damaged: {table}.{key} is {shown(there[key])}, expected "
                                      f"{IN_WORDS[kind]}; put the run's own file back")
    return configuration


def check_vocabulary(model: SegmentModel, corpus: Corpus) -> None:
    if model.config.vocabulary != corpus.vocabulary.size:
        raise ConfigurationError(f"the model has a vocabulary of {model.config.vocabulary} and the corpus one of "
                                 f"{corpus.vocabulary.size}; make the model with vocabulary={corpus.vocabulary.size}")
