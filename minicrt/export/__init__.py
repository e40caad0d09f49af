"""Models that leave Python: as an ONNX file, and as a C program that allocates nothing"""

from minicrt.export.c_program import export_c
from minicrt.export.onnx_model import export_onnx

__all__ = ["export_c", "export_onnx"]
