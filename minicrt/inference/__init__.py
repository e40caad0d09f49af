"""Models at work: text from a trained model."""

from minicrt.inference.generation import distribution, generate

__all__ = ["distribution", "generate"]
