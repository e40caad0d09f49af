"""`minicrt budget`: what a stream of a run takes, and whether a device has it."""

import argparse
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine
from minicrt.cli.units import bandwidth, in_bytes, in_units, rate, size
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.training import Trained, TrainedSensors

DESCRIPTION = """\
Show what a run takes that reads a token, or a reading of sensors, after another (batch 1): its weights, its state, the
memory that it works in (keys and values of the running segment included), and per token, the mean over a segment,
multiply-adds, bytes that move, and the least time in which memory of that bandwidth moves them. Below stands what this
machine does, measured.

The limits say what a device has. With --flash the weights lie there and are read from there; without it they take RAM.
A rate is held against the bandwidth, or without --bandwidth against this machine. The exit code is 1 where the run does
not fit. kB is 1,000 bytes, KiB 1,024."""

EXAMPLES = """\
examples:
  minicrt budget runs/python-docs-tiny-001
  minicrt budget runs/tiny-8-bits --flash 1MB --ram 256kB --rate 20/s --bandwidth 100MB/s"""


def add(commands: Any) -> None:
    parser = commands.add_parser("budget", help="memory and time of a run token by token; whether it fits a device",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--flash", type=size, metavar="SIZE", help="memory for the weights, as 1MB")
    parser.add_argument("--ram", type=size, metavar="SIZE", help="memory for all else, as 256kB")
    parser.add_argument("--rate", type=rate, metavar="N/s", help="tokens or readings to keep up with, as 20/s")
    parser.add_argument("--bandwidth", type=bandwidth, metavar="SIZE/s", help="of the memory of the weights, as 1GB/s")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from minicrt.training import load_either

    trained = load_either(arguments.run_folder)
    form = f"{trained.bits} bits" if trained.bits else trained.parameters.dtype.name
    kind = type(getattr(trained.model, "encoder", trained.model)).__name__
    print(f"{arguments.run_folder}: {kind} of {trained.model.size:,} parameters, {form}")
    failed = [*print_memory(trained, arguments), *print_time(trained, arguments)]
    if any(limit is not None for limit in (arguments.flash, arguments.ram, arguments.rate)):
        print("does not fit: " + "; ".join(failed) if failed else "fits")
    return 1 if failed else 0


def print_memory(trained: "Trained | TrainedSensors", arguments: argparse.Namespace) -> list[str]:
    """The weights, and what is beside them; returns what does not fit."""
    from minicrt.accounting import stream_memory, weight_bytes

    weights = weight_bytes(trained.parameters)
    parts = stream_memory(trained.model, trained.parameters.dtype.itemsize)
    print_row("weights", in_bytes(weights))
    for name, count in parts.items():
        print_row(name, in_bytes(count))
    working = sum(parts.values())
    print_row("all but the weights", in_bytes(working))
    lacking = []
    if arguments.flash is not None and weights > arguments.flash:
        lacking.append(f"the weights take {in_bytes(weights)}, flash is {in_bytes(arguments.flash)}")
    needed = working if arguments.flash is not None else working + weights
    if arguments.ram is not None and needed > arguments.ram:
        without = "" if arguments.flash is not None else " with the weights, for which no --flash is given"
        lacking.append(f"RAM of {in_bytes(needed)} is needed{without}, there is {in_bytes(arguments.ram)}")
    return lacking


def print_time(trained: "Trained | TrainedSensors", arguments: argparse.Namespace) -> list[str]:
    """Of a token, by count and by the clock; returns what is not in time."""
    from minicrt import engines
    from minicrt.accounting import token_bytes, token_multiply_adds
    from minicrt.accounting.measured import seconds_per_step
    from minicrt.cli import kinds

    unit = kinds.unit(trained)
    moved = sum(token_bytes(trained.model, trained.parameters).values())
    multiply_adds = sum(token_multiply_adds(trained.model).values())
    print_row(f"multiply-adds per {unit}", in_units(multiply_adds, ("", "k", "M", "G")))
    print_row(f"bytes moved per {unit}", in_bytes(moved))
    here = seconds_per_step({"": kinds.stream(trained)})[""]
    least, by = here, "this machine"
    if arguments.bandwidth is not None:
        least, by = moved / arguments.bandwidth, f"{in_bytes(arguments.bandwidth)}/s"
        print_row(f"a {unit} takes at least", in_seconds(least), f"{in_rate(least)} at {by}")
    print_row(f"a {unit} takes here", in_seconds(here),
              f"{in_rate(here)}, engine {engines.name_of(trained.model.engine)}")
    if arguments.rate is None or arguments.rate * least <= 1:
        return []
    return [f"{in_rate(1 / arguments.rate)} are asked for, {by} allows {in_rate(least)}"]


def print_row(what: str, value: str, more: str = "") -> None:
    print(f"  {what:<26}{value:>10}   {more}".rstrip(), flush=True)


def in_seconds(seconds: float) -> str:
    return in_units(seconds * 1e9, ("ns", "µs", "ms", "s"))


def in_rate(seconds: float) -> str:
    """Of what takes so long"""
    return f"{1 / seconds:,.0f}/s" if seconds < 0.01 else f"{1 / seconds:.3g}/s"
