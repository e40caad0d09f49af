"""A small change of what a scan reads: the memory's rows stand in front of the tokens, and it starts behind them"""

from collections.abc import Iterator

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import expression, is_call


def memory_in_front(line: Line) -> Iterator[Edit]:
    """The positions' network has read the memory when it comes to the first token."""
    memory = line.function.scope.get("m")
    for node in line.expressions():
        if is_call(node, ("positioned",)) and getattr(memory, "ndim", 0) == 3 and (
                line.function.scope.get("positions") == "recurrent"):
            new = expression("gru_cell(w, 'positions.', m, p_0, gru)[:, -1]")
            yield line.edit(node.args[2], new, "the positions' network read the memory m in front of the tokens, in {}",
                            1, about=node)
