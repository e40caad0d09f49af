"""Text from a model, token by token, with the state carried from segment to segment."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minicrt.errors import InputError

if TYPE_CHECKING:
    from minicrt.models.parameters import Parameters
    from minicrt.models.segment_model import SegmentModel

Array = np.ndarray


def distribution(logits: Array, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Array:
    """The probabilities (V,) to draw the next token from, in float64.

    p = softmax(logits / temperature), cut down to the `top_k` most probable tokens (0 = all of them), then to the
    smallest set of most probable tokens that holds at least `top_p` of what is left, and scaled to sum to 1 again.
    Of equally probable tokens the lower id comes first. Temperature 0 puts everything on the most probable token.
    """
    logits = np.asarray(logits, np.float64)                  # (V,)
    order = np.argsort(-logits, kind="stable")               # most probable first
    if temperature == 0:
        return np.eye(1, len(logits), order[0])[0]
    with np.errstate(over="ignore"):                         # a tiny temperature: -inf is what is meant
        p = np.exp((logits - logits.max()) / temperature)
    if top_k:
        p[order[top_k:]] = 0
    p /= p.sum()
    if top_p < 1:
        before = np.cumsum(p[order]) - p[order]              # what the more probable tokens hold already
        p[order[before >= top_p]] = 0
        p /= p.sum()
    return p


def generate(model: "SegmentModel", parameters: "Parameters", prompt_ids: Sequence[int] | Array, tokens: int,
             rng: np.random.Generator, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0,
             exclude: Collection[int] = ()) -> Iterator[int]:
    """Yield `tokens` ids that continue `prompt_ids`, drawn from `rng`; `exclude` names ids that are never drawn.

    What is kept between two tokens is the state at the current segment's start and the segment's tokens so far. Each
    new token runs that segment once more; when the segment is full the state behind it is kept and the tokens are
    dropped. Memory and time per token do not grow with the length of the text.

    Raises InputError for an empty prompt, an id outside the vocabulary, or a sampling parameter out of range,
    and where a logit is not finite.
    """
    prompt = np.asarray(prompt_ids)
    V, T = model.config.vocabulary, model.config.segment_length
    _check(prompt, V, tokens, temperature, top_k, top_p, exclude)
    return _continue(model, parameters, prompt, T, tokens, rng, temperature, top_k, top_p, sorted(set(exclude)))


def _continue(model, parameters, prompt, T, tokens, rng, temperature, top_k, top_p, exclude) -> Iterator[int]:
    state: dict[str, Array] = {}
    segment: list[int] = []
    for start in range(0, len(prompt), T):                   # all of the prompt but its last logits is only read
        if segment:
            _, state = _logits(model, parameters, segment, state)
        segment = prompt[start:start + T].tolist()
    for _ in range(tokens):
        last, after = _logits(model, parameters, segment, state)
        if len(segment) == T:
            segment, state = [], after
        last[exclude] = -np.inf
        token = int(rng.choice(len(last), p=distribution(last, temperature, top_k, top_p)))
        segment.append(token)
        yield token


def _logits(model, parameters, segment, state) -> tuple[Array, dict[str, Array]]:
    """(V,) in float64, of the segment's last token, and the state behind it."""
    with np.errstate(over="ignore", invalid="ignore"):       # what they warn of is looked for below
        logits, after = model.logits(parameters, np.array([segment]), state)      # (1, len(segment), V)
    last = logits[0, -1].astype(np.float64)
    if not np.isfinite(last).all():
        raise InputError("the model's logits are not finite: its weights have diverged; train it with a smaller "
                         "learning_rate")
    return last, after


def _check(prompt, V, tokens, temperature, top_k, top_p, exclude) -> None:
    if prompt.ndim != 1 or not len(prompt) or prompt.dtype.kind not in "iu":
        raise InputError(f"the prompt is an array of shape {prompt.shape} and dtype {prompt.dtype}, "
                         "expected one token id at least, in one dimension")
    if prompt.min() < 0 or prompt.max() >= V:
        raise InputError(f"the prompt's ids run from {prompt.min()} to {prompt.max()}, expected 0 to {V - 1}")
    if tokens < 0:
        raise InputError(f"tokens is {tokens}, expected 0 or more")
    if not 0 <= temperature < np.inf:
        raise InputError(f"temperature is {temperature}, expected a finite number of 0 (greedy) or more")
    if top_k < 0:
        raise InputError(f"top_k is {top_k}, expected 0 (off) or more")
    if not 0 < top_p <= 1:
        raise InputError(f"top_p is {top_p}, expected more than 0 and at most 1 (off)")
    if len(set(exclude)) >= V or not set(exclude) <= set(range(V)):
        raise InputError(f"exclude holds {len(set(exclude))} ids, expected ids from 0 to {V - 1} and one left to draw")
