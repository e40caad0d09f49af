"""Small changes of a mask: a query sees one key more, or one less"""

from collections.abc import Iterator

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import call, number

WHERE = {"keys_more": "", "cached_keys_more": " where there are more keys than queries, and so a memory or a cache"}


def masks(line: Line) -> Iterator[Edit]:
    """Everywhere, or only where keys from before stand in front of the queries' own"""
    for node in line.expressions():
        value = line.function.array(node)
        if value is None or value.dtype.kind != "b" or value.ndim != 2 or value.shape[1] < 2:
            continue
        for name, where in WHERE.items() if value.shape[0] != value.shape[1] else [("keys_more", "")]:
            for by, words in ((1, "one key more (the next one)"), (-1, "one key less (its last one is hidden)")):
                yield line.edit(node, call(name, node, number(by)),
                                f"in {{}} each query saw {words}{where}: the diagonal is off by one", 1)
