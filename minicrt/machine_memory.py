"""How much memory this machine has, so that what cannot fit into it is refused before it is asked for.

Linux hands out more memory than there is, and ends the process that then uses it.
"""

import os
from functools import cache

from minicrt.errors import InputError


@cache
def machine_memory() -> int | None:
    """The bytes of memory of this machine; None on Windows, which refuses by itself, and where it cannot be known."""
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    return size if size > 0 else None


def check_memory(size: int, what: str, advice: str) -> None:
    """Raise InputError if `size` bytes, which `what` takes, are more than this machine has."""
    there = machine_memory()
    if there is not None and size > there:
        raise InputError(f"not enough memory: {what} takes {size / 2 ** 30:,.1f} GiB, and this machine has "
                         f"{there / 2 ** 30:,.1f}; {advice}")
