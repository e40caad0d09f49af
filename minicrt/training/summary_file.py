"""summary.json: a run's figures, with the SHA-256 of them as its last entry, so that a digit that changed is found"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minicrt.arguments import is_number, is_whole, shown
from minicrt.atomic import write_atomically
from minicrt.documents import DocumentError, json_document
from minicrt.errors import CheckpointError
from minicrt.files import read_regular
from minicrt.strict_json import finite, to_json
from minicrt.training.evaluation import CUTS

SEAL = "sha256"
FIGURES = ("valid_perplexity", "test_perplexity", *(f"valid_perplexity_{cut}_cut" for cut in CUTS))
NUMBERS = ("unigram_perplexity", "unigram_perplexity_test", "tokens_per_second", "seconds", "epochs")
COUNTS = ("parameters", "steps", "best_step", "segment_length")


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Put `summary` into the file `path`, with its seal."""
    figures = finite(dict(summary))
    write_atomically(path, (to_json({**figures, SEAL: _seal(figures)}, indent=2) + "\n").encode())


def read_summary(path: Path) -> dict[str, Any] | None:
    """The summary without its seal; None where there is no file. Earlier versions wrote no seal.

    Raises CheckpointError if it cannot be read, is no summary, or is not what was written.
    """
    if not path.exists():
        return None
    try:
        summary = finite(json_document(read_regular(path)))
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    except DocumentError as error:
        raise _damaged(path, f"it {error}") from error
    if not isinstance(summary, dict):
        raise _damaged(path, f"it is {shown(summary)}, expected an object {{...}}")
    seal = summary.pop(SEAL, None)
    if seal is None and not any(_looks_like_a_seal(value) for value in summary.values()):
        _check(summary, path)
    elif seal != _seal(summary):
        raise _damaged(path, "its figures are not those that were written (SHA-256)")
    return summary


def _seal(summary: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(summary, sort_keys=True).encode()).hexdigest()


def _looks_like_a_seal(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _check(summary: dict[str, Any], path: Path) -> None:
    """Raise CheckpointError unless everything that is made from a summary is there, and of its type."""
    expected = {**dict.fromkeys(FIGURES, "a number, or null for what is not finite"),
                **dict.fromkeys(NUMBERS, "a number"), **dict.fromkeys(COUNTS, "a whole number")}
    for key, kind in expected.items():
        value = summary.get(key)
        fits = is_whole(value) if key in COUNTS else is_number(value) or key in FIGURES and value is None
        if key not in summary or not fits:
            got = shown(value) if key in summary else "missing"
            raise _damaged(path, f"{key} is {got}, expected {kind}")
    carried = summary.get("state_carried")
    if not isinstance(carried, list) or not all(isinstance(name, str) for name in carried):
        raise _damaged(path, f"state_carried is {shown(carried)}, expected a list of names")


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {reason}; remove it and resume")
