"""How far two arrays of the same shape are apart, and how far they may be"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Number = int | float | complex

ROUNDING = {"float64": 1e-15, "float32": 1e-6}      # of a stated natural scale: what arithmetic leaves where it cancels
TOLERANCE = {"float64": 1e-10, "float32": 2e-5}     # of a case that states none
HIDDEN = -1e4       # a score that is -∞ in ours is masked; implementations write anything from here down to -∞


@dataclass(frozen=True)
class Distance:
    """The largest difference between two arrays.

    absolute       max|theirs - ours|; infinite where a value is NaN, or infinite in one of the two alone
    relative       absolute / max|ours|; 0 where nothing differs, infinite where ours is all zero and theirs is not
    ulps           absolute in units in the last place of our value there, in the dtype of theirs
    ulps_of_scale  absolute in units in the last place of max|ours|
    index, ours, theirs   the place of the largest difference and both values there
    """

    absolute: float
    relative: float
    ulps: float
    ulps_of_scale: float
    index: tuple[int, ...] = ()
    ours: Number = math.nan
    theirs: Number = math.nan


def comparable(theirs: Array) -> bool:
    """Whether these are numbers, and no coarser than float32."""
    return theirs.dtype.kind in "iubc" or (theirs.dtype.kind == "f" and theirs.dtype.itemsize >= 4)


def precision(*arrays: Array) -> str:
    """The coarsest of the arrays' dtypes: "float32" or "float64". Integers have no say."""
    single = any(array.dtype in (np.float32, np.complex64) for array in arrays)
    return "float32" if single else "float64"


def differences(ours: Array, theirs: Array) -> Array:
    """|theirs - ours|, element by element, in float64; equal infinities are 0 apart, NaN is infinitely far."""
    wide = np.complex128 if np.iscomplexobj(ours) or np.iscomplexobj(theirs) else np.float64
    a, b = np.asarray(ours, wide), np.asarray(theirs, wide)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(b - a)
    apart = np.where(a == b, 0.0, np.where(np.isnan(apart), np.inf, apart))
    if wide is np.float64:
        apart = np.where((a == -np.inf) & (b <= HIDDEN), 0.0, apart)
    return apart


def largest(values: Array) -> float:
    """max|values| over what is finite; 0 of nothing."""
    sizes = np.abs(np.asarray(values, np.complex128 if np.iscomplexobj(values) else np.float64))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def distance(ours: Array, theirs: Array) -> Distance:
    """The largest difference between two arrays of the same shape."""
    if ours.size == 0:
        return Distance(0.0, 0.0, 0.0, 0.0)
    apart = differences(ours, theirs)
    index = tuple(int(i) for i in np.unravel_index(int(apart.argmax()), apart.shape))
    absolute, scale = float(apart[index]), largest(ours)
    relative = 0.0 if absolute == 0 else (absolute / scale if scale > 0 else math.inf)
    dtype = np.float32 if precision(theirs) == "float32" else np.float64
    return Distance(absolute, relative, in_ulps(absolute, abs(ours[index]), dtype), in_ulps(absolute, scale, dtype),
                    index, ours[index].item(), theirs[index].item())


def in_ulps(absolute: float, size: float, dtype: type[np.floating]) -> float:
    """`absolute` in units in the last place of a number of that size; below the normal numbers, of the least of them"""
    if absolute == 0 or not math.isfinite(size):
        return absolute
    with np.errstate(over="ignore"):
        unit = float(np.spacing(dtype(max(float(size), float(np.finfo(dtype).tiny)))))
    return absolute / unit


def tolerated(ours: Array, theirs: Array, tolerance: Mapping[str, float], dtype: str | None = None) -> float:
    """The relative error that passes: that of the coarser of both dtypes, or of `dtype`; 0 for integers."""
    if ours.dtype.kind in "iub":
        return 0.0
    name = coarser(dtype, precision(ours, theirs))
    return tolerance.get(name, TOLERANCE[name])


def coarser(dtype: str | None, other: str) -> str:
    return "float32" if "float32" in (dtype, other) else "float64"


def close(apart: Distance, tolerance: float, scale: float, dtype: str) -> bool:
    """Within the tolerance, or within rounding of the natural size of terms that cancel."""
    return apart.relative <= tolerance or apart.absolute <= ROUNDING[dtype] * scale


def agree(ours: Array, theirs: Array, tolerance: Mapping[str, float], scale: float = 0.0,
          dtype: str | None = None) -> bool:
    """Whether two arrays have one shape and the same values but for what is tolerated."""
    if ours.shape != theirs.shape:
        return False
    both_nan = np.isnan(ours) & np.isnan(theirs) if ours.dtype.kind in "fc" and theirs.dtype.kind in "fc" else None
    if both_nan is not None and both_nan.any():              # a mistake that makes NaN makes it in both
        ours, theirs = np.where(both_nan, 0, ours), np.where(both_nan, 0, theirs)
    if ours.size == 0:
        return True
    allowed = max(tolerated(ours, theirs, tolerance, dtype) * largest(ours),
                  ROUNDING[coarser(dtype, precision(ours, theirs))] * scale)
    return float(differences(ours, theirs).max()) <= allowed
