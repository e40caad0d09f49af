"""Derivatives of a weighted output along a direction: the complex step, and central differences"""

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.errors import MinicrtError
from minicrt.gradcheck.report import GradientError

Array = np.ndarray
Method = Literal["complex", "central"]
TOLERANCE = {"complex": 1e-10, "central": 1e-7}
COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-3
EPSILON = float(np.finfo(np.float64).eps)
SINGLE = float(np.finfo(np.float32).eps)
HALVINGS = 40       # of a central difference's step, at most: 1e-3 becomes 1e-15


class Estimate(NamedTuple):
    """A derivative, how far rounding may have moved it, and the slopes on both sides where it does not exist."""

    value: float
    resolution: float = 0.0
    kink: tuple[float, float] | None = None


class Sides(NamedTuple):
    """What the outputs at x - h, x and x + h tell: (y(x + h) - y(x - h)) / 2h; the slope to the right less that to the
    left, h y'' where y is smooth; and the rounding of the first, estimated."""

    slope: float
    bend: float
    rounding: float


class Derivative:
    """The derivative of Σ d_y ⊙ y(inputs) along a direction, by the complex step or by central differences.

    `point` has an array or a float for each of `names`. `precision` is the eps of the type in which the outputs are
    computed. `terms` is Σ |d_y ⊙ y| at the point.
    """

    def __init__(self, outputs: Callable[[Mapping[str, Any]], list[Array]], point: Mapping[str, Any],
                 names: Sequence[str], d_y: Sequence[Array], method: Method, step: float | None = None):
        self.outputs, self.point, self.names, self.d_y, self.method = outputs, dict(point), list(names), d_y, method
        self.step = step or (COMPLEX_STEP if method == "complex" else CENTRAL_STEP)
        self.description = (f"complex step, h = {self.step:.0e}" if method == "complex"
                            else f"central difference with Richardson extrapolation, h = {self.step:.0e}")
        self.here = outputs(self.point)
        self.terms = self._size(self.here)
        self.precision = max([EPSILON, *(float(np.finfo(y.dtype).eps) for y in self.here if y.dtype.kind in "fc")])
        if method == "central" and self.precision == EPSILON and self._is_blind():
            self.precision = SINGLE

    def along(self, direction: Mapping[str, Array]) -> Estimate:
        """The derivative along `direction`, an array for each of some of the differentiated inputs."""
        if self.method == "complex":
            return self._complex(direction)
        h = self._first_step(direction, self.step)
        wide, narrow = self._sides(direction, h), self._sides(direction, h / 2)
        return Estimate((4 * narrow.slope - wide.slope) / 3, narrow.rounding)

    def settled(self, direction: Mapping[str, Array], wanted: float) -> Estimate:
        """The central difference with a step halved until it is exact to `wanted`, or to rounding.

        A step that crosses a kink shows: two extrapolations disagree, or the slopes on both sides do by more than a
        curvature explains, which halves with the step.
        """
        h = self._first_step(direction, self.step if self.method == "central" else CENTRAL_STEP)
        sides = self._sides(direction, h)
        value, noise, change, smooth, crossed = np.nan, np.inf, np.inf, False, False
        for _ in range(HALVINGS):
            h, wide, before, crossed = h / 2, sides, value, not smooth
            sides = self._sides(direction, h)
            value = (4 * sides.slope - wide.slope) / 3
            noise, change = 4 * sides.rounding, abs(value - before)
            smooth = abs(wide.bend - 2 * sides.bend) <= max(wanted, 2 * noise)
            if smooth and change <= max(wanted, noise):
                return Estimate(value, noise)
            if not noise <= 16 * wanted:
                break
        if not smooth and np.isfinite(sides.bend):
            return Estimate(value, noise, (sides.slope - sides.bend / 2, sides.slope + sides.bend / 2))
        return Estimate(value, noise if crossed else max(noise, change))

    def noise(self, direction: Mapping[str, Array]) -> float:
        """How much the result changes when the inputs change by a unit in the last place."""
        here, near = self.along(direction).value, copy.copy(self)
        changes = []
        for near.point in self._neighbours():
            changes.append(abs(near.along(direction).value - here))
        return max(changes)

    @cached_property
    def rounding(self) -> float:
        """The rounding of Σ d_y ⊙ y, estimated: that of its terms, or its change with the inputs' last places."""
        with np.errstate(invalid="ignore"):
            changes = [abs(sum(float((d * (a - b)).sum()) for d, a, b in zip(self.d_y, self.outputs(point), self.here)))
                       for point in self._neighbours()]
        return max(self.precision * self.terms, *(change for change in changes if np.isfinite(change)), 0.0)

    def _neighbours(self) -> Iterator[dict[str, Any]]:
        rng = np.random.default_rng(0)
        for _ in range(4):
            yield self.point | {name: _sum(self.point[name], EPSILON * self.point[name] * rng.choice(
                [-1.0, 1.0], np.shape(self.point[name]))) for name in self.names}

    @cached_property
    def size(self) -> float:
        """How large the loss's terms are, or its derivatives along random directions where those are larger."""
        rng = np.random.default_rng(0)
        signs = [{name: rng.choice([-1.0, 1.0], np.shape(self.point[name]))} for name in self.names]
        return max(self.terms, *(abs(self.along(direction).value) for direction in signs))

    def _complex(self, direction: Mapping[str, Array]) -> Estimate:
        moved = {**self.point, **{name: self.point[name].astype(np.complex128) for name in self.names
                                  if isinstance(self.point[name], np.ndarray)}}
        for name, v in direction.items():
            moved[name] = _sum(moved[name], 1j * self.step * v)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                parts = self.outputs(moved)
        except (TypeError, ValueError, NotImplementedError, RuntimeError, MinicrtError,
                np.exceptions.ComplexWarning) as error:
            reason = " ".join(str(error).split())
            raise GradientError(f"forward does not take complex input ({reason}); keep the inputs' dtype, in buffers "
                                "too (no astype(np.float32), no float(), np.exp for math.exp), or use "
                                "method='central'") from error
        if not any(np.iscomplexobj(part) for part in parts):
            raise GradientError("forward returned real numbers for complex input, so it drops the imaginary part "
                                "(np.abs, .real, astype(float) or a float buffer); use method='central'")
        terms = [d * part.imag / self.step for d, part in zip(self.d_y, parts)]
        single = max(float(np.finfo(part.dtype).eps) for part in parts if part.dtype.kind == "c")
        rounding = 0.0 if single <= EPSILON else 4 * single * sum(float(np.abs(term).sum()) for term in terms)
        return Estimate(sum(float(term.sum()) for term in terms), rounding)

    def _first_step(self, direction: Mapping[str, Array], step: float) -> float:
        length = np.sqrt(sum((v * v).sum() for v in direction.values()))         # 1 for a single entry
        return step * self._extent(direction) / float(length or 1)

    def _extent(self, direction: Mapping[str, Array]) -> float:
        """The largest input that is moved, 1 if they are smaller."""
        return max(float(np.abs(np.asarray(self.point[name])).max(initial=1, where=v != 0))
                   for name, v in direction.items())

    def _sides(self, direction: Mapping[str, Array], h: float) -> Sides:
        forth = self.outputs({**self.point, **{name: _sum(self.point[name], h * v) for name, v in direction.items()}})
        back = self.outputs({**self.point, **{name: _sum(self.point[name], -h * v) for name, v in direction.items()}})
        with np.errstate(invalid="ignore"):                  # inf - inf: the comparison reports what is not finite
            right, left = ([d * (a - b) for d, a, b in zip(self.d_y, above, below)]
                           for above, below in ((forth, self.here), (self.here, back)))
            slope = sum(float((r + s).sum()) for r, s in zip(right, left)) / (2 * h)
            bend = sum(float((r - s).sum()) for r, s in zip(right, left)) / h
        rounding = max(self.rounding, self.precision * (self._size(forth) + abs(slope) * self._extent(direction)))
        return Sides(slope, bend, rounding / h)

    def _size(self, outputs: Sequence[Array]) -> float:
        return sum(float(np.abs(d * y).sum()) for d, y in zip(self.d_y, outputs))

    def _is_blind(self) -> bool:
        """Whether outputs keep still that a change should show in: forward rounds to float32 on the way."""
        large, small = 1e-3, 1e-11                           # float32 tells numbers apart that differ by 1e-7
        before = _flat(self.here)
        with np.errstate(invalid="ignore"):                  # inf - inf is not visible
            far, near = (np.abs(_flat(self.outputs({**self.point, **self._rescaled(size)})) - before)
                         for size in (large, small))
        visible = far * small / large > 8 * EPSILON * np.abs(before)
        return bool(visible.any() and np.mean(near[visible] == 0) > 0.9)

    def _rescaled(self, size: float) -> dict[str, Any]:
        """The inputs, each entry changed by a part of itself, at most `size` of it."""
        parts = {name: np.cos(np.arange(np.size(self.point[name]))).reshape(np.shape(self.point[name]))
                 for name in self.names}
        return {name: _sum(self.point[name], size * part * self.point[name]) for name, part in parts.items()}


def _flat(outputs: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(y) for y in outputs])


def _sum(value: Any, change: Array) -> Any:
    """value + change, an array if `value` is one and has no axes."""
    return np.asarray(value + change) if isinstance(value, np.ndarray) else (value + change)[()]
