"""Which function a port takes approximately: small errors of tanh, σ, exp or erf that give those of its tensors

To first order a tensor's error is linear in the error of the function at its arguments. So the function is changed a
little, in one part of its range after another, and the tensor's error is put together from what that does to it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from minicrt.conformance.checking.arithmetic.altered import EXACT, Alteration
from minicrt.conformance.checking.arithmetic.coarse import runs
from minicrt.conformance.checking.arithmetic.running import traced
from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import largest
from minicrt.conformance.golden.tensors import FORWARD

Array = np.ndarray
Shape = Callable[[Array], Array]
SMALL = {"tanh": 0.04, "logistic": 0.04, "erf": 0.04, "exp": 0.08}       # an approximation's error; exp's is relative
WORDS = {"tanh": "tanh", "logistic": "σ", "erf": "erf", "exp": "exp"}
STEP, RANGE = 1e-5, 8.0     # by how much a function is changed; beyond this range none has anything left to tell
PARTS = {"operation": 24, "model": 12}      # of a function's range, at most
NUMBERS, FEWEST = 4, 6      # so many numbers are seen for each part; so many parts at least
LARGE = 0.06                # a first wrong tensor's error beyond this is no approximation's
ALONE = {"tanh": "tanh", "sigmoid": "σ", "gelu": "GELU", "gelu_tanh": "GELU"}
NOISE = 0.8         # below this ratio an error is a smooth function
EXPLAINED = 0.98            # so much of the square of the error is explained by an approximate function


@dataclass
class Met:
    """The arguments at which the functions are taken, by name, up to the first wrong tensor of a model."""

    arguments: dict[str, list[Array]] = field(default_factory=dict)

    def recording(self) -> Alteration:
        def recorder(name: str) -> Shape:
            def recorded(x: Array) -> Array:
                self.arguments.setdefault(name, []).append(np.ravel(np.asarray(x).real))
                return EXACT[name](x)
            return recorded

        return Alteration(functions={name: recorder(name) for name in EXACT})


def approximate_function(comparison: Comparison) -> tuple[str, ...]:
    """The sentences on a port one of whose functions is approximate; none where no function explains its errors."""
    first = comparison.first_forward
    if first is None or first.problem or not runs(comparison.case) or first.distance.relative > LARGE:
        return ()
    if comparison.case.subject in ALONE:
        return alone(first, comparison.case["x"].value, ALONE[comparison.case.subject])
    met = Met()
    plain = trace(comparison, first, met.recording())
    rows = [row for row in comparison.compared if row.tensor.role in FORWARD and row.name in plain
            and not row.problem and row.tensor.value.dtype.kind == "f"]
    errors = stacked(rows, {row.name: np.asarray(row.theirs) for row in rows}, plain)
    count = min(int(np.sum(np.abs(errors) > 1e-12)) // NUMBERS, PARTS[comparison.case.kind])
    if count < FEWEST or not np.isfinite(errors).all():
        return ()

    def response(alteration: Alteration) -> Array:
        return stacked(rows, trace(comparison, first, alteration), plain) / STEP

    found = [fitted for name, arguments in met.arguments.items()
             for fitted in fits(name, np.concatenate(arguments), count, errors, response)]
    if not found:
        return ()
    best = max(share for share, _ in found)
    told = [words for share, words in found if 1 - share <= 2 * (1 - best)]
    return (f"This looks like an approximate {', or an approximate '.join(told)}.",
            f"With that {best:.1%} of the square of the forward pass's error is explained, from {first.name} on.")


def alone(first: TensorComparison, x: Array, words: str) -> tuple[str, ...]:
    """Of an operation that is the function itself: what is added everywhere, or differs in few places, is none."""
    signed = np.asarray(first.theirs) - first.tensor.value
    error = np.abs(signed)
    some = 2 * np.count_nonzero(error > first.tolerance) >= error.size
    if not some or error.max() > max(SMALL.values()) or error.min() > error.max() / 2 or not smooth(x, signed):
        return ()
    return (f"This looks like an approximate {words}, with an error of up to {error.max():.1e}, largest near "
            f"{x.flat[error.argmax()]:.1f}.",)


def smooth(x: Array, error: Array) -> bool:
    """Whether neighbouring arguments have like errors, perhaps once those of −x are those of x or their opposites;
    rounding has none that are alike (von Neumann's ratio, which is 2 for noise)."""
    ways = ((x, error), (np.abs(x), error), (np.abs(x), error * np.sign(x)))
    sorted_errors = [values.ravel()[np.argsort(at.ravel())] for at, values in ways]
    return min(np.sum(np.diff(values) ** 2) / np.sum(values**2) for values in sorted_errors) < NOISE


def trace(comparison: Comparison, first: TensorComparison, alteration: Alteration) -> dict[str, Array]:
    """The forward pass, of a model as far as its first wrong tensor."""
    return traced(comparison.case, alteration, lambda name, _: name != first.name)


def stacked(rows: list[TensorComparison], values: dict[str, Array], plain: dict[str, Array]) -> Array:
    """How far the values are from the case's, as one vector, each tensor in units of its largest value."""
    return np.concatenate([np.ravel(values[row.name] - plain[row.name]) / (largest(row.tensor.value) or 1.0)
                           for row in rows])


def fits(name: str, arguments: Array, count: int, errors: Array, response: Callable[[Alteration], Array]
         ) -> Iterator[tuple[float, str]]:
    """How much of the errors a change of the function explains, and in words what change."""
    finite = np.sort(arguments[np.abs(arguments) <= RANGE])
    if finite.size == 0 or np.ptp(finite) == 0:
        return
    even = np.linspace(finite[0], finite[-1], finite.size)   # the knots lie closer where there are more arguments
    knots = np.unique(np.quantile((finite + even) / 2, np.linspace(0, 1, count)))
    for shapes in [bump(knots, k) for k in range(len(knots))], periodic(name, count):
        columns = np.stack([response(changed(name, shape)) for shape in shapes], axis=1) if shapes else errors[:, None]
        if not shapes or not np.isfinite(columns).all():
            continue
        sizes, *_ = np.linalg.lstsq(columns, errors, rcond=1e-6)
        share = 1 - float(np.sum((errors - columns @ sizes) ** 2) / np.sum(errors**2))
        curve = np.abs(sum(size * shape(even) for size, shape in zip(sizes, shapes)))
        if share >= EXPLAINED and curve.max() <= SMALL[name]:
            kind = "a relative error" if name == "exp" else "an error"
            place = f"{even[curve.argmax()]:.1f}"
            yield share, f"{WORDS[name]}, with {kind} of up to {curve.max():.1e}, largest near {place}"
            return


def bump(knots: Array, k: int) -> Shape:
    """1 at a knot, 0 at the others, straight lines between; as at the ends beyond them."""
    return lambda x: np.interp(x, knots, np.eye(len(knots))[k])


def periodic(name: str, count: int) -> list[Shape]:
    """Of an exp that is made in the bits of a floating-point number, whose error comes again from 2ⁿ to 2ⁿ⁺¹."""
    if name not in ("exp", "logistic"):
        return []
    sign = 1 if name == "exp" else -1
    knots = np.linspace(0, 1, min(count, FEWEST) + 1)

    def shape(k: int) -> Shape:
        hill = np.eye(len(knots))[k] + (np.eye(len(knots))[-1] if k == 0 else 0)
        return lambda x: np.interp(np.mod(np.where(np.isfinite(x), sign * x, 0) / np.log(2), 1), knots, hill) * (
            1 if name == "exp" else EXACT[name](x) * (1 - EXACT[name](x)))

    return [shape(k) for k in range(len(knots) - 1)]


def changed(name: str, shape: Shape) -> Alteration:
    """The function plus a small multiple of the shape; of exp, times 1 plus that."""
    def other(x: Array) -> Array:
        more = STEP * shape(x)
        return EXACT[name](x) * (1 + more) if name == "exp" else EXACT[name](x) + more

    return Alteration(functions={name: other})
