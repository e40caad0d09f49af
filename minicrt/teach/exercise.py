"""What an exercise is made of: a solution, inputs for it, questions and hints; and a prediction made on paper"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer that teachers have seen before.

    changes  what stands in the solution → what stands there in the wrong answer; every occurrence is replaced
    says     what the mistake is, a clause: "nothing comes back from step t + 1". It holds no equation
    asks     the question that leads to it
    """

    changes: Mapping[str, str]
    says: str
    asks: str = ""


@dataclass(frozen=True, eq=False)
class Written:
    """What the student writes: a function with a name, a solution, and inputs to try it on"""

    name: str
    solution: Callable[..., Any]
    inputs: Callable[..., Mapping[str, Any] | Sequence[Any]]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.solution).parameters)


@dataclass(frozen=True, eq=False)
class Exercise(Written):
    """A function for the student to write.

    name       what the student types, as a rule the solution's own name
    solution   a function in minicrt/teach/solutions. One equation a line, loops over one name, no comprehensions: then
               each small change of a line is a wrong answer that is recognised
    inputs     inputs(rng) makes the arguments, by name or in the solution's order, of sizes that are random, unequal
               and 2 or more (`unequal`). If it takes `width`, it can be asked for width 1; if it takes `scale`, for
               small values. Names that the solution does not take are the operation's
    outputs    what is returned, by name, in order
    hints      from a nudge to the line
    questions  by what is wrong, what to ask. A key is a fragment of the solution, asked where the student's numbers are
               those of a solution with that fragment changed; or a kind: sign, term, factor, transposed, time, mean,
               axis, width (right for width 1 alone), small (right for small values alone), shape; or the name of an
               output; or "" for whatever is not told
    mistakes   wrong answers known beforehand; they come first
    operation  of minicrt.ops, whose catalogue of mistakes fits: the inputs hold all of its arguments and `upstream`
    tolerance  the largest error that is right, relative to the largest entry of a tensor
    """

    outputs: Sequence[str]
    hints: Sequence[str] = ()
    questions: Mapping[str, str] = field(default_factory=dict)
    mistakes: Sequence[Mistake] = ()
    operation: str = ""
    tolerance: float = 1e-9

    def can(self, option: str) -> bool:
        """Whether the inputs can be asked for a `width` or a `scale`."""
        return option in inspect.signature(self.inputs).parameters

    def draw(self, rng: Rng, **options: Any) -> dict[str, Any]:
        """The arguments by name, and what else the operation needs."""
        made = self.inputs(rng, **options)
        return dict(made) if isinstance(made, Mapping) else dict(zip(self.parameters, made, strict=True))


@dataclass(frozen=True, eq=False)
class Answer:
    """Numbers that the student predicts on paper.

    name      of the chapter and the quantity: "04.h1"
    values    the numbers by name, in the order in which they are answered
    mistakes  wrong numbers that are known, each with what is wrong and the question that helps: {5.478: "…?"}; or,
              where only all of them together tell, {(8, 9): "…?"}
    hints     from a nudge to the calculation
    tolerance the largest relative error; paper has few digits
    """

    name: str
    values: Mapping[str, float]
    mistakes: Mapping[float | tuple[float, ...], str] = field(default_factory=dict)
    hints: Sequence[str] = ()
    tolerance: float = 2e-3


def unequal(rng: Rng, count: int, least: int = 2, most: int = 6) -> list[int]:
    """So many sizes, no two the same: what is transposed or summed over another axis then shows."""
    return [int(size) for size in rng.permutation(np.arange(least, max(most, least + count - 1) + 1))[:count]]
