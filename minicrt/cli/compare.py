"""`minicrt compare`: train a grid of models alike, and show what each costs and gains."""

import argparse
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine
from minicrt.errors import ConfigurationError, TrainingError
from minicrt.files import expanded

if TYPE_CHECKING:
    from collections.abc import Callable

    from minicrt.comparison import Cell, VideoCell
    from minicrt.data import Corpus
    from minicrt.data.video_source import VideoSource

MADE = ("table.md", "comparison.png")                        # of the results

DESCRIPTION = """\
Train every cell of a grid (models, segment lengths, seeds; a TOML file) by the same settings, and print a table:
perplexity, FLOPs per token and per segment, bytes of state, tokens per second; of a grid of videos (task = "video")
mean class accuracy, what the memory is worth, FLOPs per frame. A cell that is done is not trained
again, so stop it when you like and give the same command again; started twice, two processes share the cells.

Leaves DIR/NAME, a run folder a cell, RESULTS/NAME.json, RESULTS/table.md and RESULTS/comparison.png."""

EXAMPLES = """\
examples:
  minicrt compare benchmarks/grids/ptb.toml --out runs/ptb-grid
  minicrt compare benchmarks/grids/ptb.toml --only transformer-T35-s0
  minicrt compare benchmarks/grids/video.toml --list
  minicrt compare --show benchmarks/results/ptb          the table again, from the results alone"""


def add(commands: Any) -> None:
    parser = commands.add_parser("compare", help="train a grid of models alike and tabulate what each costs and gains",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("grid", nargs="?", type=expanded, metavar="GRID.toml")
    parser.add_argument("--out", type=expanded, metavar="DIR", help="the run folders (default: runs/GRID)")
    parser.add_argument("--results", type=expanded, metavar="RESULTS", help="the results (default: DIR/results)")
    parser.add_argument("--only", action="append", metavar="NAME", help="this cell alone; may be given again")
    parser.add_argument("--list", action="store_true", help="name the cells and their sizes, train nothing")
    parser.add_argument("--show", type=expanded, metavar="RESULTS", help="the table of results that are there")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where corpora are looked for first")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    if (arguments.show is None) == (arguments.grid is None):
        raise ConfigurationError("compare expects either a grid or --show RESULTS")
    if arguments.show is not None:
        return show(arguments.show)
    from minicrt.comparison import Grid, read_grid, run_grid
    from minicrt.training import Progress, progress_for

    grid = read_grid(arguments.grid)
    wanted = arguments.only or [cell.name for cell in grid.cells]
    for name in wanted:
        if name not in {cell.name for cell in grid.cells}:
            raise ConfigurationError(f"--only got {name!r}, which is no cell of {grid.path}; --list names them")
    grid = Grid(grid.path, tuple(cell for cell in grid.cells if cell.name in wanted))
    if arguments.list:
        return list_cells(grid)
    out = arguments.out or Path("runs") / grid.path.stem
    results = arguments.results or out / "results"
    check_own(results)
    failed = run_grid(grid, out, results, corpora(arguments.data_dir),
                      Progress if arguments.quiet else progress_for, lambda text: print(text, flush=True),
                      f"minicrt compare {grid.path.as_posix()}")
    if results.is_dir() and any(results.glob("*.json")):
        show(results)
    if failed:
        raise TrainingError(f"{len(failed)} of {len(grid.cells)} cells could not be trained: {', '.join(failed)}")


def check_own(results: Path) -> None:
    """No table and no picture of the user's is in the folder: a table of compare's has its head, and a picture of
    compare's stands beside such a table or the results of cells."""
    from minicrt.comparison.results import is_own_table
    from minicrt.data.reading import exists

    table, picture = (results / name for name in MADE)
    own_table = not exists(table) or is_own_table(table)
    own_picture = not exists(picture) or exists(table) or any(results.glob("*.json"))
    if not own_table or not own_picture:
        raise ConfigurationError(f"{picture if own_table else table} is not what compare has written, and would be "
                                 "written over; move it away, or name another folder of results")


def corpora(data_dir: Path | None) -> "Callable[[Cell | VideoCell], Corpus | VideoSource]":
    """A function that gives the corpus of a cell, or its videos, and reads each once."""
    from minicrt.comparison import VideoCell
    from minicrt.data import cautions, load_corpus

    @functools.cache
    def load(name: str, level: str, tokenizer: str) -> "Corpus":
        corpus = load_corpus(name, level, data_dir, tokenizer)
        for caution in cautions(corpus):
            print(f"caution   {caution}", flush=True)
        return corpus

    videos = dict[str, Any]()

    def corpus(cell: "Cell | VideoCell") -> "Corpus | VideoSource":
        if not isinstance(cell, VideoCell):
            return load(cell.settings.data.corpus, cell.settings.data.level, cell.settings.data.tokenizer)
        if data_dir is not None:
            raise ConfigurationError("--data-dir is not for videos; leave it out")
        which = f"{cell.settings.videos} {cell.settings.data}"
        if which not in videos:
            videos[which] = cell.settings.load_videos()
        return videos[which]

    return corpus


def list_cells(grid: Any) -> None:
    for cell in grid.cells:
        print(cell)


def show(results: Path) -> None:
    from minicrt.atomic import write_atomically
    from minicrt.cli.report import DRAWING_ERRORS, a_warning_at_most
    from minicrt.comparison import collect, markdown, read_results

    rows = collect(read_results(results))
    check_own(results)
    print("\n" + markdown(rows))
    write_atomically(results / "table.md", (markdown(rows) + "\n").encode())
    with a_warning_at_most("comparison.png", *DRAWING_ERRORS):
        from minicrt import plotting

        write_atomically(results / "comparison.png", plotting.comparison(rows).png())
    print(f"\n{results}: {', '.join(name for name in MADE if (results / name).exists())}")
