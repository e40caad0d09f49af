"""What a right implementation passes: gradient checks, golden cases for ports, and the mistakes that both know.

    from minicrt.conformance import case_names, check_port

    check_port(my_gru, "gru").raise_if_wrong()

`to_torch` and its like turn parameters into those of another library, and back.
"""

from minicrt.conformance.checking import CheckReport, Diagnosis, case_names, check_port
from minicrt.conformance.conversions import (
    from_jax,
    from_keras,
    from_onnx_gru,
    from_onnx_lstm,
    from_torch,
    to_jax,
    to_keras,
    to_onnx_gru,
    to_onnx_lstm,
    to_torch,
)
from minicrt.conformance.explaining import explain_gradient

__all__ = ["CheckReport", "Diagnosis", "case_names", "check_port", "explain_gradient", "from_jax", "from_keras",
           "from_onnx_gru", "from_onnx_lstm", "from_torch", "to_jax", "to_keras", "to_onnx_gru", "to_onnx_lstm",
           "to_torch"]
