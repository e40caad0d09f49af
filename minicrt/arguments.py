"""What a public function checks of its arguments before it uses them. NumPy is not imported for it."""

import math
import numbers
from typing import Any

from minicrt.errors import InputError

A_GENERATOR = "a generator, as np.random.default_rng(0)"
LONGEST = 60                                                 # characters of a value that a message shows


def shown(value: Any) -> str:
    """`value` as it would be typed, in one line and no longer than a message can bear."""
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST:       # Python does not write out the longest
        return f"a whole number of some {round(value.bit_length() * math.log10(2))} digits"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST - 1]}…"


def kind_of(value: Any) -> str:
    """The type of a value as a message names it: "a list", "an int", "None"."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def check_kind(name: str, value: Any, kind: type | tuple[type, ...], expected: str) -> None:
    """Raise InputError unless `value` is a `kind`; `expected` says in words what that is, and how to come by one."""
    if not isinstance(value, kind):
        raise InputError(f"{name} is {kind_of(value)}, expected {expected}")


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number of Python or NumPy, and not a truth value."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether `value` is a finite real number of Python or NumPy, and not a truth value."""
    if is_truth(value) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:                                    # a whole number beyond the largest float
        return False


def is_truth(value: Any) -> bool:
    """Whether `value` is True or False, of Python or of NumPy, whose type has the same name."""
    return type(value).__name__ == "bool"


def check_truth(name: str, value: Any) -> None:
    """Raise InputError unless `value` is True or False."""
    if not is_truth(value):
        raise InputError(f"{name} is {shown(value)}, expected True or False")


def check_number(name: str, value: Any, least: float = -math.inf) -> float:
    """`value` as Python's float. Raises InputError unless it is a finite number, of `least` or more."""
    if not is_number(value) or value < least:
        raise InputError(f"{name} is {shown(value)}, expected a finite number"
                         + (f" of {least:g} or more" if least > -math.inf else ""))
    return float(value)


def check_has(name: str, value: Any, attributes: tuple[str, ...], expected: str) -> None:
    """Raise InputError unless `value` is an object, and no class, with all these attributes."""
    if isinstance(value, type) or not all(hasattr(value, attribute) for attribute in attributes):
        raise InputError(f"{name} is {kind_of(value)}, expected {expected}")


def check_iterable(name: str, value: Any, expected: str) -> None:
    """Raise InputError unless `value` can be iterated over; a generator is not begun."""
    try:
        iter(value)
    except TypeError:
        raise InputError(f"{name} is {kind_of(value)}, expected {expected}") from None


def check_whole(name: str, value: Any, least: int, most: int = 2 ** 31 - 1) -> int:
    """`value` as Python's int. Raises InputError unless it is a whole number from `least` to `most`."""
    if not is_whole(value) or value < least:
        raise InputError(f"{name} is {shown(value)}, expected a whole number of {least} or more")
    if value > most:
        raise InputError(f"{name} is {shown(value)}, expected no more than {most:,}")
    return int(value)
