"""How far a run has come: everything of a checkpoint that is a number and not an array."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from minicrt.arguments import is_number, is_whole, shown
from minicrt.errors import CheckpointError
from minicrt.strict_json import to_json
from minicrt.training.checkpoint import Checkpoint


@dataclass
class Position:
    """Together with the arrays of a checkpoint and the configuration, this determines the rest of the run.

    step            steps taken
    total           steps to take; 0 while a budget in minutes is still being measured
    evaluated       the step at which the model was last evaluated; 0: never
    best_step       the step whose weights are the best on validation so far, and their loss; None before there are any
    nll, tokens     of training since the last evaluation, for the next line of metrics
    norm            of the last step's gradient, before clipping
    tokens_seen     over the whole run
    seconds         wall time of the run, summed over its resumptions; step_seconds, the part spent in training steps
    metrics         the SHA-256 of metrics.jsonl as it was after the last evaluation; "": before the first one, or from
                    a version that kept none
    """

    step: int = 0
    total: int = 0
    evaluated: int = 0
    best_step: int = 0
    best_loss: float | None = None
    nll: float = 0.0
    tokens: int = 0
    norm: float = 0.0
    tokens_seen: int = 0
    seconds: float = 0.0
    step_seconds: float = 0.0
    metrics: str = ""

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Position":
        """That of a checkpoint. Raises CheckpointError if it holds another's entries, or values of other types."""
        described = checkpoint.described("position")
        for field in dataclasses.fields(cls):
            value = described.get(field.name, field.default)
            fits = isinstance(value, str) if field.type is str else (
                is_whole(value) if field.type is int else _is_number(value))
            if not fits:
                raise CheckpointError(f"{checkpoint.path} is damaged: its position has {field.name} = {shown(value)}; "
                                      "put a copy of it back")
        unknown = [name for name in described if name not in {field.name for field in dataclasses.fields(cls)}]
        if unknown:
            raise CheckpointError(f"{checkpoint.path} has a position with {shown(unknown[0])}, which this version does "
                                  "not know; read it with the version that wrote it, or put a copy of it back")
        return cls(**described)

    def to_json(self) -> str:
        """Numbers are written so that they read back to the same bits."""
        return to_json(dataclasses.asdict(self))


def _is_number(value: Any) -> bool:
    """What is not finite is written as null, and was written as itself by an earlier version."""
    return value is None or is_number(value) or isinstance(value, float) and not math.isfinite(value)
