"""What was found out about a wrong answer"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Sentences, the kind of the mistake, and the question that was found with it."""

    sentences: tuple[str, ...]
    kind: str = ""
    question: str = ""
