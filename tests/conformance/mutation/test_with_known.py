"""A mistake of the catalogue and a change that nobody wrote down, both in one port"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.mutation.mutants import Mutants


def handed(case, trace):
    return {tensor.name: trace[tensor.name] for tensor in case.computed() if tensor.role in ("output", "gradient")}


@pytest.mark.parametrize("known", ["variance term missing", "gain missing"])
def test_gradients_that_each_have_a_mistake_of_their_own(known):
    case = golden.case("layer_norm")
    theirs = handed(case, catalogue_of(case).trace((known,)))
    theirs["d_gain"] = (case["d_y"].value * case["x"].value).sum((0, 1))
    first, *_ = diagnose(compare(case, theirs)).sentences
    assert first.startswith("The port has two mistakes at once") and f'"{known}"' in first
    assert "d_gain = rows_sum(d_y * x) in place of" in first


def test_a_known_mistake_with_the_backward_pass_of_the_right_forward_pass():
    case, mutants = golden.case("layer_norm"), Mutants(golden.case("layer_norm"))
    wrong = {name: np.asarray(value) for name, value in catalogue_of(case).trace((name_of(case),)).items()}
    forward = {name: value for name, value in wrong.items() if not name.startswith("d_")}
    theirs = handed(case, mutants.by_hand((forward, mutants.right[1]), {}))
    first, *_ = diagnose(compare(case, theirs)).sentences
    assert name_of(case) in first and "while the backward pass is that of the right forward pass" in first


def name_of(case):
    (name,) = [known.name for known in catalogue_of(case).known() if "Annotated" in known.name]
    return name
