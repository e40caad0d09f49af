"""Federated training by Flower: the text stays with its clients, the weights travel (docs/federated.md)

    minicrt federated --clients 8 --rounds 20 --split by-article

`minicrt.federated.client.app` is a Flower ClientApp, `minicrt.federated.deployed.app` the ServerApp of an app that
`write_app` writes, and `minicrt.federated.server` has the strategies. They need the extra `federated`; nothing else
here imports Flower.
"""

__all__ = ["FederatedConfig", "parts_of", "resume_federated", "train_federated", "write_app"]

from minicrt.federated.app_folder import write_app
from minicrt.federated.configuration import FederatedConfig
from minicrt.federated.parts import parts_of
from minicrt.federated.run import resume_federated, train_federated
