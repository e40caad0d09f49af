"""Run notebooks from top to bottom: `python tutorials/execute.py` runs all, `--write` keeps their new outputs.

With MINICRT_FAST=1 in the environment the notebooks take small budgets, to see that every cell runs; what they then
measure means nothing, so `--write` refuses it. Exit code 1 if a cell fails.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).resolve().parent
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run notebooks, report their time and what went wrong.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="the notebooks to run (default: all of this folder)")
    parser.add_argument("--write", action="store_true", help="keep the outputs in the files")
    parser.add_argument("--timeout", type=int, default=600, metavar="SECONDS", help="for one cell (default: 600)")
    options = parser.parse_args(arguments)
    if options.write and os.environ.get("MINICRT_FAST"):
        parser.error("--write with MINICRT_FAST set would keep outputs that mean nothing; unset one of them")
    notebooks = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    missing = [str(path) for path in notebooks if not path.is_file()]
    if missing:
        parser.error(f"no such notebook: {', '.join(missing)}")
    problems = [problem for path in notebooks if (problem := execute(path, options.timeout, options.write))]
    return 1 if problems else 0


def execute(path: Path, timeout: int, write: bool) -> str:
    """Run one notebook in its own folder and print how it went; what went wrong, or ''."""
    notebook = nbformat.read(path, as_version=4)
    start, problem = time.perf_counter(), ""
    try:
        client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", record_timing=False,
                                coalesce_streams=True, extra_arguments=["--IPKernelApp.log_level=40"],
                                resources={"metadata": {"path": str(path.resolve().parent)}})
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        problem = str(error)
    else:
        problem = leaked_path(notebook)
    seconds = time.perf_counter() - start
    print(f"{path.name}: {seconds:.1f} s, {'FAILED' if problem else 'ok'}", flush=True)
    if problem:
        print(problem, file=sys.stderr)
    elif write:
        notebook.metadata = nbformat.from_dict(METADATA)
        nbformat.write(notebook, path)
    return problem


def leaked_path(notebook: nbformat.NotebookNode) -> str:
    """Which folder of this machine stands in an output, or ''."""
    printed = "\n".join(nbformat.writes(nbformat.from_dict({**notebook, "cells": [cell]}))
                        for cell in notebook.cells if cell.cell_type == "code")
    for folder in {str(FOLDER.parent), str(Path.home()), sys.prefix}:
        if len(folder) > 1 and folder in printed:
            return f"an output shows the folder {folder} of this machine"
    return ""


if __name__ == "__main__":
    sys.exit(main())
