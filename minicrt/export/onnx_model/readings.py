"""Readings of sensors in, and a forecast or the probabilities of classes out"""

import json

import numpy as np
from onnx import TensorProto

from minicrt.export.design import Design
from minicrt.export.onnx_model import layers
from minicrt.export.onnx_model.graph import Graph
from minicrt.models.create import model_mapping

OF_THE_RUN = ("channels", "units", "task", "target", "horizon", "classes", "rate")


def given(g: Graph, made: Design) -> str:
    return g.input("reading", ["batch", len(made.framing.channels)])


def embedded(g: Graph, made: Design, reading: str) -> str:
    """e = [x̃, m] W + b, with x = (reading − mean) / deviation, x̃ = 0 and m = 1 where it is missing"""
    means, rest, deviations = (g.weight(f"scales.{name}", array) for name, array in made.scales.items())
    x = g.node("Div", g.node("Sub", g.node("Sub", reading, means), rest), deviations, name="x")
    missing = g.node("IsNaN", reading, name="missing")
    known = g.node("Where", missing, g.number(0.0), x)
    both = g.node("Concat", known, g.node("Cast", missing, to=TensorProto.FLOAT), axis=-1)
    return layers.linear(g, made, both, "input.weight", "input.bias")


def result(g: Graph, made: Design, z: str) -> str:
    y, framing = layers.output(g, made, z), made.framing
    if framing.task == "classify":
        return g.node("Softmax", y, axis=-1)
    scale, mean = (g.weight(f"target.{name}", np.array(value)) for name, value in (
        ("deviation", framing.scale), ("mean", framing.means[framing.channel])))
    return g.node("Add", g.node("Mul", g.node("Cast", y, to=TensorProto.DOUBLE), scale), mean)


def result_entry(made: Design) -> tuple[str, int]:
    """The output's name and type: a float32 next to a large mean would be too coarse for a forecast."""
    classes = made.framing.task == "classify"
    return ("probabilities", TensorProto.FLOAT) if classes else ("forecast", TensorProto.DOUBLE)


def metadata(made: Design) -> dict[str, str]:
    described = made.framing.to_mapping()
    return {key: json.dumps(described[key], ensure_ascii=False) for key in OF_THE_RUN} | {
        "model": json.dumps(model_mapping(made.model))}
