"""`minicrt info`: versions, BLAS, the data found; of a run, a preset or a model, what it consists of and takes."""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from minicrt import presets
from minicrt.cli import info_ranks
from minicrt.cli.parser import add_engine
from minicrt.cli.terminal import columns
from minicrt.errors import ConfigurationError
from minicrt.files import expanded
from minicrt.presets import video

if TYPE_CHECKING:
    from minicrt.models import SegmentModel
    from minicrt.training import TrainingConfig

DESCRIPTION = """\
Show versions, the BLAS library in use with its speed, and the data found. Of a run or a preset: its
configuration, its parameters, and the memory of a training step; of a preset its operations as well, and
the hours that training would take here, from the speed of a few steps. --model describes a model by the keys
of `minicrt train --set`, on top of --preset (default: small), without reading a corpus."""

EXAMPLES = """\
examples:
  minicrt info --preset tiny
  minicrt info --model width=256 inner=1024 segment_length=70 batch=32 vocabulary=10000
  minicrt info --preset small --ranks 64 --bandwidth 1GB/s"""


def add(commands: Any) -> None:
    parser = commands.add_parser("info", help="versions, BLAS, data found; parameters and memory of a model",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("run_folder", nargs="?", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    what.add_argument("--preset", help=f"a preset: {', '.join((*presets.names(), *video.NAMES))}")
    parser.add_argument("--model", nargs="+", metavar="KEY=VALUE",
                        help="keys of --set, and vocabulary (default: 10000)")
    info_ranks.add_options(parser)
    add_engine(parser)
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where corpora are looked for first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    info_ranks.check(arguments)
    if arguments.model is not None or arguments.ranks is not None and not (arguments.run_folder or arguments.preset):
        describe_model(arguments)
    elif arguments.run_folder is not None:
        from minicrt.cli import info_videos, kinds
        from minicrt.training import load_either
        from minicrt.training.video_run import is_video_run

        if is_video_run(arguments.run_folder):
            only_of_text(arguments, "video")
            return info_videos.describe_run(arguments.run_folder)
        trained = load_either(arguments.run_folder)
        form = f", quantised to {trained.bits} bits" if trained.bits else ""
        print(f"{arguments.run_folder}: weights of step {trained.step}{form}")
        print_configuration(trained.configuration)
        print_parameters(trained.model)
        if trained.bits or kinds.of_sensors(trained):
            only_of_text(arguments, "sensor readings, or quantised")
        else:
            print_memory(trained.model, trained.training)
            print_ranks(trained.model, trained.training, arguments)
    elif arguments.preset in video.NAMES:
        from minicrt.cli import info_videos

        only_of_text(arguments, "video")
        info_videos.describe_preset(arguments.preset)
    elif arguments.preset is not None:
        describe_preset(arguments)
    else:
        from minicrt.cli.data import run_list

        print_versions()
        run_list(arguments)


def describe_preset(arguments: argparse.Namespace) -> None:
    from minicrt.cli.info_training import corpus_sizes, print_hours, print_operations
    from minicrt.configuration import to_mapping
    from minicrt.settings import settings

    chosen = settings(arguments.preset, {})
    print(f"preset {arguments.preset}: {presets.description(arguments.preset)}")
    vocabulary, tokens = corpus_sizes(chosen, arguments.data_dir)
    model = chosen.create_model(vocabulary)
    print_configuration({"model": to_mapping(model.config), "training": to_mapping(chosen.training),
                         "data": to_mapping(chosen.data)})
    print_parameters(model)
    print_memory(model, chosen.training)
    print_operations(model)
    print_hours(model, chosen.training, tokens)
    print_ranks(model, chosen.training, arguments)


def describe_model(arguments: argparse.Namespace) -> None:
    from minicrt.cli.info_training import print_operations
    from minicrt.settings import parse_assignments, settings

    if arguments.run_folder is not None:
        raise ConfigurationError("info got a run and --model, expected one of them")
    changes = parse_assignments(arguments.model or [])
    vocabulary = changes.pop("vocabulary", 10_000)
    if not isinstance(vocabulary, int) or vocabulary < 1:
        raise ConfigurationError(f"--model vocabulary is {vocabulary!r}, expected a whole number of 1 or more")
    chosen = settings(arguments.preset or "small", changes)
    model = chosen.create_model(vocabulary)
    print_parameters(model)
    print_memory(model, chosen.training)
    print_operations(model)
    print_ranks(model, chosen.training, arguments)


def only_of_text(arguments: argparse.Namespace, what: str) -> None:
    if arguments.ranks is not None:
        raise ConfigurationError(f"--ranks got a model of {what}, expected one of text in floats, which is what ranks "
                                 "train")


def print_ranks(model: "SegmentModel", training: "TrainingConfig", arguments: argparse.Namespace) -> None:
    if arguments.ranks is not None:
        info_ranks.describe(model, training, arguments)


def print_memory(model: "SegmentModel", training: "TrainingConfig") -> None:
    """What a training step holds at its largest, by the accountant."""
    from minicrt import accounting, engines
    from minicrt.models import CRTConfig
    from minicrt.parallel import threads

    if not isinstance(model.config, CRTConfig):
        return
    number = min(threads.count(), training.threads or threads.count())
    engine = engines.name_of(model.engine)
    tokens = f"{training.bptt_segments} x {training.batch} x {model.config.segment_length}"
    print(f"\na training step's memory: {tokens} tokens, engine {engine}, {number} thread{'s' * (number != 1)}, "
          f"{training.precision}")
    print(accounting.table(accounting.step_memory(model.config, training, model.size, engine, number)))


def print_versions() -> None:
    import os
    import platform

    import numpy as np
    import scipy
    import scipy.linalg  # noqa: F401  (loads SciPy's BLAS, to be shown below)

    from minicrt import __version__, engines
    from minicrt.cli.machine import blas_libraries, coretype_remark, describe, gflops
    from minicrt.parallel import threads

    print(f"minicrt {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, "
          f"SciPy {scipy.__version__}")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; engine "
          f"{engines.name_of(engines.get())}, {threads.count()} threads")
    for owner, library in blas_libraries():
        speed = f"; {gflops():.0f} GFLOP/s (float32 matrix product)" if owner == "NumPy" else ""
        print(f"{owner}: {describe(library)}{speed}")
    remark = coretype_remark()
    if remark:
        print(remark)


def print_configuration(configuration: dict[str, Any]) -> None:
    import textwrap

    for table in ("model", "training", "data"):
        words = " ".join(f"{key}={str(value).lower() if isinstance(value, bool) else value}"
                         for key, value in configuration[table].items())
        print(textwrap.fill(words, columns(sys.stdout) or 100, initial_indent=f"{table:<10}",
                            subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False))


def print_parameters(model: "SegmentModel") -> None:
    rows = [(spec.name, " x ".join(map(str, spec.shape)), spec.size, spec.decay, spec.group) for spec in model.specs()]
    width, shapes = _longest(row[0] for row in rows), _longest(row[1] for row in rows)
    print(f"\n{'parameter':<{width}}  {'shape':>{shapes}}  {'values':>10}  weight decay")
    for name, shape, size, decay, group in rows:
        remark = "  orthogonal" if group == "orthogonal" else ""
        print(f"{name:<{width}}  {shape:>{shapes}}  {size:>10,}  {'yes' if decay else 'no'}{remark}")
    print(f"{'all':<{width}}  {'':>{shapes}}  {sum(row[2] for row in rows):>10,}")


def _longest(words: Iterable[str]) -> int:
    return max(map(len, words))
