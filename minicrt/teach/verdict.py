"""What the student reads: a verdict and sentences, and text that shows as it is"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["not attempted", "wrong shape", "wrong", "right"]
STUCK = "An idea to start with: teach.hint({name!r}, 1)."


class Text(str):
    """Text that a notebook shows as it is, without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def sentence(text: str) -> str:
    """With a full stop, unless it has an end of its own."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@dataclass(frozen=True, repr=False)
class Grade:
    """An answer in words.

    verdict    not attempted, wrong shape (or count, or an exception), wrong, or right; true only if right
    sentences  what was found
    names      of a wrong answer what the mistake is, in few words: "sign", "term", "time"; empty where it was not told
    question   what to think about next
    """

    verdict: Kind
    sentences: tuple[str, ...] = ()
    names: str = ""
    question: str = ""

    def __bool__(self) -> bool:
        return self.verdict == "right"

    def __repr__(self) -> str:
        head = {"not attempted": "Not attempted yet", "wrong shape": "Not comparable yet"}.get(
            self.verdict, self.verdict.capitalize())
        first, *others = self.sentences or ("",)
        lines = [f"{head}: {first}" if first else f"{head}.", *others]
        return "\n".join([*lines, f"→ {self.question}"] if self.question else lines)

    __str__ = __repr__
