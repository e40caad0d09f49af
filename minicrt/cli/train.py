"""`minicrt train`: learn from a corpus in a run folder, say what was learned and what the memory is worth."""

import argparse
import shlex
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt import presets
from minicrt.cli import train_sensors, train_videos
from minicrt.cli.numbering import numbered_folder
from minicrt.cli.parser import add_engine, seed
from minicrt.errors import ConfigurationError
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.training import Progress, Trained

DESCRIPTION = """\
Train a Compact Recurrent Transformer. With no option: the preset tiny on the Python documentation,
which needs no download and takes under two minutes on two cores. With --data: on the readings of sensors;
with --task video: on videos, synthetic ones where --corpus names no others.

The run folder (runs/CORPUS-PRESET-NUMBER, or --out) receives config.toml, metrics.jsonl, summary.json,
checkpoint.safetensors, curves.png and sample.txt. Ctrl-C saves; --resume goes on."""

EXAMPLES = """\
examples:
  minicrt train
  minicrt train --corpus ptb --preset small --minutes 15
  minicrt train --corpus my-novel.txt --level character --set width=128 --set memory=ncgru
  minicrt train --set memory=none --set positions=learned --epochs 3     (a plain Transformer with the CRT's own code)
  minicrt train --set model=transformer_xl --epochs 3        (or rmt, recurrent, linear_recurrent, s4d, mamba)
  minicrt train --task forecast --data pump.csv --target pressure --horizon 10
  minicrt train --task classify --data pump.csv --target state --set width=32 --minutes 5
  minicrt train --task video                                   (or --corpus FOLDER, smarthome:FOLDER)
  minicrt train --resume runs/python-docs-tiny-001
  minicrt train --resume runs/python-docs-tiny-001 --epochs 16     (a finished run, to 16 epochs in all)"""

FRESH_ONLY = ("preset", "level", "tokenizer", "seed", "out", "threads")


def add(commands: Any) -> None:
    parser = commands.add_parser("train", help="train a model; with no option, two minutes on the Python documentation",
                                 description=DESCRIPTION, epilog=EXAMPLES, more=further_help)
    parser.add_argument("--preset", metavar="NAME", help=f"{', '.join(presets.names())}; see below (default: tiny)")
    parser.add_argument("--corpus", metavar="NAME|PATH",
                        help="python-docs, ptb, wikitext-2, wikitext-103, wikitext-articles (cut by article from the "
                             "other two files where WikiText's training file is missing), a text file, or a folder "
                             "with a train, a valid (or dev) and a test text (default: the preset's); with --task "
                             "video: synthetic-video, smarthome:FOLDER, or a folder with a folder of videos for each "
                             "class; with --resume: where it is now")
    parser.add_argument("--level", choices=("word", "character"),
                        help="what a token is; a character is a Unicode code point (default: the preset's)")
    parser.add_argument("--tokenizer", choices=("punctuation", "lines", "blanks"),
                        help="of the words of your own text. punctuation: lower-cased words and punctuation marks; "
                             "lines: words between blanks, and <eos> at the end of lines that have words; blanks: "
                             "the same, and <eos> for empty lines too, as in PTB and WikiText (default: punctuation)")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR",
                        help="where corpora are looked for first, then in $MINICRT_DATA and the user's cache")
    train_sensors.add_options(parser)
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, help="train for about so long, all included")
    budget.add_argument("--epochs", type=float, help="read the training text so often")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="change one key of the preset; may be given again; see below")
    parser.add_argument("--seed", type=seed, help="of the first weights and of dropout (default: 0)")
    add_engine(parser)
    parser.add_argument("--out", type=expanded, metavar="DIR", help="the run folder, a new or an empty one")
    parser.add_argument("--resume", type=expanded, metavar="DIR",
                        help="go on with a run that was stopped; with --epochs, --minutes or --set steps=N, train a "
                             "finished one on until it has had so much in all")
    parser.add_argument("--log", choices=("tensorboard",), help="leave event files for TensorBoard in the run folder")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the summary")
    parser.set_defaults(run=run)


def further_help() -> str:
    from minicrt.cli.parser import help_width
    from minicrt.settings import describe_keys
    from minicrt.video_settings import describe_video_keys

    lines = ["presets:"]
    lines += [f"  {name:<12} {presets.description(name)}" for name in presets.names()]
    lines += ["", "presets of --task video:"]
    lines += [f"  {name:<12} {train_videos.presets.description(name)}" for name in train_videos.presets.NAMES]
    for head, described in (("keys of --set, with their defaults", describe_keys()),
                            ("with --task video also, or with another default", describe_video_keys())):
        lines += ["", f"{head} (the presets change some: minicrt info --preset NAME):"]
        for table, keys in described.items():
            lines += textwrap.wrap("  ".join(keys), help_width(), initial_indent=f"  {table:<9} ",
                                   subsequent_indent=" " * 12, break_on_hyphens=False, break_long_words=False)
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.cli import report
    from minicrt.parallel.ranks import started
    from minicrt.training import Progress, progress_for, resume, train_on
    from minicrt.training.tensorboard_log import tensorboardx

    if arguments.log:
        tensorboardx()                                       # whether it is there, before anything takes time
    progress = Progress() if arguments.quiet else progress_for()
    budget = {} if arguments.resume is None else budget_with_resume(arguments)
    if train_videos.is_asked_for(arguments):
        train_videos.run(arguments, progress)
        return
    if train_sensors.is_asked_for(arguments):
        train_sensors.run(arguments, progress)
        return
    if arguments.resume is None:
        trained = train_afresh(arguments, progress)
    else:
        progress = logged(progress, arguments, arguments.resume)
        with saying_how_to_resume(arguments, arguments.resume):
            if budget:
                trained = train_on(arguments.resume, **budget, data_dir=arguments.data_dir, progress=progress,
                                   corpus=arguments.corpus)
            else:
                trained = resume(arguments.resume, arguments.data_dir, progress, arguments.corpus)
    if started().first:
        report.print_results(trained)


def logged(progress: "Progress", arguments: argparse.Namespace, folder: Path) -> "Progress":
    from minicrt.parallel.ranks import started
    from minicrt.training import TensorBoardLog

    return TensorBoardLog(folder, progress) if arguments.log and started().first else progress


@contextmanager
def saying_how_to_resume(arguments: argparse.Namespace, folder: Path) -> Iterator[None]:
    from minicrt.training import Interrupted

    try:
        yield
    except Interrupted as stopped:
        log = " --log tensorboard" if getattr(arguments, "log", None) else ""
        stopped.args = (f"{stopped}: minicrt {arguments.command} --resume {shlex.quote(str(folder))}{log}",)
        raise


def budget_with_resume(arguments: argparse.Namespace) -> dict[str, Any]:
    """How long a finished run is to be in all, if that was said. Raises ConfigurationError for all else that --resume
    leaves as it is."""
    from minicrt.settings import parse_assignments
    from minicrt.training import BUDGETS

    assigned = parse_assignments(arguments.set)
    given = [f"--{name}" for name in FRESH_ONLY if getattr(arguments, name) is not None]
    given += [f"--set {key}" for key in assigned if key not in BUDGETS]
    if given:
        raise ConfigurationError(f"--resume goes on with the settings of the run, got {' and '.join(given)} as well; "
                                 "leave that out, or start another run")
    return {key: value for key, value in changes_asked_for(arguments).items() if key in BUDGETS}


def changes_asked_for(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keys that the options change, --set included. Raises ConfigurationError for a key given in both ways."""
    from minicrt.settings import parse_assignments

    changes = parse_assignments(arguments.set)
    for key in ("corpus", "level", "tokenizer", "minutes", "epochs", "seed", "threads"):
        value = getattr(arguments, key)
        if value is not None and key in changes:
            raise ConfigurationError(f"--set {key} and --{key} are both given, expected one of them")
        if value is not None:
            changes[key] = value
    return changes


def train_afresh(arguments: argparse.Namespace, progress: "Progress") -> "Trained":
    from minicrt.cli import report
    from minicrt.data.names import folder_name
    from minicrt.parallel.ranks import started
    from minicrt.settings import settings
    from minicrt.training import fitted, train

    changes = changes_asked_for(arguments)
    chosen = settings("tiny" if arguments.preset is None else arguments.preset, changes)
    if chosen.data.corpus == "-":
        raise ConfigurationError("--corpus got -, but a run could not go on without its text; save it to a file first")
    corpus = chosen.load_corpus(arguments.data_dir)
    model = chosen.create_model(corpus.vocabulary.size)
    training = fitted(chosen.training, corpus, model.config.segment_length, changes)
    numbered = numbered_folder(Path("runs"), f"{folder_name(Path(corpus.name).stem)}-{chosen.preset}")
    named = arguments.out if started().first else arguments.out or Path("runs")      # which the first rank alone makes
    with numbered if named is None else nullcontext(named) as folder:
        report.print_header(model, corpus, training, folder)
        smaller = [f"{key} {getattr(training, key)} instead of {getattr(chosen.training, key)}"
                   for key in ("batch", "evaluation_batch") if getattr(training, key) != getattr(chosen.training, key)]
        if smaller:
            print(f"caution   the text is short: {', '.join(smaller)}", flush=True)
        with saying_how_to_resume(arguments, folder):
            return train(folder, model, corpus, training, logged(progress, arguments, folder))
