"""The front door: `minicrt`, `python -m minicrt`.

One module a command; each has `add(commands)`, which describes its arguments, and `run(arguments)`, which imports what
it needs, so that `minicrt --help` is quick. Here is what they share: the parser and how an error ends the program.
Exit codes: 0 done, 1 training cannot go on, a gradient is wrong or a model does not fit, 2 bad input, 130 interrupted
(after saving a run, 143 by SIGTERM or 129 by SIGHUP), 141 the reader of the output went away.
"""

import sys
import warnings
from argparse import Namespace
from collections.abc import Sequence
from contextlib import nullcontext

from minicrt import __version__, engines
from minicrt.cli import (
    budget,
    compare,
    data,
    evaluate,
    export,
    federated,
    flops,
    generate,
    golden,
    gradcheck,
    info,
    quantize,
    surprise,
    train,
    watch,
)
from minicrt.cli.completion import add_completion
from minicrt.cli.parser import Parser
from minicrt.cli.several import as_one, is_first, ranks_for
from minicrt.cli.streams import standard_streams
from minicrt.errors import MinicrtError, TrainingError
from minicrt.parallel import threads

COMMANDS = (train, federated, evaluate, generate, surprise, watch, quantize, budget, export, compare, flops, gradcheck,
            golden, data, info)

DESCRIPTION = """\
The Compact Recurrent Transformer in NumPy: train it on text, see what its memory is worth,
check every gradient."""

EXAMPLES = """\
examples:
  minicrt train                                        learn from the Python documentation in two minutes
  minicrt train --corpus ptb --preset small --minutes 15
  minicrt eval runs/python-docs-tiny-001 --cut memory  the same weights without their memory
  minicrt generate runs/python-docs-tiny-001 --prompt "the with statement"
  minicrt gradcheck                                    every gradient against the complex step
  minicrt golden write golden                          what a port to another language is compared with

`minicrt COMMAND --help` tells more about a command."""


def build_parser() -> Parser:
    parser = Parser(prog="minicrt", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=f"minicrt {__version__}")
    add_completion(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of the process); returns the exit code."""
    with standard_streams():
        try:
            arguments = parsed(argv)
            code = 0
            if arguments is not None:
                threads.fit_to_system()
                warnings.filterwarnings("ignore", "tqdm:disabling monitor")  # a bar does without a thread of its own
                engines.choose(getattr(arguments, "engine", None))
                ranks = ranks_for(arguments)
                number = getattr(arguments, "threads", None) or (threads.asked_for() or 1 if ranks.size > 1 else None)
                with threads.limit(number) if number else nullcontext(), as_one(ranks):
                    code = arguments.run(arguments) or 0
            sys.stdout.flush()                               # so that a closed pipe or a full disk shows here
            return code
        except KeyboardInterrupt as interrupted:
            return failed(str(interrupted) or "interrupted", getattr(interrupted, "exit_code", 130))
        except BrokenPipeError:                              # the reader (`head`, say) has seen enough
            return 141
        except TrainingError as error:
            return failed(f"error: {error}", 1)
        except UnicodeDecodeError as error:
            return failed(f"error: byte {error.start} of the input is not {error.encoding} text", 2)
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            return failed(f"error: {error.strerror or error}{place}", 2)
        except MemoryError as error:
            return failed(f"error: not enough memory ({error}); make the model, the batch or the segments smaller", 2)
        except MinicrtError as error:
            return failed(f"error: {error}", 2)


def parsed(argv: Sequence[str] | None) -> Namespace | None:
    """The arguments; None where help or the version was asked for, and shown."""
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:
        return None
    if arguments.command is None:
        parser.print_help()
        return None
    return arguments


def failed(message: str, code: int) -> int:
    if is_first():
        print(f"minicrt: {' '.join(message.split())}", file=sys.stderr)
    return code
