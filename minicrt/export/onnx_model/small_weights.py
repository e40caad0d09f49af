"""Matrices of a quantised run as the small integers that they are, with the operators that make float32 of them

    8 bits    W = scales ⊙ values,  int8
    4 bits    W = scales ⊙ shares[⌊i / 32⌋] ⊙ (u − 8),  two u in a uint8, the lower four bits first

A runtime computes them once, when it loads the file, since they hang on nothing else: what is small is the file.
DequantizeLinear would say the same, but onnxruntime leaves it in the graph to be run at every step, and where a Gemm
follows it quantises what the matrix is multiplied with as well, for an error of 1e-3.
"""

import numpy as np
from onnx import TensorProto

from minicrt.export.onnx_model.graph import Graph
from minicrt.quantisation import EightBits, FourBits, Small
from minicrt.quantisation.forms import GROUP

Array = np.ndarray


def matrix(g: Graph, name: str, kept: Array | Small, inputs: int, turned: bool = False) -> str:
    """A matrix (I, O), or where it is `turned` its transpose, as a value of the graph"""
    if isinstance(kept, np.ndarray):
        return g.weight(name, kept.T if turned else kept)

    def made(top: Graph) -> str:
        W = eight_bits(top, name, kept) if isinstance(kept, EightBits) else four_bits(top, name, kept, inputs)
        return top.node("Transpose", W, name=f"{name}.turned", perm=[1, 0]) if turned else W

    return g.once(name, made)


def eight_bits(g: Graph, name: str, kept: EightBits) -> str:
    values = g.node("Cast", g.weight(f"{name}.values", kept.values), to=TensorProto.FLOAT)
    return g.node("Mul", g.weight(f"{name}.scales", kept.scales), values, name=name)


def four_bits(g: Graph, name: str, kept: FourBits, inputs: int) -> str:
    pairs = g.weight(f"{name}.values", kept.values)
    lower = g.node("BitwiseAnd", pairs, g.weight("lower_bits", np.array(15, np.uint8)))
    upper = g.node("BitShift", pairs, g.weight("four", np.array(4, np.uint8)), direction="RIGHT")
    u = g.node("Concat", *(g.node("Unsqueeze", half, g.integers(1)) for half in (lower, upper)), axis=1)
    u = g.node("Reshape", u, g.integers(-1, kept.values.shape[1]))
    u = g.node("Slice", u, g.integers(0), g.integers(inputs), g.integers(0))     # of an odd number of inputs
    integers = g.node("Sub", g.node("Cast", u, to=TensorProto.FLOAT), g.number(8.0))
    shares = g.node("Cast", g.weight(f"{name}.shares", kept.shares), to=TensorProto.FLOAT)
    steps = g.node("Mul", g.weight(f"{name}.scales", kept.scales), shares)
    group = g.weight(f"group.{inputs}", np.arange(inputs) // GROUP)
    return g.node("Mul", g.node("Gather", steps, group, axis=0), integers, name=name)
