"""Small models that between them use every switch, for checks of whole models"""

from typing import Any

import numpy as np

from minicrt import ops
from minicrt.configuration import field_types
from minicrt.gradcheck.model import check_model
from minicrt.gradcheck.report import Report
from minicrt.gradcheck.video_models import VIDEO_CHECKS, small_clip, small_video
from minicrt.models import CRT, MODELS, CRTConfig, SegmentModel, SensorModel, create_model, create_sensor_model
from minicrt.models.video import VIDEO_MODELS, ViT

Array = np.ndarray

SMALL: dict[str, Any] = {"vocabulary": 9, "width": 6, "layers": 2, "heads": 2, "inner": 7, "segment_length": 4}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "CRT": {},
    "CRT, readout transformer": {"readout": "transformer"},
    "CRT, reset before": {"reset_after": False},
    "CRT, post-norm, gelu_tanh": {"norm": "post", "activation": "gelu_tanh"},
    "CRT, NC-GRU": {"memory": "ncgru"},
    "CRT, NC-GRU, two orthogonal matrices, tanh": {"memory": "ncgru", "orthogonal": "candidate+reset",
                                                  "candidate": "tanh"},
    "CRT, per segment": {"memory_update": "per_segment"},
    "CRT, three memory vectors, normed": {"memory_vectors": 3, "memory_norm": "on"},
    "CRT, memory last": {"memory_position": "last", "memory_norm": "on"},
    "CRT, positions narrower, not carried": {"position_width": 4, "position_carry": False},
    "CRT, untied, locked dropout": {"tied": False, "dropout": 0.3},
    "CRT, element and word dropout": {"dropout": 0.3, "embedding_dropout": 0.3, "locked_dropout": False},
    "CRT, writer's gradient": {"memory_gradient": "writer"},
    "CRT, writer's gradient, per segment": {"memory_gradient": "writer", "memory_update": "per_segment",
                                           "readout": "transformer", "memory": "ncgru"},
    "recurrent positions alone": {"memory": "none"},
    "memory alone": {"positions": "none"},
    "CRT, minGRU": {"memory": "mingru", "update_bias": "chrono"},
    "CRT, LRU": {"memory": "lru", "readout": "transformer", "update_bias": "log_uniform"},
    "CRT, S4D": {"memory": "s4d", "memory_states": 3, "memory_vectors": 2},
    "CRT, S4D, one state, writer's gradient": {"memory": "s4d", "memory_states": 1, "memory_gradient": "writer"},
    "CRT, Mamba": {"memory": "mamba", "memory_states": 3},
    "CRT, Mamba, per segment, chrono": {"memory": "mamba", "memory_states": 2, "memory_update": "per_segment",
                                        "update_bias": "chrono"},
    "CRT, learned positions": {"positions": "learned"},
    "CRT, sinusoids, relu": {"positions": "sinusoidal", "activation": "relu"},
    "CRT, adaptive softmax": {"output": "adaptive"},
    "CRT, slots": {"memory_form": "slots", "memory_vectors": 3},
    "CRT, slots, two of three written, minGRU": {"memory_form": "slots", "memory_vectors": 3, "memory_top_k": 2,
                                                 "memory": "mingru", "positions": "learned", "dropout": 0.3},
    "CRT, slots, NC-GRU, post-norm": {"memory_form": "slots", "memory_vectors": 2, "memory": "ncgru", "norm": "post"},
    "CRT, matrix": {"memory_form": "matrix", "memory_keys": 4},
    "CRT, queue": {"memory_form": "queue", "memory_vectors": 3},
    "CRT, queue, normed": {"memory_form": "queue", "memory_vectors": 2, "memory_norm": "on", "norm": "post"},
    "Transformer": {"model": "transformer"},
    "Transformer, sinusoids, post-norm": {"model": "transformer", "positions": "sinusoidal", "norm": "post"},
    "Transformer, no positions": {"model": "transformer", "positions": "none", "dropout": 0.3},
    "Transformer-XL": {"model": "transformer_xl"},
    "Transformer-XL, post-norm, dropout": {"model": "transformer_xl", "norm": "post", "dropout": 0.3},
    "Transformer-XL, same length, clamped, biases a layer": {
        "model": "transformer_xl", "same_length": True, "clamp_length": 3, "cache_length": 5, "shared_biases": False},
    "Transformer-XL, adaptive softmax with arrays of its own": {
        "model": "transformer_xl", "output": "adaptive", "tied": False, "cutoffs": "3,6", "div_value": 2.0},
    "Transformer-XL without a cache": {"model": "transformer_xl", "cache_length": 0},
    "RMT": {"model": "rmt"},
    "RMT, two vectors, sinusoids, post-norm": {"model": "rmt", "memory_vectors": 2, "positions": "sinusoidal",
                                               "norm": "post", "dropout": 0.3},
    "RMT, no positions": {"model": "rmt", "positions": "none"},
    "GRU": {"model": "recurrent", "cell": "gru", "hidden": 5},
    "LSTM": {"model": "recurrent", "cell": "lstm", "hidden": 5, "dropout": 0.3},
    "minGRU": {"model": "linear_recurrent", "cell": "mingru", "hidden": 5},
    "LRU": {"model": "linear_recurrent", "cell": "lru", "hidden": 8, "inner": 0, "dropout": 0.3},
    "S4D, convolution": {"model": "s4d", "states": 2, "form": "convolution"},
    "S4D, no feed-forward": {"model": "s4d", "states": 3, "inner": 0, "dropout": 0.3},
    "Mamba": {"model": "mamba", "states": 2},
    "Mamba, three taps, rank 2": {"model": "mamba", "states": 3, "expand": 1, "taps": 3, "step_rank": 2,
                                  "dropout": 0.3},
    "CRT, sensors, regression": {"task": "regression"},
    "CRT, NC-GRU, sensors, classification": {"task": "classification", "memory": "ncgru", "dropout": 0.3},
    "Transformer, sensors, classification": {"task": "classification", "model": "transformer"},
    "GRU, sensors, regression": {"task": "regression", "model": "recurrent", "cell": "gru"},
}

CHECKED = CONFIGURATIONS | VIDEO_CHECKS

GIVEN_MEMORY = frozenset({"CRT, reset before", "CRT, matrix", "CRT, three memory vectors, normed",
                          "RMT, two vectors, sinusoids, post-norm"})
"""Those whose first segment is handed a memory, whose gradient is checked. The others that have one start from m_0, and
the gradient of that parameter is."""


def small_crt(overrides: dict[str, Any]) -> CRT:
    return CRT(CRTConfig(**{**SMALL, **overrides}), ops)


def small_model(overrides: dict[str, Any]) -> SegmentModel:
    """The CRT, or the model that the key "model" names, at the sizes above as far as it has them; with the key "task"
    on readings of three channels, and of video where the model is one."""
    if overrides.get("model") in VIDEO_MODELS:
        return small_video(overrides)
    known = field_types(MODELS[overrides.get("model", "crt")][1])
    settings = {**{key: value for key, value in SMALL.items() if key in known}, **overrides}
    if "task" not in overrides:
        return create_model(settings, ops)
    del settings["vocabulary"]
    return create_sensor_model(3, 2, engine=ops, **settings)


def small_segment(model: SegmentModel, rng: np.random.Generator, batch: int, length: int) -> tuple[Array, Array]:
    """What the model reads and what it is to say; a fifth of the targets, and of readings, is not there."""
    if isinstance(model, ViT):
        return small_clip(model, rng, batch, length)
    if not isinstance(model, SensorModel):
        tokens, targets = rng.integers(0, model.config.vocabulary, (2, batch, length))
        return tokens, with_gaps(targets, -1, rng)
    readings = with_gaps(rng.standard_normal((batch, length, model.channels)), np.nan, rng)
    if model.task == "classification":
        return readings, with_gaps(rng.integers(0, model.outputs, (batch, length)), -1, rng)
    return readings, with_gaps(rng.standard_normal((batch, length, model.outputs)), np.nan, rng)


def with_gaps(values: Array, gap: float, rng: np.random.Generator) -> Array:
    """The first one is there."""
    first = values.flat[0]
    values[rng.random(values.shape) < 0.2] = gap
    values.flat[0] = first
    return values


def check_small_model(overrides: dict[str, Any], rng: np.random.Generator, batch: int = 2,
                      lengths: tuple[int, ...] = (4, 4, 3), given_memory: bool = False, directions: int = 2) -> Report:
    """The check of a small model along `directions` of each tensor, over segments of `lengths` tokens, of whose targets
    some are not scored.

    The gradient of the initial state is checked too; a memory that starts from a parameter, m_0, is part of it only if
    it is given.
    Where the state or a part of it takes no gradient (Transformer-XL's cache; the writer's gradient, which replaces the
    unrolling), every boundary is cut, as it is in training.
    """
    model = small_model(overrides)
    parameters = model.initialize(rng, np.float64)
    parameters.flat += 0.2 * rng.standard_normal(parameters.size)              # no bias at 0, no gain at 1
    segments = [small_segment(model, rng, batch, length) for length in lengths]
    truncate = bool(model.detached_entries & set(model.state_shapes(batch)))
    from_m_0 = "memory.start" in parameters and not given_memory
    state = {entry: 0.5 * rng.standard_normal([size or 1 for size in shape])
             for entry, shape in model.state_shapes(batch).items()
             if not entry.startswith("writer") and not (entry == "memory" and from_m_0)}
    drops = any(getattr(model.config, name, 0) > 0 for name in ("dropout", "embedding_dropout", "path_dropout"))
    return check_model(model, parameters, segments, rng=rng, state=state, truncate=truncate,
                       dropout_seed=int(rng.integers(2**31)) if drops else None, directions=directions)
