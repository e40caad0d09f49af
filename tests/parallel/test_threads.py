"""How many threads work"""

import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from minicrt.errors import ConfigurationError
from minicrt.parallel import threads, workers


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


@pytest.mark.parametrize("value", ["0", "-1", "many", "2.5", "9" * 5000])
def test_nonsense_in_the_environment(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    with pytest.raises(ConfigurationError, match=f"OMP_NUM_THREADS is '{value[:20]}', expected a number"):
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
from minicrt.parallel import threads
import sys
assert "numpy" not in sys.modules
def counts():
    from threadpoolctl import threadpool_info, threadpool_limits
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
with threads.limit(2):
    import numpy
    with threads.blas_limit(1):
        assert counts() == {1}, counts()
    with threads.limit(1):
        assert counts() == {1}, counts()
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "2"})


def in_another_thread(function, *arguments):
    """What `function` returns there."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result(60)


def within(number):
    with threads.blas_limit(number):
        return blas_threads()


@pytest.fixture
def three_blas_threads():
    """Whatever the environment says and however many cores there are. threadpoolctl heeds this thread alone then."""
    with threadpool_limits(3, "blas"):
        if blas_threads() != {3}:
            pytest.skip("threadpoolctl cannot set the number of threads of this BLAS")
        yield


def test_a_limit_holds_whichever_thread_asks(three_blas_threads):
    assert in_another_thread(within, 1) == {1}
    assert blas_threads() == {3}
    with threads.blas_limit(2):
        assert in_another_thread(within, 1) == {1} and blas_threads() == {2}
    assert blas_threads() == {3}


def test_of_limits_in_several_threads_the_smallest_holds(three_blas_threads):
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with threads.blas_limit(2):
            entered.set()
            leave.wait(60)

    with ThreadPoolExecutor(1) as pool:
        with threads.blas_limit(1):
            staying = pool.submit(stay)
            assert entered.wait(60) and blas_threads() == {1}
        assert blas_threads() == {2}
        leave.set()
        staying.result(60)
    assert blas_threads() == {3}


class OneNumberAThread:
    """A BLAS as MKL is: setting the number of threads holds for the thread that sets it."""

    filepath, internal_api, threading_layer = "libmkl_rt.so", "mkl", "intel"

    def __init__(self):
        self.here = threading.local()

    @property
    def num_threads(self):
        return getattr(self.here, "number", 8)

    def set_num_threads(self, number):
        self.here.number = number


def test_where_each_thread_has_a_number_it_is_set_in_the_thread_that_works(monkeypatch):
    library, seen = OneNumberAThread(), {}
    monkeypatch.setattr(threads, "_found", [library])
    monkeypatch.setattr(threads, "count", lambda: 3)

    def work(part, start, stop):
        seen[part] = library.num_threads

    with threads.blas_limit(2):
        assert library.num_threads == 2 and in_another_thread(lambda: library.num_threads) == 8
        workers.run(work, workers.ranges(3))
    assert seen == {0: 2, 1: 1, 2: 1} and library.num_threads == 8


def test_a_system_that_starts_no_more_threads(monkeypatch, caplog):
    """Every share of the work is done all the same, and what came of it is told once."""
    monkeypatch.setattr(threads, "count", lambda: 4)
    monkeypatch.setattr(workers, "_tasks", SimpleQueue())
    monkeypatch.setattr(workers, "_workers", [])
    monkeypatch.setattr(workers, "_refused", False)
    start = threading.Thread.start

    def refusing(thread):
        if thread.name == "minicrt-2":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refusing)
    done, by = np.zeros(8, int), {}

    def work(part, start, stop):
        by[part] = threading.current_thread().name
        done[start:stop] += 1

    for times in (1, 2):
        workers.run(work, workers.ranges(8))
        assert done.tolist() == [times] * 8
        assert by.pop(1) == "minicrt-1" and set(by.values()) == {threading.current_thread().name}
    assert caplog.messages == ["minicrt: the system starts no more threads; going on with 2 instead of 4"]


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


@pytest.fixture
def few_threads(monkeypatch):
    """A system that lets the user have few threads, and starts none."""
    resource = pytest.importorskip("resource")

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "count", lambda: 4)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (3, 3))
    monkeypatch.setattr(threading.Thread, "start", refuse)


def test_where_no_thread_can_be_started_blas_is_told_so_before_it_is_loaded(few_threads, caplog, monkeypatch):
    for name in threads.VARIABLES:
        monkeypatch.setenv(name, "4")                        # to be undone
    threads.fit_to_system()
    assert {os.environ[name] for name in threads.VARIABLES} == {"1"}
    assert caplog.messages == ["minicrt: the system starts no more threads (ulimit -u is 3); going on with one"]


def test_where_they_can_nothing_changes(caplog, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 3)
    monkeypatch.setattr(pytest.importorskip("resource"), "getrlimit", lambda kind: (100, 100))
    before = dict(os.environ), threading.active_count()
    threads.fit_to_system()
    assert (dict(os.environ), threading.active_count()) == before and not caplog.messages
