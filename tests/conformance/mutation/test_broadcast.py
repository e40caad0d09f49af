"""A gradient of what is added to many rows that is their mean and not their sum"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.mutation.mutants import Mutants


def broadcast_as_a_mean(names):
    """The gradients of a CRT in which that of the memory's read row is a mean over the tokens that it is added to"""
    case, mutants = golden.case("crt-gru"), Mutants(golden.case("crt-gru"))
    (edit,) = [edit for edit in mutants.forward if "mean over its rows" in edit.words and "m_read" in edit.words]
    own = mutants.own_gradients(edit.changes)
    return case, {name: own.whole(name, case[name].value.shape) for name in names}


def test_the_gradient_of_what_is_broadcast_is_a_mean():
    case, theirs = broadcast_as_a_mean(["d_parameters/memory.start", "d_parameters/norm_final.gain"])
    assert not any(np.allclose(value, case[name].value, rtol=0, atol=1e-6) for name, value in theirs.items())
    assert not compare(case, theirs).ok


@pytest.mark.exhaustive
def test_the_gradient_of_what_is_broadcast_is_found_to_be_a_mean():
    """By the search for mutants of a whole model, which ends late"""
    case, theirs = broadcast_as_a_mean(["d_parameters/memory.start", "d_parameters/memory.0.b_hn",
                                        "d_parameters/norm_final.bias"])
    assert "the gradient of m_read[:, None] were the mean" in diagnose(compare(case, theirs)).sentences[0]
