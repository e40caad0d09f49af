"""When a kernel takes the place of its operation."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minicrt.errors import InputError
from minicrt.kernels import pool

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Kept(tuple):
    """The cache of a kernel, as distinct from one of `minicrt.ops`."""

    shape: tuple[int, ...] | None = None                     # of the output, and so of its gradient


class KeptScan(Kept):
    """Of a scan whose output is not its state: what goes on to the next segment stands last."""

    @property
    def last(self) -> np.ndarray:
        return np.array(self[-1])                            # of its own: the cache's memory is lent again


def twin(specification: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorated function stands for `specification` where all floating arrays have one real type, float32 or
    float64, in the machine's byte order; anything else, complex numbers for instance, is left to the specification."""
    def decorate(kernel: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(specification)
        def operation(*arguments: Any, **options: Any) -> Any:
            kind = None
            for value in (*arguments, *options.values()):
                if isinstance(value, np.ndarray) and value.dtype.kind not in "iub":
                    if value.dtype is not kind:
                        if kind is not None or value.dtype not in FLOATS:
                            return specification(*arguments, **options)
                        kind = value.dtype
                elif isinstance(value, (np.generic, complex)) and np.iscomplexobj(value):
                    return specification(*arguments, **options)
            if kind is None:
                return specification(*arguments, **options)
            result = kernel(*arguments, **options)
            if isinstance(result, tuple) and isinstance(result[-1], Kept):
                result[-1].shape = np.shape(result[0])
            return result
        return operation
    return decorate


def backward_twin(specification: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `twin`, for a backward pass: it follows the forward pass that made the cache. A kernel does not look where
    its arrays end, so a gradient of another shape is refused here."""
    gradient = specification.__code__.co_varnames[0]         # its name: d_y, or d_h of a scan

    def decorate(kernel: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(specification)
        def operation(d_y: Any, cache: Any, *arguments: Any, **options: Any) -> Any:
            if not isinstance(cache, Kept):
                return specification(d_y, cache, *arguments, **options)
            if cache.shape is not None and np.shape(d_y) != cache.shape:
                raise InputError(f"{specification.__name__}: {gradient} has shape {np.shape(d_y)}, expected that of "
                                 f"the output, {cache.shape}")
            return kernel(d_y, cache, *arguments, **options)
        return operation
    return decorate


def from_beyond(d_last: np.ndarray | None, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """The gradient of the last state, which went on to the next segment, as an array to go on from: 0 where there is
    none"""
    if d_last is None:
        return np.zeros(shape, dtype)
    if np.shape(d_last) != shape:
        raise InputError(f"d_last has shape {np.shape(d_last)}, expected that of the last state, {shape}")
    return np.array(d_last, dtype, order="C")


def contiguous(x: np.ndarray, dtype: Any = None) -> np.ndarray:
    """x itself where it is C-contiguous (and of `dtype`), otherwise a copy: kernels are compiled for that layout."""
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    if x.flags.c_contiguous and x.dtype == dtype:
        return x
    copied = pool.empty(x.shape, dtype)
    copied[...] = x
    return copied


def rows(x: np.ndarray, dtype: Any = None) -> np.ndarray:    # (..., D) -> (N, D)
    """All leading axes as one, contiguous."""
    return contiguous(x, dtype).reshape(-1, x.shape[-1])
