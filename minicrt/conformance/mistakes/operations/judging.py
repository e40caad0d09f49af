"""What the gradient checker says of every entry of the catalogue: what `minicrt gradcheck --variants` prints"""

from dataclasses import dataclass

import numpy as np

from minicrt.conformance.mistakes.operations import FAULTY, Variant
from minicrt.gradcheck.cases import all_cases


@dataclass(frozen=True)
class Judgement:
    """What the checker said of one entry of the catalogue: the largest error over the operation's cases."""

    variant: Variant
    relative_error: float
    rejected: bool


def judge_variants(seed: int = 0) -> tuple[list[Judgement], list[Judgement]]:
    """The catalogue of wrong variants, every one of which must be rejected, and its right counterparts, which must not.

    A variant is rejected when one of its operation's cases rejects it.
    """
    cases = list(all_cases(np.random.default_rng([seed, 0])))

    def judged(variant: Variant, mine: list[int]) -> Judgement:
        reports = [cases[k].check(np.random.default_rng([seed, 1, k]), variant.forward, variant.backward) for k in mine]
        worst = max(report.relative_error for report in reports)
        return Judgement(variant, worst, any(not report.passes() for report in reports))

    wrong, right = [], []
    for faulty in FAULTY:
        mine = [k for k, case in enumerate(cases)
                if case.operation == faulty.operation and faulty.covers(case.inputs)]
        right.append(judged(faulty.correct, mine))
        wrong += [judged(variant, mine) for variant in faulty.variants]
    return wrong, right
