"""The server: the strategy, and which of the clients' replies it is given"""

import math
from collections.abc import Callable, Iterable
from typing import Any

from flwr.app import Message, MetricRecord
from flwr.serverapp import strategy as flower

from minicrt.errors import InputError
from minicrt.federated import wire
from minicrt.federated.configuration import FederatedConfig
from minicrt.models import Parameters


def strategy_of(config: FederatedConfig) -> flower.Strategy:
    """Flower's strategy of these settings, which asks all clients in every round"""
    common: dict[str, Any] = {"fraction_evaluate": 0.0, "min_train_nodes": config.clients,
                              "min_available_nodes": config.clients}
    if config.strategy == "fedadam":
        return flower.FedAdam(eta=config.server_learning_rate, tau=1e-8, **common)
    if config.strategy == "fedprox":
        return flower.FedProx(proximal_mu=config.proximal_mu, **common)
    average = flower.FedAvg(**common)
    if config.clip_update:
        return flower.DifferentialPrivacyServerSideFixedClipping(average, config.noise, config.clip_update,
                                                                 config.clients)
    return average


def usable(replies: Iterable[Message], sent: int, like: Parameters, config: FederatedConfig,
           say: Callable[[str], None]) -> list[Message]:
    """The replies that can be averaged, by client, each with weights like `like`; of each other one `say` is told."""
    found, replies = dict[int, Message](), list(replies)
    for reply in replies:
        try:
            number = checked(reply, like, config)
            if number in found:
                raise InputError(f"client {number} has answered already")
            found[number] = reply
        except InputError as error:
            say(f"left out: node {reply.metadata.src_node_id}: {error}")
    if len(replies) < sent:
        say(f"left out: {sent - len(replies)} of {sent} clients, which did not answer within {config.timeout:g} s")
    return [found[number] for number in sorted(found)]       # a sum depends on its order


def checked(reply: Message, like: Parameters, config: FederatedConfig) -> int:
    """The number of the client, whose reply then has weights. Raises InputError for one that cannot be averaged."""
    if reply.has_error():
        raise InputError(reply.error.reason)
    content = reply.content
    if set(content.array_records) != {"arrays"} or set(content.metric_records) != {"metrics"}:
        raise InputError(f"the reply has {sorted(content)}, expected arrays and metrics")
    metrics = content["metrics"]
    if set(metrics) != {"num-examples", "loss", "client"}:
        raise InputError(f"the metrics are {sorted(metrics)}, expected client, loss and num-examples")
    for name, value in metrics.items():
        if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise InputError(f"{name} is {value}, expected a finite number of 0 or more")
    if not metrics["num-examples"]:
        raise InputError("num-examples is 0, expected the number of tokens")
    read = wire.weights_in if config.update_bits == 32 else wire.from_eight_bits
    weights = read(content["arrays"], like)
    if config.update_bits == 8:
        content["arrays"] = wire.as_record(weights)
    return int(metrics["client"])


def weigh_alike(replies: Iterable[Message]) -> None:
    """All clients count alike, as the noise on their sum takes for granted."""
    for reply in replies:
        reply.content["metrics"] = MetricRecord({**reply.content["metrics"], "num-examples": 1.0})


def epsilon(rounds: int, config: FederatedConfig, delta: float) -> float:
    """ε of (ε, δ)-differential privacy of a whole client, after so many rounds in which all took part

    A round is a Gaussian mechanism of noise multiplier z, ρ = 1 / (2 z²) in zero-concentrated terms; these add up, and
    ε = R ρ + 2 √(R ρ ln(1/δ)) (Bun and Steinke 2016, propositions 1.3 and 1.6). Infinite without noise.
    """
    if not config.noise:
        return math.inf
    rho = rounds / (2 * config.noise ** 2)
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))
