"""Runs on text and on sensor readings, where a command takes both"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minicrt.data import Vocabulary
    from minicrt.data.sensors import Framing
    from minicrt.inference import SensorStream, Stream
    from minicrt.training import Trained, TrainedSensors


def of_sensors(trained: "Trained | TrainedSensors") -> bool:
    from minicrt.training import TrainedSensors

    return isinstance(trained, TrainedSensors)


def unit(trained: "Trained | TrainedSensors") -> str:
    """What it reads, one after the other"""
    return "reading" if of_sensors(trained) else "token"


def stream(trained: "Trained | TrainedSensors") -> "Stream | SensorStream":
    """Of readings, as the model sees them"""
    from minicrt.inference import SensorStream, Stream

    made = SensorStream if of_sensors(trained) else Stream
    return made(trained.model, trained.parameters)           # type: ignore[arg-type]


def meaning(trained: "Trained | TrainedSensors") -> "Vocabulary | Framing":
    """Of what goes in and comes out"""
    return trained.framing if of_sensors(trained) else trained.vocabulary        # type: ignore[union-attr]
