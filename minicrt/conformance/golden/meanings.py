"""What the tensors of an operation's case are, in the symbols of its docstring"""


def meaning(operation: str, name: str) -> str:
    """A phrase, or nothing for a tensor whose name says it all."""
    return MEANINGS.get(operation, {}).get(name) or COMMON.get(name, "")


COMMON: dict[str, str] = {}
MEANINGS: dict[str, dict[str, str]] = {}
