"""The argument parser: errors in one line like all others, help that keeps its line breaks."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from minicrt import engines
from minicrt.errors import ConfigurationError


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises ConfigurationError where it would exit, and takes no abbreviated options.

    `more` is called for further help text when help is printed, for what is slow to find out.
    """

    def __init__(self, more: Callable[[], str] | None = None, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings)
        self._more = more

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message} (`{self.prog} --help` tells more)")

    def format_help(self) -> str:
        return super().format_help() + (f"\n{self._more()}\n" if self._more else "")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The options that say what a model runs on; `minicrt.cli.main` obeys them."""
    parser.add_argument("--engine", choices=("auto", *engines.NAMES),
                        help="numba: compiled kernels; numpy: the specification; auto: numba where it is installed "
                             f"(default: ${engines.VARIABLE} or auto)")
    parser.add_argument("--threads", type=at_least(1), metavar="N", help="how many share the work (default: "
                        "NUMBA_NUM_THREADS, OMP_NUM_THREADS or OPENBLAS_NUM_THREADS, or the number of cores)")


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number of `least` or more."""
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return number
    return parse
