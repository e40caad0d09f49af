import pytest

from minicrt.parallel import threads


@pytest.fixture(autouse=True)
def one_thread():
    """How the rows are shared out decides the dropout masks: with one thread a test means the same on every machine."""
    with threads.limit(1):
        yield
