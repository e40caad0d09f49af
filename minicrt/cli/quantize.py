"""`minicrt quantize`: a trained run with its matrices as small integers, and what that costs and brings."""

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine
from minicrt.cli.terminal import columns
from minicrt.errors import CheckpointError, ConfigurationError, DataError
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.quantisation import QuantisedParameters
    from minicrt.training import Trained, TrainedSensors

    Run = Trained | TrainedSensors

DESCRIPTION = """\
Make a run whose matrices are 8-bit integers with a scale for each output channel, or 4-bit ones with a scale for each
32 inputs of a channel; both are symmetric, and activations stay float32. The weights are those that were best on
validation. Printed is what stays float32, and size, perplexity (of forecasts: error) on validation and time per token
or reading before and after.

eval, generate, surprise, budget, export, minicrt.Stream and SensorStream take such a run; it cannot be trained."""

EXAMPLES = """\
examples:
  minicrt quantize runs/python-docs-tiny-001 --bits 8 --out runs/tiny-8-bits
  minicrt quantize runs/python-docs-tiny-001 --bits 4 --out runs/tiny-4-bits"""


def add(commands: Any) -> None:
    parser = commands.add_parser("quantize", help="a trained run with weights of 8 or 4 bits", description=DESCRIPTION,
                                 epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--bits", type=int, choices=(8, 4), required=True, help="of a weight")
    parser.add_argument("--out", type=expanded, metavar="RUN2", required=True, help="a new or an empty folder")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where the corpus is looked for first")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.quantisation import quantise
    from minicrt.training import load_either
    from minicrt.training.quantised_run import check_empty, write_quantised_run

    trained = load_either(arguments.run_folder)
    if trained.bits:
        raise ConfigurationError(f"{arguments.run_folder} has weights of {trained.bits} bits already; give the run "
                                 "that it was made from")
    check_empty(arguments.out)                               # before anything takes time
    small = quantise(trained.parameters, arguments.bits)
    file = write_quantised_run(arguments.out, trained, small)
    print(f"{file}: {file.stat().st_size:,} bytes, the vocabulary and the configuration included")
    print(textwrap.fill(what_stays(small), columns(sys.stdout) or 100, break_on_hyphens=False), flush=True)
    print_table(trained, load_either(arguments.out), arguments.data_dir)


def what_stays(small: "QuantisedParameters") -> str:
    """What is not quantised, the numbers of layers and vectors as *"""
    import numpy as np

    kept = [name for name in small if isinstance(small.stored(name), np.ndarray)]
    values = sum(small.stored(name).size for name in kept)
    names = dict.fromkeys(re.sub(r"\.\d+\.", ".*.", name) for name in kept)
    return (f"float32 stay {values:,} of {small.size:,} values, {100 * values / small.size:.1f} %: {', '.join(names)}; "
            "and the activations")


def print_table(before: "Run", after: "Run", data_dir: Path | None) -> None:
    from minicrt.accounting import weight_bytes
    from minicrt.accounting.measured import seconds_per_step
    from minicrt.cli import kinds
    from minicrt.training import progress_for

    forms = [before.parameters.dtype.name, f"{after.bits} bits"]
    print_row("", forms, "")
    sizes = [weight_bytes(run.parameters) for run in (before, after)]
    print_row("weights, bytes", [f"{size:,}" for size in sizes], f"1 / {sizes[0] / sizes[1]:.2f}")
    try:
        what, figures = scored(before, after, data_dir)
        print_row(f"validation {what}", figures, f"{100 * (float(figures[1]) / float(figures[0]) - 1):+.2f} %")
    except (DataError, CheckpointError) as error:
        progress_for().say(f"minicrt: validation is not measured: {error}")
    times = list(seconds_per_step(dict(zip(forms, map(kinds.stream, (before, after))))).values())
    print_row(f"milliseconds per {kinds.unit(before)}", [f"{1000 * time:.4f}" for time in times],
              f"{times[0] / times[1]:.2f} times as fast")


def print_row(what: str, cells: list[str], change: str) -> None:
    print(f"{what:<24}{cells[0]:>14}{cells[1]:>14}   {change}".rstrip(), flush=True)


def scored(before: "Run", after: "Run", data_dir: Path | None) -> tuple[str, list[str]]:
    """What validation measures, and its figures, as `minicrt eval` has them. Raises DataError or CheckpointError where
    the run's corpus or readings are not there, or others."""
    from minicrt.cli import kinds
    from minicrt.training import evaluate, progress_for

    streams = sensor_streams if kinds.of_sensors(before) else text_streams
    what, figure, made = streams(before, after, data_dir)
    found = []
    for run, stream in zip((before, after), made):
        with progress_for().task(what, len(stream)) as advance:
            found.append(figure(evaluate(run.model, run.parameters, stream, None, advance).loss))
    return what, found


def text_streams(before: Any, after: Any, data_dir: Path | None) -> tuple[str, Any, list[Any]]:
    from minicrt.data import evaluation_stream
    from minicrt.training import Evaluation, check_corpus, corpus_of_run

    data = before.configuration["data"]
    corpus = corpus_of_run(data, data_dir)
    check_corpus(corpus, data)
    return "perplexity", lambda loss: f"{Evaluation(loss, 1).perplexity:.3f}", [
        evaluation_stream(corpus.valid, run.training.evaluation_batch, run.model.config.segment_length,
                          "the part 'valid'", "evaluation_batch") for run in (before, after)]


def sensor_streams(before: Any, after: Any, data_dir: Path | None) -> tuple[str, Any, list[Any]]:
    from minicrt.data.sensors import ReadingStream
    from minicrt.training import readings_of_run
    from minicrt.training.sensor_evaluation import measure, measured

    part = readings_of_run(before.configuration["data"], None, before.framing).valid
    length = min(before.model.config.segment_length, part.size)
    return measure(before.framing), lambda loss: f"{measured(loss, before.framing):#.5g}", [
        ReadingStream(part, run.training.evaluation_batch, length, "the part 'valid'", "evaluation_batch")
        for run in (before, after)]
