"""Every parameter of a model in one flat buffer, with named views into it."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal

import numpy as np

from minicrt.arguments import A_GENERATOR, check_iterable, check_kind, check_whole, shown
from minicrt.array_arguments import as_array
from minicrt.errors import ConfigurationError, InputError, UnknownNameError
from minicrt.machine_memory import check_memory
from minicrt.suggestion import suggestion

Array = np.ndarray
Layout = tuple[tuple[str, tuple[int, ...]], ...]              # names and shapes
Initialiser = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class ParameterSpec:
    """A row of a model's parameter table.

    `initial(rng, shape)` draws the first values. `decay` says whether weight decay applies (matrices: yes; biases,
    gains and embeddings' skew entries: no). `group` is "orthogonal" for the free entries of a skew-symmetric matrix,
    which have a learning rate of their own.
    """

    name: str
    shape: tuple[int, ...]
    initial: Initialiser
    decay: bool = True
    group: Literal["default", "orthogonal"] = "default"

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Parameters(Mapping[str, Array]):
    """A model's parameters, or their gradients: by name, in the order of the model's table, and as one flat buffer.

        parameters = model.initialize(np.random.default_rng(0))
        parameters["embedding"]                  # (V, D), a view: what is written into it is the parameter's
        parameters["output.bias"] = 0            # writes the values; shapes stay
        for name, array in parameters.items():   # keys, values, items, in and len as of any mapping
            ...
        parameters.flat                          # (size,), all values, in one piece of memory

    A clip, an optimizer step or a checkpoint is one operation on `flat`. Raises UnknownNameError (a KeyError) for a
    name that there is not, InputError for values that do not fit.
    """

    def __init__(self, specs: Sequence[ParameterSpec], dtype: np.typing.DTypeLike = np.float32,
                 flat: Array | None = None):
        check_iterable("the list of specs", specs, "a model's parameter table, model.specs()")
        self.specs = tuple(specs)
        for spec in self.specs:
            check_kind("a row of the parameter table", spec, ParameterSpec, "a ParameterSpec")
        self.layout: Layout = tuple((spec.name, spec.shape) for spec in self.specs)
        ends = list(itertools.accumulate((spec.size for spec in self.specs), initial=0))
        if flat is None:
            check_memory(ends[-1] * floating(dtype).itemsize, f"a model of {ends[-1]:,} parameters", "make it smaller")
        if ends[-1] > np.iinfo(np.intp).max // 8:
            raise InputError(f"the model has {ends[-1]:,} parameters, more than any memory holds; make it smaller")
        self._slices = {spec.name: slice(a, b) for spec, a, b in zip(self.specs, ends, ends[1:])}
        if len(self._slices) != len(self.specs):
            raise InputError("a parameter table names the same parameter twice")
        check_kind("flat", flat, (np.ndarray, NoneType), f"an array of shape ({ends[-1]},)")
        self.flat = np.zeros(ends[-1], floating(dtype)) if flat is None else flat
        floating(self.flat.dtype)
        if self.flat.shape != (ends[-1],):
            raise InputError(f"a flat buffer of shape {self.flat.shape} does not fit a table of {ends[-1]} values")
        self._views: Mapping[str, Array] = {
            spec.name: self.flat[self._slices[spec.name]].reshape(spec.shape) for spec in self.specs}
        self._siblings: list[Parameters] = []

    def __getitem__(self, name: str) -> Array:
        try:
            return self._views[name]
        except (KeyError, TypeError):
            raise self.unknown(name) from None

    def unknown(self, name: object) -> UnknownNameError:
        """What is said of a name that there is not"""
        return UnknownNameError(f"there is no parameter {shown(name)}; "
                                + suggestion(name, self, "there are", most=10))

    def __setitem__(self, name: str, value: np.typing.ArrayLike) -> None:
        view = self[name]
        if value is view:                                    # parameters[name] += step has already written there
            return
        array = as_array(f"the value of {name!r}", value)
        if array.ndim and array.shape != view.shape or not np.can_cast(array.dtype, view.dtype, "same_kind"):
            raise InputError(f"the parameter {name!r} is {view.dtype} of shape {view.shape}, got {array.dtype} of "
                             f"shape {array.shape}")
        view[...] = array

    def __contains__(self, name: object) -> bool:
        return name in self._views

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    __eq__, __hash__ = object.__eq__, object.__hash__        # a mapping's would compare arrays as if they were numbers

    def __repr__(self) -> str:
        arrays = ", ".join(f"{spec.name} {spec.shape}" for spec in self.specs[:3])
        return (f"<Parameters: {self.size:,} values of {self.dtype} in {len(self)} arrays: {arrays}"
                f"{', …' if len(self) > 3 else ''}>")

    @property
    def size(self) -> int:
        """The number of values in all arrays together."""
        return self.flat.size

    @property
    def dtype(self) -> np.dtype:
        return self.flat.dtype

    def stored(self, name: str) -> Any:
        """The parameter as it is kept: the array itself; of a quantised run perhaps a matrix of small integers."""
        return self[name]

    def in_one_piece(self) -> Any:
        """All that is kept, as a kernel takes it"""
        return np.ascontiguousarray(self.flat)

    def place(self, name: str) -> tuple[int, ...]:
        """Where the parameter `name` begins in that: in its numbers, and where there are such its shares and scales"""
        return self.slice(name).start,

    def stored_arrays(self) -> Iterator[Array]:
        """All that is kept, in the table's order"""
        return iter(self.values())

    def slice(self, name: str) -> slice:
        """Where the parameter `name` lies in `flat`."""
        self[name]                                           # a name that there is
        return self._slices[name]

    def name_at(self, index: int) -> str:
        """The parameter to which `flat[index]` belongs."""
        if check_whole("the place in flat", index, 0) >= self.size:
            raise InputError(f"the place in flat is {index}, expected 0 to {self.size - 1}")
        return next(name for name, where in self._slices.items() if where.start <= index < where.stop)

    def with_flat(self, flat: Array) -> "Parameters":
        """The same table over another buffer, which is not copied."""
        return Parameters(self.specs, flat=flat)

    def copy(self) -> "Parameters":
        return self.with_flat(self.flat.copy())

    def zeros_like(self) -> "Parameters":
        return self.with_flat(np.zeros_like(self.flat))

    def siblings(self, count: int) -> "list[Parameters]":
        """Buffers of the same layout, made at the first call and kept: the gradients that other threads write."""
        check_whole("the number of siblings", count, 0)
        while len(self._siblings) < count:
            self._siblings.append(self.zeros_like())
        return self._siblings[:count]

    def astype(self, dtype: np.typing.DTypeLike) -> "Parameters":
        return self.with_flat(self.flat.astype(floating(dtype)))

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle or a copy is made from table and buffer; copied one by one, the views would view nothing."""
        return Parameters, (self.specs, self.dtype, self.flat)

    def scope(self, prefix: str) -> "Scope":
        """The parameters whose names start with `prefix`, named without it."""
        return Scope(self, prefix)


def floating(dtype: np.typing.DTypeLike) -> np.dtype:
    """The dtype, which has to be one that a model computes in: real or complex, of 32 bits a number or more."""
    try:
        made = np.dtype(dtype)
    except TypeError:
        made = None
    if made is None or made.kind not in "fc" or made.itemsize < 4:
        raise InputError(f"dtype is {shown(dtype)}, expected np.float32, np.float64 or np.complex128")
    return made


class Scope:
    """A part of a `Parameters`, addressed by the rest of the name: `p.scope("blocks.0.")["attention.w_qkv"]`."""

    def __init__(self, parameters: Parameters, prefix: str):
        self._parameters, self._prefix = parameters, prefix

    def __getitem__(self, name: str) -> Array:
        return self._parameters[self._prefix + name]

    def __setitem__(self, name: str, value: Array) -> None:
        self._parameters[self._prefix + name] = value

    def stored(self, name: str) -> Any:
        return self._parameters.stored(self._prefix + name)

    def in_one_piece(self) -> Any:
        return self._parameters.in_one_piece()

    def place(self, name: str) -> tuple[int, ...]:
        return self._parameters.place(self._prefix + name)

    def as_stored(self) -> "Scope":
        return _StoredScope(self._parameters, self._prefix)

    def __contains__(self, name: object) -> bool:
        return f"{self._prefix}{name}" in self._parameters


class _StoredScope(Scope):
    def __getitem__(self, name: str) -> Any:
        return self.stored(name)


def initialised(specs: Iterable[ParameterSpec], rng: np.random.Generator, dtype: np.typing.DTypeLike = np.float32,
                related: Callable[[Parameters], Parameters] = lambda drawn: drawn) -> Parameters:
    """Parameters drawn from `rng` in the table's order, in float64 and then rounded: one seed, one model, any dtype.
    `related` sets, before they are rounded, those that start as a function of others, and returns all."""
    check_kind("rng", rng, np.random.Generator, A_GENERATOR)
    parameters = Parameters(tuple(specs), dtype)
    exact = Parameters(parameters.specs, np.float64)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):          # looked for below
        for spec in parameters.specs:
            exact[spec.name] = spec.initial(rng, spec.shape)
        parameters.flat[:] = related(exact).flat
    for name, values in parameters.items():
        if not np.isfinite(values).all():
            raise ConfigurationError(f"the first values of {name} are not finite in {parameters.dtype}; give the model "
                                     "smaller numbers, or more precision")
    return parameters
