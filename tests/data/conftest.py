import hashlib

import pytest

from minicrt.data import locations
from minicrt.data.source import Source
from tests.data.loopback import CONTENT, Server


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder but those that the test names: neither the environment's nor the user's cache."""
    monkeypatch.delenv("MINICRT_DATA", raising=False)
    cache = tmp_path / "cache"
    monkeypatch.setattr(locations, "cache_directory", lambda: cache)
    return tmp_path


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def source(server):
    return Source("ptb/file.txt", f"{server.url}/file", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
