"""Models at work: a stream of tokens or readings in and predictions out, text that they make, and how much a text
surprises them."""

from minicrt.inference.generation import generate
from minicrt.inference.sampling import distribution
from minicrt.inference.sensor_stream import SensorStream
from minicrt.inference.stream import Stream
from minicrt.inference.surprisal import surprisal

__all__ = ["SensorStream", "Stream", "distribution", "generate", "surprisal"]
