"""A port of a whole model with a mistake: what it consists of, and how two of them go together"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from minicrt import ops
from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.operations import Faulty
from minicrt.errors import MinicrtError

Array = np.ndarray


@dataclass(frozen=True)
class Defect:
    """A mistake of a faulty operation, in the part of the model in whose places' names `part` occurs."""

    faulty: Faulty
    name: str
    part: str = ""


@dataclass(frozen=True)
class ModelMistake:
    """`name` is unique among a configuration's variants; `sentence` says what the port seems to have done.

    where        "backward" for a mistake that leaves the forward pass as it is
    settings     other values of the model's configuration
    models       subclasses of the model, in which methods differ
    passes       subclasses of `Pass`, in which segments follow each other in another way
    substitutes  operations that differ at certain places
    defects      mistakes of operations
    """

    name: str
    sentence: str
    where: Literal["forward", "backward"] = "forward"
    settings: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[type, ...] = ()
    passes: tuple[type[Pass], ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    defects: tuple[Defect, ...] = ()

    def computed(self, configuration: Mapping[str, Any], given: Mapping[str, Array]) -> dict[str, Array]:
        """What a port with this mistake computes in a case: its tensors by name and in order.

        Two mistakes may contradict each other, such as two layouts of the rows: then nothing is computed.
        """
        try:
            return self.pass_of(configuration, given).run()
        except MinicrtError:
            return {}

    def pass_of(self, configuration: Mapping[str, Any], given: Mapping[str, Array]) -> Pass:
        """The port's way through the case, not yet gone."""
        substitutes = (*substituted(self.defects), *self.substitutes)
        made: type[Pass] = type("Pass", (*self.passes, Pass), {})
        return made({**configuration, **self.settings}, given, ops, substitutes, self.models)

    def combined(self, other: "ModelMistake") -> "ModelMistake":
        """Both mistakes in one port; where both give one setting a value, the other's."""
        return ModelMistake(
            f"{self.name} + {other.name}", f"{self.sentence} {other.sentence}",
            "forward" if "forward" in (self.where, other.where) else "backward", {**self.settings, **other.settings},
            joined(self.models, other.models), joined(self.passes, other.passes),
            joined(self.substitutes, other.substitutes), joined(self.defects, other.defects))


def of_all(made: object, kind: type, attribute: str) -> tuple[Any, ...]:
    """What each of the mistakes of this kind that a port is mixed of has in an attribute; one hides the others'."""
    return tuple(vars(cls)[attribute] for cls in type(made).__mro__ if issubclass(cls, kind) and attribute in vars(cls))


def joined(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*first, *(item for item in second if item not in first))


def substituted(defects: tuple[Defect, ...]) -> list[Substitute]:
    """For every faulty operation and part a pair of passes with all its defects there; the parts after the whole."""
    found = []
    for part in sorted({defect.part for defect in defects}):
        for faulty in {id(defect.faulty): defect.faulty for defect in defects if defect.part == part}.values():
            names = (defect.name for defect in defects if defect.faulty is faulty and defect.part in ("", part))
            found.append(_in_place_of(faulty, frozenset(names), part))
    return found


def _in_place_of(faulty: Faulty, names: frozenset[str], part: str) -> Substitute:
    pair = faulty.operation_with(names)
    return Substitute(faulty.operation, lambda forward, backward: pair, lambda place: part in place)
