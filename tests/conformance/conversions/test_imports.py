"""The conversions are NumPy alone: whoever has one library need not have the others."""

import subprocess
import sys

FOREIGN = ("torch", "jax", "flax", "keras", "onnx")


def test_no_other_library_is_imported():
    code = ("import sys, minicrt.conformance.conversions; "
            f"print(*[name for name in {FOREIGN} if name in sys.modules])")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert result.stdout.split() == []
