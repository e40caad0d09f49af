"""`minicrt golden`: the cases that a port is compared with, written and listed."""

import argparse
import sys
import time
from typing import Any

from minicrt.cli import golden_check
from minicrt.files import expanded

DESCRIPTION = """\
Golden cases: for every operation and for whole models over several segments, what goes in, every
intermediate, what comes out, and every gradient. A port to another language or library is right if it
computes the same."""

WRITE = """\
Write the golden cases to DIR, a new or empty folder or one of golden cases. Each case is a folder with
its tensors as safetensors, and as a plain little-endian tensors.bin with a case.json that says where
each one stands. Everything is computed in float64; --dtype float32 rounds the results."""

LIST = """\
List the golden cases: what each is of, how many tensors it has, and what is special about it."""


def add(commands: Any) -> None:
    parser = commands.add_parser("golden", help="what a port is compared with", description=DESCRIPTION)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    add_write(actions)
    golden_check.add(actions)
    add_list(actions)


def add_write(actions: Any) -> None:
    parser = actions.add_parser("write", help="write golden cases to a folder", description=WRITE)
    parser.add_argument("folder", type=expanded, metavar="DIR", help="where to")
    parser.add_argument("--case", action="extend", nargs="+", metavar="NAME", help="these cases alone (default: all)")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64",
                        help="of the tensors that are not integers (default: float64)")
    parser.set_defaults(run=run_write)


def add_list(actions: Any) -> None:
    actions.add_parser("list", help="the golden cases", description=LIST).set_defaults(run=run_list)


def run_write(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from minicrt.conformance.golden import files, some_cases

    start = time.perf_counter()
    cases = some_cases(arguments.case)
    with tqdm(desc="writing", total=len(cases), unit=" cases", file=sys.stderr, disable=None, leave=False) as bar:
        def progress(name: str) -> None:
            bar.set_postfix_str(name, refresh=False)
            bar.update()
        written = files.write(arguments.folder, cases, arguments.dtype, progress)
    print(f"{written.cases} cases with {written.tensors} tensors in {arguments.dtype}, {written.bytes / 1e6:.1f} MB, "
          f"in {arguments.folder}; {time.perf_counter() - start:.1f} s")


def run_list(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from minicrt.conformance.golden import all_cases

    makers = all_cases()
    cases = [make() for make in tqdm(makers.values(), desc="computing", unit=" cases", file=sys.stderr, disable=None,
                                     leave=False)]
    width = max(map(len, makers))
    for case in cases:
        print(f"{case.name:<{width}}  {case.kind:<9}  {len(case.tensors):4} tensors  {case.conventions[0]}")
