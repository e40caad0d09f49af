"""`minicrt --print-completion SHELL`: the script by which a shell completes commands, options, their values and paths.

It is shtab that writes it. What shtab has to be told is which arguments are paths, and which have a few values.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from minicrt import presets
from minicrt.errors import ConfigurationError
from minicrt.files import expanded

OPTION = "--print-completion"
SHELLS = ("bash", "zsh", "tcsh")                             # of shtab's, those that every version of it knows


class PrintCompletion(argparse.Action):
    """Prints the script for the parser that the option is given to, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: str | None = None) -> None:
        try:
            import shtab
        except ImportError as error:
            raise ConfigurationError(f"{OPTION} needs shtab, which is not installed: "
                                     "pip install 'minicrt[completion]'") from error
        if values not in shtab.SUPPORTED_SHELLS:
            raise ConfigurationError(f"{OPTION} got {values!r}, expected one of {', '.join(shtab.SUPPORTED_SHELLS)}")
        for action in arguments_of(parser):
            if is_path(action):
                action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
            elif action.dest == "preset":
                action.choices = presets.names()
        print(shtab.complete(parser, shell=values))
        parser.exit()


def add_completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(OPTION, action=PrintCompletion, metavar="SHELL",
                        help=f"print a completion script for {', '.join(SHELLS)}")


def arguments_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            commands: Sequence[argparse.ArgumentParser] = list(action.choices.values())
            for command in commands:
                yield from arguments_of(command)


def is_path(action: argparse.Action) -> bool:
    return action.type is expanded or "PATH" in str(action.metavar).split("|")
