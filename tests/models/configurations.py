"""Small CRT configurations: a list in which every value of every switch occurs, and a strategy to draw any.

But for the memory networks minGRU and LRU, which minicrt.gradcheck.configurations has.
"""

from typing import Any

from hypothesis import strategies as st

Changes = dict[str, Any]

SMALL: Changes = {"vocabulary": 7, "width": 6, "layers": 1, "heads": 2, "inner": 5, "segment_length": 3}

NCGRU: Changes = {"memory": "ncgru"}
PER_SEGMENT: Changes = {"memory_update": "per_segment"}
TRANSFORMER: Changes = {"memory": "none", "positions": "learned"}
WRITER: Changes = {"memory_gradient": "writer"}

CONFIGURATIONS: dict[str, Changes] = {
    "default": {},
    "relu, two layers, untied": {"layers": 2, "activation": "relu", "tied": False},
    "post-norm, two layers, gelu_tanh": {"layers": 2, "norm": "post", "activation": "gelu_tanh"},
    "one head": {"heads": 1},
    "reset before": {"reset_after": False},
    "transformer": TRANSFORMER,
    "transformer, sinusoids, post-norm": TRANSFORMER | {"positions": "sinusoidal", "norm": "post"},
    "neither memory nor positions": {"memory": "none", "positions": "none"},
    "positions alone": {"memory": "none", "position_width": 4},
    "positions reset": {"position_carry": False, "position_width": 8, "readout": "transformer"},
    "memory without positions": {"positions": "none", "memory_norm": "on"},
    "memory and learned positions": {"positions": "learned", "memory_vectors": 2, "memory_norm": "on",
                                     "activation": "relu"},
    "memory and sinusoids": {"positions": "sinusoidal", "readout": "transformer"},
    "three vectors": {"memory_vectors": 3, "readout": "transformer"},
    "two vectors behind": {"memory_vectors": 2, "memory_position": "last"},
    "behind": {"memory_position": "last", "reset_after": False, "memory_norm": "on"},
    "per segment": PER_SEGMENT,
    "per segment, transformer readout": PER_SEGMENT | {"readout": "transformer", "memory_vectors": 2},
    "per segment, behind": PER_SEGMENT | {"memory_position": "last", "memory_norm": "on", "norm": "post"},
    "ncgru": NCGRU,
    "ncgru, two orthogonal": NCGRU | {"orthogonal": "candidate+reset", "negatives": 1, "memory_vectors": 2},
    "ncgru, tanh": NCGRU | {"candidate": "tanh", "negatives": 0, "readout": "transformer"},
    "ncgru, tanh, normed": NCGRU | {"candidate": "tanh", "memory_norm": "on"},
    "ncgru, not normed": NCGRU | {"memory_norm": "off", "negatives": 6},
    "ncgru, per segment": NCGRU | PER_SEGMENT | {"orthogonal": "candidate+reset"},
    "s4d": {"memory": "s4d", "memory_states": 1},
    "s4d, two vectors, not normed": {"memory": "s4d", "memory_states": 3, "memory_vectors": 2, "memory_norm": "off"},
    "mamba": {"memory": "mamba", "memory_states": 2},
    "mamba, one state, writer": WRITER | {"memory": "mamba", "memory_states": 1, "update_bias": 1.5},
    "mamba, per segment": PER_SEGMENT | {"memory": "mamba", "memory_states": 3, "update_bias": "chrono"},
    "writer": WRITER,
    "writer, transformer readout": WRITER | {"readout": "transformer", "memory_vectors": 2, "reset_after": False},
    "writer, no positions": WRITER | {"positions": "none"},
    "writer, per segment": WRITER | PER_SEGMENT,
    "writer, ncgru": WRITER | NCGRU | {"orthogonal": "candidate+reset", "memory_vectors": 2, "norm": "post"},
    "writer, behind": WRITER | {"memory_position": "last"},
    "locked dropout": {"layers": 2, "dropout": 0.3, "embedding_dropout": 0.2},
    "element dropout": {"dropout": 0.4, "locked_dropout": False, "norm": "post", "memory_vectors": 2},
    "writer, dropout": WRITER | {"dropout": 0.2, "embedding_dropout": 0.3, "tied": False},
}


def configurations(**fixed: Any) -> st.SearchStrategy[Changes]:
    """Every switch free but for those in `fixed`, each a value or a strategy of its own."""
    switches: dict[str, st.SearchStrategy[Any]] = {
        "vocabulary": st.integers(2, 6), "width": st.sampled_from([4, 6, 8]), "layers": st.integers(1, 2),
        "heads": st.integers(1, 2), "inner": st.integers(1, 5), "segment_length": st.integers(1, 4),
        "activation": st.sampled_from(["gelu", "gelu_tanh", "relu"]), "norm": st.sampled_from(["pre", "post"]),
        "memory": st.sampled_from(["gru", "ncgru", "none"]), "memory_vectors": st.integers(1, 3),
        "memory_update": st.sampled_from(["per_token", "per_segment"]),
        "memory_gradient": st.sampled_from(["unroll", "writer"]),
        "memory_position": st.sampled_from(["first", "last"]),
        "memory_norm": st.sampled_from(["auto", "on", "off"]),
        "readout": st.sampled_from(["memory", "transformer"]), "reset_after": st.booleans(),
        "orthogonal": st.sampled_from(["candidate", "candidate+reset"]), "negatives": st.integers(-1, 4),
        "candidate": st.sampled_from(["modrelu", "tanh"]),
        "positions": st.sampled_from(["recurrent", "learned", "sinusoidal", "none"]),
        "position_width": st.sampled_from([0, 1, 3, 8]), "position_carry": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.3]), "embedding_dropout": st.sampled_from([0.0, 0.3]),
        "locked_dropout": st.booleans(), "tied": st.booleans(),
    }
    for name, value in fixed.items():
        switches[name] = value if isinstance(value, st.SearchStrategy) else st.just(value)
    return st.fixed_dictionaries(switches)
