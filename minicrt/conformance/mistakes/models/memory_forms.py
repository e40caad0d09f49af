"""Mistakes around a CRT's richer memories: how slots, queue and matrix are read and written, and their gradients"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.layers import at_zero
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import SegmentModel
from minicrt.models.memory_forms import FormedCRT, MatrixCRT, QueueCRT, RowsCRT, SlotsCRT
from minicrt.models.memory_forms.queue import QueueCache
from minicrt.models.memory_forms.rows import RowsCache
from minicrt.models.parameters import Array, Parameters
from minicrt.ops.attention import softmax, transposed

SENTENCES = {
    "reading: of m_N": "The outputs read the memory that the segment has just written, which knows the tokens to come; "
                       "here that from which it starts.",
    "reading: y_t + r_t": "The output is y_t + r_t: the product y_t ⊙ r_t is left out.",
    "slots: softmax over the slots": "The slots' softmax is over the slots, which compete for each token; here it is "
                                     "over the tokens.",
    "slots: written from zeros": "The slots' network starts from zeros in every segment, in place of the slot.",
    "queue: mean of the outputs": "The mean of the segment's outputs enters the queue, whatever the query asks for.",
    "matrix: write without bias": "The bias of the write's strength is left out.",
}
BACKWARD_SENTENCES = {
    "reading: memory detached": "The memory is detached where the outputs read it.",
    "rows: detached": "The memory's rows are detached: no gradient goes from the blocks into the memory.",
    "writing: outputs detached": "What the memory is written from is a constant: no gradient goes from it into the "
                                 "blocks.",
}


class ReadsNewRows(RowsCRT):
    def remember(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Array, Any]:
        new, written = self.write(p, y, m)
        z, reading = self.read(p, y, new)
        return z, new, RowsCache(written, reading)

    def remember_backward(self, d_z: Array, d_new: Array | None, cache: Any, g: Parameters) -> tuple[Array, Array]:
        d_y, d_read = self.read_backward(d_z, cache.reading, g)
        d_y_written, d_m = self.write_backward(d_read if d_new is None else d_read + d_new, cache.write, g)
        return d_y + d_y_written, d_m


class AddsReading(RowsCRT):
    """z_t = y_t + r_t"""

    def read(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Any]:
        z, cache = super().read(p, y, m)
        return z - y * cache.r, cache._replace(y=0 * y, r=0 * cache.r)


class AddsMatrixReading(MatrixCRT):
    def remember(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Array, Any]:
        z, new, cache = super().remember(p, y, m)
        return z - y * cache.r, new, cache._replace(y=0 * y, r=0 * cache.r)


class ReadingDetached(RowsCRT):
    def read_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_y, d_m = super().read_backward(*arguments)
        return d_y, 0 * d_m


class RowsDetached(RowsCRT):
    def front_backward(self, d_rows: Array, cache: Any, g: Parameters) -> Array:
        return 0 * d_rows


class WritingDetached(RowsCRT):
    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_y, d_m = super().write_backward(*arguments)        # type: ignore[safe-super]
        return 0 * d_y, d_m


def competing(forward: Any, backward: Any) -> tuple[Any, Any]:
    """Each token is shared out among the slots, and a slot takes the mean of its shares."""
    def shared_out(q: Array, k: Array, v: Array, heads: int, mask: Array) -> tuple[Array, Any]:
        root = q.shape[-1] ** -0.5
        share = transposed(softmax(transposed(root * q @ transposed(k))))                # (B, M, T)
        total = share.sum(-1, keepdims=True)
        return share / total @ v, (q, k, v, share, total, root)

    def shared_out_backward(d_y: Array, cache: Any) -> tuple[Array, Array, Array]:
        q, k, v, share, total, root = cache
        part, d_part = share / total, d_y @ transposed(v)
        d_share = (d_part - (d_part * part).sum(-1, keepdims=True)) / total
        d_scores = root * share * (d_share - (share * d_share).sum(1, keepdims=True))
        return d_scores @ k, transposed(d_scores) @ q, transposed(part) @ d_y

    return shared_out, shared_out_backward


class SlotsFromZeros(SlotsCRT):
    """RNN(u, 0)"""

    @property
    def network(self) -> Any:
        return FromZeros(super().network)


class FromZeros:
    def __init__(self, cell: Any) -> None:
        self.cell = cell

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cell, name)

    def run(self, engine: Any, p: Any, x: Array, start: Array) -> tuple[Array, Any]:
        return self.cell.run(engine, p, x, 0 * start)

    def run_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_x, d_start = self.cell.run_backward(*arguments)
        return d_x, 0 * d_start


class MeanEnters(QueueCRT):
    def write(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Any]:
        new, queue = self.engine.pooled_queue(y.mean(1), m, p["memory.keep"])
        return new, QueueCache(y.shape[1], queue)

    def write_backward(self, d_new: Array, cache: Any, g: Parameters) -> tuple[Array, Array]:
        d_u, d_m, d_keep = self.engine.pooled_queue_backward(d_new, cache.queue)
        g["memory.keep"] += d_keep
        return np.repeat(d_u[:, None] / cache.attention, cache.attention, axis=1), d_m


def memory_forms(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, FormedCRT):
        return []
    rows = isinstance(model, RowsCRT)
    models: dict[str, tuple[bool, type]] = {
        "reading: of m_N": (rows, ReadsNewRows),
        "reading: y_t + r_t": (True, AddsReading if rows else AddsMatrixReading),
        "slots: written from zeros": (isinstance(model, SlotsCRT), SlotsFromZeros),
        "queue: mean of the outputs": (isinstance(model, QueueCRT), MeanEnters),
    }
    backward: dict[str, type] = {"reading: memory detached": ReadingDetached, "rows: detached": RowsDetached,
                                 "writing: outputs detached": WritingDetached}
    found = [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
    if isinstance(model, MatrixCRT):
        name = "matrix: write without bias"
        found.append(ModelMistake(name, SENTENCES[name], passes=(at_zero("memory.b_write"),)))
    if isinstance(model, SlotsCRT):
        name = "slots: softmax over the slots"
        found.append(ModelMistake(name, SENTENCES[name], substitutes=(
            Substitute("attention", competing, lambda place: place == "memory.heads"),)))
    return found + [ModelMistake(name, BACKWARD_SENTENCES[name], "backward", models=(made,))
                    for name, made in backward.items() if rows]
