"""Trainings on two ranks by mpiexec, one of which is killed"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.killed_runs import LONGEST, MODEL, STARTING, is_whole, outcome, processes, text_in, waited
from benchmarks.ranks import ALLOWED
from minicrt.training import RunFolder, load_run

STEPS = 120
ENVIRONMENT = {**os.environ, **ALLOWED, "MINICRT_ENGINE": "numpy", "OMP_NUM_THREADS": "1",
               "OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_MCA_mpi_yield_when_idle": "1"}


class Ranks:
    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.folder, self.number = folder, 0
        self.said = (folder / "said.log").open("ab")
        settings = [word for key, value in {**MODEL, "batch": 4, "bptt_segments": 1, "evaluation_batch": 4,
                                            "evaluations": 4, "checkpoint_seconds": 0.05, "steps": steps}.items()
                    for word in ("--set", f"{key}={value}")]
        self.train = ["train", "--quiet", "--corpus", str(text_in(folder)), *settings]
        start = time.monotonic()
        usual, process = folder / "usual", self.begin(*self.train, "--out", str(folder / "usual"))
        self.starting = waited(lambda: RunFolder.is_at(usual), process)
        assert process.wait(LONGEST) == 0
        self.lasting, self.usual = time.monotonic() - start - self.starting, outcome(usual)

    def close(self) -> None:
        self.said.close()

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["mpiexec", "-n", "2", sys.executable, "-m", "minicrt", *words], env=ENVIRONMENT,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said,
                                start_new_session=True)

    def moment(self, rng: np.random.Generator) -> dict[str, Any]:
        return self.killed(bool(rng.random() < STARTING), int(rng.integers(2)), float(rng.random()))

    def killed(self, early: bool, rank: int, part: float) -> dict[str, Any]:
        """What comes of it: `part` of the time before there is a run folder, or else after, `rank` is killed."""
        self.number += 1
        run = self.folder / f"run{self.number}"
        process = self.begin(*self.train, "--out", str(run))
        if not early:
            waited(lambda: RunFolder.is_at(run), process)
        at = 0.9 * part * (self.starting if early else self.lasting)
        time.sleep(at)
        while rank not in (there := ranks_of(process.pid)) and process.poll() is None:
            time.sleep(0.02)                                 # it has not begun yet
        if rank in there:
            os.kill(there[rank], signal.SIGKILL)
        silent = waited(lambda: process.poll() is not None and not ranks_of(process.pid))
        whole = is_whole(run)
        step = load_run(run).position if (run / "checkpoint.safetensors").exists() else None
        again = ["train", "--quiet", "--resume", str(run)] if RunFolder.is_at(run) else [*self.train, "--out", str(run)]
        assert self.begin(*again).wait(LONGEST) == 0
        return {"target": f"rank {rank}", "early": early, "at": at, "killed": rank in there, "silent": silent,
                "whole": whole, "step": step.step if step is not None else 0, "same_bits": outcome(run) == self.usual}


def ranks_of(launcher: int) -> dict[int, int]:
    """rank → process, of mpiexec's"""
    found, all_of = dict[int, int](), processes()
    for process in all_of:
        parent = all_of[process]
        while parent in all_of and parent != launcher:
            parent = all_of[parent]
        try:
            variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0") if parent == launcher else []
        except OSError:
            continue
        for name in (b"OMPI_COMM_WORLD_RANK=", b"PMI_RANK="):
            found |= {int(variable[len(name):]): process for variable in variables if variable.startswith(name)}
    return found
