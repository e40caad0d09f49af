"""Parameters between minicrt and other libraries: names, layouts, gate orders. NumPy only; none of them is imported.

`pytorch`, `flax`, `keras` and `onnx` hold the tables of names. Each pair of functions is a linear map and its inverse
on what minicrt has; gradients take the transpose of the other direction's map, which is mostly the same map.
"""

from minicrt.conformance.conversions.flax import from_jax, to_jax
from minicrt.conformance.conversions.keras import from_keras, to_keras
from minicrt.conformance.conversions.onnx import from_onnx_gru, from_onnx_lstm, to_onnx_gru, to_onnx_lstm
from minicrt.conformance.conversions.pytorch import from_torch, to_torch

__all__ = ["from_jax", "from_keras", "from_onnx_gru", "from_onnx_lstm", "from_torch", "to_jax", "to_keras",
           "to_onnx_gru", "to_onnx_lstm", "to_torch"]
