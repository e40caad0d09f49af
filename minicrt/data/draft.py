"""The draft of a token file: a text numbered by first appearance, in records each of which proves itself

A record is a line of JSON and what that announces: the types that are new, as JSON, and ids as uint32. A process that
was stopped leaves whole records and perhaps a torn one; whoever goes on cuts that off. So the text is read once,
whatever happens in between, and the vocabulary is counted in the ids.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

Array = np.ndarray
LONGEST_LINE = 10_000                                        # bytes of a record's first line


class FirstAppearance(dict[str, int]):
    """token → id; a token that is not there gets the next one. `new` holds the tokens since `new` was emptied."""

    def __init__(self) -> None:
        self.new: list[str] = []

    def __missing__(self, token: str) -> int:
        self.new.append(token)
        self[token] = number = len(self)
        return number


class Record(NamedTuple):
    part: int
    end: int                                                 # where the part's text goes on
    start: int                                               # where in the draft its ids stand
    ids: int


class Draft:
    """What `file`, open to read and write, holds of a text of this `origin`; of another one nothing.

    part, end   where the text goes on: the number of a part, and the place in it
    numbers     the ids so far
    """

    def __init__(self, file: BinaryIO, origin: Mapping[str, Any]) -> None:
        self._file = file
        self.numbers = FirstAppearance()
        self.records: list[Record] = []
        self._first = json.dumps({"origin": origin}, sort_keys=True).encode() + b"\n"
        file.seek(0)
        if file.readline(LONGEST_LINE) == self._first:
            self._recall()
        else:
            file.seek(0)
            file.truncate()
            file.write(self._first)

    @property
    def part(self) -> int:
        return self.records[-1].part if self.records else 0

    @property
    def end(self) -> int:
        return self.records[-1].end if self.records else 0

    def size(self, part: int) -> int:
        """The number of ids of a part so far"""
        return sum(record.ids for record in self.records if record.part == part)

    def add(self, part: int, end: int, tokens: Iterable[str]) -> None:
        """Number `tokens`, after which the text of `part` goes on at `end`. An interruption leaves no record."""
        self.numbers.new = []
        ids = np.fromiter(map(self.numbers.__getitem__, tokens), "<u4")
        types, data = json.dumps(self.numbers.new).encode(), ids.tobytes()
        line = json.dumps({"part": part, "end": end, "types": len(types), "ids": ids.size,
                           "sha256": _digest(part, end, types, data)}).encode() + b"\n"
        at = self._file.seek(0, 2)
        self._file.write(line + types + data)
        self._file.flush()
        self.records.append(Record(part, end, at + len(line) + len(types), ids.size))

    def ids(self, part: int) -> Iterator[Array]:
        """The ids of a part, a record at a time"""
        for record in self.records:
            if record.part == part:
                self._file.seek(record.start)
                yield np.frombuffer(self._file.read(4 * record.ids), "<u4")

    def _recall(self) -> None:
        good = self._file.tell()
        while (record := self._next()) is not None:
            self.records.append(record)
            good = self._file.tell()
        self._file.seek(good)
        self._file.truncate()

    def _next(self) -> Record | None:
        """The record that begins here, its types numbered; None where it is torn or damaged, or there is none."""
        line = self._file.readline(LONGEST_LINE)
        try:
            said = json.loads(line)
            part, end, ids = int(said["part"]), int(said["end"]), int(said["ids"])
            types, data = self._file.read(int(said["types"])), self._file.read(4 * ids)
            if _digest(part, end, types, data) != said["sha256"]:
                return None
        except (ValueError, LookupError, TypeError):
            return None
        for token in json.loads(types):
            self.numbers[token]                              # gives it its id
        return Record(part, end, self._file.tell() - len(data), ids)


def _digest(part: int, end: int, types: bytes, data: bytes) -> str:
    return hashlib.sha256(f"{part} {end} ".encode() + types + data).hexdigest()
