"""What to say about a name that is not known: the one that was probably meant, or those that there are."""

import difflib
from collections.abc import Iterable


def closest(name: object, known: Iterable[str]) -> str | None:
    """The known name that `name` resembles, upper and lower case alike; None where it resembles none."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def choices_in_words(value: object, choices: Iterable[str]) -> str:
    """ "expected one of 'gru', 'none'; did you mean 'gru'?": what to say of a value that is none of them """
    choices = list(choices)
    meant = closest(value, choices) if isinstance(value, str) else None
    return f"expected one of {', '.join(map(repr, choices))}" + (f"; did you mean {meant!r}?" if meant else "")


def suggestion(name: object, known: Iterable[str], what: str, most: int | None = None) -> str:
    """ "did you mean 'width'?", or "known keys: heads, width", `what` being "known keys", of which `most` are listed"""
    known = list(known)
    meant = closest(name, known)
    if meant:
        return f"did you mean {meant!r}?"
    left_out = "" if most is None or len(known) <= most else f", … ({len(known)} in all)"
    return f"{what}: {', '.join(known[:most]) or 'none'}{left_out}"
