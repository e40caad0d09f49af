"""How much each token of a text surprises a model"""

from collections.abc import Iterator, Sequence

import numpy as np

from minicrt.array_arguments import checked_ids
from minicrt.inference.generation import allowed
from minicrt.inference.stream import Stream
from minicrt.models import Parameters, SegmentModel
from minicrt.models.inputs import check_fit

Array = np.ndarray
NOTHING = np.zeros(0, np.int32)


def surprisal(model: SegmentModel, parameters: Parameters, ids: Sequence[int] | Array) -> Iterator[float | None]:
    """−log₂ p(token_t | token_1 … token_{t−1}) in bits for each token of a text, one after the other as it is read.

        text = run.vocabulary.encode(run.vocabulary.split("the with statement"))
        print(list(surprisal(run.model, run.parameters, text)))

    The first token is not predicted: None. The mean of the others is the logarithm to base 2 of the perplexity. The
    state is carried through the whole text by a `Stream`, in constant memory.
    Raises InputError for ids that are none of the vocabulary, and where a logit is not finite.
    """
    check_fit(model, parameters)
    return _read(Stream(model, parameters), checked_ids("the text", ids, model.config.vocabulary))


def _read(stream: Stream, ids: Array) -> Iterator[float | None]:
    logits = None
    for token in ids.tolist():
        if logits is None:
            yield None
        else:
            largest = logits.max()
            yield float(np.log2(np.exp(logits - largest).sum()) - (logits[token] - largest) / np.log(2))
        with np.errstate(over="ignore", invalid="ignore"):   # what they warn of is looked for in `allowed`
            logits = allowed(stream.step(token), NOTHING)
