"""What a training step holds in memory, worked out from the sizes: parts by name, in bytes.

The letters (docs/spec.md, Notation): B rows, T tokens a segment, S = T + M with the memory tokens, D width, F inner
width, H heads, V vocabulary, L layers. The forward pass of every segment of a window is kept until the backward pass
has been over it. Dropout's masks, the biases' gradients and other vectors are left out.
"""

from math import ceil
from typing import Any

from minicrt.accounting.output import kept_scores, scores_at_once, table_numbers
from minicrt.models import CRTConfig
from minicrt.ops.linear_cross_entropy import CHUNK
from minicrt.training.configuration import TrainingConfig

MOMENTS = {"adamw": 2, "sgd": 1}


def step_memory(config: CRTConfig, training: TrainingConfig, parameters: int, engine: str, threads: int
                ) -> dict[str, int]:
    """The parts of a training step's memory at its largest; `engine` is "numba" or "numpy".

    The engine numba keeps a block of every size that was ever in use at once, so its temporary arrays add up even where
    they do not live at the same time; of the specification's the larger ones count.
    """
    item = 8 if training.precision == "float64" else 4
    threads = min(threads, training.batch)
    segments = 1 if training.recompute else training.bptt_segments
    rows = ceil(training.batch / threads) * config.segment_length                # of a thread
    parts = {
        "parameters": parameters,
        "gradients, one set a thread": threads * parameters,
        "optimizer": MOMENTS[training.optimizer] * parameters + (parameters if training.ema_decay else 0),
        "kept of the blocks": segments * kept_of_blocks(config, training.batch, engine),
        "kept of the recurrences": segments * kept_of_recurrences(config, training.batch),
        "kept of the loss": segments * (training.batch * config.segment_length * config.width
                                        + threads * (table_numbers(config, rows, engine)
                                                     + kept_scores(config, rows, engine))),
    }
    logits = threads * logits_piece(config, rows, engine)
    back = on_the_way_back(config, training.batch, engine, threads)
    if engine == "numba":
        parts |= {"logits": logits, "on the way back": back}
    else:
        parts["logits, or on the way back"] = max(logits, back)
    return {name: item * count for name, count in parts.items()}


def rows_with_memory(config: CRTConfig, batch: int) -> int:
    """B S"""
    return batch * (config.segment_length + config.memory_rows)


def kept_of_blocks(config: CRTConfig, batch: int, engine: str) -> int:
    """A row and layer: q, k, v (3D); the heads' outputs (D); for both norms their input or x̂, and their output (4D);
    the activation's output and slope (2F; the specification: argument, Φ and output, 3F); H S probabilities."""
    rows = rows_with_memory(config, batch)
    inner = {"numba": 2, "numpy": 3}[engine] * config.inner
    return rows * (config.layers * (8 * config.width + inner + config.heads * rows // batch) + config.width)


def kept_of_recurrences(config: CRTConfig, batch: int) -> int:
    """A token and network: the input, the state, and the gates r, z, n and c (6D). Of a matrix every state (K D), q̂, k̂,
    the error and what reads it; of slots and a queue what reads them (3D), and a row's step (8D)."""
    positions = 6 * (config.positions == "recurrent") * batch * config.segment_length * config.width
    if config.memory_form == "matrix":
        return positions + batch * config.segment_length * (config.keys * (config.width + 4) + 4 * config.width)
    if config.memory_form != "vector":
        return positions + batch * config.width * (3 * config.segment_length + 8 * config.memory_vectors)
    networks = (config.positions == "recurrent") + (
        config.memory_vectors if config.memory != "none" and config.memory_update == "per_token" else 0)
    return 6 * networks * batch * config.segment_length * config.width


def logits_piece(config: CRTConfig, rows: int, engine: str) -> int:
    """The rows of logits that stand at once, and in the specification their table's gradient beside the sum."""
    pieces = ceil(rows / CHUNK)
    at_once = ceil(rows / pieces) if engine == "numba" else min(rows, CHUNK)
    scores = scores_at_once(config, at_once, engine)
    return scores + (table_numbers(config, rows, engine) if engine == "numpy" else 0)


def on_the_way_back(config: CRTConfig, batch: int, engine: str, threads: int) -> int:
    """The loss's gradients times G_loss (V D a thread, and D a token); then, of the engine numba all of them: a
    recurrence's 6D and more, the feed-forward's 2F, attention's 8D and H S a row, and the gradients of a layer's
    matrices. The specification's are freed in between: the largest of them is taken."""
    rows, D, F = rows_with_memory(config, batch), config.width, config.inner
    loss = threads * table_numbers(config, ceil(rows / threads), engine) + rows * D
    several = [rows * 9 * D, rows * (2 * F + 4 * D), rows * (8 * D + config.heads * rows // batch),
               threads * (6 * D * D + 2 * D * F)]
    return loss + (sum(several) if engine == "numba" else max(several))


def table(parts: dict[str, Any]) -> str:
    """The parts and their sum in MiB."""
    lines = [f"{name:<28}{size / 2 ** 20:>10,.1f} MiB" for name, size in parts.items()]
    return "\n".join([*lines, f"{'at its largest':<28}{sum(parts.values()) / 2 ** 20:>10,.1f} MiB"])
