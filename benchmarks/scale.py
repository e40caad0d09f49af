"""On paper: 64 cores, 1,000 devices, WikiText-103, from parts of steps that are measured here on one thread

    cores      a CRT of D=256, L=3, T=70 whose 64 rows are shared, and with 64 rows on each rank: `minicrt info --ranks`
    wikitext   the preset wikitext103 with 64 rows: operations of a step by count, at the speed of a step of two layers,
               four rows and 10,000 types; the update of all its parameters is timed
    devices    D=128, L=3, T=70, PTB's training text in as many parts as there are clients, a pass of each in a round;
               what the server does with a reply (check it, average it) is timed on eight

Ranks and the server have --bandwidth, devices --device-bandwidth, in either direction. Times are the processor's, the
best of three.
"""

import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.task import SIZES, Size
from minicrt import create_model, engines, presets
from minicrt.accounting import training_flops
from minicrt.cli.units import bandwidth
from minicrt.configuration import from_mapping
from minicrt.federated import FederatedConfig
from minicrt.models import Parameters
from minicrt.parallel import threads
from minicrt.training import TrainingConfig, scaling

PARTS = ("cores", "wikitext", "devices")
CORES = (1, 2, 4, 8, 16, 32, 64)
DEVICES = (8, 64, 1000)
TEXT = 929_589                                               # tokens of PTB's training part
TYPES, PUBLISHED = 267_735, 1_800_000_000                    # of WikiText-103; tokens that are read in the preset's run
REPLIES = 8


def cores(size: Size, speed: float) -> list[dict[str, Any]]:
    config = TrainingConfig(steps=1, batch=size.batch, bptt_segments=1)
    shared, own = scaling.scales(size.model(engines.get()), config, list(CORES), speed)
    return [{"part": "cores", "ranks": one.ranks, "rows": one.rows, "gradient": one.gradient, "update": one.update,
             "traffic": one.traffic, "exchange": one.exchange, "seconds": one.seconds,
             "times": shared[0].seconds / one.seconds, "own_seconds": each.seconds,
             "own_efficiency": shared[0].seconds / each.seconds} for one, each in zip(shared, own)]


def wikitext(speed: float) -> list[dict[str, Any]]:
    preset = presets.load("wikitext103")
    training = from_mapping(TrainingConfig, preset["training"], "training")
    whole = create_model({**preset["model"], "vocabulary": TYPES})
    small = create_model({**preset["model"], "vocabulary": 10_000, "layers": 2})
    one_segment = dataclasses.replace(training, bptt_segments=1, recompute=False)
    rate = 4 * training_flops(small) / scaling.gradient_seconds(small, one_segment, 4)
    update, length = scaling.update_seconds(whole, training), whole.config.segment_length
    rows = []
    for ranks in CORES:
        gradient = 64 // ranks * training_flops(whole) / rate
        traffic = scaling.sent(ranks, whole.size, training.precision)
        rows.append({"part": "wikitext", "ranks": ranks, "rows": 64 // ranks, "flops": rate, "parameters": whole.size,
                     "gradient": gradient, "update": update, "traffic": traffic, "exchange": traffic / speed,
                     "seconds": gradient + update + traffic / speed})
        rows[-1] |= {"times": rows[0]["seconds"] / rows[-1]["seconds"],
                     "days": rows[-1]["seconds"] * PUBLISHED / (64 * length) / 86_400}
    return rows


def devices(size: Size, speed: float, device_speed: float) -> list[dict[str, Any]]:
    from minicrt.federated import wire

    model = size.model(engines.get())
    weights = size.parameters(engines.get())
    token = scaling.gradient_seconds(model, TrainingConfig(steps=1, batch=size.batch, bptt_segments=1), size.batch
                                     ) / size.tokens
    rows = []
    for bits in (32, 8):
        config = FederatedConfig(clients=REPLIES, rounds=1, update_bits=bits)
        down = wire.size_of(wire.as_record(weights))
        up = down if bits == 32 else wire.size_of(wire.in_eight_bits(weights, weights))
        reply = min(answered(weights, config) for _ in range(scaling.REPETITIONS)) / REPLIES
        for clients in DEVICES:
            training = TEXT / clients * token
            rows.append({"part": "devices", "clients": clients, "bits": bits, "parameters": weights.size, "down": down,
                         "up": up, "training": training, "device": training + (down + up) / device_speed,
                         "server": clients * reply, "link": clients * (down + up) / speed, "memory": clients * down})
    return rows


def answered(weights: Parameters, config: FederatedConfig) -> float:
    """The seconds in which the server checks and averages so many replies"""
    from flwr.app import Message, MetricRecord, RecordDict

    from minicrt.federated import client, server, wire
    from minicrt.federated.local_grid import LocalGrid

    LocalGrid(client.app, 1)                                 # says of whom the messages are
    sent = wire.as_record(weights) if config.update_bits == 32 else wire.in_eight_bits(weights, weights)
    replies = [Message(RecordDict({"arrays": sent, "metrics": MetricRecord(
        {"num-examples": 10, "loss": 1.0, "client": number})}),
        reply_to=Message(RecordDict({}), number + 1, "train")) for number in range(config.clients)]
    start = time.process_time()
    server.strategy_of(config).aggregate_train(1, server.usable(replies, len(replies), weights, config, print))
    return time.process_time() - start


def tables(rows: Sequence[dict[str, Any]], part: str) -> tuple[list[str], list[list[str]]]:
    """The table of a part in docs/scale.md"""
    if part == "devices":
        return (["clients", "bits of an update", "to and from one, MB", "a device: training, s", "with its link, s",
                 "the server: replies, s", "its link, s", "its memory, GB"],
                [[f"{row['clients']:,}", row["bits"], f"{row['down'] / 1e6:.1f} and {row['up'] / 1e6:.1f}",
                  f"{row['training']:,.1f}", f"{row['device']:,.1f}", f"{row['server']:,.1f}", f"{row['link']:,.2f}",
                  f"{row['memory'] / 1e9:.2f}"] for row in rows if row["part"] == part])
    more = (["days for 1.8 billion tokens"], lambda row: [f"{row['days']:,.0f}"]) if part == "wikitext" else (
        ["64 rows on each: a step, ms", "efficiency then"],
        lambda row: [f"{1000 * row['own_seconds']:,.0f}", f"{row['own_efficiency']:.0%}"])
    return (["ranks", "rows of one", "gradient, ms", "update, ms", "exchange, ms", "a step, ms", "times one",
             "efficiency", *more[0]],
            [[row["ranks"], row["rows"], *(f"{1000 * row[key]:,.0f}" for key in ("gradient", "update", "exchange",
                                                                                "seconds")),
              f"{row['times']:.1f}", f"{row['times'] / row['ranks']:.0%}", *more[1](row)]
             for row in rows if row["part"] == part])


def figure(rows: Sequence[dict[str, Any]]) -> Any:
    """How much faster so many ranks are"""
    from minicrt.plotting import Picture

    picture = Picture(figsize=(5.2, 3.8), dpi=110, layout="constrained")
    axes = picture.subplots()
    for part, name in (("cores", "D=256, 64 rows shared"), ("wikitext", "WikiText-103, 64 rows shared")):
        axes.plot(*zip(*((row["ranks"], row["times"]) for row in rows if row["part"] == part)), marker="o", label=name)
    axes.plot(*zip(*((row["ranks"], row["ranks"] * row["own_efficiency"]) for row in rows if row["part"] == "cores")),
              marker="o", label="D=256, 64 rows on each rank")
    axes.plot(CORES, CORES, color="#6B6B6B", linestyle=":", label="all of it")
    axes.set(xscale="log", yscale="log", xlabel="ranks of one thread", ylabel="tokens a second, times one rank's")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
    return picture


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--bandwidth", type=bandwidth, default=1e9, metavar="SIZE/s", help="(default: 1GB/s)")
    parser.add_argument("--device-bandwidth", type=bandwidth, default=1e6, metavar="SIZE/s", help="(default: 1MB/s)")
    parser.add_argument("--width", type=report.positive, help="of a smaller model in place of all, for a trial")
    arguments = parser.parse_args()
    scaling.CLOCK, start = time.process_time, time.perf_counter()
    wide, middle = (SIZES[256], SIZES[128]) if arguments.width is None else (
        Size(arguments.width, 1, 4, 8, 50), Size(arguments.width, 1, 4, 8, 50))
    with threads.limit(1):
        rows = cores(wide.changed(batch=64), arguments.bandwidth)
        rows += devices(middle, arguments.bandwidth, arguments.device_bandwidth)
        if arguments.width is None:
            rows += wikitext(arguments.bandwidth)
    for part in dict.fromkeys(row["part"] for row in rows):
        head, lines = tables(rows, part)
        print(report.table([dict(zip(head, map(str, line))) for line in lines], dict.fromkeys(head, "s")), "\n")
    seconds = {"seconds_of_all": time.perf_counter() - start, "seed": 0}
    report.write(arguments.json, [row | seconds for row in rows], {"engine": engines.name_of(engines.get())},
                 lambda: figure(rows))


def read(path: Any) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    np.seterr(all="ignore")
    report.run(main)
