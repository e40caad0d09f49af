"""The gradient of a window of segments, the rows of the batch shared out among threads, and among ranks.

Rows do not touch each other before the gradients are added up, so each thread takes some of them through the whole
window, forwards and backwards, with matrix products of its own: no thread waits for another until the end, and no rank.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError, TrainingError
from minicrt.models import inputs
from minicrt.models.base import SegmentModel, State
from minicrt.models.parameters import Parameters
from minicrt.ops import IGNORE
from minicrt.parallel import workers
from minicrt.parallel.ranks import ALONE, Ranks
from minicrt.parallel.shares import Share, moved, share

Array = np.ndarray
Segment = tuple[Array, Array]
WORTH_A_THREAD = 1 << 14                                     # tokens times width of a segment, forwards and backwards


def scored(segments: Iterable[Segment]) -> int:
    """The number of targets that are scored: integers other than −1, numbers other than NaN."""
    return sum(int(np.count_nonzero(~np.isnan(targets) if targets.dtype.kind == "f" else targets != IGNORE))
               for _, targets in segments)


class Again(NamedTuple):
    """What a segment's forward pass is run again from: its cache then has the same bits"""

    state: State
    rng: np.random.Generator | None                          # as it was in front of the segment


def window_gradients(model: SegmentModel, parameters: Parameters, gradients: Parameters, segments: Sequence[Segment],
                     state: State, rng: np.random.Generator | None = None, ranks: Ranks = ALONE,
                     recompute: bool = False) -> tuple[float, State]:
    """The loss of a window, the state after it, and (written to `gradients`) the gradient of the loss.

        loss = Σ_N w_N loss_N,   w_N = targets scored in segment N / targets scored in the window

    that is, the mean negative log-likelihood over the window's tokens. The gradient crosses the boundaries between the
    window's segments; at the window's first edge it is dropped, for the state that came in counts as a constant.
    With `recompute` the forward pass of every segment but the last is run twice, and one cache is held at a time: the
    memory of one segment, a third more operations at most, and the same bits (Chen et al. 2016, arXiv 1604.06174).
    With several threads each range of rows draws its dropout masks from a generator of its own, spawned from `rng`.
    With several ranks, which all call this with the same segments, loss and gradient are those of all rows, and the
    state is that of the rank's own rows.
    Raises TrainingError if the loss is not finite; `gradients` are then worth nothing. Raises InputError for arguments
    that do not fit.
    """
    inputs.check_fit(model, parameters)
    inputs.check_parameters(model, gradients, "gradients")
    inputs.check_generator(rng)
    segments = inputs.checked_segments(model, segments)
    own = own_share(segments, WORTH_A_THREAD // model.config.width, ranks)
    parts, state = own.parts, moved(state, own.start, own.rows, ranks)
    inputs.check_state(model, own.rows, state)
    _check_rows(segments, state, own.rows)
    all_gradients = [gradients, *gradients.siblings(max(len(parts), 1) - 1)]
    generators = [rng] if rng is None or own.pieces == 1 else rng.spawn(own.pieces)[own.first:]
    total = max(scored(segments), 1)
    losses, states = [0.0] * len(parts), [state] * len(parts)

    def work(part: int, start: int, stop: int) -> None:
        """Some rows of the batch through the whole window, forwards and backwards, on one thread"""
        rng_part = generators[part % len(generators)]
        carried, loss, caches = _of_rows(state, start - own.start, stop - own.start), 0.0, list[Any]()
        rows = [(tokens[start:stop], targets[start:stop]) for tokens, targets in segments]
        weights = [scored([segment]) / total for segment in rows]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what they warn of is looked for below
            for n, ((tokens, targets), weight) in enumerate(zip(rows, weights)):
                again = Again(carried, deepcopy(rng_part)) if recompute and n + 1 < len(rows) else None
                segment_loss, carried, cache = model.forward(parameters, tokens, targets, carried, rng_part)
                loss += weight * float(segment_loss)
                caches.append(again or cache)
                del cache
            losses[part], states[part] = loss, carried
            if not np.isfinite(loss):
                return
            all_gradients[part].flat[...] = 0
            d_state: State = {}
            while caches:                                    # popped, so that a cache is freed once it is used
                n, cache = len(caches) - 1, caches.pop()
                if isinstance(cache, Again):
                    _, _, cache = model.forward(parameters, *rows[n], cache.state, cache.rng)
                d_state = model.backward(weights[n], d_state, cache, all_gradients[part])
                del cache

    workers.run_with_products(work, parts)
    loss = ranks.total(sum(losses))
    if not np.isfinite(loss):
        raise TrainingError(f"the loss is {loss}")
    if len(parts) > 1:
        workers.run(_sum, workers.ranges(gradients.size, 1 << 14), [g.flat for g in all_gradients])
    elif not parts:
        gradients.flat[...] = 0                              # a rank without rows adds nothing
    ranks.add_up(gradients.flat)
    return loss, _joined(states)


def segment_nll(model: SegmentModel, parameters: Parameters, segment: Segment, state: State, ranks: Ranks = ALONE
                ) -> tuple[float, State]:
    """The negative log-likelihood of a segment's scored targets, added up, and the state after it; no dropout.

    It is not finite where a logit is not. With several ranks as in `window_gradients`."""
    tokens, targets = segment
    own = own_share([segment], 3 * WORTH_A_THREAD // model.config.width, ranks)
    parts, state = own.parts, moved(state, own.start, own.rows, ranks)
    _check_rows([segment], state, own.rows)
    totals, states = [0.0] * len(parts), [state] * len(parts)

    def work(part: int, start: int, stop: int) -> None:
        before = _of_rows(state, start - own.start, stop - own.start)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the caller looks at the result
            loss, states[part], _ = model.forward(parameters, tokens[start:stop], targets[start:stop], before, None,
                                                  with_gradient=False)
        totals[part] = float(loss) * scored([(tokens, targets[start:stop])])

    workers.run_with_products(work, parts)
    return ranks.total(sum(totals)), _joined(states)


def own_share(segments: Sequence[Segment], tokens: int, ranks: Ranks) -> Share:
    """The rank's ranges of the batch, of no fewer than so many tokens a segment."""
    batch = (*np.shape(segments[0][0])[:1], 1)[0]
    length = max(np.size(segments[0][0]) // max(batch, 1), 1)
    return share(batch, max(-(-tokens // length), 1), ranks)


def own_rows(model: SegmentModel, segments: Sequence[Segment], state: State, ranks: Ranks
             ) -> tuple[list[Segment], State]:
    """The rank's rows of a window and of a state, as `window_gradients` shares them; none where there are fewer pieces
    than ranks"""
    own = own_share(segments, WORTH_A_THREAD // model.config.width, ranks)
    rows = slice(own.start, own.start + own.rows)
    return ([(tokens[rows], targets[rows]) for tokens, targets in segments],
            moved(state, own.start, own.rows, ranks))


def _check_rows(segments: Sequence[Segment], state: State, rows: int) -> None:
    """Raise InputError where something has another number of rows than the first tokens, or the state than the rank: a
    range of it would look right to the model."""
    batch = np.shape(segments[0][0])[:1]
    arrays = {f"segment {i}: {what}": array for i, segment in enumerate(segments)
              for what, array in zip(("tokens", "targets"), segment)}
    of_rank = {f"state entry {name!r}": entry for name, entry in state.items()}
    for name, array in {**arrays, **of_rank}.items():
        expected = (rows,) if name in of_rank else batch
        if np.shape(array)[:1] != expected or not batch:
            raise InputError(f"{name} has shape {np.shape(array)}, expected {expected[0] if batch else 'B'} rows, one "
                             "for each row of the batch")


def _of_rows(state: State, start: int, stop: int) -> State:
    return {name: entry[start:stop] for name, entry in state.items()}


def _joined(states: Sequence[State]) -> State:
    if len(states) <= 1:
        return states[0] if states else {}                   # a rank without rows
    return {name: np.concatenate([state[name] for state in states]) for name in states[0]}


def _sum(_: int, start: int, stop: int, flats: Sequence[Array]) -> None:
    for other in flats[1:]:
        flats[0][start:stop] += other[start:stop]
