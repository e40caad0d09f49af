"""Whether this process is one of several that mpiexec has started: what the environment says, before MPI is there"""

import os
from typing import NamedTuple

from minicrt.arguments import shown
from minicrt.errors import ConfigurationError

# What Open MPI, MPICH (Intel MPI, srun --mpi=pmi2) and MVAPICH set: the number of processes, and which this one is.
VARIABLES = (("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"),
             ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"), ("SLURM_STEP_NUM_TASKS", "PMIX_RANK"))


class Launch(NamedTuple):
    """rank   the number of this process, from 0
    size      how many were started
    variable  that says so; "" where this process was started alone
    """

    rank: int = 0
    size: int = 1
    variable: str = ""


def launch() -> Launch:
    """How this process was started. Raises ConfigurationError where the environment contradicts itself."""
    for size, rank in VARIABLES:
        if size in os.environ and rank in os.environ:
            values = [os.environ[name] for name in (rank, size)]
            if not all(value.isdecimal() and len(value) < 10 for value in values) or int(values[0]) >= int(values[1]):
                raise ConfigurationError(f"{rank} is {shown(values[0])} and {size} {shown(values[1])}, expected a "
                                         f"rank and a larger number of ranks, as mpiexec sets them; unset both")
            return Launch(int(values[0]), int(values[1]), size)
    return Launch()


def check_alone(what: str) -> None:
    """Raise ConfigurationError where mpiexec has started several processes: `what` is done by one."""
    started = launch()
    if started.size > 1:
        raise ConfigurationError(f"{what} is done by one process, and mpiexec has started {started.size} (as "
                                 f"{started.variable} says); start it without mpiexec, with --threads {started.size}")
