"""Models at work: a stream of tokens in and logits out, and text from a trained model."""

from minicrt.inference.generation import distribution, generate
from minicrt.inference.stream import Stream

__all__ = ["Stream", "distribution", "generate"]
