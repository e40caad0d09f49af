"""Run the cells of a grid, each in a run folder of its own; what is done is not done again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from minicrt.comparison.grid import AnyCell, Grid
from minicrt.comparison.results import read_result, write_result
from minicrt.errors import CheckpointError, ConfigurationError, DataError, TrainingError
from minicrt.training import Progress, RunFolder


def run_grid(grid: Grid, out: Path, results: Path, corpora: Callable[[AnyCell], Any], progress: Callable[[], Progress],
             say: Callable[[str], None] = lambda text: None, command: str = "") -> list[str]:
    """Train every cell that has no result yet; returns the names of those that could not be trained.

    out, results   cell NAME trains in out/NAME and leaves results/NAME.json; both may be there already, from a process
                   that was stopped, or from another that works on the same grid at this moment (its cell is passed by)
    corpora        the corpus, or the videos, of a cell

    Raises DataError where a corpus cannot be had, and ConfigurationError where a result or a run of that name is there
    that other settings have made.
    """
    failed = []
    for number, cell in enumerate(grid.cells, 1):
        label = f"cell {number} of {len(grid.cells)}: {cell.name}"
        if read_result(results, cell) is not None:
            say(f"{label}: done")
            continue
        say(label)
        corpus = corpora(cell)
        try:
            for result in _trained(cell, out, corpus, progress()):
                write_result(results, {**result, "command": f"{command} --only {cell.name}".strip()})
        except (TrainingError, DataError) as error:          # this cell's alone: a part too short for its segments
            say(f"{label}: {error}")
            failed.append(cell.name)
        except CheckpointError as error:
            if "in use" not in str(error) and "holds another run" not in str(error):
                raise
            say(f"{label}: another process is at it")
    return failed


def _trained(cell: Any, out: Path, corpus: Any, progress: Progress) -> Iterator[dict[str, object]]:
    folder = out / cell.name
    if RunFolder.is_at(folder):
        check_same(RunFolder.open(folder), cell, corpus)
        trained = cell.resume(folder, corpus, progress)
    else:
        trained = cell.train(folder, corpus, progress)
    yield cell.result(trained)


def check_same(run: RunFolder, cell: Any, corpus: Any) -> None:
    """Raise ConfigurationError if the run in a cell's folder was made by other settings than the cell's."""
    there = cell.there(run)
    different = [f"{key} = {there.get(key)!r}, not {value!r}" for key, value in cell.wanted(corpus).items()
                 if there.get(key) != value and key != "checkpoint_seconds"]
    if different:
        raise ConfigurationError(f"{run.path} holds a run with {', '.join(different[:3])}; give another --out, or "
                                 "remove that folder")
