"""A graph under construction: operators by calling them, weights by their names"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray
Axis = int | str                                             # a size, or the name of one that is open


class Graph:
    """A value of the graph is the name that ONNX knows it by. A `branch` sees the values of its parent, and its own
    begin with its name; weights and constants of both are the outermost graph's."""

    def __init__(self, name: str, parent: "Graph | None" = None) -> None:
        self.name = name
        self.top: Graph = parent.top if parent else self
        self._prefix = f"{name}." if parent else ""
        self._nodes, self._inputs, self._outputs = (list[Any]() for _ in range(3))
        if parent is None:
            self._weights, self._taken, self._made = dict[str, Any](), set[str](), dict[str, str]()

    def branch(self, name: str) -> "Graph":
        return Graph(name, self)

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The operator's one output; it is called `name`, or after the operator."""
        return self.nodes(operator, *inputs, names=[name or operator.lower()], **attributes)[0]

    def nodes(self, operator: str, *inputs: str, names: list[str], **attributes: Any) -> list[str]:
        """As many outputs as there are names; an empty one is an output that nobody reads"""
        outputs = [name and self.top.free(self._prefix + name) for name in names]
        self._nodes.append(helper.make_node(operator, inputs, outputs, name=next(filter(None, outputs)), **attributes))
        return outputs

    def free(self, name: str) -> str:
        """`name`, or where it is taken the first of name_2, name_3 … that is not"""
        number, found = 1, name
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found

    def weight(self, name: str, array: Array) -> str:
        top = self.top
        if name not in top._weights:
            top._taken.add(name)
            top._weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def once(self, name: str, make: "Callable[[Graph], str]") -> str:
        """What `make` puts into the outermost graph, which is made at its first use"""
        top = self.top
        if name not in top._made:
            top._made[name] = make(top)
        return top._made[name]

    def integers(self, *values: int) -> str:
        return self.weight("integers." + ".".join(map(str, values)), np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.weight(f"number.{value!r}", np.array(value, np.float32))

    def input(self, name: str, shape: list[Axis], dtype: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(self.top.free(name), dtype, shape))
        return name

    def output(self, value: str, name: str, shape: list[Axis], dtype: int = TensorProto.FLOAT) -> None:
        known_as = self.node("Identity", value, name=name)
        self._outputs.append(helper.make_tensor_value_info(known_as, dtype, shape))

    def proto(self) -> Any:
        weights = list(self._weights.values()) if self.top is self else []
        return helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, weights)

    def model(self, opset: int, producer_version: str, described: str, metadata: dict[str, str]) -> bytes:
        """The file, checked"""
        imports = [helper.make_opsetid("", opset)]
        made = helper.make_model(self.proto(), opset_imports=imports, producer_name="minicrt",
                                 producer_version=producer_version, doc_string=described,
                                 ir_version=helper.find_min_ir_version_for(imports))
        helper.set_model_props(made, metadata)
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString()
