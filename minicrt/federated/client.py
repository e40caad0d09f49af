"""A client: it trains the weights that it is sent on its own text, and sends them back

`app` is a Flower ClientApp. All it needs to know comes with the message: `run`, the run's configuration as JSON, and
the learning rate's factor. Which part of the text is its own says the node's configuration (`partition-id`). Its
memory state, its place in its text and its optimizer's moments stay in Flower's context of the node, and are never
sent.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from flwr.app import Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from minicrt.configuration import from_mapping
from minicrt.data import TokenStream, largest_batch
from minicrt.errors import ConfigurationError, DataError
from minicrt.federated import wire
from minicrt.federated.configuration import FederatedConfig
from minicrt.federated.parts import parts_of
from minicrt.models import Parameters, SegmentModel, create_model
from minicrt.training import TrainingConfig, train_step
from minicrt.training.optimizers import Optimizer, make_optimizer
from minicrt.training.run_corpus import check_corpus, corpus_of_run
from minicrt.training.window import scored

Array = np.ndarray
app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """A round of this client: weights and `run` in; weights, the mean loss and the number of tokens out"""
    asked, number = message.content["config"], int(context.node_config.get("partition-id", -1))
    client = client_of(str(asked["run"]), number, context.run_config.get("data-dir") or None)
    parameters = wire.weights_in(message.content["arrays"], client.like)
    before = parameters.copy()
    loss, tokens = client.round(parameters, context.state, int(asked["server-round"]), float(asked["rate"]),
                                float(asked.get("proximal-mu", 0.0)))
    sent = wire.as_record(parameters) if client.federated.update_bits == 32 \
        else wire.in_eight_bits(parameters, before)
    metrics = MetricRecord({"num-examples": tokens, "loss": loss, "client": number})
    return Message(RecordDict({"arrays": sent, "metrics": metrics}), reply_to=message)


class Proximal:
    """An optimizer on loss + μ/2 ‖w − w_0‖², w_0 being the weights as they are now (FedProx)"""

    def __init__(self, optimizer: Optimizer, parameters: Parameters, mu: float) -> None:
        self.optimizer, self.mu, self.start = optimizer, mu, parameters.flat.copy()

    @property
    def count(self) -> int:
        return self.optimizer.count

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0, factor: float = 1.0) -> None:
        gradients.flat += self.mu / factor * (parameters.flat - self.start)      # the clip's factor is the loss's alone
        self.optimizer.step(parameters, gradients, rate, factor)


@dataclass
class Client:
    number: int
    model: SegmentModel
    stream: TokenStream
    training: TrainingConfig
    federated: FederatedConfig

    def __post_init__(self) -> None:
        self.like = Parameters(self.model.specs(), self.training.precision)
        self.gradients = self.like.zeros_like()

    def optimizer(self, parameters: Parameters, kept: RecordDict) -> Optimizer:
        """A new one, or that of the last round"""
        made = make_optimizer(self.training, parameters, self.model.engine)
        if "moments" in kept:
            for name, moment in wire.as_arrays(kept["moments"]).items():
                made.moments[name][...] = moment
            made.count = int(kept["place"]["steps"])
        return made

    def round(self, parameters: Parameters, kept: RecordDict, number: int, rate: float, mu: float
              ) -> tuple[float, int]:
        """Train `parameters` for the round's passes; the mean loss and the tokens scored. `kept` has the place in the
        text and the carried state where the last round left them, and then where this one does; the optimizer's
        moments too, where they are kept."""
        config, across = self.training, self.training.bptt_segments
        windows = -(-len(self.stream) // across)
        place = int(kept["place"]["window"]) if "place" in kept else 0
        carried = wire.as_arrays(kept["carried"]) if "carried" in kept else {}
        own = self.optimizer(parameters, kept)
        optimizer: Any = Proximal(own, parameters, mu) if mu else own
        nll, tokens = 0.0, 0
        for step in range(max(1, round(self.federated.local_epochs * windows))):
            window = (place + step) % windows
            if window == 0:
                carried = {}
            segments = [self.stream.segment(index)
                        for index in range(window * across, min((window + 1) * across, len(self.stream)))]
            rng = np.random.default_rng([config.seed, 4, self.number, number, step])
            loss, carried, _ = train_step(self.model, parameters, self.gradients, optimizer, segments, carried, rng,
                                          config.clip, rate, recompute=config.recompute)
            nll, tokens = nll + loss * scored(segments), tokens + scored(segments)
        kept["place"] = MetricRecord({"window": (window + 1) % windows, "steps": own.count})
        kept["carried"] = wire.as_record(carried)
        if self.federated.moments == "kept":
            kept["moments"] = wire.as_record(own.moments)
        return nll / tokens, tokens


_clients: dict[tuple[str, int], Client] = {}                 # of this process, of one run


def client_of(run: str, number: int, data_dir: Any = None) -> Client:
    """Client `number` of the run with this configuration. Raises DataError where its text is not found or too
    short, ConfigurationError where there is no client of this number."""
    if (run, number) not in _clients:
        tables = json.loads(run)
        corpus = corpus_of_run(tables["data"], None if data_dir is None else str(data_dir))
        check_corpus(corpus, tables["data"])
        make_clients(run, create_model(tables["model"], tables["engine"]), corpus)
    if (run, number) not in _clients:
        raise ConfigurationError(f"partition-id is {number} in this node's configuration, expected 0 to "
                                 f"{len(_clients) - 1}: the run has {len(_clients)} clients")
    return _clients[run, number]


def make_clients(run: str, model: SegmentModel, corpus: Any) -> None:
    """All clients of a run, for this process. Raises DataError where one has less text than a segment."""
    tables = json.loads(run)
    training = from_mapping(TrainingConfig, tables["training"], "training")
    federated = from_mapping(FederatedConfig, tables["federated"], "federated")
    _clients.clear()
    length = model.config.segment_length
    for number, part in enumerate(parts_of(corpus.train, corpus.vocabulary, federated.clients, federated.split,
                                           training.seed)):
        batch = min(training.batch, largest_batch(part.size, length))
        if batch == 0:
            raise DataError(f"client {number} of {federated.clients} has {part.size} tokens, fewer than a segment of "
                            f"{length} and its targets; take fewer clients or a longer text")
        _clients[run, number] = Client(number, model, TokenStream(part, batch, length, f"client {number}'s text"),
                                       training, federated)
