"""Amounts with their units on the command line, and back: 256kB, 1MiB, 20/s, 1GB/s"""

import argparse
import re

from minicrt.arguments import shown

SIZES = {"B": 1, "kB": 10 ** 3, "MB": 10 ** 6, "GB": 10 ** 9, "KiB": 2 ** 10, "MiB": 2 ** 20, "GiB": 2 ** 30}
AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)([A-Za-z]*)(/s)?")


def size(text: str) -> float:
    """The type of an option that takes a number of bytes"""
    return _amount(text, "", "a size such as 256kB or 1MiB (units: " + ", ".join(SIZES) + ")")


def bandwidth(text: str) -> float:
    """The type of an option that takes bytes a second"""
    return _amount(text, "/s", "bytes a second such as 1GB/s (units: " + ", ".join(f"{unit}/s" for unit in SIZES) + ")")


def rate(text: str) -> float:
    """The type of an option that takes a number of times a second"""
    found = AMOUNT.fullmatch(text)
    if found is None or found[2] or not found[3] or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a rate above 0 such as 20/s")
    return float(found[1])


def _amount(text: str, end: str, expected: str) -> float:
    found = AMOUNT.fullmatch(text)
    if found is None or found[2] not in SIZES or (found[3] or "") != end or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{shown(text)} is not {expected}, above 0")
    return float(found[1]) * SIZES[found[2]]


def in_bytes(count: float) -> str:
    """`634 kB`, to three digits"""
    return in_units(count, ("B", "kB", "MB", "GB"))


def in_units(count: float, units: tuple[str, ...]) -> str:
    """To three digits, in the largest of the units, each a thousand times the one before, that leaves 1 or more"""
    for unit in units:
        if count < 999.5 or unit == units[-1]:
            return f"{count:.3g} {unit}".rstrip()
        count /= 1000
    raise AssertionError
