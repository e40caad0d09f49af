"""What a run on sensor readings has learned"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt.data.sensors import Framing
from minicrt.models import Parameters, SensorModel
from minicrt.training.position import Position
from minicrt.training.trained import OfFolder


@dataclass(frozen=True, repr=False)
class TrainedSensors(OfFolder):
    """What a run on sensor readings has learned: its best weights on validation.

    framing        scales and classes: `framing.inputs(readings)` is what the model sees, `framing.forecast(y)` what its
                   numbers mean
    All else is as in Trained.
    """

    folder: Path
    model: SensorModel
    parameters: Parameters
    framing: Framing
    configuration: dict[str, Any]
    step: int
    summary: dict[str, Any] | None = None
    position: Position | None = None

    def described(self) -> dict[str, Any]:
        """What a file of its weights says of the readings"""
        return {"framing": self.framing.to_mapping()}

    def __repr__(self) -> str:
        small = f", quantised to {self.bits} bits" if self.bits else ""
        return (f"<TrainedSensors {self.folder}: {self.framing.task} {self.framing.target}, weights of step "
                f"{self.step}{small} of {self.model!r}>")
