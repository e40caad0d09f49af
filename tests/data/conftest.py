import pytest

from minicrt.data import locations


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder but those that the test names: neither the environment's nor the user's cache."""
    monkeypatch.delenv("MINICRT_DATA", raising=False)
    cache = tmp_path / "cache"
    monkeypatch.setattr(locations, "cache_directory", lambda: cache)
    return tmp_path
