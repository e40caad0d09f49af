"""Small changes of a complex state, stored as [real parts, imaginary parts], where it goes to the next segment"""

import ast
from collections.abc import Iterator

from minicrt.conformance.mutation.configured import CARRIED
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import call, is_unit

COMPLEX = {"lru", "s4d", "s4d_scan", "s4d_states"}        # the equations of what has such a state
WORDS = {"conjugated": "the imaginary parts of {} had the other sign", "halves_exchanged":
         "the imaginary parts of {} stood in front of the real ones"}


def complex_states(line: Line) -> Iterator[Edit]:
    """It is conjugated, or its halves are exchanged"""
    for node in line.expressions() if COMPLEX & line.function.program_functions else ():
        value = line.function.array(node) if is_unit(node) else None
        if value is not None and value.dtype.kind == "f" and value.ndim > 1 and value.shape[-1] % 2 == 0 and (
                ast.unparse(node).endswith("[:, -1]") or isinstance(node, ast.Name) and node.id in CARRIED):
            for name, words in WORDS.items():
                yield line.edit(node, call(name, node), words)
