"""exp, tanh, sigmoid, erf, and the normal distribution as plain arithmetic, so that LLVM turns loops over them into
vector instructions. A call of the C library's exp costs ten times as much, and no loop with a call is vectorised.

No branch, and no conversion to an integer that could fail: powers of two are put together in the bits of a float.
A product and a sum may be contracted to one rounding; nothing else of fastmath is on, so infinities and NaN go where
they should. The polynomials are interpolated at Chebyshev points when they are compiled.
Use inside kernels only: `exp(x)` of a float32 is computed in float32, of a float64 in float64.
"""

# mypy: ignore-errors
# (Numba types the formulas; mypy takes its intrinsics for plain calls)

import math
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.extending import intrinsic, overload
from numpy.polynomial import Chebyshev, Polynomial

CONTRACT = {"contract"}
formula = njit(fastmath=CONTRACT, error_model="numpy", forceinline=True,       # a call would stop vectorisation
               no_cpython_wrapper=True, no_cfunc_wrapper=True)                 # nothing but a kernel calls one


def polynomial(function: Callable[[Any], Any], degree: int, low: float, high: float) -> Any:
    """For use in a formula: the polynomial through `function` at the Chebyshev points of low … high, by Horner's rule
    written out (a loop over its coefficients would keep LLVM from vectorising the loop around it). It is computed where
    it is compiled, so that kernels that are kept on disk do without SciPy."""
    @cache
    def coefficients():
        return [float(c) for c in Chebyshev.interpolate(function, degree, [low, high]).convert(kind=Polynomial).coef]

    @intrinsic
    def value(_, x):
        def generate(_, builder, signature, arguments):
            *lower, highest = coefficients()
            total = ir.Constant(arguments[0].type, highest)
            for c in reversed(lower):
                product = builder.fmul(total, arguments[0], flags=("contract",))
                total = builder.fadd(product, ir.Constant(product.type, c), flags=("contract",))
            return total
        return x(x), generate
    return value


def special() -> Any:
    """Imported where it is used, for it takes 13 MB"""
    import scipy.special

    return scipy.special


def expm1_tail(r: Any) -> Any:
    """(e^r − 1 − r)/r² by its series; the direct form cancels near 0."""
    return sum(r ** k / math.factorial(k + 2) for k in range(16))


def erf_tail(s: Any) -> Any:
    """erf(x)/x − 1 with s = x², by its series."""
    return 2 / math.sqrt(math.pi) * sum((-s) ** k / (math.factorial(k) * (2 * k + 1)) for k in range(24)) - 1


def middle(s: Any) -> Any:
    """(Φ(x) − ½)/x with s = x², by its series."""
    return sum((-s / 2) ** k / (math.factorial(k) * (2 * k + 1)) for k in range(24)) / math.sqrt(2 * math.pi)


def upper_tail(u: Any) -> Any:
    """Q(x) e^{x²/2} (x + 5), Q the normal distribution's upper tail, at u = (x − 5)/(x + 5): between 2.5 and 0.4."""
    x = 5 * (1 + u) / (1 - u)
    return 0.5 * special().erfcx(x * math.sqrt(0.5)) * (x + 5)


@intrinsic
def times_power_of_two(_, p, shifted, magic):
    """p 2^n for shifted = magic + n: n stands in the low bits of `shifted`. In two factors, so that results too small
    for a normal float and powers too large for one come out right."""
    def generate(_, builder, signature, arguments):
        p, shifted, magic = arguments
        bits, mantissa, bias = (32, 23, 127) if signature.return_type == types.float32 else (64, 52, 1023)
        integer = ir.IntType(bits)
        n = builder.sub(builder.bitcast(shifted, integer), builder.bitcast(magic, integer))
        first = builder.ashr(n, integer(1))
        for part in (first, builder.sub(n, first)):
            power = builder.shl(builder.add(part, integer(bias)), integer(mantissa))
            p = builder.fmul(p, builder.bitcast(power, p.type))
        return p
    return p(p, shifted, magic), generate


@intrinsic
def without_low_bits(_, x):
    """x with the lower half of its significand set to 0, so that its square is exact."""
    def generate(_, builder, signature, arguments):
        bits, low = (32, 12) if signature.return_type == types.float32 else (64, 27)
        integer = ir.IntType(bits)
        high = builder.and_(builder.bitcast(arguments[0], integer), integer(-(1 << low)))
        return builder.bitcast(high, arguments[0].type)
    return x(x), generate


class Functions(NamedTuple):
    """The functions in one float type."""

    exp: Any
    tanh: Any
    sigmoid: Any
    erf: Any
    normal: Any
    gelu: Any


def functions(dtype: Any, magic: float, short: int, lowest: float, highest: float, farthest: float,
              degrees: tuple[int, int, int]) -> Functions:
    """Adding `magic` to a float rounds it to an integer in its low bits; ln 2 is kept in two parts, the first of
    `short` bits; outside lowest … highest e^x is 0 or infinite, and beyond `farthest` e^(−x²/2) is 0; `degrees` are
    those of the polynomials near 0 and in the tail."""
    half_ln2 = 0.501 * math.log(2)                           # |r| <= ½ ln 2, and a little for rounding
    expm1_polynomial = polynomial(expm1_tail, degrees[0], -half_ln2, half_ln2)
    erf_polynomial = polynomial(erf_tail, degrees[1], 0, 1)
    middle_polynomial = polynomial(middle, degrees[1], 0, 1)
    tail_polynomial = polynomial(upper_tail, degrees[2], -1, (farthest - 5) / (farthest + 5))
    ln2 = Decimal(2).ln()                                    # to 28 digits
    ln2_high = dtype(math.floor(ln2 * 2 ** short) / 2 ** short)
    ln2_low, log2_e = dtype(ln2 - Decimal(float(ln2_high))), dtype(math.log2(math.e))
    magic, lowest, highest, farthest = dtype(magic), dtype(lowest), dtype(highest), dtype(farthest)
    zero, half, one, two, five, twenty = (dtype(c) for c in (0, 0.5, 1, 2, 5, 20))
    root_two, density_at_0 = dtype(math.sqrt(2)), dtype(1 / math.sqrt(2 * math.pi))

    @formula
    def reduced(x, low):
        """p and magic + n, for e^(x + low) = 2^n (1 + p); `low` is far smaller than x"""
        x = lowest if x < lowest else x                      # comparisons with NaN are false: it goes through
        x = highest if x > highest else x
        shifted = x * log2_e + magic
        n = shifted - magic
        r = x - n * ln2_high - n * ln2_low + low
        return r + r * r * expm1_polynomial(r), shifted

    @formula
    def exp(x):
        p, shifted = reduced(x, zero)
        return times_power_of_two(one + p, shifted, magic)

    @formula
    def tanh(x):
        """(1 − e^−2|x|) / (1 + e^−2|x|), with e^… − 1 in one piece: near 0 it is not a difference"""
        size = abs(x)
        size = twenty if size > twenty else size             # there tanh is 1
        p, shifted = reduced(-two * size, zero)
        power = times_power_of_two(one, shifted, magic)
        e = power * p + (power - one)
        return math.copysign(e / (two + e), x)

    @formula
    def sigmoid(x):
        e = exp(-abs(x))
        return (e if x < zero else one) / (one + e)

    @formula
    def times_density(y, x):
        """y e^(−x²/2), for |x| <= farthest"""
        high = without_low_bits(x)                           # x² = high² + (x − high)(x + high), the first exactly
        p, shifted = reduced(-half * high * high, -half * (x - high) * (x + high))
        return times_power_of_two(y + y * p, shifted, magic)

    @formula
    def times_tail(y, size):
        """y Q(size), Q the normal distribution's upper tail, for 0 <= size <= farthest"""
        return times_density(y * tail_polynomial((size - five) / (size + five)) / (size + five), size)

    @formula
    def limited(x):
        size = abs(x)
        return farthest if size > farthest else size         # there e^(−x²/2) is 0

    @formula
    def normal(x):
        """The distribution Φ(x) and the density φ(x)"""
        size = limited(x)
        tail = times_tail(one, size)
        far = tail if x < zero else one - tail
        return half + x * middle_polynomial(x * x) if size < one else far, times_density(density_at_0, size)

    @formula
    def gelu(x):
        size = limited(x)
        far = times_tail(-size, size) if x < zero else x * (one - times_tail(one, size))
        return x * (half + x * middle_polynomial(x * x)) if size < one else far

    @formula
    def erf(x):
        size = limited(root_two * x)
        near = x + x * erf_polynomial(x * x)
        return near if abs(x) < one else math.copysign(one - two * times_tail(one, size), x)

    return Functions(exp, tanh, sigmoid, erf, normal, gelu)


SINGLE = functions(np.float32, 1.5 * 2 ** 23, 12, -104, 89, 15, (5, 7, 12))
DOUBLE = functions(np.float64, 1.5 * 2 ** 52, 32, -746, 710, 40, (10, 17, 30))


def exp(x: Any) -> Any:
    """e^x"""
    return np.exp(x)


def tanh(x: Any) -> Any:
    return np.tanh(x)


def sigmoid(x: Any) -> Any:
    """1/(1 + e^−x)"""
    return special().expit(x)


def erf(x: Any) -> Any:
    return special().erf(x)


def normal(x: Any) -> Any:
    """Φ(x) and φ(x)"""
    return special().ndtr(x), np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def gelu(x: Any) -> Any:
    """x Φ(x)"""
    return x * special().ndtr(x)


def _choose(name: str) -> None:
    """Inside a kernel, the public function `name` is the formula in the type of its argument."""
    @overload(globals()[name], jit_options={"fastmath": CONTRACT, "forceinline": True})
    def implementation(x):
        return getattr({types.float32: SINGLE, types.float64: DOUBLE}[x], name).py_func


for _name in Functions._fields:
    _choose(_name)
