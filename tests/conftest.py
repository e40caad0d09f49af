"""For every test: one thread, the same examples each time, signals as in a terminal.

How work is shared out decides bits (the order of sums, the dropout masks), and so does what hypothesis happens to draw
decide whether a test passes. Here both are the same on every machine, in this process and in those that tests start;
tests about several threads ask for them.
"""

import gc
import os
import signal

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

# The longest files: begun last, one process waits for them. Those that compile most stand apart, so that two processes
# do not compile the same.
FIRST = ("tests/ports/test_export_c.py", "tests/inference/test_stream.py", "tests/conformance/mutation/test_mutants.py",
         "tests/inference/test_quantised_stream.py", "tests/conformance/mistakes/test_models.py",
         "tests/gradcheck/test_all_checks.py", "tests/models/test_crt_determinism.py", "tests/training/test_resume.py")
VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(VARIABLES, "1"))             # read when NumPy and Numba are imported

settings.register_profile("minicrt", deadline=None, derandomize=True)
settings.load_profile("minicrt")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n`, a file's tests run in one process, so that what they share is made, and its kernels compiled, once."""
    from xdist.scheduler import LoadFileScheduling
    config.option.loadscopereorder = False                   # in the order below, not by the number of tests
    return LoadFileScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Ten thousand tests are kept until the end: the collector of garbage goes through none of them, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):                       # in a process of xdist's
        order = {file: place for place, file in enumerate(FIRST)}
        items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(FIRST)))


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    """Where NumPy was imported before this file, too."""
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal():
    """A script's background or nohup has them ignored, here and in every process that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
