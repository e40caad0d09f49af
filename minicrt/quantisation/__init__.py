"""Weights as small integers: 8 bits with a scale per output channel, or 4 bits with a scale per group of 32 as well."""

from minicrt.quantisation.forms import EightBits, FourBits, Small
from minicrt.quantisation.weights import QuantisedParameters, quantise

__all__ = ["EightBits", "FourBits", "QuantisedParameters", "Small", "quantise"]
