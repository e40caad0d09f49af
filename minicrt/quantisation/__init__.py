"""Weights as small integers: 8 bits with a scale per output channel, or 4 bits with a scale per group of 32 as well."""

from minicrt.quantisation.forms import GROUP, EightBits, FourBits, Small, dense, quantised
from minicrt.quantisation.weights import QuantisedParameters, quantise

__all__ = ["GROUP", "EightBits", "FourBits", "QuantisedParameters", "Small", "dense", "quantise", "quantised"]
