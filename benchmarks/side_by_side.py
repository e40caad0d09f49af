"""What the two benchmarks that set peers side by side have in common: options, the turns, the table, the plot."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import interleaved, report
from benchmarks.task import SIZES, Size
from minicrt.parallel import threads

Row = dict[str, Any]


def options(module: Any, names: Sequence[str], rounds: int) -> ArgumentParser:
    made = report.parser(module)
    made.add_argument("--sizes", type=report.one_of(list(SIZES)), default=list(SIZES), help="of 64,128,256")
    made.add_argument("--peers", type=report.one_of(names), default=list(names), help=f"of {','.join(names)}")
    made.add_argument("--rounds", type=report.positive, default=rounds,
                      help=f"turns of each peer (default: {rounds})")
    made.add_argument("--vocabulary", type=report.positive, default=10_000, help="(default: 10000)")
    return made


def compare(arguments: Namespace, kind: str, columns: dict[str, str], steps_a_turn: Callable[[Size], int],
            conclude: Callable[[list[Row]], list[str]] = lambda rows: []) -> None:
    """`kind` is a function of `benchmarks.peers`; `conclude` may add to the rows and says what follows the table."""
    from tqdm import tqdm

    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    rows: list[Row] = []
    with tqdm(total=len(arguments.sizes) * len(arguments.peers) * arguments.rounds, disable=None, leave=False) as bar:
        for width in arguments.sizes:
            size = SIZES[width].changed(vocabulary=arguments.vocabulary)
            rows += interleaved.measured(kind, arguments.peers, size, number, arguments.rounds, steps_a_turn(size), bar)
    lines = conclude(rows)
    print(f"\n{number} threads each\n\n{report.table(rows, columns)}", *lines, sep="\n")
    report.write(arguments.json, rows, machine, lambda: bars(rows, "tokens_per_second", "tokens per second"))


def bars(rows: list[Row], key: str, label: str) -> Any:
    """A group of bars a size, a bar a peer."""
    from minicrt.picture import Picture

    sizes = list(dict.fromkeys(row["size"] for row in rows))
    names = list(dict.fromkeys(row["peer"] for row in rows))
    figure = Picture(figsize=(4 * len(sizes) + 1, 4), layout="constrained")
    for axes, size in zip(figure.subplots(1, len(sizes), squeeze=False)[0], sizes):
        values = [next((row[key] or 0 for row in rows if row["size"] == size and row["peer"] == name), 0)
                  for name in names]
        axes.barh(names, values, color=["tab:blue" if name.startswith("minicrt") else "tab:gray" for name in names])
        axes.invert_yaxis()
        axes.set_title(size, fontsize=10)
        axes.locator_params(axis="x", nbins=4)
        axes.set_xlabel(label)
    return figure
