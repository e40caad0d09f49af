"""The learning rate as a function of the step alone, so that a resumed run has no schedule state to restore."""

import math


def warmup_cosine(step: int, total: int, warmup: int, final: float) -> float:
    """The factor on the learning rate of step 0 <= `step` < `total`.

    It rises in a straight line, (step + 1) / warmup, over the first `warmup` steps and then falls along half a cosine
    from 1 to `final`, which the last step has:
        factor = final + (1 − final) (1 + cos(π u)) / 2,  u = (step + 1 − warmup) / (total − warmup)
    During the warm-up the factor does not depend on `total`, which may not be known yet.
    """
    if step < warmup:
        return (step + 1) / warmup
    u = (step + 1 - warmup) / (total - warmup)
    return final + (1 - final) * (1 + math.cos(math.pi * u)) / 2


def warmup_constant(step: int, warmup: int) -> float:
    """The same rise, and then 1."""
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


def evaluation_steps(total: int, evaluations: int, warmup: int) -> frozenset[int]:
    """After how many steps the model is evaluated: `evaluations` times, evenly spread, the last at the end.

    None falls inside the warm-up (except at the end of a run that is no longer than it): during it `total` may not
    be known yet, and a run must not depend on when it became known.
    """
    spread = {math.ceil(total * i / evaluations) for i in range(1, evaluations + 1)}
    return frozenset(step for step in spread if step > warmup or step == total)
