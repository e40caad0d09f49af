"""The known mistakes of what a golden case is about, and what a port that makes some of them would compute"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Literal, Protocol

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import MinicrtError

Array = np.ndarray
Names = tuple[str, ...]
Expected = Callable[[str, Array], bool]
CANNOT_BE = (MinicrtError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Known:
    """A known mistake; a mistake in the forward pass has a backward pass that is right for that wrong forward."""

    name: str
    sentence: str
    where: Literal["forward", "backward"] | None = None


class Catalogue(Protocol):
    """Known mistakes, and the tensors of a case computed with one or two of them.

    A trace may end with the first tensor that is not `expected`. It is empty where a port cannot have these mistakes.
    """

    def known(self) -> tuple[Known, ...]: ...

    def trace(self, names: Names, expected: Expected | None = None) -> Mapping[str, Array]: ...


class OperationCatalogue:
    """The mistakes of an operation, in its faulty twin."""

    def __init__(self, case: GoldenCase) -> None:
        from minicrt.conformance.mistakes.operations import faulty_operation

        absent = dict.fromkeys(("bias", "mask"))             # what an operation may do without
        self.inputs: dict[str, Any] = {**absent, **case.configuration,
                                       **{t.name: t.value for t in case.tensors if t.given and t.role != "upstream"}}
        self.upstream = next(t.value for t in case.tensors if t.role == "upstream")
        self.faulty, self.tapes = faulty_operation(case.subject, self.inputs), dict[frozenset[str], Any]()

    def known(self) -> tuple[Known, ...]:
        return tuple(Known(name, m.sentence, m.where) for name, m in self.faulty.mistakes.items())

    def trace(self, names: Names, expected: Expected | None = None) -> Mapping[str, Array]:
        with np.errstate(all="ignore"):                      # a mistake may well divide by zero
            return self.faulty.trace(self.inputs, self.upstream, frozenset(names), expected, self.tapes)


class ModelCatalogue:
    """The mistakes of a whole model, those of its operations among them."""

    def __init__(self, case: GoldenCase) -> None:
        self.case, self.given = case, case.given()

    @cached_property
    def variants(self) -> dict[str, Any]:
        from minicrt.conformance.mistakes.models import model_mistakes_of

        return {variant.name: variant for variant in model_mistakes_of(self.case.configuration)}

    def known(self) -> tuple[Known, ...]:
        return tuple(Known(name, variant.sentence, variant.where)
                     for name, variant in self.variants.items())

    def trace(self, names: Names, expected: Expected | None = None) -> Mapping[str, Array]:
        from minicrt.conformance.checking.watching import computed_while

        variant = reduce(lambda one, other: one.combined(other), (self.variants[name] for name in names))
        try:
            with np.errstate(all="ignore"):
                return computed_while(variant, self.case.configuration, self.given, expected or (lambda *_: True))
        except CANNOT_BE:                                    # shapes that do not go together, or two that exclude each
            return {}                                        # other: no port has that


class OptimizerCatalogue:
    """The mistakes of AdamW; it has no backward pass."""

    def __init__(self, case: GoldenCase) -> None:
        self.inputs: dict[str, Any] = {**case.configuration, **case.given()}

    def known(self) -> tuple[Known, ...]:
        from minicrt.conformance.mistakes.optimizers import SENTENCES

        return tuple(Known(name, sentence, "forward") for name, sentence in SENTENCES.items())

    def trace(self, names: Names, expected: Expected | None = None) -> Mapping[str, Array]:
        from minicrt.conformance.mistakes.optimizers import adamw

        with np.errstate(all="ignore"):
            return adamw(frozenset(names), **self.inputs)


class NoCatalogue:
    """Of a case that is about none of our operations and models."""

    def known(self) -> tuple[Known, ...]:
        return ()

    def trace(self, names: Names, expected: Expected | None = None) -> Mapping[str, Array]:
        return {}


def catalogue_of(case: GoldenCase) -> Catalogue:
    from minicrt.conformance.mistakes.operations import FAULTY
    from minicrt.models import MODELS
    from minicrt.models.video import VIDEO_MODELS

    if case.kind == "model":
        known = case.configuration.get("model") in MODELS | VIDEO_MODELS
        return ModelCatalogue(case) if known else NoCatalogue()
    if case.subject == "adamw":
        return OptimizerCatalogue(case)
    known = any(faulty.operation == case.subject for faulty in FAULTY)
    return OperationCatalogue(case) if known else NoCatalogue()
