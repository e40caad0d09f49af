"""Models of every setting that can be exported, with weights that make each of them matter, and what a stream of them
gives"""

import numpy as np

from minicrt.data import Vocabulary
from minicrt.inference import Stream
from minicrt.models import create_model
from minicrt.quantisation import quantise

V, T = 11, 4
VOCABULARY = Vocabulary([*"abcdefghij", "<unk>"])
SMALL = {"vocabulary": V, "width": 12, "layers": 2, "heads": 2, "inner": 20, "segment_length": T}
CRTS = {
    "default": {}, "one layer, one head": {"layers": 1, "heads": 1}, "gelu_tanh": {"activation": "gelu_tanh"},
    "post-norm, relu, untied": {"norm": "post", "activation": "relu", "tied": False},
    "reset before": {"reset_after": False}, "no memory": {"memory": "none"},
    "ncgru": {"memory": "ncgru"}, "ncgru, not normed": {"memory": "ncgru", "memory_norm": "off"},
    "ncgru, tanh": {"memory": "ncgru", "candidate": "tanh", "orthogonal": "candidate+reset"},
    "ncgru, tanh, reset before": {"memory": "ncgru", "candidate": "tanh", "reset_after": False},
    "mingru": {"memory": "mingru"}, "lru": {"memory": "lru"},
    "three vectors": {"memory_vectors": 3}, "three vectors, normed": {"memory_vectors": 3, "memory_norm": "on"},
    "behind": {"memory_position": "last", "memory_vectors": 2},
    "per segment": {"memory_update": "per_segment"},
    "per segment, two vectors, normed": {"memory_update": "per_segment", "memory_vectors": 2, "memory_norm": "on"},
    "per segment, behind": {"memory_update": "per_segment", "memory_position": "last"},
    "per segment, behind, normed": {"memory_update": "per_segment", "memory_position": "last", "memory_norm": "on"},
    "read by nothing": {"memory_position": "last", "readout": "transformer", "memory_norm": "on"},
    "transformer readout": {"readout": "transformer"},
    "per segment, transformer readout": {"memory_update": "per_segment", "readout": "transformer"},
    "learned": {"positions": "learned"}, "sinusoidal": {"positions": "sinusoidal"}, "unplaced": {"positions": "none"},
    "narrow positions": {"position_width": 6}, "wide positions": {"position_width": 20},
    "positions start anew": {"position_carry": False}, "segments of one": {"segment_length": 1},
    "wide": {"width": 70, "inner": 33}, "odd width": {"width": 9, "heads": 3, "inner": 5},
}
TRANSFORMERS = {"transformer": {}, "transformer, post-norm": {"norm": "post", "positions": "sinusoidal"},
                "transformer, unplaced": {"positions": "none"}}
SETTINGS = {name: {**SMALL, "model": "crt", **changes} for name, changes in CRTS.items()} | {
    name: {**SMALL, "model": "transformer", **changes} for name, changes in TRANSFORMERS.items()}


def model_and_weights(name):
    """On the NumPy engine, in float32"""
    model = create_model(SETTINGS[name], engine="numpy")
    parameters = model.initialize(np.random.default_rng(0))
    parameters.flat += 0.1 * np.random.default_rng(1).standard_normal(parameters.size).astype(np.float32)
    return model, parameters


def small_model_and_weights(name, bits):
    model, parameters = model_and_weights(name)
    return model, quantise(parameters, bits)


def tokens(steps, batch):
    return np.random.default_rng(2).integers(0, V, (steps, batch))


def streamed(model, parameters, texts):                      # (N, B) -> (N, B, V)
    stream = Stream(model, parameters, batch=texts.shape[1])
    return np.stack([stream.step(row).copy() for row in texts])


def worst(got, expected):
    """The largest difference, in parts of the largest score"""
    return np.abs(got - expected).max() / np.abs(expected).max()
