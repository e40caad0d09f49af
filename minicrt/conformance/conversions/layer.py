"""A layer's parameters on both sides: names, shapes, and the map from one to the other"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.conformance.conversions.names import Array, Hints, Named, arrays, check_names
from minicrt.errors import InputError
from minicrt.ops.shapes import check_shapes

Map = Callable[[Named], Named]


@dataclass(frozen=True)
class Layer:
    """ours, theirs   name → shape in single letters; a letter gets its size where it first stands alone
    to, back          from our parameters to theirs, and from theirs to ours
    to_gradients, back_gradients   of gradients, where that is another map: two of their biases make one of ours
    optional          names that may be absent on either side, and then are absent on the other
    biases            their names that may be absent all together (bias=False), and then stand for zeros
    hints             what to say where a name is missing or unknown, by a pattern of the name
    """

    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    to: Map
    back: Map
    to_gradients: Map | None = None
    back_gradients: Map | None = None
    optional: frozenset[str] = frozenset()
    biases: frozenset[str] = frozenset()
    hints: Hints = ()

    def names(self, theirs: bool) -> tuple[str, ...]:
        return tuple(self.theirs if theirs else self.ours)

    def misfit(self, given: Named, theirs: bool) -> tuple[int, bool]:
        """How many names are missing or unknown, and whether a shape is wrong: the least is the likeliest layer."""
        table = self.theirs if theirs else self.ours
        names = len(set(given) ^ (set(table) - (self.optional - set(given))))
        try:
            check_shapes("", **{name: (given[name], table[name]) for name in table if name in given})
        except InputError:
            return names, True
        return names, False

    def convert(self, values: Any, where: str, back: bool, gradients: bool = False,
                shown: Callable[[str], str] = str) -> Named:
        """`values` on the other side, as new C-contiguous arrays; `shown` gives the name that an error calls it by.

        Raises InputError for names and shapes that do not fit.
        """
        given = self._checked(arrays(values, where), where, back, shown)
        if back:
            result = (self.back_gradients if gradients and self.back_gradients else self.back)(given)
        else:
            result = (self.to_gradients if gradients and self.to_gradients else self.to)(given)
        return {name: np.array(value, order="C") for name, value in result.items()}

    def _checked(self, given: Named, where: str, back: bool, shown: Callable[[str], str]) -> Named:
        table = self.theirs if back else self.ours
        left_out = self.biases if back and not self.biases & set(given) else frozenset()
        required = [shown(name) for name in table if name not in self.optional | left_out]
        check_names(map(shown, given), required, [shown(name) for name in table if name not in required], where,
                    self.hints)
        sizes = check_shapes(where, **{shown(name): (given[name], table[name]) for name in table if name in given})
        if not left_out:
            return given
        dtype = np.result_type(*given.values())
        return given | {name: np.zeros(_shape(table[name], sizes), dtype) for name in left_out}


def _shape(pattern: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """"3D" with D = 2 → (6,)"""
    return tuple(int(axis[:-1] or 1) * sizes[axis[-1]] for axis in pattern.split())


def renaming(rows: Mapping[str, tuple[str, str]], optional: frozenset[str] = frozenset(),
             biases: frozenset[str] = frozenset(), hints: Hints = ()) -> Layer:
    """A layer that renames its parameters and transposes the matrices among them whose theirs ends in ".T".

    `rows`: our name → (their name, our shape). The map is its own transpose, so gradients take it too.
    """
    turned = {name for name, (theirs, _) in rows.items() if theirs.endswith(".T")}
    other = {name: theirs.removesuffix(".T") for name, (theirs, _) in rows.items()}
    return Layer(
        ours={name: shape for name, (_, shape) in rows.items()},
        theirs={other[name]: " ".join(reversed(shape.split())) if name in turned else shape
                for name, (_, shape) in rows.items()},
        to=lambda p: {other[name]: p[name].T if name in turned else p[name] for name in other if name in p},
        back=lambda s: {name: s[other[name]].T if name in turned else s[other[name]]
                        for name in other if other[name] in s},
        optional=optional, biases=biases, hints=hints)


def kept(shapes: Mapping[str, str], optional: frozenset[str] = frozenset()) -> Layer:
    """Parameters of an operation that the other library has no layer for: the same names, the same layout."""
    return renaming({name: (name, shape) for name, shape in shapes.items()}, optional)


def reordered(x: Array, order: Sequence[int] | Array, axis: int) -> Array:
    """The blocks of one axis, as many as `order` is long, in that order."""
    blocks = np.split(x, len(order), axis)
    return np.concatenate([blocks[i] for i in order], axis)


def check_heads(heads: int | None, width: int, where: str) -> int:
    """`heads`; raises InputError where it is missing or does not divide the width."""
    if heads is None:
        raise InputError(f"{where}: heads is missing, and the layout there depends on it; give heads=H")
    if heads < 1 or width % heads:
        raise InputError(f"{where}: the width {width} is not divisible by {heads} heads")
    return heads
