"""What a run that is to be killed trains on, whether its files are whole, and which processes run (Linux: /proc)"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.errors import CheckpointError
from minicrt.training import RunFolder, load_run, read_checkpoint

MODEL = {"width": 16, "layers": 1, "heads": 2, "inner": 16, "segment_length": 8, "dropout": 0.1}
STARTING = 0.2                                               # of the moments are before there is a run folder
LONGEST = 600.0                                              # seconds after which a run counts as hanging


def text_in(folder: Path) -> Path:
    words = np.random.default_rng(0).integers(0, 40, 6000)
    (folder / "text.txt").write_text(" ".join(f"w{word}" for word in words), encoding="utf-8")
    return folder / "text.txt"


def outcome(folder: Path) -> tuple[bytes, list[Any]]:
    """The weights and the perplexities of a finished run, as bytes and as numbers"""
    run = load_run(folder, "numpy")
    assert run.summary is not None, "the run is not finished"
    return run.parameters.flat.tobytes(), [[line["step"], line["valid_loss"]] for line in run.metrics] + [
        run.summary["test_perplexity"]]


def is_whole(folder: Path) -> bool:
    """Whether there is no run yet, or one whose files are read"""
    if not RunFolder.is_at(folder):
        return not folder.exists() or not any(folder.glob("checkpoint.safetensors"))
    try:
        run = RunFolder.open(folder)
        if run.checkpoint.exists():
            read_checkpoint(run.checkpoint)
    except CheckpointError:
        return False
    return True


def waited(until: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> float:
    """The seconds until it is so. Raises TimeoutError where it is not within LONGEST, or `process` has ended."""
    start = time.monotonic()
    while not until():
        if process is not None and process.poll() is not None and not until():
            raise TimeoutError(f"{process.args!r} ended with {process.returncode}")
        if time.monotonic() - start > LONGEST:
            raise TimeoutError(f"after {LONGEST:g} s there is no end")
        time.sleep(0.02)
    return time.monotonic() - start


def processes() -> dict[int, int]:
    """process → its parent, of all that run (and are no zombies)"""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def below(process: int) -> set[int]:
    """All that a process has started, and what these have"""
    found, all_of = set[int](), processes()
    for one in all_of:
        parent = all_of[one]
        while parent in all_of and parent != process:
            parent = all_of[parent]
        found |= {one} if parent == process else set()
    return found
