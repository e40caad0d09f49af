"""How one text is split by position: 90 % to train on, 5 % to validate, 5 % to test"""

from minicrt.data.names import printable
from minicrt.errors import DataError

SHORTEST_TEXT = 40                  # tokens: two each for validation and test, the least that has a prediction


def borders(total: int) -> tuple[int, int]:
    """Where the validation part of `total` tokens begins, and the test part"""
    return total * 90 // 100, total * 95 // 100


def refuse_too_short(total: int, source: str) -> None:
    """Raises DataError for a text whose parts would be too short."""
    if total < SHORTEST_TEXT:
        raise DataError(f"{printable(source)} has {total} tokens, too few to split into training, validation and "
                        f"test; expected at least {SHORTEST_TEXT}")
