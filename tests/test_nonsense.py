"""Every public function, each argument in turn replaced by nonsense: it works, or says in one line what is wrong.

An error of another kind may only be Python's own, raised at the call itself, as for an argument that there is not.
"""

import inspect
import traceback
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import minicrt
from minicrt import accounting, conformance, data, engines, gradcheck, inference, models, plotting, presets, training
from minicrt.comparison import read_grid, read_results
from minicrt.errors import MinicrtError
from minicrt.parallel import threads
from minicrt.quantisation import quantise
from minicrt.settings import settings
from tests.training import tiny

CORPUS, MODEL = tiny.corpus(), tiny.model()
PARAMETERS = MODEL.initialize(np.random.default_rng(0))
STREAM = data.TokenStream(CORPUS.valid, 2, 5)
VOCABULARY, TOKENS = CORPUS.vocabulary, [[1, 2]]
CACHE = MODEL.forward(PARAMETERS, TOKENS, TOKENS, {})[2]
OPTIMIZER = training.AdamW(PARAMETERS)
TASK_MODEL = models.create_model("recurrent", vocabulary=14, width=4, layers=1)
PARTS = {"train": CORPUS.train, "valid": CORPUS.valid, "test": CORPUS.test}
CURVE = {"epoch": 1.0, "valid_perplexity": 10.0, "valid_loss": 2.3, "train_loss": 2.0}
CELL = {"label": "a", "segment_length": 35, "flops_per_token": 4e6, "valid": 120.0, "valid_deviation": 1.5}
GRU = {"w": np.zeros((2, 9)), "u": np.zeros((3, 9)), "b": np.zeros(9), "b_hn": np.zeros(3)}
RNG = np.random.default_rng(0)
INSIDE = str(Path(minicrt.__file__).parent)
BACKWARD = "operation_backward"                              # a function of the caller's may raise what it likes


def double(x):
    return 2 * x


def double_backward(d_y, x):
    return 2 * d_y


CALLS = [
    (models.create_model, {"model": "crt", "engine": None, "vocabulary": 7, "width": 8, "heads": 2}),
    (models.CRT, {"config": MODEL.config, "engine": None}),
    (models.model_mapping, {"model": MODEL}),
    (models.Parameters, {"specs": MODEL.specs(), "dtype": np.float32, "flat": None}),
    (PARAMETERS.with_flat, {"flat": PARAMETERS.flat}),
    (PARAMETERS.astype, {"dtype": np.float64}),
    (PARAMETERS.name_at, {"index": 0}),
    (PARAMETERS.slice, {"name": "embedding"}),
    (PARAMETERS.__getitem__, {"name": "embedding"}),
    (PARAMETERS.copy().__setitem__, {"name": "embedding", "value": 0.0}),
    (MODEL.initialize, {"rng": RNG, "dtype": np.float32}),
    (MODEL.forward, {"parameters": PARAMETERS, "tokens": TOKENS, "targets": TOKENS, "state": {}, "rng": None,
                     "with_gradient": True}),
    (MODEL.backward, {"d_loss": 1.0, "d_state": {}, "cache": CACHE, "gradients": PARAMETERS}),
    (MODEL.logits, {"parameters": PARAMETERS, "tokens": TOKENS, "state": {}}),
    (MODEL.inspect, {"parameters": PARAMETERS, "tokens": TOKENS, "state": {}}),
    (training.train, {"folder": "run", "model": MODEL, "corpus": CORPUS, "config": None, "progress": False,
                      "steps": 0}),
    (training.resume, {"folder": "run", "data_dir": None, "progress": False, "corpus": None, "model": None}),
    (training.load_run, {"path": "run", "engine": None}),
    (training.read_checkpoint, {"path": "run"}),
    (training.evaluate, {"model": MODEL, "parameters": PARAMETERS, "stream": CORPUS.valid, "cut": None}),
    (training.cut_entries, {"model": MODEL, "cut": None}),
    (training.recall_accuracy, {"model": TASK_MODEL, "parameters": TASK_MODEL.initialize(RNG), "rng": RNG,
                                "task": data.RecallTask(), "episodes": 3, "cut": None}),
    (training.AdamW, {"parameters": PARAMETERS, "learning_rate": 1e-3, "eps": 1e-8, "orthogonal_learning_rate": None}),
    (training.SGD, {"parameters": PARAMETERS, "learning_rate": 1e-3, "momentum": 0.9}),
    (training.train_step, {"model": MODEL, "parameters": PARAMETERS, "gradients": PARAMETERS, "optimizer": OPTIMIZER,
                           "segments": [STREAM.segment(0)], "state": {}, "rng": None, "clip": 1.0, "rate": 1.0}),
    (training.window_gradients, {"model": MODEL, "parameters": PARAMETERS, "gradients": PARAMETERS,
                                 "segments": [STREAM.segment(0)], "state": {}, "rng": None}),
    (training.dynamic_evaluate, {"model": MODEL, "parameters": PARAMETERS, "stream": STREAM,
                                 "sizes": np.ones(PARAMETERS.size), "config": training.DynamicConfig()}),
    (training.gradient_sizes, {"model": MODEL, "parameters": PARAMETERS, "stream": STREAM, "segments": 1}),
    (training.clip_factor, {"limit": 1.0, "norm": 1.0}),
    (training.warmup_cosine, {"step": 1, "total": 3, "warmup": 1, "final": 0.1}),
    (training.warmup_constant, {"step": 1, "warmup": 2}),
    (training.evaluation_steps, {"total": 3, "evaluations": 1, "warmup": 1}),
    (inference.generate, {"model": MODEL, "parameters": PARAMETERS, "prompt_ids": [1], "tokens": 2, "rng": RNG,
                          "temperature": 1.0, "top_k": 0, "top_p": 1.0, "exclude": ()}),
    (inference.Stream, {"model": MODEL, "parameters": PARAMETERS, "batch": 1}),
    (inference.Stream(MODEL, PARAMETERS).step, {"token": 1}),
    (inference.Stream(MODEL, PARAMETERS).feed, {"tokens": [1]}),
    (inference.Stream(MODEL, PARAMETERS).restore, {"saved": inference.Stream(MODEL, PARAMETERS).save()}),
    (inference.distribution, {"logits": np.zeros(3), "temperature": 1.0, "top_k": 0, "top_p": 1.0}),
    (data.load_corpus, {"name_or_path": "no-such.txt", "level": "word", "data_dir": None, "tokenizer": "auto",
                        "vocabulary": None}),
    (data.Corpus, {"name": "x", "vocabulary": VOCABULARY, **PARTS, "level": "word", "source": "x"}),
    (data.TokenStream, {"tokens": CORPUS.train, "batch": 2, "segment_length": 5}),
    (STREAM.segment, {"index": 0}),
    (data.Vocabulary, {"tokens": ["a"], "tokenizer": "blanks"}),
    (data.Vocabulary.count, {"tokens": ["a"], "minimum": 1, "tokenizer": "blanks"}),
    (data.Vocabulary.from_mapping, {"mapping": {"tokens": ["a"], "tokenizer": "blanks"}}),
    (VOCABULARY.split, {"text": "w1 w2"}),
    (VOCABULARY.encode, {"tokens": ["w1"]}),
    (VOCABULARY.decode, {"ids": [1]}),
    (VOCABULARY.join, {"ids": [1]}),
    (data.get, {"name": "python-docs"}),
    (data.largest_batch, {"size": 3, "segment_length": 2}),
    (data.unigram_perplexity, {"train": CORPUS.train, "evaluated": CORPUS.valid, "vocabulary_size": 11}),
    (data.RecallTask().window, {"rng": RNG, "batch": 2}),
    *((task().window, {"rng": RNG, "batch": 2}) for task in data.TASKS.values()),
    (gradcheck.check, {"forward": double, "backward": double_backward, "inputs": [np.ones(2)], "rng": RNG,
                       "method": "complex", "tolerance": None, "step": None}),
    (gradcheck.check_operation, {"operation": lambda x: (2 * x, None), "operation_backward": double_backward,
                                 "inputs": [np.ones(2)], "rng": RNG}),
    (gradcheck.check_model, {"model": MODEL, "parameters": PARAMETERS, "segments": [STREAM.segment(0)], "rng": RNG,
                             "state": None, "truncate": False, "directions": 1}),
    (conformance.check_port, {"port": lambda **arrays: None, "case": "gru", "dtype": None}),
    (conformance.case_names, {"subject": "gru"}),
    (engines.get, {"name": None}),
    (presets.load, {"name": "tiny"}),
    (presets.description, {"name": "tiny"}),
    (settings, {"preset": "tiny", "changes": {}}),
    (threads.limit, {"number": 1}),
    (training.train_on, {"folder": "run", "epochs": 1.0, "steps": 0, "minutes": 0.0, "data_dir": None,
                         "progress": False}),
    (training.fitted, {"config": tiny.config(), "corpus": CORPUS, "segment_length": 5, "fixed": ()}),
    (training.make_optimizer, {"config": tiny.config(), "parameters": PARAMETERS, "engine": None}),
    *((function, {"model": MODEL, "length": None}) for function in (
        accounting.activation_bytes, accounting.forward_flops, accounting.segment_flops, accounting.training_flops)),
    (accounting.state_values, {"model": MODEL}),
    (accounting.token_multiply_adds, {"model": MODEL}),
    (accounting.token_bytes, {"model": MODEL, "parameters": PARAMETERS}),
    (accounting.stream_memory, {"model": MODEL, "item": 4}),
    (accounting.weight_bytes, {"parameters": PARAMETERS}),
    (quantise, {"parameters": PARAMETERS, "bits": 8}),
    (quantise(PARAMETERS, 4).stored, {"name": "embedding"}),
    (plotting.attention_map, {"weights": np.full((1, 3, 3), 0.3), "tokens": ["a", "b"], "memory_tokens": 1,
                              "title": ""}),
    (plotting.learning_curves, {"rows": [CURVE], "unigram": 50.0, "title": ""}),
    (plotting.cut_bars, {"summary": {"valid_perplexity": 10.0}, "title": ""}),
    (plotting.vector_over_time, {"values": np.zeros((3, 4)), "tokens": None, "segment_length": 2, "name": "m",
                                 "label": "value", "title": ""}),
    (plotting.gradient_error, {"analytic": np.eye(2), "reference": np.ones((2, 2)), "title": ""}),
    (plotting.lines, {"x": [1, 2], "ys": {"a": [1, 2]}, "xlabel": "x", "ylabel": "y", "title": "", "log": "y",
                      "levels": {"b": 1.0}}),
    (plotting.by_group, {"names": ["a"], "means": [1.0], "errors": [0.5], "xlabel": "x", "ylabel": "y", "title": ""}),
    (plotting.comparison, {"rows": [CELL]}),
    (plotting.confusion_map, {"confusion": np.eye(2, dtype=int), "names": ["a", "b"], "title": ""}),
    (plotting.sensor_curves, {"rows": [{"epoch": 1.0, "train_error": 2.0, "valid_error": 1.0}], "measure": "error",
                              "unit": "bar", "baseline": 3.0, "title": ""}),
    (plotting.forecast, {"time": [0, 1], "readings": [1, 2], "forecasts": [2, 1], "xlabel": "s", "ylabel": "bar",
                         "title": ""}),
    (plotting.class_probabilities, {"time": [0, 1], "probabilities": np.eye(2), "classes": "ab",
                                    "right": np.array([0, 1]), "xlabel": "s", "title": ""}),
    (conformance.to_torch, {"kind": "gru", "parameters": GRU, "heads": None, "gradients": False}),
    (conformance.from_torch, {"kind": "gru", "state_dict": conformance.to_torch("gru", GRU), "gradients": False}),
    (conformance.to_jax, {"kind": "gru", "parameters": GRU, "heads": None}),
    (conformance.from_jax, {"kind": "gru", "tree": conformance.to_jax("gru", GRU)}),
    (conformance.to_keras, {"kind": "gru", "parameters": GRU, "heads": None, "gradients": False}),
    (conformance.from_keras, {"kind": "gru", "weights": conformance.to_keras("gru", GRU), "gradients": False}),
    (conformance.to_onnx_gru, {"parameters": GRU}),
    (conformance.from_onnx_gru, {"inputs": conformance.to_onnx_gru(GRU)[0], "attributes": None}),
    (read_grid, {"path": "no-such.toml"}),
    (read_results, {"folder": "no-such"}),
]
NONSENSE = [None, "nonsense", "", "\0", -1, 0, True, 2.5, float("nan"), 10 ** 30, b"x", [], {}, [1.5], ["a"], {"a": 1},
            {1}, Fraction(1, 2), object(), int, double, 1j, ValueError("x"), np.zeros(3), np.zeros((2, 2), int),
            np.array(3), np.array(["a"]), np.array([2 ** 40]), CORPUS, MODEL, PARAMETERS, STREAM]
CASES = [(function, arguments, name) for function, arguments in CALLS for name in arguments]
PARTED = [pytest.param(*case, id=f"{getattr(case[0], '__qualname__', 'call')}-{case[2]}") for case in CASES]


def fresh(value):
    """Random generators and parameters are written to."""
    if isinstance(value, np.random.Generator):
        return np.random.default_rng(0)
    return value.copy() if value is PARAMETERS else value


def outcome(function, arguments):
    with np.errstate(all="ignore"):
        result = function(**{name: fresh(value) for name, value in arguments.items()})
        if inspect.isgenerator(result):
            next(result, None)
        elif hasattr(result, "__enter__"):
            with result:
                pass


@pytest.mark.parametrize("function, arguments, name", PARTED)
def test_nonsense_in_place_of_an_argument(function, arguments, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in NONSENSE:
        try:
            outcome(function, arguments | {name: value})
        except MinicrtError as error:
            message = str(error)
            assert "\n" not in message and len(message) < 1000 and message, (value, message)
        except IndexError:                                   # as of any sequence
            assert function == STREAM.segment
        except Exception as error:  # noqa: BLE001  (which kind it is, is what is tested)
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(INSIDE)]
            own = (value is int or value is double) and name in ("forward", "backward", "operation", BACKWARD)
            assert own or not frames, f"{name} = {value!r}: {error!r} from {frames[-1].filename}:{frames[-1].lineno}"


@pytest.mark.parametrize("function, arguments", [pytest.param(*call, id=call[0].__qualname__) for call in CALLS])
def test_the_arguments_that_nonsense_replaces_make_sense(function, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        outcome(function, arguments)
    except MinicrtError as error:                            # of files and runs that are not there
        assert any(word in str(error) for word in ("no-such", "run", "exactly one of", "the port returned")), error
