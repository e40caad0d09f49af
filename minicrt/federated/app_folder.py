"""A Flower app: a folder that `flwr run` takes, with all settings of a federated run in it

    pyproject.toml           as [tool.flwr.app.config] what a run's config.toml says, and where the run is to be
    federated_app/client.py  `app`, the ClientApp of `minicrt.federated.client`
    federated_app/server.py  `app`, the ServerApp of `minicrt.federated.deployed`
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from minicrt import __version__, engines
from minicrt.atomic import create_folder_atomically
from minicrt.data import Corpus
from minicrt.errors import ConfigurationError
from minicrt.federated.configuration import FederatedConfig
from minicrt.federated.run import TABLES, configuration_of
from minicrt.files import expanded
from minicrt.models import SegmentModel
from minicrt.training.configuration import TrainingConfig

PACKAGE = "federated_app"
ENTRIES = {"client": "client", "server": "deployed"}         # of which module of minicrt.federated each is


def write_app(folder: str | os.PathLike[str], model: SegmentModel, corpus: Corpus,
              federated: FederatedConfig | None = None, config: TrainingConfig | None = None,
              out: str | os.PathLike[str] | None = None, data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Write a Flower app with these settings, which are those of `train_federated`; its folder.

        write_app("my-app", model, corpus, FederatedConfig(clients=2, rounds=10))

    `out` is the run folder that its server makes, by default the app's name with "-run" beside it; `data_dir` a folder
    where server and clients look for the corpus first. Raises ConfigurationError where the folder is there or cannot be
    made, and as `train_federated`.
    """
    folder = expanded(folder).absolute()
    tables = configuration_of(model, corpus, federated, config)
    settings: dict[str, Any] = {
        "out": str(folder.with_name(f"{folder.name}-run") if out is None else expanded(out).absolute()),
        "data-dir": "" if data_dir is None else str(expanded(data_dir).absolute()),
        "engine": engines.name_of(model.engine), **{name: tables[name] for name in TABLES}}
    files = {f"{name}.py": f'"""The {name.capitalize()}App of minicrt.federated"""\n\nfrom minicrt.federated.{module} '
                           f'import app\n\n__all__ = ["app"]\n' for name, module in ENTRIES.items()}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        create_folder_atomically(folder, {"pyproject.toml": tomli_w.dumps(project(settings)).encode(), **{
            f"{PACKAGE}/{name}": text.encode() for name, text in {"__init__.py": "", **files}.items()}})
    except FileExistsError as error:
        raise ConfigurationError(f"{folder} is there already; name a folder that is not") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write the app {folder}: {error.strerror}") from error
    return folder


def project(settings: Mapping[str, Any]) -> dict[str, Any]:
    """pyproject.toml, as Flower wants it"""
    return {
        "build-system": {"requires": ["hatchling"], "build-backend": "hatchling.build"},
        "project": {"name": "minicrt-federated", "version": "1.0.0", "description": "A federated training by minicrt",
                    "license": "MIT", "dependencies": [f"minicrt[federated]=={__version__}"]},
        "tool": {
            "hatch": {"build": {"targets": {"wheel": {"packages": [PACKAGE]}}}},
            "flwr": {"app": {"publisher": "minicrt",
                             "components": {f"{name}app": f"{PACKAGE}.{name}:app" for name in ENTRIES},
                             "config": settings}}}}
