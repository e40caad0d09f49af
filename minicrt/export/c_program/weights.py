"""The constants of a C program: declared in front of it, so that it can be read, with their numbers behind it"""

from collections.abc import Iterator

import numpy as np

Array = np.ndarray
A_LINE = 6                                                   # numbers


class Weights:
    """Each is handed in once, under its name in the parameter table, and is known by the name that comes back."""

    def __init__(self) -> None:
        self._arrays = dict[str, Array]()

    def vector(self, name: str, array: Array) -> str:
        """What stands in C where a `const float *` is wanted"""
        known_as = name.replace(".", "_")
        self._arrays[known_as] = np.asarray(array, np.float32)
        return known_as

    def matrix(self, name: str, array: Array) -> str:
        """What stands in C where a `Matrix` is wanted"""
        return self.vector(name, array)

    def declarations(self) -> str:
        lines = (f"static const float {name}[{array.size}];" for name, array in self._arrays.items())
        return "\n".join(f"{line:<58} /* {shape(array)} */" for line, array in zip(lines, self._arrays.values()))

    def definitions(self) -> str:
        return "\n\n".join(f"static const float {name}[{array.size}] = {{\n{rows(numbers(array))}\n}};"
                           for name, array in self._arrays.items())


def shape(array: Array) -> str:
    return f"({', '.join(map(str, array.shape))}{',' * (array.ndim == 1)})"


def numbers(array: Array) -> list[str]:
    """Nine significant digits, which give every bit of a float back"""
    return [f"{value:.8e}f" for value in array.ravel().tolist()]


def rows(words: list[str]) -> str:
    def lines() -> Iterator[str]:
        for start in range(0, len(words), A_LINE):
            yield "    " + ", ".join(words[start:start + A_LINE])
    return ",\n".join(lines())
