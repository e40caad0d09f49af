"""What every benchmark prints and writes: the machine, a table, JSON, a plot."""

import argparse
import math
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.atomic import write_atomically
from minicrt.cli.machine import blas_libraries, coretype_remark, describe, gflops
from minicrt.errors import MinicrtError
from minicrt.parallel import threads
from minicrt.strict_json import to_json

Row = dict[str, Any]
ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def parser(module: Any, **settings: Any) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    made = argparse.ArgumentParser(prog=f"python -m {module.__spec__.name}", description=module.__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    made.add_argument("--json", type=writable, metavar="FILE",
                      help="where the rows are written; the plot lies beside it")
    made.add_argument("--threads", type=positive, default=None, metavar="N", help="(default: every core)")
    return made


def writable(text: str) -> Path:
    """The type of an option that names a file to write, refused before hours of measuring and not after."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder, expected the name of a file")
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: {nearest} is no folder to write in")
    return path


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def positive_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number greater than 0 such as 3e-3")
    return number


def numbers(text: str) -> list[int]:
    """The type of an option that takes whole numbers, separated by commas"""
    if not all(word.isdecimal() for word in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 0,1,2")
    return [int(word) for word in text.split(",")]


def one_of(choices: Sequence[Any]) -> Callable[[str], list[Any]]:
    """The type of an option that takes some of `choices`, separated by commas."""
    def parse(text: str) -> list[Any]:
        names = {str(choice): choice for choice in choices}
        for word in text.split(","):
            if word not in names:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(names)}")
        return [names[word] for word in text.split(",")]
    return parse


def print_machine(number_of_threads: int) -> dict[str, Any]:
    """The lines above a table, and the same for the JSON."""
    library = next((describe(found | {"num_threads": number_of_threads}) for _, found in blas_libraries()), "no BLAS")
    with threads.limit(number_of_threads):
        speed = gflops()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"NumPy {np.__version__}")
    print(f"{library}: {speed:.0f} GFLOP/s (float32)")
    remark = coretype_remark()
    if remark:
        print(remark)
    return {"blas": library, "gflops": round(speed, 1), "coretype": os.environ.get("OPENBLAS_CORETYPE")}


def table(rows: Iterable[Row], columns: dict[str, str]) -> str:
    """`columns`: the key of a row -> how its value is shown, a format specification; None is a dash."""
    cells = [[key.replace("_", " ") for key in columns]]
    cells += [["-" if row.get(key) is None else format(row[key], shown) for key, shown in columns.items()]
              for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    left = [shown.endswith("s") for shown in columns.values()]
    return "\n".join("  ".join(cell.ljust(width) if is_left else cell.rjust(width)
                               for cell, width, is_left in zip(line, widths, left)).rstrip() for line in cells)


def rows_of(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """In Markdown"""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def write(path: Path | None, rows: Sequence[Row], machine: dict[str, Any], draw: Callable[[], Any]) -> None:
    """The rows as JSON, each with what is known of the machine and the command; the figure that `draw` makes beside."""
    if path is None:
        return
    data = [{**row, **machine, "command": command()} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (to_json(data, indent=1) + "\n").encode())
    draw().savefig(path.with_suffix(".png"), dpi=120)
    print(f"\n{path} and {path.with_suffix('.png')}")


def command() -> str:
    """What was typed, without where the results go."""
    typed = list(sys.argv[1:])
    if "--json" in typed:
        del typed[typed.index("--json"):typed.index("--json") + 2]
    return " ".join([f"python -m benchmarks.{Path(sys.argv[0]).stem}", *typed])


def run(main: Callable[[], None]) -> None:
    """`main`, with what a user got wrong in one line."""
    try:
        main()
    except (MinicrtError, OSError) as error:
        sys.exit(f"benchmarks: {error}")
