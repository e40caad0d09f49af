"""How the time and the memory of a training step grow: minicrt's Numba engine, PyTorch eager, and the products alone.

From width 128, 2 layers, batch 16, segments of 64 and 10,000 words, one of width, vocabulary, batch and segment
length is changed at a time, with 1 and 2 threads. Each point is measured by peers in processes of their own, by
turns. With one thread the time is the processor's, which other programs lengthen less, with more it is the clock's.
Memory is the peak of the process less that of the same peer's on a step of next to nothing. The exponents are the
slopes of the least-squares lines through the logarithms. Rows go into FILE as they come; what the same command has
put there is not measured again."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import interleaved, report
from benchmarks.scaling import exponent
from benchmarks.task import Size
from minicrt.atomic import write_atomically
from minicrt.errors import DataError
from minicrt.parallel import threads
from minicrt.strict_json import to_json

PEERS = ("torch-eager", "minicrt-numba", "gemm-floor")
BASE, NEXT_TO_NOTHING = Size(128, 2, 16, 64, 10_000), Size(16, 1, 1, 4, 50)
GROWN = {"width": (64, 128, 256, 512, 1_024), "vocabulary": (1_000, 3_000, 10_000, 30_000, 100_000),
         "batch": (1, 4, 16, 64, 128), "length": (8, 32, 64, 128, 256, 512)}
MEASURES = {"time_ms": "time, ms", "memory_mib": "memory, MiB", "against_floor": "the products' share, %"}
UNITS = {"width": "width", "vocabulary": "words", "batch": "rows of the batch", "length": "tokens in a segment"}
COLUMNS = {"against": "s", "value": ",", "threads": "d", "peer": "s", "time_ms": ",.2f", "spread": ".2f",
           "memory_mib": ",.1f", "against_floor": ".0%", "fastest": "s", "remark": "s"}
TURN = 1.0                                                   # seconds, about


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--against", type=report.one_of(list(GROWN)), default=list(GROWN),
                         help=f"of {','.join(GROWN)}")
    options.add_argument("--peers", type=report.one_of(PEERS), default=list(PEERS), help=f"of {','.join(PEERS)}")
    options.add_argument("--rounds", type=report.positive, default=3, help="turns of each peer (default: 3)")
    options.add_argument("--largest", type=report.positive, default=100_000, help="no value above it (default: none)")
    arguments = options.parse_args()
    numbers = [arguments.threads] if arguments.threads else sorted({1, min(2, threads.count())})
    machine = report.print_machine(numbers[-1])
    points = [(number, what, value) for number in numbers for what in arguments.against for value in GROWN[what]
              if value <= arguments.largest]
    rows, turns = kept(arguments.json), arguments.rounds * len(arguments.peers)
    bare = dict[int, dict[str, float | None]]()
    with tqdm(total=len(points) * turns, disable=None, leave=False) as bar:
        for number, what, value in points:
            size = BASE.changed(**{what: value})
            name = f"{size.name}, V={size.vocabulary:,}"
            found = [row for row in rows if (row["threads"], row["size"]) == (number, name)]
            if any((row["against"], row["value"]) == (what, value) for row in found):
                bar.update(turns)
                continue
            found = found[:len(arguments.peers)]             # the point where all start lies on several lines
            if not found:
                if number not in bare:
                    bare[number] = {row["peer"]: row.get("peak_mib") for row in interleaved.measured(
                        "training", arguments.peers, NEXT_TO_NOTHING, number, 1, 1, tqdm(disable=True))}
                found = completed(interleaved.measured("training", arguments.peers, size, number, arguments.rounds,
                                                       steps_a_turn(size), bar), bare[number])
            rows += [{**row, **machine, "against": what, "value": value, "threads": number, "size": name,
                      "command": report.command()} for row in found]
            if arguments.json:
                write_atomically(arguments.json, (to_json(rows, indent=1) + "\n").encode())
    print(f"\n{report.table(rows, COLUMNS)}\n")
    for what, number, peer in dict.fromkeys((row["against"], row["threads"], row["peer"]) for row in rows):
        one = [row for row in rows if (row["threads"], row["peer"]) == (number, peer)]
        print(f"{what}, {number} threads, {peer}: time grows with the power {exponent(one, what, 'time_ms'):.2f}, "
              f"memory with the power {exponent(one, what, 'memory_mib'):.2f}")
    if arguments.json:
        figure(rows).savefig(arguments.json.with_suffix(".png"), dpi=120)
        print(f"\n{arguments.json} and {arguments.json.with_suffix('.png')}")


def kept(path: Path | None) -> list[report.Row]:
    """What the same command has measured before it was stopped"""
    if path is None or not path.exists():
        return []
    try:
        return [row for row in json.loads(path.read_text(encoding="utf-8"))
                if row["command"] == report.command() and row["against"] in GROWN]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} does not hold the results of this benchmark; name another file, or remove it"
                        ) from error


def steps_a_turn(size: Size) -> int:
    """So many that a turn takes about TURN at 50 GFLOP/s"""
    D, T, V = size.width, size.length, size.vocabulary
    operations = 6 * size.tokens * (size.layers * (12 * D * D + 2 * T * D) + 12 * D * D + V * D)
    return int(np.clip(TURN * 5e10 / operations, 1, 30))


def completed(rows: list[report.Row], bare: dict[str, float | None]) -> list[report.Row]:
    """With what a step adds to the process, and the share of the time that the products alone would take"""
    for row in rows:
        row["time_ms"] = row["processor_ms" if row.get("threads") == 1 else "milliseconds"]
    floor = next((row["time_ms"] for row in rows if row["peer"] == "gemm-floor"), None)
    for row in rows:
        before, peak = bare.get(row["peer"]), row.get("peak_mib")
        row["memory_mib"] = None if before is None or peak is None else peak - before
        row["against_floor"] = floor / row["time_ms"] if floor and row["time_ms"] else None
    return rows


def figure(rows: list[report.Row]) -> Any:
    """A column for what is changed, a line of panels for what is measured; one thread is dashed"""
    from minicrt.picture import Picture
    from minicrt.plotting.style import look

    kinds = list(dict.fromkeys(row["against"] for row in rows))
    series = list(dict.fromkeys((row["peer"], row["threads"]) for row in rows))
    drawn = Picture(figsize=(3.6 * len(kinds) + 1.5, 8), layout="constrained")
    grid = drawn.subplots(len(MEASURES), len(kinds), squeeze=False)
    for line, (key, label) in enumerate(MEASURES.items()):
        for axes, what in zip(grid[line], kinds):
            powers = []
            for peer, number in series:
                one = [row for row in rows if (row["against"], row["peer"], row["threads"]) == (what, peer, number)
                       and row.get(key) and row[key] > 0]
                if key == "against_floor":
                    one = [{**row, key: 100 * row[key]} for row in one if peer != "gemm-floor"]
                if not one:
                    continue
                axes.plot([row["value"] for row in one], [row[key] for row in one], **look(
                    PEERS.index(peer), len(one)) | {"linestyle": "--" if number == 1 else "-", "linewidth": 1.3},
                    label=f"{peer}, {number} thread{'s' * (number > 1)}")
                powers.append(f"{exponent(one, what, key):.2f}")
            axes.set_xscale("log")
            if key != "against_floor":
                axes.set_yscale("log")
                axes.set_title("powers " + ", ".join(powers), fontsize=8)
            axes.set_xlabel(UNITS[what])
            axes.set_ylabel(label)
    drawn.legend(*grid[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(series), fontsize=8)
    return drawn


if __name__ == "__main__":
    report.run(main)
