"""Numbered trees do not know of each other, though Python has one `Load`, and one of each operator, for all of them"""

import ast

from minicrt.conformance.mutation.tree import Tree, number_of


def tree(source):
    return Tree(ast.parse(source).body[0], 0)


def test_a_tree_that_is_made_later_changes_no_places_of_an_earlier_one():
    first = tree("def f(x, y):\n    p = x / y.sum(-1)\n    return -p if p > 0 and y > 0 else p + x")
    tree("def f(a):\n    return a")
    tree("def g(a, b, c):\n    return -a[b] / c + (a > b and b > c)")
    assert set(first.places) == set(first.numbers) - {number_of(first.definition)} == set(first.statement_of) - {0}
    for number, (owner, name) in first.places.items():
        here = getattr(owner, name)
        assert number in [number_of(node) for node in (here if isinstance(here, list) else [here])]
