"""`minicrt surprise`: how much each token of a text surprises a trained model."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine
from minicrt.cli.targets import check_new, writing
from minicrt.errors import DataError
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.data import Vocabulary

DESCRIPTION = """\
Print the surprisal of each token of a text, -log2 of the probability that the model gave it, in bits: a line of JSON a
token, as it is read. Or, with --html, make a page of the text with its words coloured by it. The state is carried
through the whole text, in constant memory."""

EXAMPLES = """\
examples:
  minicrt surprise runs/ptb-001 letter.txt
  minicrt surprise runs/ptb-001 letter.txt --html letter.html
  minicrt surprise runs/ptb-001 - < letter.txt"""


def add(commands: Any) -> None:
    parser = commands.add_parser("surprise", help="how much each token of a text surprises a trained model",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("file", metavar="FILE", help="a text; - is standard input")
    parser.add_argument("--html", type=expanded, metavar="PAGE", help="make this page, in place of lines of JSON")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.inference import surprisal
    from minicrt.training import load_run, progress_for

    trained = load_run(arguments.run_folder)
    page: Path | None = arguments.html
    if page is not None:
        check_new(page, "--html")
    tokens, known = words_of(arguments.file, trained.vocabulary)
    ids = trained.vocabulary.encode(tokens)
    bits = surprisal(trained.model, trained.parameters, ids)
    if page is None:
        for token, is_known, value in zip(tokens, known, bits):
            print(json.dumps({"token": token, "known": is_known, "surprisal": value}, ensure_ascii=False))
        return
    found = list[float | None]()
    with progress_for().task("surprisal", len(ids), "token") as advance:
        for value in bits:
            found.append(value)
            advance()
    write_page(page, tokens, known, found, trained.vocabulary.tokenizer == "characters")
    print(page)


def words_of(file: str, vocabulary: "Vocabulary") -> tuple[list[str], list[bool]]:
    """The tokens of a text as they stand in it, and whether the vocabulary has them"""
    from minicrt.data.reading import read_standard_input, read_text

    tokens = vocabulary.split(read_standard_input() if file == "-" else read_text(expanded(file)))
    if not tokens:
        raise DataError(f"{'standard input' if file == '-' else file} has no token; give a text")
    known = set(vocabulary.tokens)
    return tokens, [token in known for token in tokens]


def write_page(page: Path, tokens: list[str], known: list[bool], bits: list[float | None], characters: bool) -> None:
    from minicrt.atomic import create_atomically
    from minicrt.inference.surprise_page import surprise_page

    text = surprise_page(tokens, known, bits, page.stem, "" if characters else " ")
    with writing(page, "--html"):
        create_atomically(page, text.encode("utf-8"))
