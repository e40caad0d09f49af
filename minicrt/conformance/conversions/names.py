"""Reading a dict of arrays that somebody else made: what it holds, what it lacks, what it should not have"""

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from minicrt.errors import InputError

Array = np.ndarray
Named = dict[str, Array]
Hints = tuple[tuple[str, str], ...]                          # (pattern of a name, what to say where it is wrong)


def arrays(values: Any, where: str) -> Named:
    """The arrays by name from a mapping, a `Parameters` or a state_dict; tensors are taken off their graph and device.

    Raises InputError for what is not such a mapping, and for what is not an array of floating-point numbers.
    """
    if isinstance(values, type) or not hasattr(values, "keys"):
        raise InputError(f"{where}: got a {type(values).__name__}, expected a dict of arrays by name")
    names = list(values)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: got a {type(values).__name__} without names, expected a dict of arrays by name")
    return {name: array(values[name], f"{where}: {name}") for name in names}


def array(value: Any, where: str) -> Array:
    """`value` as a NumPy array; a torch tensor is recognised by its methods, so that torch is not imported."""
    if value is None:
        raise InputError(f"{where} is None, expected an array; give zeros for a gradient that was not computed")
    try:
        found = np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    except (TypeError, ValueError) as error:                 # bfloat16 has no NumPy dtype; lists of unequal lengths
        raise InputError(f"{where} cannot be read as an array ({error}); convert it to float32 first") from error
    if found.dtype.kind not in "fc":
        raise InputError(f"{where} has dtype {found.dtype}, expected floating-point numbers; convert it to float32 "
                         "first")
    return found


def check_names(given: Iterable[str], required: Collection[str], optional: Collection[str], where: str,
                hints: Hints = ()) -> None:
    """Raise InputError for the first name that is neither required nor optional, then for those that are missing."""
    given, known = list(given), [*required, *optional]
    for name in given:
        if name not in known:
            raise unknown_name(name, known, where, hints)
    missing = [name for name in required if name not in given]
    if missing:
        hint = hinted(missing[0], hints) or "expected " + ", ".join(required)
        raise InputError(f"{where}: {', '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing; "
                         f"{hint}")


def unknown_name(name: str, known: Iterable[str], where: str, hints: Hints = ()) -> InputError:
    known = sorted(set(known))
    close = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]!r}?" if close else "expected " + ", ".join(known)
    return InputError(f"{where}: unknown name {name!r}; {hinted(name, hints) or guess}")


def hinted(name: str, hints: Hints) -> str:
    return next((hint for pattern, hint in hints if re.search(pattern, name)), "")


def joined(path: str, name: str, separator: str = ".") -> str:
    """The name of a parameter in a module; either part may be empty."""
    return path + separator + name if path and name else path or name
