"""What the last bits of a run depend on besides its configuration: on what, and on how many threads, it is computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt import engines
from minicrt.parallel import threads


def circumstances(engine: Any, ranks: int = 1) -> dict[str, str | int]:
    """Those of now, by name, in a form for JSON."""
    return {"engine": engines.name_of(engine), "ranks": ranks, "threads": threads.count(),
            "BLAS kernel": threads.blas_kernel(), "NumPy": np.__version__}


def what_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """A line on a run that goes on now, or None where it goes on as it was. What is not known of before is the same."""
    changed = [name for name in now if name in before and before[name] != now[name]]
    if not changed:
        return None
    was, is_now = (", ".join(f"{name} {values[name]}" for name in changed) for values in (before, now))
    masks = ", and of dropout the masks are others" if {"ranks", "threads"} & set(changed) else ""
    return (f"until here the run had {was}, and it goes on with {is_now}: sums are rounded otherwise{masks}, so its "
            "figures will differ from those of a run that was not stopped")
