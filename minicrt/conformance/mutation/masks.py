"""Small changes of a mask: a query sees one key more, or one less, or a little of those that it is not to see"""

import ast
from collections.abc import Iterator

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import binary, call, is_call, number

WEAK = (-1.0, -2.0, -3.0, -5.0, -8.0, -10.0, -15.0)         # stand for −∞, and are not small enough
WHERE = {"keys_more": "", "cached_keys_more": " where there are more keys than queries, and so a memory or a cache"}


def masks(line: Line) -> Iterator[Edit]:
    """Everywhere, or only where keys from before stand in front of the queries' own"""
    yield from leaks(line)
    for node in line.expressions():
        value = line.function.array(node)
        if value is None or value.dtype.kind != "b" or value.ndim != 2 or value.shape[1] < 2:
            continue
        for name, where in WHERE.items() if value.shape[0] != value.shape[1] else [("keys_more", "")]:
            for by, words in ((1, "one key more (the next one)"), (-1, "one key less (its last one is hidden)")):
                yield line.edit(node, call(name, node, number(by)),
                                f"in {{}} each query saw {words}{where}: the diagonal is off by one", 1)


def leaks(line: Line) -> Iterator[Edit]:
    """Scores that are to be hidden are a finite number, or lowered by one, so that something of them is seen"""
    for node in line.expressions():
        if is_call(node, ("where",)) and isinstance(node.args[2], ast.Name) and node.args[2].id == "HIDDEN":
            _, scores, hidden = node.args
            for low in WEAK:
                words = f"what {{}} hides were {low:g}, which is not -∞"
                yield line.edit(hidden, number(low), words, 1, about=node)
                words = f"{low:g} were added to what {{}} hides, which is not -∞"
                yield line.edit(hidden, binary(scores, ast.Add(), number(low)), words, 1, about=node)
