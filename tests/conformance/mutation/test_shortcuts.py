"""A mutant that is cut short has the numbers of one that is run in full"""

from fractions import Fraction

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.mutation.complex_step import OwnGradients, PortGradient
from minicrt.conformance.mutation.gradients import scaled
from minicrt.conformance.mutation.last_steps import last_steps
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants
from minicrt.conformance.mutation.running import Operation

SCANS = ["gru", "ncgru", "lstm", "mingru", "lru"]


def same(one, other):
    return (one is None) == (other is None) and (one is None or one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=True) for name in one))


@pytest.mark.parametrize("name", SCANS)
def test_a_backward_pass_that_passes_over_loops(name):
    case = golden.case(name)
    mutants = Mutants(case)
    right = mutants.by_hand(mutants.right, {})
    for edit in mutants.backward[::41]:
        fresh = Mutants(case)
        in_full, short = fresh.by_hand(mutants.right, edit.changes), mutants.by_hand(mutants.right, edit.changes)
        assert same(in_full, short), edit.words
        if short is not None and all(np.isfinite(value).all() for value in short.values()):
            gradients = mutants.operation.gradient_names
            own = {gradient: (short[gradient], 1e-12) for gradient in gradients}
            assert mutants.by_hand(mutants.right, edit.changes, None, own) is not None, edit.words
            rows = {"d_x": (right["d_x"], 1e-12)}
            passed = mutants.by_hand(mutants.right, edit.changes, None, rows) is not None
            assert passed or np.abs(short["d_x"] - right["d_x"]).max() > 1e-12, edit.words


@pytest.mark.parametrize("name", SCANS)
def test_some_loops_are_passed_over_and_some_first_steps_told(name):
    mutants = Mutants(golden.case(name))
    mutants.by_hand(mutants.right, {})
    known = mutants.operation.known[mutants.operation.backward_program.root]
    assert known.remembered.kept
    if name in ("gru", "ncgru", "lstm"):                     # those of the others are computed of all steps at once
        assert any("d_x" in rows for rows in known.first_steps.rows.values())


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_a_forward_pass_that_passes_over_loops(name):
    mutants = Mutants(golden.case(name))
    assert mutants.right
    for edit in [edit for edit in mutants.forward if not edit.detached][::97]:
        short, fresh = mutants.run_forward(edit.changes), Operation(golden.case(name))
        in_full = Mutants.run_forward(type("Fresh", (), {"operation": fresh})(), edit.changes)
        assert same(short and short[0], in_full and in_full[0]), edit.words


def test_a_model_that_remembers_what_functions_gave():
    case = golden.case("crt-T1")
    mutants = Mutants(case)
    assert mutants.right and mutants.operation.memory.results
    for edit in [edit for edit in mutants.forward if not edit.detached][::211]:
        short, fresh = mutants.run_forward(edit.changes), Model(case)
        fresh.memory.recording = False
        in_full = Mutants.run_forward(type("Fresh", (), {"operation": fresh})(), edit.changes)
        assert same(short and short[0], in_full and in_full[0]), edit.words


@pytest.mark.parametrize("name", ["gru", "gru-long"])
def test_a_first_run_with_changes_is_cut_short_too(name):
    """The backward pass is known from a right run, also where nobody asked for one before."""
    mutants = Mutants(golden.case(name))
    edit = next(edit for edit in mutants.backward if "d_state" in edit.targets)
    mutants.by_hand(mutants.right, edit.changes)
    assert mutants.operation.known[mutants.operation.backward_program.root].first_steps.rows


@pytest.mark.parametrize("name", ["gru", "lstm", "lru"])
def test_the_last_steps_tell_how_much_of_a_gradient_is_left(name):
    """The factor that they give is the one with which the port's gradient of x was made, or they do not tell."""
    case = golden.case(name)
    mutants, told = Mutants(case), 0
    operation, d_x = mutants.operation, case["d_x"].value
    for edit in [edit for edit in mutants.forward if edit.detached and not list_of(edit)][::5]:
        for factor in (Fraction(0), Fraction(2), Fraction(-1, 2)):
            port = OwnGradients(operation, edit.changes if not factor else scaled(edit, factor).changes)
            row = PortGradient("d_x", port.whole("d_x", d_x.shape), 1.0, 1e-10)
            found = last_steps(operation, [row]).factor(edit.changes)
            changed = np.abs(row.value[:, -1] - d_x[:, -1]).max() > 1e-4
            assert found == factor or not changed and found in (None, 1), edit.words
            told += found == factor
    assert told > 10


def list_of(edit):
    """Whether it puts in statements"""
    return any(isinstance(new, list) for new in edit.changes.values())
