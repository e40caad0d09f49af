"""The recurrent networks with their weights ready: what is computed of the weights alone is computed"""

from typing import Any, NamedTuple

import numpy as np

from minicrt import ops
from minicrt.models import Parameters
from minicrt.models.cells import GRU, LRU, NCGRU, Cell, MinGRU
from minicrt.quantisation import Small

Array = np.ndarray


class Recurrence(NamedTuple):
    """h′ = RNN(x, h), one of these kinds, with blocks r, z, n (or z, c) side by side in w, u and b as in `minicrt.ops`:

    gru          w (I, 3D), u (D, 3D), b (3D,), b_hn (D,)      the reset gate after the product
    gru_before   w, u, b                                       before it
    ncgru        w, u, b                                       before it, n by modReLU; U is orthogonal where it should
    mingru       w (I, 2D), b (2D,)
    lru          w (I, 2N), re (N,), im (N,)                   λ = re + i im; γ is in w already

    Of a quantised NC-GRU u is float32, since its orthogonal blocks are made of numbers that are: there is
    ncgru_float_u for ncgru, and gru_before_float_u.
    """

    kind: str
    name: str                                                # as in the parameter table
    inputs: int                                              # I, of x
    width: int                                               # of h
    arrays: dict[str, Any]                                   # of float32; matrices of a quantised run are Small


def recurrence(cell: Cell, prefix: str, parameters: Parameters) -> Recurrence:
    scope = parameters.scope(prefix)
    w, *others = cell.arguments(ops, scope if isinstance(cell, NCGRU) else scope.as_stored())
    kind, arrays = _kind_and_arrays(cell, scope.stored("w"), *others)
    if isinstance(cell, NCGRU) and isinstance(arrays["w"], Small):
        kind += "_float_u"
    inputs, columns = parameters[prefix + "w"].shape
    return Recurrence(kind, prefix.rstrip("."), inputs, columns // {"mingru": 2, "lru": 1}.get(kind, 3), {
        name: array if isinstance(array, Small) else np.asarray(array, np.float32) for name, array in arrays.items()})


def _kind_and_arrays(cell: Cell, w: Any, *others: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(cell, LRU):
        nu, theta, log_gamma = (np.asarray(array, np.float64) for array in others)
        eigenvalues, gamma = np.exp(-np.exp(nu) + 1j * np.exp(theta)), np.tile(np.exp(log_gamma), 2)
        w = w._replace(scales=(w.scales * gamma).astype(np.float32)) if isinstance(w, Small) else w * gamma
        return "lru", {"w": w, "re": eigenvalues.real, "im": eigenvalues.imag}
    if isinstance(cell, MinGRU):
        return "mingru", {"w": w, "b": others[0]}
    arrays = {"w": w, "u": others[0], "b": others[1]}
    if isinstance(cell, GRU):
        return ("gru", arrays | {"b_hn": others[2]}) if cell.reset_after else ("gru_before", arrays)
    return "ncgru" if others[2] == "modrelu" else "gru_before", arrays
