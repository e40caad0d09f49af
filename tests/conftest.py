"""For every test: hypothesis without deadlines, in CI with the same examples each time; signals as in a terminal."""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("minicrt", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "minicrt")


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal():
    """A script's background or nohup has them ignored, here and in every process that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
