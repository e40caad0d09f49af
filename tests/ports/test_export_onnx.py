"""An exported ONNX file, checked when it is made, computes in onnxruntime what a stream does."""

import json
from pathlib import Path

import numpy as np
import pytest

from minicrt.accounting import weight_bytes
from minicrt.data import Vocabulary
from minicrt.export import export_onnx
from minicrt.export.onnx_model import OPSET
from minicrt.models import create_model
from minicrt.quantisation import quantise
from tests.export.exported_models import (
    SETTINGS,
    VOCABULARY,
    T,
    model_and_weights,
    small_model_and_weights,
    streamed,
    tokens,
    worst,
)

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


class Runner:
    """One text or several, token by token"""

    def __init__(self, data, batch):
        self.session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        sizes = {"batch": batch, "rows": 0}
        self.state = {entry.name: np.zeros([sizes.get(axis, axis) for axis in entry.shape], np.float32)
                      for entry in self.session.get_inputs() if entry.name != "token"}

    def step(self, token):                                   # (B,) -> (B, V)
        logits, *after = self.session.run(["logits", *(f"next.{name}" for name in self.state)],
                                          {"token": token, **self.state})
        self.state = dict(zip(self.state, after))
        return logits


@pytest.mark.parametrize("name", SETTINGS)
def test_it_computes_what_a_stream_does(name):
    model, parameters = model_and_weights(name)
    texts = tokens(1000, 2)
    runner = Runner(export_onnx(model, parameters, VOCABULARY), 2)
    logits = np.stack([runner.step(row) for row in texts])
    assert worst(logits, streamed(model, parameters, texts)) < 1e-5


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", ["default", "post-norm, relu, untied", "reset before", "mingru", "lru", "ncgru",
                                  "ncgru, tanh", "three vectors, normed", "narrow positions", "wide", "odd width",
                                  "transformer"])
def test_so_do_small_weights_which_the_file_holds(name, bits):
    model, parameters = small_model_and_weights(name, bits)
    texts, data = tokens(1000, 1), export_onnx(model, parameters, VOCABULARY)
    runner = Runner(data, 1)
    logits = np.stack([runner.step(row) for row in texts])
    assert worst(logits, streamed(model, parameters, texts)) < 1e-5


def test_a_small_file_is_as_small_as_its_weights():
    model = create_model({**SETTINGS["default"], "width": 64, "inner": 256, "vocabulary": 500}, engine="numpy")
    parameters, vocabulary = model.initialize(np.random.default_rng(0)), Vocabulary([f"w{k}" for k in range(500)])
    sizes = {bits: len(export_onnx(model, quantise(parameters, bits), vocabulary)) for bits in (8, 4)}
    whole = len(export_onnx(model, parameters, vocabulary))
    for bits, size in sizes.items():
        weights = weight_bytes(quantise(parameters, bits))
        assert weights < size < weights + whole - weight_bytes(parameters) + 20_000


def test_a_runtime_makes_them_large_once(tmp_path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    for bits in (8, 4):
        data = export_onnx(*small_model_and_weights("default", bits), VOCABULARY)
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        loaded = onnx.load(tmp_path / "loaded.onnx").graph
        assert not {"Cast", "BitShift", "BitwiseAnd"} & {node.op_type for node in loaded.node}
        assert {"Cast"} <= {node.op_type for node in onnx.load_from_string(data).graph.node}


def test_a_batch_of_any_size_is_as_each_text_alone():
    data = export_onnx(*model_and_weights("default"), VOCABULARY)
    texts = tokens(3 * T + 1, 3)
    together = Runner(data, 3)
    alone = [Runner(data, 1) for _ in range(3)]
    for row in texts:
        np.testing.assert_allclose(together.step(row), [runner.step(row[i:i + 1])[0] for i, runner in enumerate(alone)],
                                   atol=1e-5)


@pytest.mark.parametrize("name", ["default", "reset before"])
def test_its_operators_are_those_of_the_standard_and_a_gru_is_one(name):
    model = onnx.load_from_string(export_onnx(*model_and_weights(name), VOCABULARY))
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    grus = [node for node in model.graph.node if node.op_type == "GRU"]
    assert len(grus) == 2
    for node in grus:
        attributes = {attribute.name: attribute.i for attribute in node.attribute}
        assert attributes["linear_before_reset"] == (name == "default")


def test_it_says_what_it_is():
    model = onnx.load_from_string(export_onnx(*model_and_weights("default"), VOCABULARY))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert Vocabulary(json.loads(properties["vocabulary"]), properties["tokenizer"]) == VOCABULARY
    assert properties["segment_length"] == str(T) and model.producer_name == "minicrt"
    names = {node.name for node in model.graph.node}
    assert "blocks.1.attention.scores" in names and len(names) == len(model.graph.node)


def test_the_page_says_how_a_file_is_run(tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs" / "edge.md").read_text(encoding="utf-8")
    code = page.split("```py\n")[1].split("```")[0].replace("the with statement is used to", "a c b c d e a a")
    model, parameters = model_and_weights("default")
    monkeypatch.chdir(tmp_path)
    Path("edge.onnx").write_bytes(export_onnx(model, parameters, VOCABULARY))
    exec(compile(code, "edge.md", "exec"), {})
    ids = VOCABULARY.encode("a c b c d e a a".split())
    best = VOCABULARY.decode(streamed(model, parameters, ids[:, None])[:, 0].argmax(1))
    assert [line.split(" -> ")[1] for line in capsys.readouterr().out.splitlines()] == best


def test_it_is_the_same_each_time():
    assert export_onnx(*model_and_weights("default"), VOCABULARY) == export_onnx(*model_and_weights("default"),
                                                                                 VOCABULARY)
