"""Derivatives of a weighted output along a direction: the complex step, and central differences"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from minicrt.gradcheck.report import GradientError, TensorResult, compare

Array = np.ndarray
Method = Literal["complex", "central"]
TOLERANCE = {"complex": 1e-10, "central": 1e-7}
COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-3
EPSILON = float(np.finfo(np.float64).eps)


class Derivative:
    """The derivative of Σ d_y ⊙ y(inputs) along a direction, by the complex step or by central differences."""

    def __init__(self, outputs: Callable[[Mapping[str, Any]], list[Array]], point: Mapping[str, Any],
                 names: Sequence[str], d_y: Sequence[Array], method: Method, step: float | None = None):
        self.outputs, self.point, self.names, self.d_y, self.method = outputs, dict(point), list(names), d_y, method
        self.resolution = 0.0        # the largest rounding error of a central difference so far, estimated
        self.step = step or (COMPLEX_STEP if method == "complex" else CENTRAL_STEP)
        self.description = (f"complex step, h = {self.step:.0e}" if method == "complex"
                            else f"central difference with Richardson extrapolation, h = {self.step:.0e}")

    def along(self, direction: Mapping[str, Array]) -> float:
        """The derivative along `direction`, an array for each of some of the differentiated inputs."""
        return self._complex(direction) if self.method == "complex" else self._central(direction)

    def agrees_with_central(self, rng: np.random.Generator) -> bool:
        """Whether both methods agree along a random direction, to 3 digits of the largest possible derivative."""
        v = {name: rng.standard_normal(self.point[name].shape) for name in self.names}
        exact, rough = self._complex(v), self._central(v, CENTRAL_STEP)
        return bool(abs(exact - rough) <= 1e-3 * max(abs(exact), abs(rough)) + 1e-9)

    def _complex(self, direction: Mapping[str, Array]) -> float:
        moved = {**self.point, **{name: self.point[name].astype(np.complex128) for name in self.names}}
        for name, v in direction.items():
            moved[name] = moved[name] + 1j * self.step * v
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                parts = self.outputs(moved)
        except (TypeError, np.exceptions.ComplexWarning) as error:
            reason = " ".join(str(error).split())
            raise GradientError(f"forward does not take complex input ({reason}); keep the inputs' dtype in buffers, "
                                "or use method='central'") from error
        if not any(np.iscomplexobj(part) for part in parts):
            raise GradientError("forward returned real numbers for complex input, so it drops the imaginary part "
                                "(np.abs, .real, astype(float) or a float buffer); use method='central'")
        return sum(float((d * part.imag).sum()) for d, part in zip(self.d_y, parts)) / self.step

    def _central(self, direction: Mapping[str, Array], step: float | None = None) -> float:
        sizes = [np.abs(self.point[name]).max(initial=1, where=v != 0) for name, v in direction.items()]
        length = np.sqrt(sum((v * v).sum() for v in direction.values()))         # 1 for a single entry
        h = (step or self.step) * float(max(sizes) / (length or 1))
        wide, narrow = self._difference(direction, h), self._difference(direction, h / 2)
        return (4 * narrow - wide) / 3

    def _difference(self, direction: Mapping[str, Array], h: float) -> float:
        forth = self.outputs({**self.point, **{name: self.point[name] + h * v for name, v in direction.items()}})
        back = self.outputs({**self.point, **{name: self.point[name] - h * v for name, v in direction.items()}})
        terms = sum(float(np.abs(d * a).sum()) for d, a in zip(self.d_y, forth))
        self.resolution = max(self.resolution, EPSILON * terms / h)
        with np.errstate(invalid="ignore"):                  # inf - inf: the comparison reports what is not finite
            return sum(float((d * (a - b)).sum()) for d, a, b in zip(self.d_y, forth, back)) / (2 * h)


def along_directions(name: str, analytic: Array, derivative: Derivative, rng: np.random.Generator, directions: int,
                     scale: float = 0.0) -> TensorResult:
    """The gradient's projection on random directions of one tensor, against the derivative along them."""
    vectors = [rng.standard_normal(analytic.shape) for _ in range(directions)]
    projected = np.array([(analytic * v).sum() for v in vectors])
    reference = np.array([derivative.along({name: v}) for v in vectors])
    return compare(name, analytic.shape, projected, reference, [()] * directions, scale,
                   f"{directions} random directions", derivative.resolution)
