"""Any two known mistakes as a port: the check rejects it and says something, whatever the two make of each other"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import CheckReport, Experience, compare
from minicrt.conformance.mistakes.models import combine, model_mistakes_of

DRAWN = [2, pytest.param(6, marks=pytest.mark.exhaustive)]  # pairs a case; many more were drawn when this was written
EFFORT = 1500       # traced tensors a report, so that none takes long


@pytest.mark.parametrize("name", ["crt-gru", "crt-ncgru", "crt-per-segment", "rmt-two-vectors", "lru-model"])
@pytest.mark.parametrize("drawn", DRAWN)
def test_a_report_is_printed_whatever_the_pair(name, drawn):
    case, rng = golden.case(name), np.random.default_rng(41)
    mistakes = [mistake for mistake in model_mistakes_of(case.configuration) if not mistake.defects]
    for _ in range(drawn):
        pair = [mistakes[k] for k in rng.choice(len(mistakes), 2, replace=False)]
        with np.errstate(all="ignore"):
            found = combine(*pair).computed(case.configuration, case.given())
        if found:                                            # else the two exclude each other
            report = CheckReport(compare(case, handed_in(case, found, rng)), Experience(effort_left=EFFORT))
            assert report.ok or report.diagnosis.sentences and "WRONG" in str(report), pair


def handed_in(case, found, rng):
    """Outputs and gradients, with some of what lies between, as ports do."""
    share = rng.choice([0, 0.3, 1])
    return {name: value for name, value in found.items()
            if name in case and (case[name].role in ("output", "gradient") or rng.random() < share)}


@pytest.mark.parametrize("name, pair", [
    ("crt-gru", ("norm: post with a final norm", "writer: reads before the final norm")),
    ("crt-gru", ("writer: reads the memory row too", "writer: reads before the final norm")),
    ("crt-gru", ("memory token: with a position", "memory token: not in the first segment"))])
def test_pairs_around_rows_that_others_do_not_have_are_printed(name, pair):
    case = golden.case(name)
    mistakes = {mistake.name: mistake for mistake in model_mistakes_of(case.configuration)}
    both = combine(*(mistakes[name] for name in pair)).computed(case.configuration, case.given())
    report = CheckReport(compare(case, both), Experience(effort_left=EFFORT))
    assert not report.ok and "WRONG" in str(report)
