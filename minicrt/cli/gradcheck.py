"""`minicrt gradcheck`: every hand-written gradient against the complex step."""

import argparse
import sys
import time
from typing import Any

from minicrt.cli.parser import seed
from minicrt.cli.terminal import columns

DESCRIPTION = """\
Check the gradient of every operation, and of whole CRTs in every configuration, against the complex
step in float64: Im f(x + ih)/h with h = 1e-30, exact to rounding. The relative error of a tensor is
max|a - b| / max|b|. Exit code 1 if a gradient is wrong.

With --variants: show that the checker can tell. It is given the catalogue of plausible mistakes
(a missing term, swapped gates, eps outside the root, ...), each of which it must reject."""


def add(commands: Any) -> None:
    parser = commands.add_parser("gradcheck", help="check every gradient against the complex step",
                                 description=DESCRIPTION)
    parser.add_argument("--variants", action="store_true", help="check the checker on the catalogue of wrong variants")
    parser.add_argument("--seed", type=seed, default=0, help="of the values and directions (default: 0)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    return check_variants(arguments.seed) if arguments.variants else check_gradients(arguments.seed)


def check_gradients(seed: int) -> int:
    from tqdm import tqdm

    from minicrt.gradcheck.all_checks import run_gradchecks, table

    start = time.perf_counter()
    with tqdm(desc="checking", unit=" checks", file=sys.stderr, disable=None, leave=False) as bar:
        def progress(name: str) -> None:
            bar.set_postfix_str(name, refresh=False)
            bar.update()
        rows = run_gradchecks(seed, progress)
    print(table(rows, columns(sys.stdout)))
    wrong = sum(not row.passed for row in rows)
    largest = max(row.relative_error for row in rows)
    verdict = f"{wrong} of {len(rows)} gradients are WRONG" if wrong else f"all {len(rows)} gradients agree"
    print(f"\n{verdict}; the largest relative error is {largest:.1e}; {time.perf_counter() - start:.1f} s")
    return 1 if wrong else 0


def check_variants(seed: int) -> int:
    from minicrt.conformance.mistakes.operations.judging import judge_variants

    wrong, right = judge_variants(seed)
    width = max(len(judgement.variant.name) for judgement in wrong)
    for judgement in wrong:
        verdict = "rejected" if judgement.rejected else "ACCEPTED"
        print(f"{judgement.variant.name:<{width}}  error {judgement.relative_error:7.1e}  {verdict}")
    accepted = sum(not judgement.rejected for judgement in wrong)
    refused = sum(judgement.rejected for judgement in right)
    print(f"\n{len(wrong) - accepted} of {len(wrong)} wrong variants rejected, "
          f"{len(right) - refused} of {len(right)} right ones accepted")
    return 1 if accepted or refused else 0
