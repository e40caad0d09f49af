"""Floating-point operations of a segment by docs/spec.md, 5, part by part.

One multiply-add is 2. Batch 1, dense attention (what the causal mask hides is computed too); layer norm, softmax,
elementwise work and the NC-GRU's matrix solve (once an update, not at all in use) are left out; of state spaces, whose
recurrence has no product of matrices, its multiply-adds count. A test holds the sums equal to a count of the
multiply-adds that the operations perform. T tokens, S rows, D width, F inner width, V
vocabulary.
"""

from typing import Any

from minicrt.accounting.output import loss_flops
from minicrt.arguments import check_kind, check_whole
from minicrt.errors import InputError
from minicrt.models import SegmentModel, SensorModel
from minicrt.models.crt_config import CRTConfig
from minicrt.models.inputs import A_MODEL
from minicrt.models.linear_recurrent import LinearRecurrentConfig
from minicrt.models.mamba import MambaConfig
from minicrt.models.recurrent import RecurrentConfig
from minicrt.models.rmt import RMTConfig
from minicrt.models.s4d import S4DConfig
from minicrt.models.transformer import TransformerConfig
from minicrt.models.transformer_xl import TransformerXLConfig
from minicrt.models.video import ViT

Parts = dict[str, int]
GATES = {"gru": 3, "ncgru": 3, "lstm": 4, "mingru": 2, "lru": 1}


def forward_flops(model: SegmentModel, length: int | None = None) -> Parts:
    """The parts of the forward pass of one segment of `length` tokens (default: segment_length).

    An adaptive softmax is counted for a text whose words have Zipf's frequencies (docs/spec.md, 5.1).
    """
    T, D, config = checked_length(model, length), model.config.width, model.config
    parts = next(count for kind, count in COUNTS.items() if isinstance(config, kind))(config, T)
    if isinstance(model, SensorModel):
        parts = {"input": 4 * T * model.channels * D, **parts}                   # of [x̃, m], 2 C numbers
    return {name: flops for name, flops in parts.items() if flops} | {"output": loss_flops(config, T)}


def checked_length(model: SegmentModel, length: int | None) -> int:
    """`length`, by default the model's segment_length. Raises InputError for what is no model, or no length."""
    check_kind("model", model, SegmentModel, A_MODEL)
    if isinstance(model, ViT):
        raise InputError("the model is one of video, expected one of words or of readings; clip_flops and video_costs "
                         "are about this one")
    return model.config.segment_length if length is None else check_whole("length", length, 1)


def segment_flops(model: SegmentModel, length: int | None = None) -> int:
    """Forward, all parts"""
    return sum(forward_flops(model, length).values())


def training_flops(model: SegmentModel, length: int | None = None) -> int:
    """Of one segment: a backward pass costs two forward passes; the writer's gradient runs the writer once more."""
    checked_length(model, length)
    again = getattr(model.config, "memory_gradient", "unroll") == "writer"
    return 3 * (segment_flops(model, length) + again * forward_flops(model, length).get("memory", 0))


def state_values(model: SegmentModel) -> int:
    """The numbers that a stream carries from segment to segment (4 bytes each in float32), at their most."""
    check_kind("model", model, SegmentModel, A_MODEL)
    values = 0
    for name, shape in model.state_shapes(1).items():
        if name not in ("writer_inputs", "writer_start"):    # of training alone
            size = 1
            for n in shape:
                size *= getattr(model.config, "cached", 1) if n is None else n
            values += size
    return values


def blocks(config: Any, S: int) -> Parts:
    """L (8 S D² + 4 S² D + 4 S D F)"""
    L, D, F = config.layers, config.width, config.inner
    return {"projections": L * 8 * S * D * D, "attention": L * 4 * S * S * D, "feed-forward": L * 4 * S * D * F}


def recurrence(cell: str, steps: int, inputs: int, width: int) -> int:
    """`inputs` → the gates, and what the last state gives them; minGRU and LRU have no recurrent matrix."""
    recurrent = 0 if cell in ("mingru", "lru") else width
    return 2 * steps * GATES[cell] * width * (inputs + recurrent)


def writer(config: CRTConfig, steps: int) -> int:
    """Of one memory vector. Of a state space the product, and a multiply-add for what each state keeps and takes: of
    S4D, whose states are complex, 4 and 2, at each of its two numbers."""
    D, N = config.width, config.memory_states
    if config.memory == "mamba":
        return 2 * steps * D * (2 * D // N + N) + 2 * steps * 2 * D
    if config.memory == "s4d":
        return 2 * steps * D * (D // (2 * N)) + 2 * steps * 6 * D
    return recurrence(config.memory, steps, D, D)


def crt(config: CRTConfig, T: int) -> Parts:
    D, D_p, M = config.width, config.positions_width, config.memory_vectors if config.memory != "none" else 0
    parts = blocks(config, T + config.memory_rows)
    steps = T if config.memory_update == "per_token" else 1
    if config.memory_form != "vector":
        parts |= memory_form(config, T)
    elif M:
        parts["memory"] = M * writer(config, steps)
        parts["readout"] = 2 * M * D * D if config.readout == "memory" else 0            # m W_r, once for all T
    if config.positions == "recurrent":
        parts["positions"] = recurrence("gru", T, D, D_p) + (2 * T * D_p * D if D_p != D else 0)
    return parts


def memory_form(config: CRTConfig, T: int) -> Parts:
    """What writes a memory of another form, and what reads it; a row of slots or of the queue asks and is asked by one
    product of D numbers with each token."""
    D, M, K = config.width, config.memory_vectors, config.keys
    if config.memory_form == "matrix":                       # q, k, v, b; then k̂ S, k̂ᵀ e and q̂ S at every token
        return {"memory": 2 * T * D * (K + D + 1) + 4 * T * K * D, "readout": 2 * T * D * K + 2 * T * K * D}
    parts = {"readout": 2 * (T + M) * D * D + 4 * T * M * D}
    if config.memory_form == "queue":
        return parts | {"memory": 4 * T * D}
    return parts | {"memory": 2 * M * D * D + 4 * M * T * D + M * recurrence(config.memory, 1, D, D)}


def transformer_xl(config: TransformerXLConfig, T: int) -> Parts:
    """L (4 T D² + 6 J D² + 6 T J D + 4 T D F), J = T + M: the cache's keys and values are computed anew"""
    L, D, F, J = config.layers, config.width, config.inner, T + config.cached
    return {"projections": L * (4 * T + 6 * J) * D * D, "attention": L * 6 * T * J * D,
            "feed-forward": L * 4 * T * D * F}


def recurrent(config: RecurrentConfig, T: int) -> Parts:
    widths = [config.width] + [config.hidden or config.width] * (config.layers - 1) + [config.width]
    return {"recurrence": sum(recurrence(config.cell, T, i, o) for i, o in zip(widths, widths[1:]))}


def linear_recurrent(config: LinearRecurrentConfig, T: int) -> Parts:
    L, D, N = config.layers, config.width, config.states
    mixed = 2 * T * N * D + (4 * T * D * D if config.cell == "lru" else 0)
    return {"recurrence": L * recurrence(config.cell, T, D, N), "projections": L * mixed,
            "feed-forward": L * 4 * T * D * config.inner}


def s4d(config: S4DConfig, T: int) -> Parts:
    """L (16 T D N + 4 T D² + 4 T D F): a complex state takes 4 multiply-adds, its input 2, and what reads it 2"""
    L, D = config.layers, config.width
    return {"recurrence": L * 16 * T * D * config.states, "projections": L * 4 * T * D * D,
            "feed-forward": L * 4 * T * D * config.inner}


def mamba(config: MambaConfig, T: int) -> Parts:
    """L (6 T E N + 2 T K E + 6 T D E + 2 T E (2 R + 2 N)): a state is kept, takes its input, and is read"""
    L, D, E, N, R = config.layers, config.width, config.channels, config.states, config.rank
    return {"recurrence": L * 6 * T * E * N, "convolution": L * 2 * T * config.taps * E,
            "projections": L * 2 * T * E * (3 * D + 2 * R + 2 * N)}


COUNTS: dict[type, Any] = {
    CRTConfig: crt,
    TransformerXLConfig: transformer_xl,
    RMTConfig: lambda config, T: blocks(config, T + 2 * config.memory_vectors),
    TransformerConfig: blocks,
    RecurrentConfig: recurrent,
    LinearRecurrentConfig: linear_recurrent,
    S4DConfig: s4d,
    MambaConfig: mamba,
}
