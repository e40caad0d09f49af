"""The table of text and the JSON"""

import json

import numpy as np

from minicrt.conformance.checking import CheckReport, compare
from minicrt.conformance.checking.report import as_json, text
from minicrt.conformance.golden.tensors import GoldenCase, Tensor
from tests.conformance.checking.hand_made import affine_case, computed


def report(**changes):
    case = affine_case()
    return CheckReport(compare(case, computed(case) | changes))


def test_the_table_has_the_wrong_tensors_alone_unless_all_are_asked_for():
    case = affine_case()
    wrong = report(d_w=-case["d_w"].value)
    brief, full = text(wrong), text(wrong, verbose=True)
    assert brief.splitlines()[0] == "affine: WRONG, 1 tensor wrong, 5 right"
    assert [name for name in ("a", "y", "d_w") if f"  {name} " in brief] == ["d_w"]
    assert [name for name in ("a", "y", "d_w") if f"  {name} " in full] == ["a", "y", "d_w"]
    assert sum(line.strip().startswith("->") for line in full.splitlines()) == 1


def test_a_long_table_ends_but_has_the_first_tensor_of_each_pass():
    names = [f"segment{n}/z" for n in range(30)] + [f"d_segment{n}/z" for n in range(30)]
    case = GoldenCase("m", "model", "m", tuple(
        Tensor(name, "backward" if name.startswith("d_") else "intermediate", np.ones(2)) for name in names))
    long = CheckReport(compare(case, {name: np.array([1.0, 7.0]) for name in names}))
    brief, full = text(long), text(long, verbose=True)
    assert [brief.count(f"->  {name} ") for name in ("segment0/z", "d_segment0/z")] == [1, 1]
    assert "and 39 more that are wrong" in brief
    assert full.count(" WRONG") == 61
    assert "more that are wrong" not in full


def test_columns_are_aligned_and_a_problem_stands_below_its_tensor():
    lines = text(report(y=np.zeros(3), d_b=np.ones(6)), verbose=True).splitlines()
    head = next(line for line in lines if line.strip().startswith("tensor"))
    column = head.index("verdict")
    rows = [line for line in lines if line.endswith(("ok", "WRONG"))]
    assert len(rows) == 6
    assert all(line[column:] in ("ok", "WRONG") for line in rows)
    assert "its shape is (3,), expected (2, 3, 6)" in lines[lines.index(next(r for r in rows if " y " in r)) + 1]


def test_the_same_thing_is_not_said_twice():
    case = affine_case()
    told = text(report(x=2 * case["x"].value))
    assert told.lower().count("they worked on other inputs") == 1


def test_json_has_the_same_keys_whatever_happens_and_no_number_that_json_lacks():
    case = affine_case()
    found = [as_json(report()), as_json(report(d_w=-case["d_w"].value, unheard_of=np.ones(2))),
             as_json(report(y=np.full((2, 3, 6), np.nan), d_x=np.zeros(2))), as_json(CheckReport(compare(case, {})))]
    keys = [set(entry) for entry in found]
    assert all(entry == keys[0] for entry in keys)
    for entry in found:
        assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    assert [entry["ok"] for entry in found] == [True, False, False, False]
    assert found[1]["first_backward"] == "d_w"
    assert found[1]["unknown"] == ["unheard_of"]
    assert found[2]["first_forward"] == "y"
    assert found[3]["tensors"] == {"expected": 6, "compared": 0, "wrong": 0}
