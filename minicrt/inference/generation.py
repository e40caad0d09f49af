"""Text from a model, token by token, with the state carried from segment to segment."""

from collections.abc import Collection, Iterator, Sequence, Set

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole, is_number, is_whole, shown
from minicrt.array_arguments import as_array, checked_ids
from minicrt.errors import InputError
from minicrt.inference.stream import Stream
from minicrt.models import Parameters, SegmentModel
from minicrt.models.inputs import check_fit

Array = np.ndarray


def distribution(logits: Array, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Array:
    """The probabilities (V,) to draw the next token from, in float64.

    p = softmax(logits / temperature), cut down to the `top_k` most probable tokens (0 = all of them), then to the
    smallest set of most probable tokens that holds at least `top_p` of what is left, and scaled to sum to 1 again.
    Of equally probable tokens the lower id comes first. Temperature 0 puts everything on the most probable token.
    Raises InputError for what are no logits (−inf rules a token out; the largest is finite), and for a parameter out of
    range.
    """
    logits = _checked_logits(logits)                         # (V,)
    _check_sampling(temperature, top_k, top_p)
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


def generate(model: SegmentModel, parameters: Parameters, prompt_ids: Sequence[int] | Array, tokens: int,
             rng: np.random.Generator, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0,
             exclude: Collection[int] = ()) -> Iterator[int]:
    """Continue a text: an iterator over the ids of its next tokens, drawn one after the other from `rng`.

        prompt = run.vocabulary.encode(run.vocabulary.split("the with statement"))
        ids = generate(run.model, run.parameters, prompt, 50, np.random.default_rng(0), temperature=0.8, top_p=0.9)
        print(run.vocabulary.join([*prompt, *ids]))

    Arguments
        model, parameters    the model, and weights of it
        prompt_ids           the text to continue, ids (N,), at least one
        tokens               how many ids to yield
        rng                  the generator that draws, as np.random.default_rng(0)
        temperature          of p = softmax(logits / temperature); 0 takes the most probable token
        top_k, top_p         only the k most probable; only the fewest that hold p together; 0 and 1 are off
        exclude              ids that are never drawn, as that of <unk>

    A `Stream` reads the prompt and then its own tokens: memory and time per token do not grow with the length of the
    text.

    Raises InputError for an empty prompt, an id outside the vocabulary, or a sampling parameter out of range,
    and where a logit is not finite.
    """
    check_fit(model, parameters)
    check_kind("rng", rng, np.random.Generator, A_GENERATOR)
    V = model.config.vocabulary
    prompt, excluded = checked_ids("the prompt", prompt_ids, V), checked_ids("exclude", list_of(exclude), V)
    if not prompt.size:
        raise InputError("the prompt is empty, expected one token id at least")
    if len(set(excluded.tolist())) == V:
        raise InputError(f"exclude holds all {V} ids, expected one left to draw")
    _check_sampling(temperature, top_k, top_p)
    return _continue(model, parameters, prompt, check_whole("tokens", tokens, 0), rng, temperature, top_k, top_p,
                     excluded)


def _continue(model, parameters, prompt, tokens, rng, temperature, top_k, top_p, exclude) -> Iterator[int]:
    if not tokens:
        return
    stream = Stream(model, parameters)
    with np.errstate(over="ignore", invalid="ignore"):       # what they warn of is looked for below
        logits = stream.feed(prompt)
    while True:
        token = int(rng.choice(len(logits), p=distribution(_allowed(logits, exclude), temperature, top_k, top_p)))
        yield token
        tokens -= 1
        if not tokens:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            logits = stream.step(token)


def _allowed(logits: Array, exclude: Array) -> Array:
    """(V,) in float64, −inf where a token may not be drawn"""
    if not np.isfinite(logits).all():
        raise InputError("the model's logits are not finite: its weights have diverged; train it with a smaller "
                         "learning_rate")
    allowed = logits.astype(np.float64)
    allowed[exclude] = -np.inf
    return allowed


def list_of(exclude: Collection[int]) -> Collection[int]:
    """A set makes no array of numbers; anything else is judged as it is."""
    return list(exclude) if isinstance(exclude, Set) else exclude


def _checked_logits(logits: Array) -> Array:
    array = as_array("logits", logits)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "fiu":
        raise InputError(f"logits are {array.dtype} of shape {array.shape}, expected real numbers of shape (V,)")
    if not np.isfinite(array.max()):
        raise InputError(f"the largest of the logits is {array.max()}, expected a finite number")
    return array.astype(np.float64)


def _check_sampling(temperature: float, top_k: int, top_p: float) -> None:
    if not is_number(temperature) or temperature < 0:
        raise InputError(f"temperature is {shown(temperature)}, expected a finite number of 0 (greedy) or more")
    if not is_whole(top_k) or top_k < 0:
        raise InputError(f"top_k is {shown(top_k)}, expected a whole number of 0 (off) or more")
    if not is_number(top_p) or not 0 < top_p <= 1:
        raise InputError(f"top_p is {shown(top_p)}, expected more than 0 and at most 1 (off)")
