"""The constants of a C program: declared in front of it, so that it can be read, with their numbers behind it"""

import numpy as np

from minicrt.quantisation import Small

Array = np.ndarray
TYPES = {"f": "float", "i": "signed char", "u": "unsigned char"}
A_LINE = {"f": 6, "i": 23, "u": 23}                          # numbers, as many as 120 columns hold of the longest


class Weights:
    """Each is handed in once, under its name in the parameter table, and is known by the name that comes back."""

    def __init__(self) -> None:
        self._arrays = dict[str, Array]()

    def vector(self, name: str, array: Array) -> str:
        """What stands in C where a `const float *` is wanted"""
        known_as = name.replace(".", "_")
        self._arrays[known_as] = array
        return known_as

    def matrix(self, name: str, matrix: Array | Small) -> str:
        """What stands in C where a `Matrix` is initialised"""
        if isinstance(matrix, np.ndarray):
            return self.vector(name, matrix)
        parts = (self.vector(f"{name}_{part}", array) for part, array in matrix._asdict().items())
        return "{" + ",\n      ".join(parts) + "}"

    def declarations(self) -> str:
        return "\n".join(f"{f'{head(name, array)};':<58} /* {shape(array)} */" for name, array in self._arrays.items())

    def definitions(self) -> str:
        return "\n\n".join(f"{head(name, array)} = {{\n{rows(array)}\n}};" for name, array in self._arrays.items())


def head(name: str, array: Array) -> str:
    return f"static const {TYPES[array.dtype.kind]} {name}[{array.size}]"


def shape(array: Array) -> str:
    return f"({', '.join(map(str, array.shape))}{',' * (array.ndim == 1)})"


def numbers(array: Array) -> list[str]:
    """Of floats nine significant digits, which give every bit back"""
    return [in_float32(value) if array.dtype.kind == "f" else str(value) for value in array.ravel().tolist()]


def in_float32(value: float) -> str:
    """0.25 as .25f, 2 as 2.f: a large model has millions of them"""
    text = f"{value:.9g}"
    if "e" in text:
        return text + "f"
    if "." not in text:
        return text + ".f"
    return text.replace("0.", ".", 1) + "f" if abs(value) < 1 else text + "f"


def rows(array: Array) -> str:
    words, step = numbers(array), A_LINE[array.dtype.kind]
    return ",\n".join("    " + ",".join(words[start:start + step]) for start in range(0, len(words), step))
