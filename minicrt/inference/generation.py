"""Text from a model, token by token"""

from collections.abc import Collection, Iterator, Sequence, Set

import numpy as np

from minicrt.arguments import A_GENERATOR, check_iterable, check_kind, check_whole
from minicrt.array_arguments import checked_ids
from minicrt.errors import InputError
from minicrt.inference.sampling import Sampling
from minicrt.inference.stream import Stream
from minicrt.models import Parameters, SegmentModel
from minicrt.models.inputs import check_fit

Array = np.ndarray


def generate(model: SegmentModel, parameters: Parameters, prompt_ids: Sequence[int] | Array, tokens: int,
             rng: np.random.Generator, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0,
             exclude: Collection[int] = (), min_p: float = 0.0, repetition_penalty: float = 1.0,
             stop: Collection[Sequence[int] | Array] = ()) -> Iterator[int]:
    """Continue a text: an iterator over the ids of its next tokens, drawn one after the other from `rng`.

        prompt = run.vocabulary.encode(run.vocabulary.split("the with statement"))
        ids = generate(run.model, run.parameters, prompt, 50, np.random.default_rng(0), temperature=0.8, top_p=0.9)
        print(run.vocabulary.join([*prompt, *ids]))

    Arguments
        model, parameters    the model, and weights of it
        prompt_ids           the text to continue, ids (N,), at least one
        tokens               how many ids to yield at most
        rng                  the generator that draws, as np.random.default_rng(0)
        temperature          of p = softmax(logits / temperature); 0 takes the most probable token
        top_k, top_p         only the k most probable; only the fewest that hold p together; 0 and 1 are off
        exclude              ids that are never drawn, as that of <unk>
        min_p                only those at least so many times as probable as the most probable; 0 is off
        repetition_penalty   above 1, tokens that the prompt or the text has become less probable; 1 is off
        stop                 sequences of ids; the text ends with the first of them that it has in full

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
    check_iterable("stop", stop, "a list of sequences of ids")
    stops = [checked_ids("a sequence of stop", sequence, V).tolist() for sequence in stop]
    if not all(stops):
        raise InputError("a sequence of stop is empty, expected one token id at least")
    sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
    check_whole("tokens", tokens, 0)
    return _continue(Stream(model, parameters), prompt, tokens, rng, sampling, excluded, stops)


def _continue(stream: Stream, prompt: Array, tokens: int, rng: np.random.Generator, sampling: Sampling, exclude: Array,
              stops: list[list[int]]) -> Iterator[int]:
    if not tokens:
        return
    seen = np.zeros(stream.model.config.vocabulary, bool)
    seen[prompt] = True
    latest, longest = list[int](), max(map(len, stops), default=0)
    read = prompt
    for _ in range(tokens):
        with np.errstate(over="ignore", invalid="ignore"):   # what they warn of is looked for in `allowed`
            logits = stream.feed(read)
        p = sampling.distribution(sampling.penalised(allowed(logits, exclude), seen))
        token = int(rng.choice(len(p), p=p))
        seen[token], read = True, np.array([token])
        yield token
        latest = [*latest, token][-longest:] if longest else latest
        if any(latest[-len(sequence):] == sequence for sequence in stops):
            return


def allowed(logits: Array, exclude: Array) -> Array:
    """(V,) in float64, −inf where a token may not be drawn"""
    if not np.isfinite(logits).all():
        raise InputError("the model's logits are not finite: its weights have diverged; train it with a smaller "
                         "learning_rate")
    logits = logits.astype(np.float64)
    logits[exclude] = -np.inf
    return logits


def list_of(exclude: Collection[int]) -> Collection[int]:
    """A set makes no array of numbers; anything else is judged as it is."""
    return list(exclude) if isinstance(exclude, Set) else exclude
