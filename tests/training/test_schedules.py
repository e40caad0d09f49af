import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.errors import ConfigurationError
from minicrt.training import evaluation_steps, warmup_constant, warmup_cosine
from minicrt.training.budget import Calibration, total_steps
from minicrt.training.schedules import LONGEST
from tests.training.tiny import config


def test_endpoints():
    assert warmup_cosine(0, 100, 10, 0.1) == pytest.approx(1 / 10)
    assert warmup_cosine(9, 100, 10, 0.1) == 1
    assert warmup_cosine(99, 100, 10, 0.1) == pytest.approx(0.1)
    assert warmup_cosine(54, 100, 10, 0.1) == pytest.approx(0.55)          # half way down
    assert warmup_cosine(0, 1, 0, 0.0) == 0
    assert [warmup_constant(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert warmup_constant(0, 0) == 1


@given(total=st.integers(1, 300), warmup=st.integers(0, 50), final=st.floats(0, 1))
def test_rises_then_falls(total, warmup, final):
    rates = [warmup_cosine(step, total, warmup, final) for step in range(total)]
    up, down = rates[:warmup], rates[warmup:]
    assert up == sorted(up) and down == sorted(down, reverse=True)
    assert all(min(final, 1 / max(warmup, 1)) - 1e-12 <= rate <= 1 for rate in rates)


@given(total=st.integers(1, 10_000), evaluations=st.integers(1, 40), warmup=st.integers(0, 200))
def test_evaluations_end_with_the_run_and_there_are_four(total, evaluations, warmup):
    steps = evaluation_steps(total, evaluations, warmup)
    assert max(steps) == total and min(steps) >= 1 and len(steps) <= evaluations
    assert len(steps) >= min(4, evaluations, total)
    if len(steps) > 4:
        assert all(step > warmup or step == total for step in steps)
    if total >= LONGEST + 4 and warmup >= LONGEST:
        assert min(steps) > LONGEST                          # before, the number of steps may not be known
    if warmup == 0 and evaluations <= total:
        assert len(steps) == evaluations


def test_evaluations_of_the_presets_and_of_short_runs():
    assert evaluation_steps(512, 8, 50) == set(range(64, 513, 64))         # tiny on its corpus
    assert evaluation_steps(2660, 8, 200) == {math.ceil(2660 * i / 8) for i in range(1, 9)}     # small on PTB
    assert evaluation_steps(400, 10, 100) == {120, 160, 200, 240, 280, 320, 360, 400}
    assert evaluation_steps(60, 10, 100) == {30, 40, 50, 60}
    assert evaluation_steps(8, 10, 100) == {2, 4, 6, 8}
    assert evaluation_steps(3, 10, 100) == {1, 2, 3}
    assert evaluation_steps(60, 1, 100) == {60}                            # as was asked for


def test_budgets_in_epochs_and_steps():
    assert total_steps(config(epochs=1.5), windows=7) == 11
    assert total_steps(config(steps=13), windows=7) == 13
    assert total_steps(config(minutes=1.0, warmup_steps=10), windows=7) == 0


@pytest.mark.parametrize("asked, said", [
    ({"steps": 10**12}, "steps is 1000000000000, expected a whole number of at most 2,147,483,647"),
    ({"epochs": 1e9}, "epochs is 1e+09, here 7,000,000,000 steps, expected")])
def test_more_steps_than_can_be_counted_are_refused_by_the_name_of_what_was_asked(asked, said):
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        total_steps(config(**asked), windows=7)


def test_plan_fills_the_minutes():
    calibration = Calibration(minutes=2.0, warmup_steps=100)
    for _ in range(20):
        assert not calibration.done()
        calibration.add(0.1)
    assert calibration.done()
    steps = calibration.plan(seconds_spent=3.0, seconds_reserved=17.0, overhead=0.0)
    assert 0.95 * 100 < (steps - 20) * 0.1 <= 100                          # 120 s less 3 and 17


def test_slow_steps_end_the_measurement_early():
    calibration = Calibration(minutes=1.0, warmup_steps=100)
    calibration.add(10.0)
    assert not calibration.done() and not calibration.can_plan()           # the first step says little
    calibration.add(10.0)
    assert calibration.done()
    assert calibration.plan(21.0, 100.0, 0.0) == 2                         # no time left: what was done is the run
