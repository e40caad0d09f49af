"""A model's parameters of which the matrices are small integers"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minicrt.arguments import check_kind, is_whole, shown
from minicrt.errors import InputError
from minicrt.models.parameters import Parameters, ParameterSpec
from minicrt.quantisation.forms import FORMS, EightBits, FourBits, Small, dense, quantised

Array = np.ndarray
TABLES = ("embedding", "output.weight")                      # (V, D): a row is an output channel


def is_small(spec: ParameterSpec) -> bool:
    """Whether a parameter is quantised: the matrices of products, and the embedding table.

    In float32 stay biases, gains and other vectors, m_0, a table of positions, an LRU's eigenvalues, and the free
    entries of NC-GRU's orthogonal matrices.
    """
    return spec.name in TABLES or len(spec.shape) == 2 and spec.decay


def quantise(parameters: Parameters, bits: int) -> "QuantisedParameters":
    """The matrices in 8 or 4 bits, all else in float32.

        small = quantise(run.parameters, 8)
        minicrt.Stream(run.model, small).step(token)
        minicrt.evaluate(run.model, small, corpus.valid)

    Raises InputError for another number of bits, and for a weight that is not finite.
    """
    check_kind("parameters", parameters, Parameters, "those of a run, or model.initialize(rng)")
    if not is_whole(bits) or bits not in FORMS or parameters.dtype.kind != "f":
        raise InputError(f"got bits {shown(bits)} and parameters of {parameters.dtype}, expected 8 or 4, and real ones")
    stored: dict[str, Array | Small] = {}
    for spec in parameters.specs:
        with np.errstate(over="ignore"):                     # looked for in the next line
            value = np.array(parameters[spec.name], np.float32)
        if not np.isfinite(value).all():
            raise InputError(f"{spec.name} is not finite in float32, expected weights of a run that has learned")
        stored[spec.name] = quantised(value.T if spec.name in TABLES else value, bits) if is_small(spec) else value
    return QuantisedParameters(parameters.specs, stored)


class Pieces(NamedTuple):
    """All matrices one after the other, and all that is no matrix"""

    values: Array                                            # int8 or uint8, as in EightBits or FourBits
    shares: Array                                            # uint8; of 8 bits there are none
    scales: Array                                            # float32
    floats: Array                                            # float32


class QuantisedParameters(Parameters):
    """A model's parameters that are kept as small integers and cannot be trained.

    `stored(name)` is the matrix as it is kept, an EightBits or a FourBits, which the kernels of a Stream read. Whatever
    reads parameters[name], as the pass over whole segments does, finds it in float32, made at its first use.
    """

    def __init__(self, specs: Sequence[ParameterSpec], stored: Mapping[str, Array | Small]):
        self.specs = tuple(specs)
        self.layout = tuple((spec.name, spec.shape) for spec in self.specs)
        self._pieces, self._places, self._stored = joined(stored)
        self._views = _Dense(self.specs, self._stored)
        ends = np.cumsum([0, *(spec.size for spec in self.specs)]).tolist()
        self._slices = {spec.name: slice(a, b) for spec, a, b in zip(self.specs, ends, ends[1:])}
        self._siblings = []

    def stored(self, name: str) -> Any:
        try:
            return self._stored[name]
        except (KeyError, TypeError):
            raise self.unknown(name) from None

    def in_one_piece(self) -> Any:
        return self._pieces

    def place(self, name: str) -> tuple[int, ...]:
        self.stored(name)                                    # a name that there is
        return self._places[name]

    def stored_arrays(self) -> Iterator[Array]:
        for stored in self._stored.values():
            yield from (stored,) if isinstance(stored, np.ndarray) else stored

    def __setitem__(self, name: str, value: np.typing.ArrayLike) -> None:
        raise InputError(f"{name} is of a quantised run, whose weights stay as they are; change those of "
                         "parameters.copy(), which are in float32, and quantise them anew")

    @cached_property
    def flat(self) -> Array:                                 # type: ignore[override]
        flat = np.concatenate([self[name].ravel() for name in self])
        flat.flags.writeable = False
        return flat

    @property
    def bits(self) -> int:
        """Of the matrices"""
        small = next(stored for stored in self._stored.values() if not isinstance(stored, np.ndarray))
        return next(bits for bits, form in FORMS.items() if isinstance(small, form))

    @property
    def size(self) -> int:
        return sum(spec.size for spec in self.specs)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.float32)

    def __reduce__(self) -> tuple[Any, ...]:
        return QuantisedParameters, (self.specs, self._stored)


def joined(stored: Mapping[str, Array | Small]
           ) -> tuple[Pieces, dict[str, tuple[int, int, int]], dict[str, Array | Small]]:
    """The pieces, where each parameter begins in them (in values or floats, in shares and in scales), and each as a
    view of them"""
    lists: dict[str, list[Array]] = {name: [] for name in Pieces._fields}
    sizes, places = dict.fromkeys(Pieces._fields, 0), {}
    for name, kept in stored.items():
        parts = {"floats": kept} if isinstance(kept, np.ndarray) else kept._asdict()
        places[name] = (sizes["floats" if "floats" in parts else "values"], sizes["shares"], sizes["scales"])
        for piece, part in parts.items():
            lists[piece].append(part.ravel())
            sizes[piece] += part.size
    dtypes = {"values": np.uint8 if lists["shares"] else np.int8, "shares": np.uint8}
    pieces = Pieces(*(np.concatenate([np.empty(0, dtypes.get(name, np.float32)), *arrays])
                      for name, arrays in lists.items()))
    return pieces, places, {name: _view(pieces, kept, *places[name]) for name, kept in stored.items()}


def _view(pieces: Pieces, kept: Array | Small, start: int, shares: int, scales: int) -> Array | Small:
    def of(piece: Array, first: int, like: Array) -> Array:
        return piece[first:first + like.size].reshape(like.shape)

    if isinstance(kept, np.ndarray):
        return of(pieces.floats, start, kept)
    if isinstance(kept, EightBits):
        return EightBits(of(pieces.values, start, kept.values), of(pieces.scales, scales, kept.scales))
    return FourBits(of(pieces.values, start, kept.values), of(pieces.shares, shares, kept.shares),
                    of(pieces.scales, scales, kept.scales))


class _Dense(Mapping[str, Array]):
    """Each parameter in float32 and in its own shape, made when it is first asked for"""

    def __init__(self, specs: Sequence[ParameterSpec], stored: Mapping[str, Array | Small]):
        self.shapes, self.kept, self.made = {spec.name: spec.shape for spec in specs}, stored, dict[str, Array]()

    def __getitem__(self, name: str) -> Array:
        if name not in self.made:
            stored, shape = self.kept[name], self.shapes[name]
            if isinstance(stored, np.ndarray):
                made = stored
            elif name in TABLES:
                made = np.ascontiguousarray(dense(stored, shape[1]).T)
            else:
                made = dense(stored, shape[0])
            made.flags.writeable = False
            self.made[name] = made
        return self.made[name]

    def __contains__(self, name: object) -> bool:
        return name in self.shapes

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)
