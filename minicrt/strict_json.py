"""JSON as RFC 8259 has it, which every reader takes: it knows no Infinity and no NaN."""

import json
import math
from typing import Any


def finite(value: Any) -> Any:
    """`value`, a tree of mappings, lists and scalars, with None in place of each float that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return value


def to_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON; null stands for what is not finite."""
    return json.dumps(finite(value), indent=indent, allow_nan=False)
