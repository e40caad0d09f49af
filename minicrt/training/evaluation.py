"""Perplexity of a stream, and what it becomes when the state is cut.

The protocol: the stream is read once from its start, the state carried from segment to segment, no dropout, every
prediction scored exactly once (the last short segment included), perplexity = exp(total NLL / tokens scored).
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from minicrt.arguments import shown
from minicrt.array_arguments import Array, checked_ids
from minicrt.data import TokenStream, evaluation_stream, largest_batch
from minicrt.data.sensors import ReadingStream
from minicrt.errors import InputError, TrainingError
from minicrt.models.base import SegmentModel, State
from minicrt.models.inputs import check_fit
from minicrt.models.parameters import Parameters
from minicrt.parallel.ranks import ALONE, Ranks
from minicrt.suggestion import choices_in_words
from minicrt.training.origin_in_rows import origin_in_rows
from minicrt.training.window import scored, segment_nll

Cut = Literal["memory", "positions", "state"]
CUTS: tuple[Cut, ...] = get_args(Cut)
ROWS = 10                                                    # in which a text is read where nothing else is said


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What an evaluation found.

    nll         the negative log-likelihood of all tokens scored, in nats
    tokens      how many were scored
    carried     the names of the entries of the state that were carried from segment to segment
    loss        nll / tokens
    perplexity  exp(loss)
    """

    nll: float
    tokens: int
    carried: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        carried = ", ".join(sorted(self.carried)) or "nothing"
        return (f"<Evaluation: perplexity {self.perplexity:.2f}, {self.loss:.4f} nats a token over {self.tokens:,} "
                f"tokens; carried: {carried}>")

    @property
    def loss(self) -> float:
        return self.nll / self.tokens

    @property
    def perplexity(self) -> float:
        return math.exp(self.loss) if self.loss < 700 else math.inf


def evaluate(model: SegmentModel, parameters: Parameters, stream: TokenStream | ReadingStream | Array,
             cut: Cut | None = None, advance: Callable[[], None] | None = None, ranks: Ranks = ALONE) -> Evaluation:
    """The perplexity of a text: every prediction of it is scored once, without dropout.

        evaluate(run.model, run.parameters, corpus.valid).perplexity
        evaluate(run.model, run.parameters, corpus.valid, cut="memory")      # the same weights without their memory

    Arguments
        model, parameters    the model, and weights of it: model.initialize(rng), run.parameters
        stream     a TokenStream (of sensors: a ReadingStream), or token ids (N,); these are read in 10 rows, or in
                   fewer if they are few, by segments of the model's segment_length
        cut        what is dropped at every segment boundary, so that each segment starts with its initial value:
                   "memory", the carried "positions", or both, "state"; where a model has none of it nothing changes
        advance    called after every segment (a progress bar; what it raises is passed on)
        ranks      the processes that share the rows, as minicrt.parallel.ranks.started() finds them; each calls this

    perplexity = exp(Σ −log p(token) / tokens scored). Returns an Evaluation: perplexity, loss, tokens, carried.
    Raises InputError for arguments that do not fit, TrainingError if the loss of a segment is not finite.
    """
    check_fit(model, parameters)
    dropped = cut_entries(model, cut)
    if not isinstance(stream, TokenStream | ReadingStream):
        stream = stream_of(stream, model)
    state: State = {}
    nll, tokens_scored = 0.0, 0
    for index in range(len(stream)):
        segment = stream.segment(index)
        segment_total, new_state = segment_nll(model, parameters, segment, state, ranks)
        if not math.isfinite(segment_total):
            where = origin_in_rows(model, parameters, [segment], state, ranks, lambda watched, rows, before:
                                   segment_nll(watched, parameters, rows[0], before))
            raise TrainingError(f"evaluation: the loss of segment {index} is {segment_total}{where}")
        nll += segment_total
        tokens_scored += scored([segment])
        state = {name: value for name, value in new_state.items() if name not in dropped}
        if advance is not None:
            advance()
    return Evaluation(nll, tokens_scored, frozenset(json.loads(ranks.told(json.dumps([*state])))))


def stream_of(ids: Array, model: SegmentModel) -> TokenStream:
    """The usual stream of a text that is only scored"""
    ids, length = checked_ids("the text", ids, model.config.vocabulary), model.config.segment_length
    return evaluation_stream(ids, min(ROWS, largest_batch(ids.size, length) or 1), length, "the text")


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
    return entries[cut] & model.state_shapes(1).keys()       # learned positions, say, are not carried
