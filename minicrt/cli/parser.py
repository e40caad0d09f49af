"""The argument parser: errors in one line like all others, help as wide as the terminal."""

import argparse
import re
import shutil
from collections.abc import Callable
from typing import Any, NoReturn

from minicrt import engines
from minicrt.arguments import shown
from minicrt.cli.terminal import paragraphs
from minicrt.configuration import MOST, MOST_OF_SEEDS
from minicrt.errors import ConfigurationError

WIDEST = 100
NEGATIVE = re.compile(r"-[\d.]")                             # and any unit behind: the option's type refuses -1MB


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises ConfigurationError where it would exit, and takes no abbreviated options.

    `more` is called for further help text when help is printed, for what is slow to find out.
    """

    def __init__(self, more: Callable[[], str] | None = None, **settings: Any) -> None:
        super().__init__(formatter_class=Formatter, allow_abbrev=False, **settings)
        self._more = more
        self._negative_number_matcher = NEGATIVE             # of argparse: what is a value, and no option

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message} (`{self.prog} --help` tells more)")

    def format_help(self) -> str:
        return super().format_help() + (f"\n{paragraphs(self._more(), help_width())}\n" if self._more else "")


def help_width() -> int:
    """The columns of help: the terminal's, but no more than can be read with ease."""
    return min(shutil.get_terminal_size().columns, WIDEST)


class Formatter(argparse.HelpFormatter):
    """Paragraphs as wide as the terminal, examples as they stand."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=help_width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return paragraphs(text, width)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The options that say what a model runs on; `minicrt.cli.main` obeys them."""
    parser.add_argument("--engine", choices=("auto", *engines.NAMES),
                        help="numba: compiled kernels; numpy: the specification; auto: numba where it is installed "
                             f"(default: ${engines.VARIABLE} or auto)")
    parser.add_argument("--threads", type=at_least(1), metavar="N", help="how many share the work (default: "
                        "NUMBA_NUM_THREADS, OMP_NUM_THREADS or OPENBLAS_NUM_THREADS, or the number of cores)")


def at_least(least: int, most: int = MOST) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `least` to `most`."""
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:                                   # no number, or one of more digits than Python reads
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number of {least} or more, at most "
                                             f"{most:,}")
        return number
    return parse


def seed(text: str) -> int:
    """The type of an option that takes what random numbers are drawn from."""
    return at_least(0, MOST_OF_SEEDS)(text)
