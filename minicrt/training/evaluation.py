"""Perplexity of a stream, and what it becomes when the state is cut.

The protocol: the stream is read once from its start, the state carried from segment to segment, no dropout, every
prediction scored exactly once (the last short segment included), perplexity = exp(total NLL / tokens scored).
"""

import math
from collections.abc import Callable, Set
from dataclasses import dataclass

from minicrt.data import TokenStream
from minicrt.errors import TrainingError
from minicrt.models.parameters import Parameters
from minicrt.models.segment_model import SegmentModel, State
from minicrt.training.window import scored, segment_nll

CUTS = ("memory", "positions", "state")


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


def evaluate(model: SegmentModel, parameters: Parameters, stream: TokenStream, cut: Set[str] = frozenset(),
             advance: Callable[[], None] | None = None) -> Evaluation:
    """Score every prediction of `stream` once.

    `cut` names entries of the state that are dropped at every segment boundary, so that each segment starts with
    their initial values. `advance` is called after every segment (a progress bar; what it raises is passed on).
    Raises TrainingError if the loss of a segment is not finite.
    """
    state: State = {}
    nll, tokens_scored = 0.0, 0
    for index in range(len(stream)):
        segment = stream.segment(index)
        segment_total, state = segment_nll(model, parameters, segment, state)
        if not math.isfinite(segment_total):
            raise TrainingError(f"evaluation: the loss of segment {index} is {segment_total}")
        nll += segment_total
        tokens_scored += scored([segment])
        state = {name: value for name, value in state.items() if name not in cut}
        if advance is not None:
            advance()
    return Evaluation(nll, tokens_scored, frozenset(state))


def cut_entries(model: SegmentModel, what: str) -> frozenset[str]:
    """The entries of `model`'s state to drop for one of `CUTS`: its memory, its carried positions, or both."""
    entries = {"memory": model.memory_entries, "positions": model.position_entries,
               "state": model.memory_entries | model.position_entries}
    return entries[what]
