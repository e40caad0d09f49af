"""The equations equal the reference, forward, by hand and by the complex step, in every case of an operation"""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.golden.models import MODEL_CASES, mapping_of, model_case, model_with
from minicrt.conformance.golden.operations import operation_cases
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD
from minicrt.conformance.mutation.complex_step import OwnGradients, PortGradient
from minicrt.conformance.mutation.configured import model_equations
from minicrt.conformance.mutation.equations import MODULES
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import has_equations
from minicrt.conformance.mutation.running import CALLED, Operation


def configuration(settings):
    """That of a model's case, which is not made"""
    return mapping_of(model_with({name: value for name, value in settings.items()
                                  if name not in ("segments", "batch", "start")}))


def test_no_two_equations_have_one_name():
    """The functions of all modules stand in one list, by name."""
    sources = [ast.parse(Path(module.__file__).read_text(encoding="utf-8")) for module in MODULES]
    names = [node.name for source in sources for node in source.body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names)), sorted(name for name in set(names) if names.count(name) > 1)


def equal(trace, case, roles):
    for tensor in case.computed():
        if tensor.role in roles:
            size = max(1.0, np.abs(tensor.value[np.isfinite(tensor.value)]).max(initial=0))
            np.testing.assert_allclose(trace[tensor.name], tensor.value, rtol=0, atol=1e-10 * size, err_msg=tensor.name)


def right_along_directions(operation, case):
    """Each gradient of the case is that of the equations, told alone and all at once."""
    rows = [PortGradient(tensor.name, tensor.value, max(1.0, np.abs(tensor.value).max(initial=0)), 1e-10)
            for tensor in case.computed() if tensor.role in BACKWARD]
    own = OwnGradients(operation, {})
    assert own.agree(rows)
    if case.kind == "operation":
        assert all(own.agree([row]) for row in rows)
    assert not own.agree([*rows[1:], replace(rows[0], value=rows[0].value + 1e-4)])


@pytest.mark.parametrize("name", operation_cases())
def test_every_operation_has_equations_which_are_those_of_the_case(name):
    case = golden.case(name)
    assert has_equations(case)
    operation = Operation(case)
    forward, notes = operation.forward({})
    if not operation.has_backward:                           # an optimizer
        equal(forward, case, FORWARD)
        return
    equal(operation.by_hand(forward, notes, {}), case, (*FORWARD, *BACKWARD))
    right_along_directions(operation, case)


@pytest.mark.parametrize("name", operation_cases())
def test_a_name_of_the_case_stands_for_nothing_else(name):
    """A mutant is dropped as soon as what has a tensor's name has not the port's values."""
    case = golden.case(name)
    operation = Operation(case)
    named = {CALLED.get(tensor.name, tensor.name): tensor.value for tensor in case.computed()
             if tensor.role in FORWARD}
    for called, value in operation.forward({})[1].values.items():
        if called in named and np.shape(value) == named[called].shape:
            size = max(1.0, np.abs(value[np.isfinite(value)]).max(initial=0))
            np.testing.assert_allclose(value, named[called], rtol=0, atol=1e-10 * size, err_msg=called)


@pytest.mark.parametrize("name", [name for name, settings in MODEL_CASES.items()
                                  if model_equations(configuration(settings))])
def test_the_equations_of_a_model_are_those_of_the_case(name):
    case = golden.case(name)
    assert has_equations(case)
    model = Model(case)
    equal(model.forward({})[0], case, FORWARD)
    right_along_directions(model, case)


@pytest.mark.parametrize("orthogonal", ["candidate", "candidate+reset"])
def test_the_equations_of_an_orthogonal_memory_that_is_written_again(orthogonal):
    """There is no golden case of it."""
    settings = {"memory": "ncgru", "memory_gradient": "writer", "orthogonal": orthogonal, "segments": (3, 2)}
    case = model_case("orthogonal-writer", settings)
    model = Model(case)
    equal(model.forward({})[0], case, FORWARD)
    right_along_directions(model, case)


@pytest.mark.parametrize("settings", [{"model": "recurrent", "cell": "gru", "hidden": 7},
                                      {"model": "recurrent", "cell": "gru", "tied": False, "div_value": 2.0}])
def test_the_equations_of_an_adaptive_output(settings):
    """Of a model without attention, and of one whose output is not tied"""
    case = model_case("adaptive", settings | {"output": "adaptive", "cutoffs": "3,6", "segments": (3, 2)})
    model = Model(case)
    equal(model.forward({})[0], case, FORWARD)
    right_along_directions(model, case)


def test_a_gradient_entry_by_entry():
    case = golden.case("attention")
    own = OwnGradients(Operation(case), {})
    for name in ("d_q", "d_scores"):
        np.testing.assert_allclose(own.whole(name, case[name].value.shape), case[name].value, rtol=0, atol=1e-12)
    assert own.whole("d_q", (100, 100)) is None
