"""How many threads work"""

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from minicrt import threads, workers
from minicrt.errors import ConfigurationError


def blas_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_all_cores_by_default():
    assert threads.count() == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


@pytest.mark.parametrize("values, expected", [
    ({"OMP_NUM_THREADS": "3"}, 3), ({"OPENBLAS_NUM_THREADS": "5"}, 5), ({"OMP_NUM_THREADS": "3,2"}, 3),
    ({"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "5"}, 3),
    ({"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "3"}, 2)])
def test_the_environment_is_obeyed(monkeypatch, values, expected):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert threads.count() == expected


@pytest.mark.parametrize("value", ["0", "-1", "many", "2.5"])
def test_nonsense_in_the_environment(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    with pytest.raises(ConfigurationError, match=f"OMP_NUM_THREADS is '{value}', expected a number"):
        threads.count()


def test_a_limit_holds_within_and_is_undone():
    before = threads.count(), blas_threads()
    with threads.limit(1):
        assert threads.count() == 1 and blas_threads() == {1}
        with threads.limit(4):
            assert threads.count() == 1 and blas_threads() == {1}        # the smallest holds
    assert (threads.count(), blas_threads()) == before
    with pytest.raises(ZeroDivisionError), threads.limit(1):
        raise ZeroDivisionError
    assert (threads.count(), blas_threads()) == before


def test_a_limit_holds_for_a_blas_that_is_loaded_within_it():
    """As in the command line, which has its limit before NumPy is imported."""
    code = """
from minicrt import threads
import sys
assert "numpy" not in sys.modules
def counts():
    from threadpoolctl import threadpool_info
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
with threads.limit(2):
    import numpy
    with threads.blas_limit(1):
        assert counts() == {1}, counts()
    with threads.limit(1):
        assert counts() == {1}, counts()
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "2"})


@pytest.mark.parametrize("number", [0, -2])
def test_no_threads_at_all(number):
    with pytest.raises(ConfigurationError, match=f"threads is {number}, expected 1 or more"), threads.limit(number):
        pass


def squares(size):
    """The work of a process of its own: on several threads, for what the parent's are is of no use to it."""
    threads.count = lambda: 2
    out = np.zeros(size)

    def work(part, start, stop):
        out[start:stop] = np.arange(start, stop) ** 2

    workers.run(work, workers.ranges(size))
    return out.sum()


METHODS = ["spawn"] + ["fork"] * (sys.platform == "linux")


@pytest.mark.parametrize("method", METHODS)
def test_a_child_process_has_threads_of_its_own(method, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    workers.run(lambda part, start, stop: None, workers.ranges(2))       # the parent's workers are at work
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(squares, (100,)).get(60) == (np.arange(100) ** 2).sum()
