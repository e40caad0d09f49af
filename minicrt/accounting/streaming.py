"""What a token of a stream, or a reading, takes: multiply-adds, bytes that move, and the memory that a stream holds

Of batch 1, and the mean over the tokens of a segment whose predecessor was a full one, where nothing else is said. The
keys and values of the rows before are kept, so that each row goes through the blocks once, and sees those before it.
The letters are those of `minicrt.accounting.flops`; R rows of a segment go through the blocks.
"""

from typing import Any

import numpy as np

from minicrt.accounting.flops import GATES, forward_flops, state_values
from minicrt.accounting.output import scores_flops
from minicrt.arguments import check_kind, check_whole
from minicrt.models import Parameters, SegmentModel, SensorModel
from minicrt.models.crt_config import CRTConfig
from minicrt.models.inputs import A_MODEL, check_fit
from minicrt.models.linear_recurrent import LinearRecurrentConfig
from minicrt.models.mamba import MambaConfig
from minicrt.models.recurrent import RecurrentConfig
from minicrt.models.rmt import RMTConfig
from minicrt.models.s4d import S4DConfig
from minicrt.models.stack_config import StackConfig
from minicrt.models.transformer_xl import TransformerXLConfig


def weight_bytes(parameters: Parameters) -> int:
    """Of all parameters as they are kept, small integers with their scales"""
    check_kind("parameters", parameters, Parameters, "a model's parameters; model.initialize(rng) makes some")
    return sum(bytes_of(parameters.stored(name)) for name in parameters)


def bytes_of(stored: Any) -> int:
    """Of a parameter as it is kept: an array, or small integers and their scales"""
    return stored.nbytes if isinstance(stored, np.ndarray) else sum(array.nbytes for array in stored)


def token_multiply_adds(model: SegmentModel) -> dict[str, float]:
    """The parts of a token; what a segment takes once is shared out among its tokens."""
    check_kind("model", model, SegmentModel, A_MODEL)
    config, T = model.config, model.config.segment_length
    parts = {name: flops / 2 for name, flops in forward_flops(model).items()}    # of a segment
    parts["output"] = scores_flops(config, T) / 2            # of all words
    if isinstance(config, StackConfig):
        parts |= {name: float(count) for name, count in _of_blocks(config).items()}
    return {name: count / T for name, count in parts.items()}


def token_bytes(model: SegmentModel, parameters: Parameters) -> dict[str, float]:
    """Weights read, keys and values read and written; each weight once a row, since nothing holds them all at once."""
    check_fit(model, parameters)
    config: Any = model.config
    T, item = config.segment_length, parameters.dtype.itemsize
    moved = {"weights": sum(reads * bytes_of(parameters.stored(name)) for name, reads in _reads(model).items()) / T}
    moved["weights"] += item * sum(skew.width ** 2 for skew in model.skew_parameters())  # which are made of the free
    if isinstance(config, StackConfig):
        read = _of_blocks(config)["attention"]               # a number is read for each multiply-add
        moved["keys and values"] = item * (read + 2 * config.layers * config.width * _rows(config)) / T
    return moved


def stream_memory(model: SegmentModel, item: int = 4) -> dict[str, int]:
    """Bytes of the arrays that a Stream, or a SensorStream, holds beside the weights, `item` bytes a number"""
    check_kind("model", model, SegmentModel, A_MODEL)
    check_whole("item", item, 1)
    config: Any = model.config
    D = config.width
    parts = {"state": state_values(model)}
    if isinstance(config, StackConfig):
        parts["keys and values"] = 2 * config.layers * D * _room(config)
    parts["tables made of weights"] = _tables(model)
    parts["rows in between"] = D + _row_values(model)
    if isinstance(model, SensorModel):
        parts["readings of the segment"] = config.segment_length * model.channels
        parts["rows in between"] += 2 * model.channels
        parts["outputs"] = config.vocabulary
    else:
        parts["scores of the next token"] = config.vocabulary
    return {name: item * count for name, count in parts.items() if count}


def _rows(config: Any) -> int:
    """R: memory behind the tokens is read by none of them, and left out"""
    if isinstance(config, RMTConfig):
        return config.segment_length + 2 * config.memory_vectors
    in_front = isinstance(config, CRTConfig) and config.memory != "none" and config.memory_position == "first"
    return config.segment_length + (config.memory_rows if in_front else 0)


def _room(config: Any) -> int:
    """The rows of keys and values that there is room for"""
    if isinstance(config, TransformerXLConfig):
        return config.cached + config.segment_length
    remembers = isinstance(config, CRTConfig) and config.memory != "none"
    return config.segment_length + config.memory_rows if remembers else _rows(config)


def _of_blocks(config: Any) -> dict[str, int]:
    """Multiply-adds of a segment: L (4 R D²), 2 D for each row that a row sees, L (2 R D F). Transformer-XL makes keys
    and values of its cache once a segment, and scores by distance as well, 3 D."""
    L, D, T, R, F = config.layers, config.width, config.segment_length, _rows(config), config.inner
    if isinstance(config, TransformerXLConfig):
        most = config.cached if config.same_length else _room(config)
        seen = sum(min(config.cached + t, most) for t in range(1, T + 1))
        return {"projections": L * (4 * T + 2 * config.cached) * D * D, "attention": L * 3 * D * seen,
                "feed-forward": L * 2 * T * D * F}
    seen = R * (R + 1) // 2
    if isinstance(config, RMTConfig):                        # read rows see each other, write rows all and each other
        M = config.memory_vectors
        seen = M * M + sum(M + t for t in range(1, T + 1)) + M * R
    return {"projections": L * 4 * R * D * D, "attention": L * 2 * D * seen, "feed-forward": L * 2 * R * D * F}


def _reads(model: SegmentModel) -> dict[str, float]:
    """How often a segment reads each parameter"""
    config: Any = model.config
    T = config.segment_length
    extra = {CRTConfig: _rows(config) - T, RMTConfig: 2} if isinstance(config, StackConfig) else {}
    reads = {name: float(T) for name in dict(model.layout)}
    for name in reads:
        if name.startswith("blocks."):
            reads[name] += extra.get(type(config), 0)
            reads[name] = 0 if name.endswith("attention.w_r") else reads[name]       # the table is projected before
            reads[name] += isinstance(config, TransformerXLConfig) and name.endswith("attention.w_kv")
        elif name.startswith("memory.") and getattr(config, "memory_update", "") == "per_segment":
            reads[name] = 1
        elif name.startswith("memory.") and getattr(config, "memory_form", "") in ("slots", "queue"):
            reads[name] = T if name.startswith("memory.read.") else 1
    reads |= {name: 0 for name in reads if "skew" in name or name == "memory.start"}
    reads |= {name: 1 for name in reads if name in ("memory.read", "positions.table")}
    return reads | ({"embedding": T / config.vocabulary} if "embedding" in reads and not config.tied else {})


def _tables(model: SegmentModel) -> int:
    """Transformer-XL's distances, projected; sinusoids; NC-GRU's matrix u"""
    config: Any = model.config
    D = config.width
    distances = config.layers * _room(config) * D if isinstance(config, TransformerXLConfig) else 0
    sinusoids = _rows(config) * D if getattr(config, "positions", "") == "sinusoidal" else 0
    made = config.memory_vectors * 3 * D * D if model.skew_parameters() else 0
    return distances + sinusoids + made


def _row_values(model: SegmentModel) -> int:
    """What a step writes into, layer by layer"""
    config: Any = model.config
    D = config.width
    if isinstance(config, RecurrentConfig):
        return _recurrence(config.cell, (config.layers - 1) * (config.hidden or D) + D)
    if isinstance(config, LinearRecurrentConfig):
        mixed, fed = D if config.cell == "mingru" else 3 * D, 2 * D + config.inner if config.inner else 0
        return config.layers * (D + _recurrence(config.cell, config.states) + mixed + fed)
    if isinstance(config, S4DConfig):                        # of every layer, whose caches live for a step
        state = 2 * D * config.states
        return config.layers * (5 * state + 8 * D + (2 * D + config.inner if config.inner else 0))
    if isinstance(config, MambaConfig):
        E, N = config.channels, config.states
        return config.layers * (3 * E * N + (2 * config.taps + 10) * E + 2 * D + config.rank + 2 * N)
    rows = 8 * D + config.inner + _room(config)              # x, qkv, q, mixed, branch, norm; and the scores
    if isinstance(config, TransformerXLConfig):
        return rows + (config.layers + 1) * _room(config) * D            # the inputs of layers, of which the cache is
    if getattr(config, "positions", "") == "recurrent":
        rows += 2 * D + _recurrence("gru", config.positions_width)
    if isinstance(config, CRTConfig) and config.memory != "none":
        if config.memory_form != "vector":
            return rows + _formed(config)
        rows += 4 * D + config.memory_vectors * _writer(config)          # z, the sum, m W_r, a norm
    return rows


def _formed(config: CRTConfig) -> int:
    """The segment's outputs, which slots and the queue are written from, m̂ W_v, and what reads them; of a matrix q, k,
    v, the error, and the states before and after a step"""
    D = config.width
    if config.memory_form == "matrix":
        return 3 * config.keys * D + 4 * config.keys + 4 * D
    return (config.segment_length + config.memory_vectors + 4) * D + config.memory_vectors


def _writer(config: CRTConfig) -> int:
    """Of a state space what comes out of its product, what drives each state, its Δ, and the states of a scan, of which
    S4D's are complex and held twice"""
    D, N = config.width, config.memory_states
    if config.memory == "mamba":
        return 2 * D // N + N + 5 * D
    return D // (2 * N) + 8 * D if config.memory == "s4d" else _recurrence(config.memory, D)


def _recurrence(cell: str, width: int) -> int:
    """The gates, one more block of some, and two states, which take turns"""
    more = {"gru": 1, "ncgru": 1, "lstm": 1, "mingru": 0, "lru": 1}[cell]        # an LRU's gates are of half the width
    return (GATES[cell] + more + (4 if cell == "lstm" else 2)) * width
