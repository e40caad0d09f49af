"""Where ranks share the rows of a batch, each looks in its own for what is not finite, and all are told."""

from collections.abc import Callable, Sequence

from minicrt.models.base import SegmentModel, State
from minicrt.models.parameters import Parameters
from minicrt.parallel.ranks import Ranks
from minicrt.training.not_finite import origin
from minicrt.training.window import Segment, own_rows


def origin_in_rows(model: SegmentModel, parameters: Parameters, segments: Sequence[Segment], state: State, ranks: Ranks,
                   again: Callable[[SegmentModel, list[Segment], State], object]) -> str:
    """What `origin` says, of the first rank that finds something; "" if none does.

    `again` computes once more what has gone wrong, with the model, the rows and the state that it is given.
    """
    if ranks.size == 1:
        return origin(model, parameters, state, lambda watched: again(watched, list(segments), state))
    rows, before = own_rows(model, segments, state, ranks)
    found = "" if not len(rows[0][0]) else origin(
        model, parameters, before, lambda watched: again(watched, rows, before))
    return next(filter(None, ranks.texts(found)), "")
