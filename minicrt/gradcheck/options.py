"""How a check is made: method, tolerance and how much is looked at, refused where a check would say nothing"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, cast

import numpy as np

from minicrt.arguments import shown
from minicrt.gradcheck.derivative import TOLERANCE, Method
from minicrt.gradcheck.report import GradientError

MOST_DIRECTIONS = 1_000_000                                  # along which nobody waits for the derivative


@dataclass(frozen=True)
class Options:
    """The arguments of `check` that are no functions and no inputs. Raises GradientError, one line."""

    method: Method
    tolerance: float
    step: float | None
    elements: int | None
    directions: int | None
    scale: Mapping[str, float]

    @classmethod
    def checked(cls, rng: Any, method: Any, tolerance: Any, step: Any = None, elements: Any = None,
                directions: Any = None, scale: Any = None, slack: float = 1) -> "Options":
        """`slack` multiplies the method's own tolerance where none is given."""
        if not isinstance(rng, np.random.Generator):
            raise GradientError(f"rng is of type {type(rng).__name__}, expected np.random.default_rng(0) or another "
                                "generator of its kind")
        if not isinstance(method, str) or method not in TOLERANCE:
            raise GradientError(f"the method is {shown(method)}, expected 'complex' or 'central'")
        for name, value in (("tolerance", tolerance), ("step", step)):
            if value is not None and not (_is_number(value) and 0 < value < math.inf):
                raise GradientError(f"{name} is {shown(value)}, expected a positive number")
        for name, value in (("elements", elements), ("directions", directions)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
                raise GradientError(f"{name} is {shown(value)}, expected an integer of at least 1, or None")
        if directions is not None and directions > MOST_DIRECTIONS:
            raise GradientError(f"directions is {shown(directions)}, expected no more than {MOST_DIRECTIONS:,}")
        if elements is not None and directions is not None:
            raise GradientError("both elements and directions are given, expected one of them")
        if scale is not None and not isinstance(scale, Mapping):
            raise GradientError(f"scale is of type {type(scale).__name__}, expected a mapping: {{'x': 1.0}}")
        for name, value in (scale or {}).items():
            if not (_is_number(value) and 0 <= value < math.inf):
                raise GradientError(f"the scale of {name} is {shown(value)}, expected a finite number, 0 or more")
        limit = slack * TOLERANCE[method] if tolerance is None else float(tolerance)
        h = None if step is None else float(step)            # which may have been a fraction
        return cls(cast(Method, method), limit, h, elements, directions, dict(scale or {}))

    def check_scale(self, names: Iterable[str]) -> None:
        """Raise GradientError if `scale` names what is not checked."""
        known = list(names)
        for name in self.scale:
            if name not in known:
                raise GradientError(f"scale names {name!r}, which is not checked, expected one of {', '.join(known)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
