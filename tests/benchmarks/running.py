"""How these tests run a benchmark: in this process and in NumPy, since what is written is the point and not how fast"""

import importlib
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from benchmarks import report


class Ended(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(module, *arguments):
    """What `python -m benchmarks.MODULE ARGUMENTS` ends with"""
    main = importlib.import_module(f"benchmarks.{module}").main
    out, error, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(error):
        patch.setattr(sys, "argv", [module, *map(str, arguments)])
        patch.setenv("MINICRT_ENGINE", "numpy")
        try:
            report.run(main)
        except SystemExit as ended:                          # with a number, or with what is to be said
            code = ended.code if isinstance(ended.code, int) else 1
            error.write("" if code == ended.code else f"{ended.code}\n")
    return Ended(code, out.getvalue(), error.getvalue())
