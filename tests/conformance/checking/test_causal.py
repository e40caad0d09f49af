"""In a scan the tensor of the earliest wrong step is the place of the mistake, whatever the case's order"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import NoCatalogue, catalogue_of
from minicrt.conformance.checking.causal import first_in_time
from tests.conformance.checking.hand_made import computed, drawn

GRU = golden.case("gru")


def made_with(mistake, case=GRU):
    trace = catalogue_of(case).trace((mistake,))
    return compare(case, {name: np.asarray(value) for name, value in trace.items() if name in case})


@pytest.mark.parametrize("mistake, first, step", [
    ("z keeps the new", "h", 0), ("candidate σ", "n", 0), ("b_hn missing", "c", 0), ("gate order z, r, n", "r", 0),
    ("state not carried", "r", 1), ("gates exchanged", "d_a_r", 4), ("reset missing in the product", "d_c", 4),
    ("update gate's sign", "d_a_z", 4), ("direct path missing", "d_state", 3), ("state after the step", "d_u", None)])
def test_the_first_wrong_tensor_in_time(mistake, first, step):
    row, at = first_in_time(made_with(mistake))
    assert (row.name, at) == (first, step)


def test_the_sentences_say_where_in_time():
    sentences = diagnose(made_with("candidate σ"), NoCatalogue()).sentences
    assert sentences[0] == ("The mistake looks like one in n, the first wrong tensor, at step 0; no known mistake "
                            "gives its numbers.")
    assert sentences[1] == ("At that step what comes before it is right (r, z, c). It is the first step, to which "
                            "nothing is carried but the start.")
    sentences = diagnose(made_with("direct path missing"), NoCatalogue()).sentences
    assert sentences[1] == ("Steps are right back from the last as far as 4: what is carried from there to step 3 may "
                            "be wrong as well, or a tensor that was not handed in.")


def test_what_has_no_steps_keeps_the_cases_order():
    case = golden.case("attention")
    theirs = computed(case) | {"p": case["p"].value + drawn(1, case["p"].value.shape)}
    row, at = first_in_time(compare(case, theirs))
    assert (row.name, at) == ("p", None)
