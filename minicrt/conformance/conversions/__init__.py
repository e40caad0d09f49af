"""Parameters between minicrt and other libraries: names, layouts, gate orders. NumPy only; none of them is imported.

`pytorch`, `flax` and `onnx` hold the tables of names.
"""

from minicrt.conformance.conversions.flax import from_jax, to_jax
from minicrt.conformance.conversions.onnx import from_onnx_gru, from_onnx_lstm, to_onnx_gru, to_onnx_lstm
from minicrt.conformance.conversions.pytorch import from_torch, to_torch

__all__ = ["from_jax", "from_onnx_gru", "from_onnx_lstm", "from_torch", "to_jax", "to_onnx_gru", "to_onnx_lstm",
           "to_torch"]
