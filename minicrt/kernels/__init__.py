"""The speed: Numba twins of the operations that gain from one, under the same names; the rest is ops' own."""

from minicrt.ops import *  # noqa: F403
