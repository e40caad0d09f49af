"""Models at work: a stream of tokens, readings or frames in and predictions out, text that they make, and how much a
text surprises them."""

from minicrt.inference.generation import generate
from minicrt.inference.sampling import distribution
from minicrt.inference.sensor_stream import SensorStream
from minicrt.inference.stream import Stream
from minicrt.inference.surprisal import surprisal
from minicrt.inference.video_stream import VideoStream

__all__ = ["SensorStream", "Stream", "VideoStream", "distribution", "generate", "surprisal"]
