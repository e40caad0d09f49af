"""Which edits may explain the wrong tensors among those handed in, and which of them probably do"""

import ast
from collections.abc import Iterable, Mapping

from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.source import descendants


class Likelihood:
    """Of edits of a program's root, by what comes of the names that they change.

    wrong, right   the names, as the equations have them, of what was handed in
    """

    def __init__(self, program: Program, wrong: Iterable[str], right: Iterable[str]) -> None:
        self.root, self.wrong, self.right = program.root, frozenset(wrong), frozenset(right)
        self.descendants: Mapping[str, frozenset[str]] = descendants(program.trees[program.root].definition)

    def sorted(self, edits: Iterable[Edit]) -> list[Edit]:
        """The possible ones, by effort, and of the same effort the likely ones first."""
        ranked = [(rank, edit) for edit in edits if (rank := self.rank(edit)) is not None]
        return [edit for _, edit in sorted(ranked, key=lambda pair: (pair[1].effort + 2 * pair[0], pair[0]))]

    def touches_others(self, edit: Edit) -> int | None:
        """Of an edit that detaches something: 1 if it changes other gradients than those that are wrong; None if it
        leaves one of those as it is"""
        if edit.function != self.root:
            return 0
        whole = any(isinstance(new, list) for new in edit.changes.values())            # what a scan carries is lost
        names = edit.targets if whole else {node.id for new in edit.changes.values() for node in ast.walk(new)
                                            if isinstance(node, ast.Name)}
        above = {name for name, below in self.descendants.items() if below & names}
        return int(bool(self.right & above)) if self.wrong <= above else None

    def rank(self, edit: Edit) -> int | None:
        """0: exactly what is wrong comes of it; 1: also what is right, where it may happen to make no difference; None:
        it changes what is right at once, or cannot change all that is wrong."""
        if edit.function != self.root or edit.detached:
            return 0
        if edit.targets & self.right and not edit.targets & self.wrong:
            return None
        reached = frozenset().union(*(self.descendants.get(name, frozenset()) for name in edit.targets))
        if not self.wrong <= reached:
            return None
        return int(bool(reached & self.right))
