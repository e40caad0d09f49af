"""Ranks: the processes, of one machine or of many, that share a training by MPI.

mpi4py is imported only here, and only where mpiexec has started several processes. What goes from rank to rank is
arrays and text, never a pickle. Every method but `first` is for all ranks to call, in the same order.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicrt import errors
from minicrt.errors import ConfigurationError, MinicrtError
from minicrt.parallel.launch import launch

Array = np.ndarray


class Ranks:
    """All processes of a communicator of MPI (mpi4py's `MPI.Comm`), or, without one, this process alone.

    rank  the number of this process, from 0
    size  how many there are
    """

    def __init__(self, comm: Any = None):
        self.rank: int = 0 if comm is None else comm.Get_rank()
        self.size: int = 1 if comm is None else comm.Get_size()
        self.ending = False                                  # within `ending.together`
        if self.size > 1:
            from mpi4py import MPI

            self._mpi: Any = MPI
            self._comm, self._failures = comm.Dup(), comm.Dup()

    def __repr__(self) -> str:
        return f"<Ranks: number {self.rank} of {self.size}>"

    @property
    def first(self) -> bool:
        """Whether this is the rank that writes files and speaks."""
        return self.rank == 0

    def add_up(self, array: Array) -> None:
        """`array` ← Σ over the ranks, in place and in its own precision; all have the same bits then."""
        if self.size > 1:
            self._comm.Allreduce(self._mpi.IN_PLACE, array, op=self._mpi.SUM)

    def total(self, number: float) -> float:
        """Σ number over the ranks, in float64"""
        if self.size == 1:
            return number
        found = np.array([number])
        self.add_up(found)
        return float(found[0])

    def largest(self, number: int) -> int:
        """The largest of the ranks' numbers"""
        if self.size == 1:
            return number
        found = np.array([number], np.int64)
        self._comm.Allreduce(self._mpi.IN_PLACE, found, op=self._mpi.MAX)
        return int(found[0])

    def numbers(self, number: int) -> list[int]:
        """Every rank's number, in the order of the ranks"""
        found = np.zeros(self.size, np.int64)
        found[self.rank] = number
        if self.size > 1:
            self._comm.Allgather(self._mpi.IN_PLACE, found)
        return found.tolist()

    def told(self, text: str) -> str:
        """The first rank's text"""
        if self.size == 1:
            return text
        data = np.frombuffer(text.encode(), np.uint8)
        data = data.copy() if self.first else np.empty(0, np.uint8)
        size = self.largest(data.size if self.first else 0)
        if not self.first:
            data = np.empty(size, np.uint8)
        self.share(data)
        return data.tobytes().decode()

    def texts(self, text: str) -> list[str]:
        """Every rank's text, in the order of the ranks"""
        data = np.frombuffer(text.encode(), np.uint8)
        counts = self.numbers(data.size)
        return [part.tobytes().decode() for part in np.split(self.joined(data, counts), np.cumsum(counts)[:-1])]

    def share(self, array: Array) -> None:
        """`array` ← the first rank's"""
        if self.size > 1:
            self._comm.Bcast(array, root=0)

    def joined(self, rows: Array, counts: Sequence[int]) -> Array:
        """The ranks' arrays, of `counts` entries along the first axis, one after the other"""
        if self.size == 1:
            return rows
        whole = np.empty((sum(counts), *rows.shape[1:]), rows.dtype)
        one = int(np.prod(rows.shape[1:], dtype=np.int64)) * rows.itemsize           # bytes of an entry
        self._comm.Allgatherv([np.ascontiguousarray(rows), self._mpi.BYTE],
                              [whole, [one * count for count in counts], None, self._mpi.BYTE])
        return whole

    def first_alone(self, action: Callable[[], object]) -> str:
        """The text that `action` returns, which the first rank alone does; "" where it returns something else. Where it
        raises an error of minicrt or of the system, all ranks raise, so that all end."""
        error: Exception | None = None
        told = {"error": "", "message": "", "result": ""}
        if self.first:
            try:
                result = action()
                told["result"] = result if isinstance(result, str) else ""
            except (MinicrtError, OSError) as caught:
                error, told["error"], told["message"] = caught, type(caught).__name__, str(caught)
        told = json.loads(self.told(json.dumps(told)))
        if error is not None:
            raise error
        if told["error"]:
            raise getattr(errors, told["error"], errors.CheckpointError)(told["message"])
        return told["result"]

    def all_have_failed(self, seconds: float) -> bool:
        """Whether all ranks come to call this within so many seconds"""
        request, end = self._failures.Ibarrier(), time.monotonic() + seconds
        while not request.Test():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def abort(self, code: int) -> None:
        """End all ranks, there and then."""
        self._comm.Abort(code)


ALONE = Ranks()
_started: list[Ranks] = []


def started() -> Ranks:
    """All that mpiexec has started; `ALONE` where this process was started without it.

    Raises ConfigurationError where mpi4py is missing, or finds another number of ranks than mpiexec has started.
    """
    if not _started:
        _started.append(_world())
    return _started[0]


def _world() -> Ranks:
    number, size, variable = launch()
    if size == 1:
        return ALONE
    try:
        import mpi4py

        mpi4py.rc.thread_level = "serialized"                # one thread at a time speaks to MPI
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:             # RuntimeError: there is mpi4py, and no MPI
        raise ConfigurationError(f"mpiexec has started {size} processes ({variable}), which need mpi4py to share a "
                                 f"training ({' '.join(str(error).split())}): pip install 'minicrt[mpi]', or start "
                                 f"without mpiexec, with --threads {size}") from error
    found = MPI.COMM_WORLD.Get_size()
    if found != size:
        raise ConfigurationError(f"mpiexec has started {size} processes ({variable}) and mpi4py finds {found}: it "
                                 "runs on another MPI than mpiexec is of; install one of the two alone, or set "
                                 "MPI4PY_LIBMPI")
    return Ranks(MPI.COMM_WORLD)
