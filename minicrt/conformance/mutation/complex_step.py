"""The gradients of a changed forward pass without a backward pass: the complex step along directions

J = Σ G_y ⊙ y is computed from each input and each named value x on the way without a step or a kink nearby, so along
any direction v

    <∂J/∂x, v> = Im J(x + i h v)/h

to the last digits, since h = 1e-30 leaves the real part as it is. A port's gradient G is ∂J/∂x if <G, v> is that along
random directions. All of its gradients are asked about in one run: each has a direction of its own, and the sum of
their parts is the slope of J as everything moves at once. Entry by entry, what G should be is told as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any, Protocol

import numpy as np

from minicrt.conformance.mutation.steps import CANNOT_BE, Unexpected
from minicrt.conformance.mutation.tree import Changes

Array = np.ndarray
Directions = Mapping[str, Array]
STEP = 1e-30
ASKED = 2           # along so many directions do gradients have to be right
DEVIATIONS = 6      # an error of random signs is hardly ever more than so many times its root of squares
MOST = 64           # numerator and denominator of a factor are no larger
ROUNDING = 1e-13    # of a gradient's size: what a slope is exact to


class Sloped(Protocol):
    """An operation or a model of the equations."""

    entries: int

    def slope(self, changes: Changes, directions: Directions) -> float: ...


@dataclass(frozen=True)
class PortGradient:
    """A gradient that a port handed in.

    size      its natural size, or that of its largest entry
    allowed   how far an entry may be off; negative where nothing that is computed can be this, infinite where it is
              right and not computed
    """

    name: str
    value: Array
    size: float
    allowed: float

    def direction(self, number: int) -> Array:
        """A random one, so long that gradients of every size and shape weigh the same."""
        return self.along[number][0]

    def product(self, number: int) -> float:
        """With its direction"""
        return self.along[number][1]

    @cached_property
    def along(self) -> tuple[tuple[Array, float], ...]:
        """The directions and the products with them: asked for by every mutant, and so drawn once"""
        length = self.size * np.sqrt(max(self.value.size, 1))
        directions = [drawn(self.name, self.value.shape, number) / length for number in range(ASKED)]
        return tuple((v, float((self.value * v).sum())) for v in directions)


class OwnGradients:
    """Those of a forward pass with changes: what a port has whose backward pass is right for its forward pass."""

    def __init__(self, operation: Sloped, changes: Changes) -> None:
        self.operation, self.changes, self.known = operation, changes, dict[tuple[str, ...], float]()

    def slope(self, directions: Directions) -> float:
        """Of J as what each gradient belongs to moves along its direction; NaN where it cannot"""
        try:
            with np.errstate(all="ignore"):
                return self.operation.slope(self.changes, directions)
        except (*CANNOT_BE, Unexpected):
            return np.nan

    def agree(self, rows: Sequence[PortGradient]) -> bool:
        """Whether all of these are the gradients; where the forward pass gives NaN, so does the way back"""
        if any(row.allowed < 0 for row in rows):
            return False
        rows = [row for row in rows if row.allowed < inf]
        allowed = DEVIATIONS * np.sqrt(sum((row.allowed / row.size) ** 2 for row in rows))
        for number in range(ASKED if rows else 0):
            directions, theirs = asked(rows, number)
            slope = self.first(directions, number)
            if not abs(slope - theirs) <= allowed and not (np.isnan(slope) and np.isnan(theirs)):
                return False
        return True

    def factor(self, rows: Sequence[PortGradient], right: "OwnGradients") -> Fraction | None:
        """With which a part that is detached here seems to be multiplied on the way back, once and not in every step of
        a scan, the rest being right; None where no simple factor gives what the port has along the first direction"""
        if any(row.allowed < 0 for row in rows):
            return None
        directions, theirs = asked([row for row in rows if row.allowed < inf], 0)
        without, whole = self.first(directions), right.first(directions)
        if not abs(whole - without) > 1e-6 * abs(whole):
            return None
        found = (theirs - without) / (whole - without)
        near = Fraction(found).limit_denominator(MOST) if abs(found) < MOST else Fraction(0)
        return near if near and near != 1 and abs(found - near) <= 1e-7 else None

    def first(self, directions: Directions, number: int = 0) -> float:
        """The slope along the first directions of these names, or others of a `number`, which are asked about again"""
        key = (*directions, str(number))
        if key not in self.known:
            self.known[key] = self.slope(directions)
        return self.known[key]

    def agreeing(self, rows: Sequence[PortGradient], wanted: int) -> int:
        """How many of the first rows agree, up to one that does not; 0 if fewer than are wanted do"""
        if not self.agree(rows[:wanted]):
            return 0
        if self.agree(rows):
            return len(rows)
        low, high = wanted, len(rows)                        # so many agree, so many do not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.agree(rows[:middle]) else (low, middle)
        return low

    def whole(self, name: str, shape: tuple[int, ...]) -> Array | None:
        """A gradient, entry by entry; None of one that has too many"""
        if np.prod(shape) > self.operation.entries:
            return None
        ones = np.eye(int(np.prod(shape))).reshape(-1, *shape)
        return np.array([self.slope({name: one}) for one in ones]).reshape(shape)


def asked(rows: Sequence[PortGradient], number: int) -> tuple[Directions, float]:
    """A direction for each of a port's gradients, and the sum of the products with them"""
    directions = {row.name: row.direction(number) for row in rows}
    return directions, sum(row.product(number) for row in rows)


def drawn(name: str, shape: tuple[int, ...], number: int) -> Array:
    """Numbers of size one and of either sign, no two of which cancel"""
    rng = np.random.default_rng([number, *name.encode()])
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.5, shape)


def moved(x: Any, v: Array) -> Any:
    """x + i h v"""
    if np.shape(x) != np.shape(v):
        raise Unexpected
    return x + 1j * STEP * v
