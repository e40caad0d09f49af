"""One tensor's gradient next to its derivative: where they differ, whether that is a mistake, and which"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from minicrt.gradcheck.derivative import EPSILON, Derivative, Estimate
from minicrt.gradcheck.explanation import explanation, lengths_of, numbers_of
from minicrt.gradcheck.options import Options
from minicrt.gradcheck.report import ROUNDING, TensorResult

Array = np.ndarray
Direction = dict[str, Array]


def along_entries(name: str, analytic: Array, derivative: Derivative, rng: np.random.Generator,
                  options: Options) -> TensorResult:
    """The gradient's entries, or a number of random ones, against the derivatives along unit vectors."""
    shape = analytic.shape
    chosen, note = np.arange(analytic.size), ""
    if options.elements is not None and options.elements < analytic.size:
        chosen = np.sort(rng.choice(analytic.size, options.elements, replace=False))
        note = f"{options.elements} of {analytic.size} entries"

    def direction(k: int) -> Direction:
        unit = np.zeros(shape)
        unit.flat[chosen[k]] = 1
        return {name: unit}

    places = [tuple(int(i) for i in np.unravel_index(flat_index, shape)) for flat_index in chosen]
    return _Comparison(name, analytic, analytic.ravel()[chosen], direction, places, note, derivative, options).result()


def along_directions(name: str, analytic: Array, derivative: Derivative, rng: np.random.Generator, directions: int,
                     options: Options) -> TensorResult:
    """The gradient's projection on random directions of one tensor, against the derivatives along them."""
    vectors = [rng.standard_normal(analytic.shape) for _ in range(directions)]
    projected = np.array([(analytic * v).sum() for v in vectors])
    note = f"{directions} random direction" + (directions > 1) * "s"
    return _Comparison(name, analytic, projected, lambda k: {name: vectors[k]}, [()] * directions, note, derivative,
                       options).result()


class _Comparison:
    """A gradient's values and the derivatives that they should be; those that differ are looked at more closely."""

    def __init__(self, name: str, gradient: Array, analytic: Array, direction: Callable[[int], Direction],
                 places: Sequence[tuple[int, ...]], note: str, derivative: Derivative, options: Options):
        self.name, self.shape, self.places, self.note = name, gradient.shape, places, note
        self.analytic, self.direction, self.derivative = analytic.astype(np.float64), direction, derivative
        self.type, self.tolerance, self.scale = gradient.dtype, options.tolerance, options.scale.get(name, 0.0)
        self.is_exact = derivative.method == "complex"
        self.rounding = self.scale * ROUNDING / (1 if self.is_exact else derivative.step)
        self.estimates: list[Estimate] = []

    def result(self) -> TensorResult:
        if not self.analytic.size:
            return TensorResult(self.name, self.shape, 0.0, note="empty")
        self.estimates = [self.derivative.along(self.direction(k)) for k in range(self.analytic.size)]
        if not np.isfinite(self.analytic).all():
            return self._problem(int(np.argmin(np.isfinite(self.analytic))), "the analytic gradient", self.analytic)
        if not self.analytic.any() and all(abs(e.value) <= e.resolution for e in self.estimates):
            return self._row(0, relative_error=0.0)          # zeros are as good as what central differences see of 0
        wrong, central = self._first_wrong()
        if wrong is not None and not np.isfinite(self.reference[wrong]):
            return self._problem(wrong, "the reference", self.reference)
        if wrong is not None:
            undecided = self._rounded(wrong)
            return self._row(wrong, undecided=undecided,
                             explanation="" if undecided else self._not_analytic(wrong, central) or self._explanation())
        kinked = [k for k, estimate in enumerate(self.estimates) if estimate.kink]
        if kinked:
            return self._row(kinked[0], undecided=self._kink(kinked[0]))
        return self._row(int(self.difference.argmax()))

    @property
    def reference(self) -> Array:
        return np.array([estimate.value for estimate in self.estimates])

    @property
    def difference(self) -> Array:
        with np.errstate(invalid="ignore"):
            return np.abs(self.analytic - self.reference)

    @property
    def largest(self) -> float:
        """The largest derivative, of those that are finite."""
        return float(np.abs(self.reference).max(initial=0, where=np.isfinite(self.reference)))

    def _first_wrong(self) -> tuple[int | None, Estimate | None]:
        """The first entry, from the largest difference down, that differs however small the step and has no kink."""
        accepted = max(self.tolerance * self.largest, self.rounding)
        wanted = self.tolerance * max(self.largest, float(np.abs(self.analytic).max())) / 4
        difference = np.where(np.isfinite(self.difference), self.difference, np.inf)
        for k in np.argsort(-difference, kind="stable"):
            if difference[k] <= accepted:
                break
            central = self.derivative.settled(self.direction(k), wanted)
            if central.kink and _between(self.analytic[k], *central.kink):
                self.estimates[k] = self.estimates[k]._replace(kink=central.kink)
                continue
            if not self.is_exact:
                self.estimates[k] = central._replace(kink=None)
            if not abs(self.analytic[k] - self.estimates[k].value) <= accepted:
                return int(k), central
        return None, None

    def _rounded(self, k: int) -> str:
        """Why a difference may be rounding, or ''."""
        difference, largest = float(self.difference[k]), float(np.abs(self.analytic).max())
        if self.type.itemsize < 8 and difference <= 8 * float(np.finfo(self.type).eps) * largest:
            return (f"backward returned {self.type} for inputs of float64, and the difference, {difference:.1e}, is "
                    "within its rounding; keep the dtype of the inputs")
        top = int(np.abs(self.reference).argmax())
        noise = 8 * max(self.derivative.noise(self.direction(i)) for i in {k, top})
        resolution = max(noise, *(self.estimates[i].resolution for i in (k, top)))
        terms = self.derivative.size
        if self.largest <= resolution and largest <= max(resolution, 1e-12 * terms):
            step = 1 if self.is_exact else self.derivative.step
            size = max(terms, 8 * difference * step / ROUNDING)
            rest = "" if self.is_exact else (
                f" of central differences, {resolution:.1e}; the complex step sees smaller ones")
            return (f"both values are no more than rounding{rest}; if the true gradient is 0 because terms cancel, "
                    f"state how large these are: scale={{{self.name!r}: {size:.1e}}}")
        if difference > max(noise, self.estimates[k].resolution):
            return ""
        if self.derivative.precision > EPSILON:
            return (f"forward computes in float32 or less, though its inputs are float64, and the difference, "
                    f"{difference:.1e}, is within its rounding; keep the dtype of the inputs (JAX: set jax_enable_x64)")
        whose = "this ill-conditioned forward" if self.is_exact else "central differences"
        return (f"the difference, {difference:.1e}, is within the rounding of {whose}, {resolution:.1e}; "
                + "state a tolerance above it" + (not self.is_exact) * ", or use the complex step")

    def _kink(self, k: int) -> str:
        left, right = self.estimates[k].kink or (0.0, 0.0)
        return (f"forward has a kink {f'at {list(self.places[k])}' if self.places[k] else 'there'}: its slope is "
                f"{left:.6g} on one side and {right:.6g} on the other, however small the step, and no gradient is "
                "right; move the input off the kink")

    def _not_analytic(self, k: int, central: Estimate | None) -> str:
        if central is None or not self.is_exact:
            return ""
        exact, rough = self.estimates[k].value, central.value
        if abs(exact - rough) <= 1e-3 * max(abs(exact), abs(rough)) + central.resolution or not math.isfinite(rough):
            return ""
        return ("the complex step disagrees with central differences as well: forward seems not to be analytic "
                "(np.abs, np.conj, .real, or a maximum of complex values); try method='central'")

    def _explanation(self) -> str:
        shapes = {name: np.shape(self.derivative.point[name]) for name in self.derivative.names}
        shapes |= {f"output {i}" if len(self.derivative.d_y) > 1 else "the output": np.shape(d)
                   for i, d in enumerate(self.derivative.d_y)}
        return explanation(self.analytic, self.reference, self.shape, lengths_of(shapes), 10 * self.tolerance,
                           numbers_of(self.derivative.point))

    def _problem(self, k: int, whose: str, values: Array) -> TensorResult:
        return self._row(k, relative_error=math.inf, problem=f"{whose} is {values[k]} at {list(self.places[k])}")

    def _row(self, k: int, relative_error: float | None = None, **words: str) -> TensorResult:
        if relative_error is None:
            difference, largest = float(self.difference[k]), self.largest
            relative_error = 0.0 if difference == 0 else difference / largest if largest > 0 else math.inf
        return TensorResult(self.name, self.shape, relative_error, self.places[k], float(self.analytic[k]),
                            float(self.reference[k]), self.scale, self.rounding, self.note, **words)


def _between(value: float, left: float, right: float) -> bool:
    """Whether `value` is a slope that a convention could give a kink: between the two sides, or as far from them."""
    width = abs(right - left)
    return min(left, right) - width <= value <= max(left, right) + width
