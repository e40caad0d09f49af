"""`minicrt info`: versions, BLAS, the data found; of a run or a preset, the parameter table."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt import presets

if TYPE_CHECKING:
    from minicrt.models import SegmentModel

DESCRIPTION = "Show versions, the BLAS library in use, and the data found; of a run or a preset, its parameters."


def add(commands: Any) -> None:
    parser = commands.add_parser("info", help="versions, BLAS, data found; the parameters of a run or a preset",
                                 description=DESCRIPTION)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("run_folder", nargs="?", type=Path, metavar="RUN", help="a run folder, or a checkpoint file")
    what.add_argument("--preset", help=f"a preset: {', '.join(presets.names())}")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where corpora are looked for first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    if arguments.run_folder is not None:
        from minicrt.training import load_run

        trained = load_run(arguments.run_folder)
        print(f"{arguments.run_folder}: weights of step {trained.step}")
        print_configuration(trained.configuration)
        print_parameters(trained.model)
    elif arguments.preset is not None:
        from minicrt.cli.settings import settings
        from minicrt.configuration import to_mapping
        from minicrt.data import load_corpus

        chosen = settings(arguments.preset, {})
        corpus = load_corpus(chosen.data.corpus, chosen.data.level, arguments.data_dir)
        model = chosen.create_model(corpus.vocabulary.size)
        print(f"preset {arguments.preset}: {presets.description(arguments.preset)}")
        print_configuration({"model": to_mapping(model.config), "training": to_mapping(chosen.training),
                             "data": to_mapping(chosen.data)})
        print_parameters(model)
    else:
        from minicrt.cli.data import run_list

        print_versions()
        run_list(arguments)


def print_versions() -> None:
    import os
    import platform

    import numpy as np
    import scipy
    import scipy.linalg  # noqa: F401  (loads SciPy's BLAS, to be shown below)

    from minicrt import __version__
    from minicrt.cli.machine import blas_libraries, coretype_remark, describe

    print(f"minicrt {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, "
          f"SciPy {scipy.__version__}")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    for owner, library in blas_libraries():
        print(f"{owner}: {describe(library)}")
    remark = coretype_remark()
    if remark:
        print(remark)


def print_configuration(configuration: dict[str, Any]) -> None:
    import textwrap

    for table in ("model", "training", "data"):
        words = " ".join(f"{key}={str(value).lower() if isinstance(value, bool) else value}"
                         for key, value in configuration[table].items())
        print(textwrap.fill(words, 100, initial_indent=f"{table:<10}", subsequent_indent=" " * 10,
                            break_long_words=False, break_on_hyphens=False))


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
