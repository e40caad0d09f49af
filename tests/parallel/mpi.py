"""How tests start several ranks: with the mpiexec and the mpi4py that are here, on this machine alone"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 600                                                  # seconds, for a run that hangs
# Root, as in a container; more ranks than cores; what Open MPI would look for beyond this machine.
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "MINICRT_ENGINE": "numpy",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
               "OMPI_MCA_mpi_yield_when_idle": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}

needed = pytest.mark.skipif(shutil.which("mpiexec") is None or importlib.util.find_spec("mpi4py") is None,
                            reason="needs mpiexec and mpi4py")


def command(ranks: int, *arguments: object) -> list[str]:
    return ["mpiexec", "-n", str(ranks), sys.executable, "-m", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **ENVIRONMENT, **changes}


def run(ranks: int, *arguments: object, cwd: Path = ROOT, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(ranks, *arguments), cwd=cwd, env=environment(**changes), capture_output=True,
                          text=True, encoding="utf-8", timeout=LIMIT, check=False)


def ranked_run(ranks: int, folder: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """`tests.parallel.ranked_run` on so many ranks"""
    return run(ranks, "tests.parallel.ranked_run", folder, *(f"{key}={value}" for key, value in settings.items()))


def ours(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of standard error that are not mpiexec's own"""
    return [line for line in result.stderr.splitlines() if "minicrt:" in line or "stopped after" in line]
