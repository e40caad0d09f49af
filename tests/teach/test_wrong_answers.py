"""Every wrong answer is answered with the sentence that is expected, and gives nothing away"""

import ast

import pytest

from minicrt import teach
from minicrt.teach.registry import exercise_of
from tests.teach.wrong_answers import function_of, tables

CASES = [(table, *row) for table in tables() for row in table.WRONG]
RIGHT = [(table, name) for table in tables() for name in dict.fromkeys(row[0] for row in table.WRONG)]


@pytest.mark.parametrize("table, name, changes, kind, words", CASES, ids=[
    f"{name}: {' '.join(changes.values())}" for _, name, changes, _, _ in CASES])
def test_a_wrong_answer_is_named(table, name, changes, kind, words):
    grade = teach.grade(name, function_of(table, name, changes))
    assert not grade and grade.verdict in ("wrong", "wrong shape") and grade.names == kind, grade
    for part in [words] if isinstance(words, str) else words:
        assert part in repr(grade)
    for equation in equations(name):
        assert equation not in repr(grade)


def equations(name):
    """The right sides of a solution's lines that are more than a name or a call of one."""
    for node in ast.walk(ast.parse(teach.source(name))):
        if isinstance(node, ast.Assign | ast.Return) and node.value and len(text := ast.unparse(node.value)) > 12:
            yield text


@pytest.mark.parametrize("seeds", [range(10), pytest.param(range(10, 40), marks=pytest.mark.exhaustive)], ids=str)
@pytest.mark.parametrize("table, name", RIGHT)
def test_the_students_way_of_writing_it_is_right(table, name, seeds):
    function = function_of(table, name)
    for seed in seeds:                                       # five draws each
        assert teach.grade(name, function, seed), seed


@pytest.mark.parametrize("name", sorted({row[1] for row in CASES}))
def test_an_exercise_has_three_wrong_answers_and_most_are_named(name):
    kinds = [kind for _, exercise, _, kind, _ in CASES if exercise == name]
    assert len(kinds) >= 3 and sum(map(bool, kinds)) >= 0.85 * len(kinds)


def test_what_is_named_is_so_for_other_arguments_too():
    """A change of the solution that gives the numbers of one draw by chance is not told."""
    def chance(d_y, x, W, b):
        d_x, d_W, d_b = exercise_of("linear_backward").solution(d_y, x, W, b)
        return d_x, d_W if len(x) == 3 else 2 * d_W, d_b

    assert not teach.grade("linear_backward", chance)
