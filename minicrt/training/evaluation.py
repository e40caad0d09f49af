"""Perplexity of a stream, and what it becomes when the state is cut.

The protocol: the stream is read once from its start, the state carried from segment to segment, no dropout, every
prediction scored exactly once (the last short segment included), perplexity = exp(total NLL / tokens scored).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from minicrt.arguments import shown
from minicrt.data import TokenStream
from minicrt.errors import InputError, TrainingError
from minicrt.models.parameters import Parameters
from minicrt.models.segment_model import SegmentModel, State
from minicrt.suggestion import choices_in_words
from minicrt.training.window import scored, segment_nll

Cut = Literal["memory", "positions", "state"]
CUTS: tuple[Cut, ...] = get_args(Cut)


@dataclass(frozen=True)
class Evaluation:
    """`nll` in nats over all `tokens` scored; `carried` names the entries of the state that were carried."""

    nll: float
    tokens: int
    carried: frozenset[str] = frozenset()

    @property
    def loss(self) -> float:
        return self.nll / self.tokens

    @property
    def perplexity(self) -> float:
        return math.exp(self.loss) if self.loss < 700 else math.inf


def evaluate(model: SegmentModel, parameters: Parameters, stream: TokenStream, cut: Cut | None = None,
             advance: Callable[[], None] | None = None) -> Evaluation:
    """Score every prediction of `stream` once.

    `cut` says what is dropped at every segment boundary, so that each segment starts with its initial value: the
    "memory", the carried "positions", or both ("state"); where the model has none of it nothing changes. `advance` is
    called after every segment (a progress bar; what it raises is passed on).
    Raises InputError for another cut, TrainingError if the loss of a segment is not finite.
    """
    dropped = cut_entries(model, cut)
    state: State = {}
    nll, tokens_scored = 0.0, 0
    for index in range(len(stream)):
        segment = stream.segment(index)
        segment_total, state = segment_nll(model, parameters, segment, state)
        if not math.isfinite(segment_total):
            raise TrainingError(f"evaluation: the loss of segment {index} is {segment_total}")
        nll += segment_total
        tokens_scored += scored([segment])
        state = {name: value for name, value in state.items() if name not in dropped}
        if advance is not None:
            advance()
    return Evaluation(nll, tokens_scored, frozenset(state))


def cut_entries(model: SegmentModel, cut: Cut | None) -> frozenset[str]:
    """The entries of `model`'s state that a cut drops: of its memory, its carried positions, both, or (None) nothing.

    Raises InputError for a cut that is none of `CUTS`.
    """
    if cut is None:
        return frozenset()
    if not isinstance(cut, str) or cut not in CUTS:
        raise InputError(f"cut is {shown(cut)}, {choices_in_words(cut, CUTS)}")
    entries = {"memory": model.memory_entries, "positions": model.position_entries,
               "state": model.memory_entries | model.position_entries}
    return frozenset(entries[cut])
