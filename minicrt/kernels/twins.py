"""When a kernel takes the place of its operation."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minicrt.kernels import pool

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Kept(tuple):
    """The cache of a kernel, as distinct from one of `minicrt.ops`."""

    __slots__ = ()


class KeptScan(Kept):
    """Of a scan whose output is not its state: what goes on to the next segment stands last."""

    __slots__ = ()

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
            return (kernel if kind is not None else specification)(*arguments, **options)
        return operation
    return decorate


def backward_twin(specification: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `twin`, for a backward pass: it follows the forward pass that made the cache."""
    def decorate(kernel: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(specification)
        def operation(d_y: Any, cache: Any, *arguments: Any, **options: Any) -> Any:
            chosen = kernel if isinstance(cache, Kept) else specification
            return chosen(d_y, cache, *arguments, **options)
        return operation
    return decorate


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
