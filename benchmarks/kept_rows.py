"""Rows of measurements in a JSON file that grows: what is in it is not measured again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minicrt.atomic import write_atomically
from minicrt.errors import DataError
from minicrt.strict_json import to_json
from minicrt.training.summary import machine

Row = dict[str, Any]


class KeptRows:
    """The rows of the file `path`, each known by its "command"; without a path they are kept in memory alone.

    Each row of this benchmark has the key `known_by`; a file whose rows lack it is another's, and refused.
    """

    def __init__(self, path: Path | None, known_by: str):
        self.path, self.rows = path, list[Row]()
        if path is None or not path.exists():
            return
        try:
            self.rows = list(json.loads(path.read_text(encoding="utf-8"))["rows"])
            if not all({"command", known_by} <= set(row) for row in self.rows):
                raise KeyError(known_by)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} does not hold the results of this benchmark; name another file, or remove it"
                            ) from error

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def has(self, command: str) -> bool:
        return any(row["command"] == command for row in self.rows)

    def add(self, row: Row) -> None:
        """Into the file at once, so that a stop loses nothing."""
        self.rows.append(row)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, (to_json({"machine": machine(), "rows": self.rows}, indent=1) + "\n").encode())
