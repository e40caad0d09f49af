"""A federated run: a run folder as any other, whose steps are rounds"""

import dataclasses
import importlib.util
import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from minicrt import __version__, engines
from minicrt.arguments import check_kind
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data import Corpus
from minicrt.engines import EngineOrName
from minicrt.errors import CheckpointError, ConfigurationError, TrainingError
from minicrt.federated.configuration import FederatedConfig
from minicrt.models import SegmentModel, create_model, model_mapping
from minicrt.training.configuration import TrainingConfig
from minicrt.training.progress import Progress, progress_of
from minicrt.training.run import check_vocabulary, checked_tables, learned, load_run
from minicrt.training.run_corpus import check_corpus, corpus_of_run, fingerprint, where_found
from minicrt.training.run_folder import RunFolder
from minicrt.training.run_tables import described
from minicrt.training.snapshot import completed
from minicrt.training.trained import Trained
from minicrt.training.trainer import Trainer

Array = np.ndarray
# Settings of a training's steps, which have nothing to say where a step is a round, and what they are then.
OF_ONE_TRAINING: dict[str, Any] = {"warmup_steps": 0, "evaluations": 1, "random_start": False, "ema_decay": 0.0,
                                   "restart_rate": 0.0}
TABLES = ("model", "training", "federated", "data")
CONNECTING = 0.2                                             # seconds until the clients are counted again
GATHERING = 20.0                                             # seconds that the first round waits for the last of them
DELTA = 1e-5                                                 # of the privacy that is reported


class FederatedTrainer(Trainer):
    """One run whose step is a round: the weights go to every client, and what comes back is brought together.

    `grid` is Flower's way to the clients; it may be set until `run` is called.
    """

    grid: Any = None
    begun = False                                            # whether a round was sent out by this process

    def __init__(self, folder: RunFolder, model: SegmentModel, corpus: Corpus, config: TrainingConfig,
                 federated: FederatedConfig, progress: Progress | None = None) -> None:
        from minicrt.federated.server import strategy_of

        super().__init__(folder, model, corpus, config, progress)
        self.federated, self.strategy = federated, strategy_of(federated)
        self.steps_an_epoch = 1 / federated.local_epochs
        self.described = json.dumps({name: folder.configuration[name] for name in TABLES}
                                    | {"engine": engines.name_of(model.engine)})         # with which bits differ

    def learn(self, rng: np.random.Generator) -> tuple[float, float, int]:
        from flwr.app import ConfigRecord

        from minicrt.federated import server, wire

        parameters, number = self.state.parameters, self.position.step + 1
        config = ConfigRecord({"run": self.described, "rate": self.rate(self.position.step)})
        self.asked(number)
        messages = list(self.strategy.configure_train(number, wire.as_record(parameters), config, self.grid))
        left_out = list[str]()

        def say(line: str) -> None:
            left_out.append(line)
            self.progress.say(f"round {number}: {line}")
        replies = server.usable(self.grid.send_and_receive(messages, timeout=self.federated.timeout), len(messages),
                                parameters, self.federated, say)
        tokens = sum(int(reply.content["metrics"]["num-examples"]) for reply in replies)
        if self.federated.clip_update:
            server.weigh_alike(replies)
        if self.federated.noise and len(replies) < self.federated.clients:
            raise TrainingError(f"round {number}: {len(replies)} of {len(messages)} clients sent weights that can be "
                                "used, but with noise all have to, for epsilon to hold; resume the run when they are "
                                "back")
        arrays, metrics = self.strategy.aggregate_train(number, replies) if replies else (None, None)
        if arrays is None or metrics is None:
            raise TrainingError(f"round {number}: no client sent weights that can be used; "
                                + (left_out[0] if left_out else "none was asked"))
        after = {name: array.astype(parameters.dtype) for name, array in wire.as_arrays(arrays).items()}
        moved = float(np.sqrt(sum(np.sum(np.square(after[name] - parameters[name], dtype=np.float64))
                                  for name in parameters)))
        for name, array in after.items():
            parameters[name] = array
        return float(metrics["loss"]), moved, tokens

    def asked(self, number: int) -> None:
        """Wait until there are clients, `timeout` at the longest; the round is then for those that are connected.

        With noise each round waits for all of them. Else the first does when one is there, for GATHERING seconds, since
        those that come later are asked in later rounds; the others go on without those that have left.
        """
        all_of, start = self.federated.clients, time.monotonic()
        wanted = 1 if self.begun and not self.federated.noise else all_of
        while (there := len(list(self.grid.get_node_ids()))) < wanted:
            self.stop_if_interrupted()
            waited = time.monotonic() - start
            if waited > self.federated.timeout or there and waited > GATHERING and not self.federated.noise:
                break
            time.sleep(CONNECTING)
        if not there:
            raise TrainingError(f"round {number}: no client is connected after {self.federated.timeout:g} s; start "
                                "some, and run again to go on")
        if self.federated.noise and there < all_of:
            raise TrainingError(f"round {number}: {there} of {all_of} clients are connected after "
                                f"{self.federated.timeout:g} s, but with noise all have to be, for epsilon to hold; "
                                "start the others, and run again to go on")
        if there < all_of:
            self.progress.say(f"round {number}: {there} of {all_of} clients are connected")
        self.begun = True
        asks = getattr(self.strategy, "strategy", self.strategy)                 # within privacy's
        asks.min_train_nodes = asks.min_available_nodes = min(there, all_of)

    def summary(self) -> dict[str, Any]:
        from minicrt.federated import wire
        from minicrt.federated.server import epsilon

        parameters, federated = self.state.parameters, self.federated
        down = wire.size_of(wire.as_record(parameters))
        up = down if federated.update_bits == 32 else wire.size_of(wire.in_eight_bits(parameters, parameters))
        private = {"epsilon": epsilon(self.position.step, federated, DELTA), "delta": DELTA} if federated.noise else {}
        return super().summary() | {
            "federated": True, "clients": federated.clients, "rounds": self.position.step, "split": federated.split,
            "strategy": federated.strategy, "local_epochs": federated.local_epochs,
            "bytes_to_a_client_each_round": down, "bytes_from_a_client_each_round": up, **private}


def train_federated(folder: str | os.PathLike[str], model: SegmentModel, corpus: Corpus,
                    federated: FederatedConfig | None = None, config: TrainingConfig | None = None,
                    progress: Progress | bool = True, backend: str | None = None) -> Trained:
    """Train a model with federated clients, simulated on this machine, in a new run folder; the best weights.

        train_federated("runs/federated", model, corpus, FederatedConfig(clients=8, rounds=20, split="iid"))

    Arguments
        folder     as of minicrt.train; the run is one that `eval`, `generate` and the others take
        model      with the corpus's vocabulary
        corpus     its training part is cut into the clients' texts; the others are the server's
        federated  how the clients train and how the weights are brought together
        config     what a client's training step is: learning rates, batch, clip, seed. Its number of steps is that of
                   the rounds, and its schedule goes over the rounds.
        progress   as of minicrt.train; a step is a round
        backend    "ray": Flower's simulation on Ray, in several processes; "process": here, one client after the other;
                   None: this process. Both give the same bits, for the same number of threads.

    Raises ConfigurationError for settings that do not fit and where Flower is not installed, CheckpointError,
    DataError and TrainingError as minicrt.train.
    """
    check_flower()
    federated = federated or FederatedConfig()
    configuration = configuration_of(model, corpus, federated, config)
    config = from_mapping(TrainingConfig, configuration["training"], "training")
    run = RunFolder(Path(folder), configuration)
    trainer = FederatedTrainer(run, model, corpus, config, federated, progress_of(progress))
    backend = checked_backend(backend)
    prepare(trainer)
    run.create()
    return simulated(trainer, backend)


def resume_federated(folder: str | os.PathLike[str], data_dir: Path | str | None = None,
                     progress: Progress | bool = True, backend: str | None = None, engine: EngineOrName = None
                     ) -> Trained:
    """Go on with the federated run in `folder`. The clients begin their texts anew, with the state of a beginning, for
    these never leave them; FedAdam begins its moments anew. A finished run is only loaded."""
    check_flower()
    backend = checked_backend(backend)
    run = completed(RunFolder.open(Path(folder)))
    if "federated" not in run.configuration:
        raise CheckpointError(f"the run in {folder} is not federated; go on with it by minicrt train --resume")
    if run.read_summary() is not None and run.checkpoint.exists():
        return load_run(folder, engine)
    tables = checked_tables(run.configuration, run.path / "config.toml")
    corpus = corpus_of_run(tables["data"], data_dir)
    check_corpus(corpus, tables["data"])
    found = engines.get(engine)
    with described(tables, run.path / "config.toml"):
        model = create_model(tables["model"], found)
        config = from_mapping(TrainingConfig, tables["training"], "training")
        federated = from_mapping(FederatedConfig, tables["federated"], "federated")
    check_vocabulary(model, corpus)
    trainer = FederatedTrainer(run, model, corpus, config, federated, progress_of(progress))
    prepare(trainer)
    return simulated(trainer, backend)


def configuration_of(model: SegmentModel, corpus: Corpus, federated: FederatedConfig | None = None,
                     config: TrainingConfig | None = None) -> dict[str, Any]:
    """config.toml of a federated run, the arguments being those of `train_federated`, with its errors"""
    federated = federated or FederatedConfig()
    check_kind("federated", federated, FederatedConfig, "a FederatedConfig")
    check_kind("model", model, SegmentModel, "a model: create_model(…)")
    check_kind("corpus", corpus, Corpus, "a corpus; load one with minicrt.load_corpus")
    check_vocabulary(model, corpus)
    config = rounds_of(config or TrainingConfig(steps=1), federated)
    return {"model": model_mapping(model), "training": to_mapping(config), "federated": to_mapping(federated),
            "data": {"corpus": where_found(corpus), "level": corpus.level, "tokenizer": corpus.vocabulary.tokenizer,
                     "sha256": fingerprint(corpus)},
            "written_by": {"minicrt": __version__}}


def rounds_of(config: TrainingConfig, federated: FederatedConfig) -> TrainingConfig:
    """A step of the run is a round: the schedule's and the evaluations' steps are rounds."""
    return dataclasses.replace(config, steps=federated.rounds, epochs=0.0, minutes=0.0,
                               **OF_ONE_TRAINING | {"evaluations": federated.rounds})


def prepare(trainer: FederatedTrainer) -> None:
    """The clients of this process read what the trainer has read already."""
    from minicrt.federated.client import make_clients

    make_clients(trainer.described, trainer.model, trainer.corpus)


def simulated(trainer: FederatedTrainer, backend: str) -> Trained:
    """The run with Flower's simulation on Ray, or with all clients in this process"""
    from minicrt.federated.client import app

    if backend == "process":
        from minicrt.federated.local_grid import LocalGrid

        trainer.grid = LocalGrid(app, trainer.federated.clients)
        return learned(trainer, trainer.run())
    from minicrt.federated.on_ray import with_ray

    return learned(trainer, with_ray(trainer, app))


def check_flower() -> None:
    """Raises ConfigurationError where Flower is not installed. It is told to send nothing about its use."""
    os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")     # read when it is imported
    try:
        import flwr.app  # noqa: F401
    except ImportError as error:
        raise ConfigurationError("federated training needs Flower, which is not installed: "
                                 "pip install 'minicrt[federated]'") from error
    logging.getLogger("flwr").setLevel(logging.ERROR)        # what it logs of each round says the progress


def checked_backend(backend: str | None) -> str:
    if backend not in (None, "ray", "process"):
        raise ConfigurationError(f"backend is {backend!r}, expected ray or process")
    if backend == "ray" and importlib.util.find_spec("ray") is None:
        raise ConfigurationError("the backend ray needs Ray, which is not installed: pip install ray, or take process")
    return backend or "process"
