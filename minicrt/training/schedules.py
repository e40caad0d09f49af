"""The learning rate as a function of the step alone, so that a resumed run has no schedule state to restore."""

import math
from functools import lru_cache

from minicrt.arguments import check_number, check_whole
from minicrt.errors import InputError
from minicrt.training.configuration import TrainingConfig

LONGEST = 20                    # steps that may be taken before the number of steps of a run is known
FEWEST_EVALUATIONS = 4          # of a run's, whatever its warm-up


def warmup_cosine(step: int, total: int, warmup: int, final: float) -> float:
    """The factor on the learning rate of step 0 <= `step` < `total`.

    It rises in a straight line, (step + 1) / warmup, over the first `warmup` steps and then falls along half a cosine
    from 1 to `final`, which the last step has:
        factor = final + (1 − final) (1 + cos(π u)) / 2,  u = (step + 1 − warmup) / (total − warmup)
    During the warm-up the factor does not depend on `total`, which may not be known yet.
    """
    step, total = check_whole("step", step, 0), check_whole("total", total, 0)
    warmup, final = check_whole("warmup", warmup, 0), check_number("final", final, 0)
    if step < warmup:
        return (step + 1) / warmup
    if step >= total:
        raise InputError(f"step is {step}, expected less than the total of {total}")
    u = (step + 1 - warmup) / (total - warmup)
    return final + (1 - final) * (1 + math.cos(math.pi * u)) / 2


def warmup_constant(step: int, warmup: int) -> float:
    """The same rise, and then 1."""
    step, warmup = check_whole("step", step, 0), check_whole("warmup", warmup, 0)
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


def rate_factor(config: TrainingConfig, step: int, total: int) -> float:
    """The factor on the learning rates of step `step` of `total`, by the schedule that `config` names"""
    if config.schedule == "constant":
        return warmup_constant(step, config.warmup_steps)
    return warmup_cosine(step, total, config.warmup_steps, config.final_learning_rate)


@lru_cache(maxsize=8)
def evaluation_steps(total: int, evaluations: int, warmup: int) -> frozenset[int]:
    """After how many steps the model is evaluated: `evaluations` times, evenly spread, the last at the end.

    None falls inside the warm-up, in which there is little to see. Where that would leave fewer than four of the
    evaluations (in a run that is hardly longer than its warm-up), four are spread over the steps after the first
    `LONGEST`; those may be taken before `total` is known, and a run must not depend on when it became known. Only a run
    of fewer than `LONGEST` + 4 steps is evaluated from its beginning.
    """
    total, warmup = check_whole("total", total, 0), check_whole("warmup", warmup, 0)
    evaluations = min(check_whole("evaluations", evaluations, 1), max(total, 1))
    kept = {step for step in _spread(0, total, evaluations) if step > warmup or step == total}
    wanted = min(FEWEST_EVALUATIONS, evaluations)
    if len(kept) < wanted:
        kept = _spread(LONGEST if total >= LONGEST + wanted else 0, total, wanted)
    return frozenset(kept)


def _spread(start: int, total: int, number: int) -> set[int]:
    """`number` steps of those after `start`, as evenly as can be, the last of them `total`; all, if there are fewer."""
    return {start + math.ceil((total - start) * i / number) for i in range(1, number + 1)}
