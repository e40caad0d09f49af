"""Run notebooks from top to bottom, each in an empty folder: `python tutorials/execute.py` runs all, stubs and solved.

With MINICRT_FAST=1 in the environment they take small budgets, to see that every cell runs. Nothing is written; that is
for build.py. Exit code 1 if a cell fails, warns, or shows a folder of this machine.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).resolve().parent
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LONGEST = 600                                                # seconds for a cell, on a machine that others use, too


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run notebooks, report their time and what went wrong.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="the notebooks to run (default: all of the course)")
    options = parser.parse_args(arguments)
    notebooks = options.notebooks or [*sorted(FOLDER.glob("*.ipynb")), *sorted(FOLDER.glob("solved/*.ipynb"))]
    missing = [str(path) for path in notebooks if not path.is_file()]
    if missing:
        parser.error(f"no such notebook: {', '.join(missing)}")
    problems = [execute(nbformat.read(path, as_version=4), f"{path.parent.name}/{path.stem}")[1] for path in notebooks]
    return 1 if any(problems) else 0


def execute(notebook: Any, name: str) -> tuple[Any, str]:
    """Run a notebook on one thread, so that sums come out alike; the notebook with its outputs, and what went wrong."""
    problem, start = "", time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", record_timing=False,
                                coalesce_streams=True, extra_arguments=["--IPKernelApp.log_level=40"],
                                resources={"metadata": {"path": folder}})
        try:
            client.execute(env={**os.environ, **ONE_THREAD})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            problem = str(error)
        else:
            drop_notice(notebook)
            problem = unwanted(notebook)
    print(f"{name}: {time.perf_counter() - start:.1f} s, {'FAILED' if problem else 'ok'}", flush=True)
    if problem:
        print(problem, file=sys.stderr)
    return notebook, problem


def drop_notice(notebook: Any) -> None:
    """What Numba's first run on a machine says belongs to that run."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"]
                               if not output.get("text", "").startswith("minicrt: compiling kernels")]


def unwanted(notebook: Any) -> str:
    """What stands in an output and should not, or ''."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            shown = re.sub(r'"image/png": "[^"]*"', "", nbformat.writes(nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(outputs=[output])])))
            for folder in {str(FOLDER.parent), str(Path.home()), sys.prefix, tempfile.gettempdir() + "/"}:
                if len(folder) > 1 and folder in shown:
                    return f"an output shows the folder {folder} of this machine"
            if output.get("name") == "stderr":
                return f"a cell warns: {output['text']}"
            if re.search(r"\bat 0x[0-9a-f]{6,}", shown):
                return f"an output shows an address in memory: {shown}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
