"""The equations equal the reference, whichever way they are differentiated, in every case of an operation"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.golden.models import MODEL_CASES
from minicrt.conformance.golden.operations import operation_cases
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import has_equations
from minicrt.conformance.mutation.running import Operation

CASES = [name for name in operation_cases() if has_equations(golden.case(name))]


def test_nearly_every_operation_has_equations():
    every, covered = ({golden.case(name).subject for name in names} for names in (operation_cases(), CASES))
    assert every - covered <= {"adamw"}


@pytest.mark.parametrize("name", CASES)
def test_the_equations_are_those_of_the_case(name):
    case = golden.case(name)
    operation = Operation(case)
    forward, notes = operation.forward({})
    for trace in (operation.differentiated({}), operation.by_hand(forward, notes, {})):
        for tensor in case.computed():
            size = max(1.0, np.abs(tensor.value[np.isfinite(tensor.value)]).max(initial=0))
            np.testing.assert_allclose(trace[tensor.name], tensor.value, rtol=0, atol=1e-10 * size, err_msg=tensor.name)


@pytest.mark.parametrize("name", [name for name in MODEL_CASES if has_equations(golden.case(name))])
def test_the_equations_of_a_model_are_those_of_the_case(name):
    case = golden.case(name)
    trace = Model(case).differentiated({})
    for tensor in case.computed():
        size = max(1.0, np.abs(tensor.value).max(initial=0))
        np.testing.assert_allclose(trace[tensor.name], tensor.value, rtol=0, atol=1e-10 * size, err_msg=tensor.name)
