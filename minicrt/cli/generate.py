"""`minicrt generate`: text from a trained model."""

import argparse
import itertools
import sys
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine, at_least, seed
from minicrt.errors import InputError
from minicrt.files import expanded

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from minicrt.data import Vocabulary

DESCRIPTION = """\
Let a trained model continue a text. The state is carried from segment to segment, so the text may be
as long as you like: memory and time per token do not grow. It is printed as it comes."""

EXAMPLES = """\
examples:
  minicrt generate runs/python-docs-tiny-001
  minicrt generate runs/python-docs-tiny-001 --prompt "the with statement" --tokens 200 --seed 7
  minicrt generate runs/python-docs-tiny-001 --temperature 0     (always the most probable token)"""


def add(commands: Any) -> None:
    parser = commands.add_parser("generate", help="continue a text with a trained model", description=DESCRIPTION,
                                 epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--prompt", default="", help="the text to continue; - is standard input (default: an opening "
                        "of the corpus)")
    parser.add_argument("--tokens", type=at_least(0), default=100, metavar="N", help="how many (default: 100)")
    parser.add_argument("--temperature", type=float, default=0.8,
                        help="below 1: more probable tokens; 0: the most probable one (default: 0.8)")
    parser.add_argument("--top-k", type=int, default=0, metavar="K", help="only the K most probable (default: 0, all)")
    parser.add_argument("--top-p", type=float, default=0.9, metavar="P",
                        help="only the most probable that hold P together (default: 0.9)")
    parser.add_argument("--min-p", type=float, default=0.0, metavar="P", help="only those at least P times as probable "
                        "as the most probable (default: 0, off)")
    parser.add_argument("--repetition-penalty", type=float, default=1.0, metavar="THETA", help="above 1: what was said "
                        "becomes less probable (default: 1, off)")
    parser.add_argument("--stop", action="append", default=[], metavar="TEXT", help="end with this text; may be given "
                        "again")
    parser.add_argument("--unknown", action="store_true", help="allow <unk> in the text")
    parser.add_argument("--seed", type=seed, default=0, help="(default: 0)")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from minicrt.cli import report
    from minicrt.cli.text import pieces
    from minicrt.inference.generation import generate
    from minicrt.training import load_run

    trained = load_run(arguments.run_folder)
    vocabulary = trained.vocabulary
    words = vocabulary.split(prompt_of(arguments)) or report.opening(vocabulary)
    foreign = sorted(set(words) - set(vocabulary.tokens))
    prompt = vocabulary.encode(words)
    if foreign:
        print(f"minicrt: not in the vocabulary, read as <unk>: {' '.join(foreign)}", file=sys.stderr)
    ids = generate(trained.model, trained.parameters, prompt, arguments.tokens, np.random.default_rng(arguments.seed),
                   arguments.temperature, arguments.top_k, arguments.top_p,
                   [] if arguments.unknown else report.unknown(vocabulary), arguments.min_p,
                   arguments.repetition_penalty, [ids_of_stop(text, vocabulary) for text in arguments.stop])
    try:
        for piece in pieces(vocabulary, itertools.chain(prompt, ids)):
            print(piece, end="", flush=True)
    finally:                                                 # after a Ctrl-C, too, the shell's prompt has its own line
        print(flush=True)


def prompt_of(arguments: argparse.Namespace) -> str:
    from minicrt.data.reading import read_standard_input

    return read_standard_input() if arguments.prompt == "-" else arguments.prompt


def ids_of_stop(text: str, vocabulary: "Vocabulary") -> "Array":
    """Of a text that can be generated: one with other words would never end it."""
    words = vocabulary.split(text)
    foreign = sorted(set(words) - set(vocabulary.tokens))
    if foreign or not words:
        raise InputError(f"--stop got {text!r}, " + (f"and {foreign[0]!r} is not in the run's vocabulary" if foreign
                         else "which has no token") + "; give a text of words that the run knows")
    return vocabulary.encode(words)
