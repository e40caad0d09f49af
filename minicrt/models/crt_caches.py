"""What each stage of a CRT keeps for its backward pass"""

from typing import Any, Literal, NamedTuple

from minicrt.models.block import BlockCache
from minicrt.models.parameters import Array
from minicrt.models.positions import PositionCaches


class RecallCache(NamedTuple):
    source: Literal["state", "writer", "start"]              # where m_{N−1} comes from
    write: "WriteCache | None"                               # of the writer that was run again


class BlocksCache(NamedTuple):
    stack: list[BlockCache]
    raw: Array                                               # y before the final norm, (B, T, D)
    norm: Any                                                # of the final norm: None with post-norm


class WriteCache(NamedTuple):
    h: list[Array]                                           # of each memory vector (B, T or 1, D)
    cells: list[Any]                                         # of each memory vector's network


class PastCache(NamedTuple):
    y: Array                                                 # (B, T, D)
    r: Array                                                 # m W_r, (B, D)
    linear: Any                                              # of m W_r


class ReadoutCache(NamedTuple):
    h: list[Array]                                           # as in WriteCache
    past: PastCache | None                                   # None if the memory is not read
    norms: list[Any] | None                                  # of each h_i: None if none is read


class CRTCache(NamedTuple):
    """What a segment keeps for its backward pass; without a memory the last four are None."""

    positions: PositionCaches | None
    positions_given: bool                                    # p_0 was in the state
    input_mask: Any                                          # of dropout: None without
    blocks: BlocksCache
    recall: RecallCache | None = None
    token: Any = None                                        # of the norm of m as a token
    write: WriteCache | None = None
    readout: ReadoutCache | None = None
