"""Tokens in, and the logits of the next one out"""

import json

from onnx import TensorProto

from minicrt.export.design import Design
from minicrt.export.onnx_model import layers
from minicrt.export.onnx_model.graph import Graph
from minicrt.models.create import model_mapping


def given(g: Graph, made: Design) -> str:
    return g.input("token", ["batch"], TensorProto.INT64)


def embedded(g: Graph, made: Design, token: str) -> str:
    """e = √D E[token]"""
    row = g.node("Gather", layers.table(g, made, "embedding"), token)
    return g.node("Mul", row, g.number(made.model.scale), name="e")


def result(g: Graph, made: Design, z: str) -> str:
    return layers.output(g, made, z)


def result_entry(made: Design) -> tuple[str, int]:
    """The output's name and type"""
    return "logits", TensorProto.FLOAT


def metadata(made: Design) -> dict[str, str]:
    return {"vocabulary": json.dumps(made.vocabulary.tokens, ensure_ascii=False),
            "tokenizer": made.vocabulary.tokenizer, "model": json.dumps(model_mapping(made.model))}
