"""Small CRTs that between them use every switch, for checks of whole models"""

from typing import Any

import numpy as np

from minicrt import ops
from minicrt.gradcheck import Report, check_model
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig

Array = np.ndarray

SMALL: dict[str, Any] = {"vocabulary": 9, "width": 6, "layers": 2, "heads": 2, "inner": 7, "segment_length": 4}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "CRT": {},
    "CRT, readout transformer": {"readout": "transformer"},
    "CRT, readout recurrent, reset before": {"readout": "recurrent", "reset_after": False},
    "CRT, post-norm, gelu_tanh": {"norm": "post", "activation": "gelu_tanh"},
    "CRT, NC-GRU": {"memory": "ncgru"},
    "CRT, NC-GRU, two orthogonal matrices, tanh": {"memory": "ncgru", "orthogonal": "candidate+reset",
                                                  "candidate": "tanh"},
    "CRT, per segment": {"memory_update": "per_segment"},
    "CRT, three memory vectors, normed": {"memory_vectors": 3, "memory_norm": "on"},
    "CRT, m_0 learned": {"memory_start": "learned"},
    "CRT, memory last": {"memory_position": "last", "memory_norm": "on"},
    "CRT, positions narrower, not carried": {"position_width": 4, "position_carry": False},
    "CRT, untied, locked dropout": {"tied": False, "dropout": 0.3},
    "CRT, element and word dropout": {"dropout": 0.3, "embedding_dropout": 0.3, "locked_dropout": False},
    "CRT, writer's gradient": {"memory_gradient": "writer"},
    "CRT, writer's gradient, per segment": {"memory_gradient": "writer", "memory_update": "per_segment",
                                           "readout": "transformer", "memory": "ncgru"},
    "recurrent positions alone": {"memory": "none"},
    "memory alone": {"positions": "none"},
    "Transformer, learned positions": {"memory": "none", "positions": "learned"},
    "Transformer, sinusoids, relu": {"memory": "none", "positions": "sinusoidal", "activation": "relu"},
}


def small_crt(overrides: dict[str, Any]) -> CRT:
    return CRT(CRTConfig(**{**SMALL, **overrides}), ops)


def check_crt(overrides: dict[str, Any], rng: np.random.Generator, batch: int = 2,
              lengths: tuple[int, ...] = (4, 4, 3)) -> Report:
    """The directional check of a small CRT over segments of `lengths` tokens, some of whose targets are not scored.

    The gradient of the initial state is checked too, unless m_0 is learned: then the check starts as a stream does.
    With the writer's gradient every boundary is cut, as it is in training: that gradient replaces the unrolling.
    """
    model = small_crt(overrides)
    parameters = model.initialize(rng, np.float64)
    parameters.flat += 0.2 * rng.standard_normal(parameters.size)              # no bias at 0, no gain at 1
    V = model.config.vocabulary
    segments = []
    for length in lengths:
        tokens, targets = rng.integers(0, V, (2, batch, length))
        targets[rng.random(targets.shape) < 0.2] = -1
        targets[0, 0] = 0
        segments.append((tokens, targets))
    truncate = model.config.memory_gradient == "writer"
    state = None
    if model.config.memory_start == "zeros":
        state = {entry: 0.5 * rng.standard_normal([size or 1 for size in shape])
                 for entry, shape in model.state_shapes(batch).items() if not entry.startswith("writer")}
    drops = model.config.dropout > 0 or model.config.embedding_dropout > 0
    return check_model(model, parameters, segments, rng=rng, state=state, truncate=truncate,
                       dropout_seed=int(rng.integers(2**31)) if drops else None)
