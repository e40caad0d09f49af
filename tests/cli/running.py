"""How these tests run the command line, and a model so small that a run takes a fraction of a second."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import minicrt
from minicrt.cli import main


def assignments(*keys):
    return [argument for key in keys for argument in ("--set", key)]


SMALL = assignments("width=8", "heads=2", "layers=1", "inner=8", "segment_length=5", "batch=2", "evaluation_batch=2",
                    "warmup_steps=2")


def write_text(path, words=600, seed=0):
    rng = np.random.default_rng(seed)
    lines = [" ".join(rng.choice(["red", "green", "blue", "and", "or"], 9)) for _ in range(words // 10)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def command(*arguments):
    return [sys.executable, "-m", "minicrt", *map(str, arguments)]


def environment(**changes):
    """That of this process, and the package that these tests import, from any folder."""
    return {**os.environ, "PYTHONPATH": str(Path(minicrt.__file__).parents[1]), **changes}


def run_minicrt(*arguments, cwd, **changes):
    return subprocess.run(command(*arguments), cwd=cwd, env=environment(**changes), capture_output=True, text=True,
                          encoding="utf-8", check=False)


def refused(capsys, *arguments, code=2):
    """The one line on stderr with which `minicrt ARGUMENTS` ends."""
    assert main([str(argument) for argument in arguments]) == code
    error = capsys.readouterr().err
    assert error.startswith("minicrt: error: ")
    assert error.count("\n") == 1
    return error


def copy_of_run(run, folder):
    other = folder / "copy"
    other.mkdir()
    for file in run.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    return other
