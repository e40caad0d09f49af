"""`minicrt info --ranks N`: what a step would take, send and be worth on several ranks"""

import argparse
from typing import TYPE_CHECKING

from minicrt.cli.parser import at_least
from minicrt.cli.units import bandwidth, in_bytes
from minicrt.errors import ConfigurationError

if TYPE_CHECKING:
    from minicrt.models import SegmentModel
    from minicrt.training import TrainingConfig
    from minicrt.training.scaling import Scale

MOST = 100_000
USUAL = 1e9                                                  # bytes a second: Ethernet of 10 Gbit/s, nearly


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ranks", type=at_least(1, MOST), metavar="N",
                        help="what a step would take on 1, 2, 4, … N processes that share it by MPI, from the speed "
                             "of one thread here; of a run, a preset, or --model (default: small)")
    parser.add_argument("--bandwidth", type=bandwidth, metavar="SIZE/s",
                        help="with --ranks: of each one's connection (default: 1GB/s)")


def check(arguments: argparse.Namespace) -> None:
    if arguments.bandwidth is not None and arguments.ranks is None:
        raise ConfigurationError("--bandwidth is of the connection between ranks; say with --ranks how many there are")


def describe(model: "SegmentModel", training: "TrainingConfig", arguments: argparse.Namespace) -> None:
    from minicrt import engines
    from minicrt.training.scaling import scales

    speed = arguments.bandwidth or USUAL
    numbers = [2 ** i for i in range(arguments.ranks.bit_length()) if 2 ** i < arguments.ranks] + [arguments.ranks]
    shared, own = scales(model, training, numbers, speed)
    one = shared[0]
    print(f"\nranks of one thread, by the speed here (engine {engines.name_of(model.engine)}): a step of {one.rows} "
          f"rows takes {milliseconds(one.seconds)} ms, the update {milliseconds(one.update)} ms of it;\n"
          f"a gradient of {model.size:,} values in {training.precision}; {in_bytes(speed)}/s to and from each rank, "
          "no time to start a message\n")
    print(f"{'':>7}  {'':>8}  {f'the batch of {one.rows} rows is shared':^37}  "
          f"{f'{one.rows} rows on each rank':^25}")
    print(f"{'ranks':>7}  {'sent':>8}  {'rows':>5} {'ms a step':>10} {'speed':>8} {'efficiency':>11}  "
          f"{'ms a step':>12} {'efficiency':>12}")
    for all_together, each in zip(shared, own):
        print(f"{each.ranks:>7,}  {in_bytes(each.traffic):>8}  {in_words(all_together, one, training.batch):>37}  "
              f"{milliseconds(each.seconds):>12} {one.seconds / each.seconds:>12.0%}")


def in_words(scale: "Scale", one: "Scale", batch: int) -> str:
    if scale.ranks > batch:
        return "fewer rows than ranks"
    times = one.seconds / scale.seconds
    return f"{scale.rows:>5} {milliseconds(scale.seconds):>10} {times:>7.1f}x {times / scale.ranks:>11.0%}"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.1f}"
