"""The CRT of a size as `minicrt export` writes it, in onnxruntime, token by token; the state stays with onnxruntime"""

from typing import Any

import numpy as np
import onnxruntime

from benchmarks.task import Size
from minicrt import ops
from minicrt.data import Vocabulary
from minicrt.export import export_onnx
from minicrt.parallel import threads


class Stream:
    def __init__(self, size: Size) -> None:
        vocabulary = Vocabulary(map(str, range(size.vocabulary)))
        data = export_onnx(size.model(ops), size.parameters(ops), vocabulary)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads.count()
        self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        sizes = {"batch": 1, "rows": 0}
        self.state: dict[str, Any] = {
            entry.name: value(np.zeros([sizes.get(axis, axis) for axis in entry.shape], np.float32))
            for entry in self.session.get_inputs() if entry.name != "token"}
        self.outputs = ["logits", *(f"next.{name}" for name in self.state)]

    def step(self, token: int) -> Any:                       # -> (1, V)
        given = {"token": value(np.array([token], np.int64)), **self.state}
        logits, *after = self.session.run_with_ort_values(self.outputs, given)
        self.state = dict(zip(self.state, after))
        return logits.numpy()


def value(array: Any) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)
