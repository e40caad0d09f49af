"""How often each class is recognised: the confusion matrix, and what is read off it"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.arguments import check_number, check_whole
from minicrt.array_arguments import as_array
from minicrt.errors import InputError

Array = np.ndarray
MOST_CLASSES = 10_000


class ClassAccuracy(NamedTuple):
    """mean       of the classes that have a sample
    by_class   (C,) the share of each class's samples that is recognised, NaN for a class without a sample
    without    the numbers of the classes without a sample, which the mean leaves out
    """

    mean: float
    by_class: Array
    without: tuple[int, ...]


def confusion_matrix(labels: Any, predictions: Any, classes: int) -> Array:
    """M[c, p] = the number of samples of class c that were taken for p: (C, C) int64.

    `labels` and `predictions` (N,) are whole numbers from 0 to C − 1. Matrices of batches add up to that of all.
    Raises InputError for arrays of other shapes, and for numbers that are no class.
    """
    C = check_whole("classes", classes, 1, MOST_CLASSES)
    true, taken = class_numbers("labels", labels, C), class_numbers("predictions", predictions, C)
    if true.shape != taken.shape:
        raise InputError(f"there are {len(true):,} labels and {len(taken):,} predictions, expected as many")
    return np.bincount(true * C + taken, minlength=C * C).reshape(C, C)


def accuracy(confusion: Any) -> float:
    """The share of samples that are recognised, Σ_c M[c, c] / Σ M. Raises InputError where there is no sample."""
    matrix = checked_matrix(confusion)
    return float(np.trace(matrix) / matrix.sum())


def mean_class_accuracy(confusion: Any) -> ClassAccuracy:
    """The mean over classes of M[c, c] / Σ_p M[c, p], each class counting alike however frequent it is: the measure of
    Toyota Smarthome (Das et al. 2019). Raises InputError where there is no sample."""
    matrix = checked_matrix(confusion)
    samples = matrix.sum(1)
    by_class = np.divide(np.diag(matrix), samples, out=np.full(len(matrix), np.nan), where=samples > 0)
    return ClassAccuracy(float(np.nanmean(by_class)), by_class, tuple(np.flatnonzero(samples == 0).tolist()))


def class_weights(counts: Any, power: float = 1.0) -> Array:
    """w_c = n_c^−power · Σ n / Σ n_c^(1 − power), 0 for a class without a sample: (C,) float32.

    The mean weight of a sample is 1. With power 1 all classes weigh alike together, with 0 all samples do.
    Raises InputError for counts that are none, and for a power that is not from 0 to 1.
    """
    counts, power = as_array("counts", counts), check_number("power", power, 0)
    if power > 1:
        raise InputError(f"power is {power:g}, expected 0 to 1")
    if counts.ndim != 1 or counts.dtype.kind not in "iu" or not counts.size or counts.min() < 0 or not counts.any():
        raise InputError(f"counts are {counts.dtype} of shape {counts.shape}, expected how many samples each class "
                         "has, (C,) whole numbers, one of them above 0 at least")
    some = counts > 0
    weights = np.zeros(len(counts))
    weights[some] = counts[some] ** -power
    return (weights * (counts.sum() / (counts * weights).sum())).astype(np.float32)


def class_numbers(name: str, numbers: Any, C: int) -> Array:
    array = as_array(name, numbers)
    if array.ndim == 1 and not array.size:
        return np.zeros(0, np.int64)                         # an empty list makes an array of float64
    if array.ndim != 1 or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= C:
        found = f", from {array.min()} to {array.max()}" if array.dtype.kind in "iu" and array.size else ""
        raise InputError(f"{name} are {array.dtype} of shape {array.shape}{found}; expected whole numbers (N,) from 0 "
                         f"to {C - 1}")
    return array.astype(np.int64)


def checked_matrix(confusion: Any) -> Array:
    """`confusion` as an array, with a sample in it at least. Raises InputError for what is no confusion matrix."""
    matrix = as_array("the confusion matrix", confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.dtype.kind not in "iu" or (matrix < 0).any():
        raise InputError(f"the confusion matrix is {matrix.dtype} of shape {matrix.shape}, expected numbers of samples "
                         "(C, C), as `confusion_matrix` makes it")
    if not matrix.any():
        raise InputError("the confusion matrix holds no sample, expected one at least; score a set that is not empty")
    return matrix
