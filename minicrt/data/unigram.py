"""The unigram model: the score that any model must beat."""

import numpy as np

from minicrt.arguments import check_whole
from minicrt.array_arguments import checked_ids
from minicrt.data.mapped import in_blocks
from minicrt.errors import DataError


def unigram_perplexity(train: np.ndarray, evaluated: np.ndarray, vocabulary_size: int) -> float:
    """exp(−(1/n) Σ_i log q(w_i)) over the n tokens of `evaluated`, with q(w) = count of w in `train` / len(train).

    q is the maximum-likelihood estimate. It gives infinity when `evaluated` holds a type that `train` does not;
    then, and only then, one is added to every type's count (Laplace), so that the figure stays finite.
    Every token is scored, the first one too: a unigram model needs no context.

    Arguments
        train, evaluated: (N,), (n,) ids below vocabulary_size
    Raises DataError when either is empty, InputError for what are no such ids.
    """
    check_whole("vocabulary_size", vocabulary_size, 1)
    train = checked_ids("the training text", train, vocabulary_size)
    evaluated = checked_ids("the evaluated text", evaluated, vocabulary_size)
    if train.size == 0 or evaluated.size == 0:
        raise DataError(f"the unigram model got {train.size} and {evaluated.size} tokens, expected at least one each")
    counts = np.zeros(vocabulary_size, np.int64)
    for block in in_blocks(train):
        counts += np.bincount(block, minlength=vocabulary_size)
    if not all(counts[block].all() for block in in_blocks(evaluated)):
        counts = counts + 1
    log_counts = sum(np.log(counts[block]).sum() for block in in_blocks(evaluated))
    # By rounding a text of one token would come out below what is the least.
    return max(1.0, float(np.exp(np.log(counts.sum()) - log_counts / evaluated.size)))
