"""Where a file is to be had, and what it has to be"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One file: its path inside a data folder, its address, its SHA-256 in hexadecimal and its size in bytes."""

    path: str
    url: str
    sha256: str
    size: int
