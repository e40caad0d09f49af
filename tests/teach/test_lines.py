"""The line of a student's own function on which a small change makes it right"""

from types import SimpleNamespace

import numpy as np
import pytest

from minicrt import teach
from minicrt.conformance.mutation import functions
from minicrt.teach.diagnosing.changed import Changeable, alike
from minicrt.teach.diagnosing.kinds import kind_of_edit
from minicrt.teach.diagnosing.repair import is_harmless
from minicrt.teach.diagnosing.spelling import JOINS, NAMES, REDUCTIONS


def in_one_expression(d_y, x, W, b):
    rows = [np.outer(one, other) for one, other in zip(x, d_y)]
    d_x = np.stack([W @ g for g in d_y])
    return d_x, sum(rows), np.array([column.mean() ** 2 for column in d_y.T])


def slope_lost(g, h, u, r, z, n, c):
    D = h.shape[1]
    paths = [g * z]
    a_n = g * (1 - z) * (1 - n) ** 2
    for k, a in enumerate([a_n * c * r * (1 - r), g * (h - n) * z * (1 - z), a_n * r]):
        paths.append(a @ u[:, k * D:(k + 1) * D].T)
    return sum(paths)


def overwritten(d_y, x, W, b):
    d_W, d_b = np.zeros_like(W), np.zeros_like(b)
    for row, g in zip(x, d_y):
        d_W += np.outer(row, g)
        d_b = g
    return d_y @ W.T, d_W, d_b


def shadowing(d_y, x, W, b):
    total = d_y.sum(0)                                       # the name of one of the equations' functions
    return d_y @ W.T, x.T @ d_y, 1 - total


@pytest.mark.parametrize("name, function, kind, words", [
    ("gru_step_backward", slope_lost, "order", "On line 4, `a_n = g * (1 - z) * (1 - n) ** 2`, something"),
    ("linear_backward", overwritten, "loop", "On line 5, `d_b = g`, of a sum over a loop only the last turn is left"),
    ("linear_backward", shadowing, "complement", "or at line 3, `return d_y @ W.T, x.T @ d_y, 1 - total`.")])
def test_the_line_is_told(name, function, kind, words):
    grade = teach.grade(name, function)
    assert grade.names == kind and words in repr(grade), grade


def test_what_is_made_and_not_used_is_called_so():
    """A repair that writes a new array over an old one means that the old one was read where the new one belongs."""
    edit = SimpleNamespace(words="x * r were written over x, and whatever reads x later saw that")
    assert "not used further down, where what it is made of still stands" in kind_of_edit(edit).clause


def test_what_no_small_change_makes_right_has_no_line():
    grade = teach.grade("linear_backward", in_one_expression)
    assert not grade and "line" not in repr(grade)


def test_what_may_not_end_or_does_more_than_compute_is_left_alone():
    def waits(x):
        while x:
            x -= 1

    def reads(x):
        return input(x)

    def fails(x):
        with pytest.raises(ValueError):
            return x

    assert is_harmless(slope_lost) and not is_harmless(waits) and not is_harmless(reads) and not is_harmless(fails)


def test_numpys_spelling_means_the_same():
    source = """def f(x, y):
    a = np.concatenate([x, y]) * np.exp(x.mean()) + np.where(x.sum(0) > 0, 1, 2)
    b = np.stack([x, y]) + np.concatenate([x, y], axis=-1).sum(-1, keepdims=True)
    total, mean = np.stack([x, y], axis=1), x.swapaxes(-1, -2)
    return a, b, total.sum((0, 1)), mean ** 2, np.split(y, 2, axis=-1)[1], list(map(np.tanh, x))
"""
    scope = {"np": np}
    exec(source, scope)
    x, y = np.random.default_rng(0).standard_normal((2, 4, 4))
    found = Changeable("f", source, {"np": np}, {"x": x, "y": y})
    assert alike(found.values(found.arguments), tuple(map(np.asarray, scope["f"](x, y))))
    assert "total(x, None)" not in found.source and "total_" in found.source and "blocks(y, 2)" in found.source
    assert {*NAMES.values(), *REDUCTIONS.values(), *JOINS.values(), "where", "blocks"} <= vars(functions).keys()
