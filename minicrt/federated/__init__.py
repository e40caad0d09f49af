"""Federated training by Flower: the text stays with its clients, the weights travel (docs/federated.md)

    minicrt federated --clients 8 --rounds 20 --split by-article

`minicrt.federated.client.app` is a Flower ClientApp and `minicrt.federated.server` has the strategies and the run. They
need the extra `federated`; nothing else here imports Flower.
"""

__all__ = ["FederatedConfig", "parts_of", "resume_federated", "train_federated"]

from minicrt.federated.configuration import FederatedConfig
from minicrt.federated.parts import parts_of
from minicrt.federated.run import resume_federated, train_federated
