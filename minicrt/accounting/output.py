"""What the output takes: a softmax over all words, or an adaptive one, whose cost depends on the words that occur

Of a text in which the word of rank r has a share of 1/(r H_V), as Zipf's law has it, H_V being Σ 1/r over V words.
"""

import numpy as np

from minicrt.models.language_config import LanguageModelConfig
from minicrt.ops.clusters import Cluster, clusters
from minicrt.ops.linear_cross_entropy import CHUNK


def shares(config: LanguageModelConfig) -> list[tuple[Cluster, float]]:
    """The clusters of an adaptive softmax, each with the share of tokens that are its words"""
    frequency = 1 / np.arange(1, config.vocabulary + 1)
    return [(c, float(frequency[c.first:c.last].sum() / frequency.sum()))
            for c in clusters(config.vocabulary, config.width, config.cutoffs_in_use, config.div_value)]


def head_rows(config: LanguageModelConfig) -> int:
    """S + K, or V of a softmax over all words"""
    cutoffs = config.cutoffs_in_use
    return cutoffs[0] + len(cutoffs) if config.output == "adaptive" else config.vocabulary


def loss_flops(config: LanguageModelConfig, tokens: int) -> int:
    """2 T D V, or 2 T (D (S + K) + Σ share_i d_i (D + n_i)): of the scores that the loss takes"""
    D = config.width
    products = float(head_rows(config) * D)
    if config.output == "adaptive":
        products += sum(share * c.width * (D + c.last - c.first) for c, share in shares(config))
    return round(2 * tokens * products)


def scores_flops(config: LanguageModelConfig, tokens: int) -> int:
    """The same of the scores of all words, as generation takes them"""
    D = config.width
    products = head_rows(config) * D
    if config.output == "adaptive":
        products += sum(c.width * (D + c.last - c.first) for c, _ in shares(config))
    return 2 * tokens * products


def table_numbers(config: LanguageModelConfig, rows: int, engine: str) -> int:
    """Of the gradient of the vectors of all words and clusters, but for clusters whose scores are kept"""
    return head_rows(config) * config.width + sum(
        c.entries.stop - c.entries.start for c, of_rows in tails(config, rows) if not keeps_scores(c, of_rows, engine))


def kept_scores(config: LanguageModelConfig, rows: int, engine: str) -> int:
    return round(sum(of_rows * (c.last - c.first) for c, of_rows in tails(config, rows)
                     if keeps_scores(c, of_rows, engine)))


def scores_at_once(config: LanguageModelConfig, rows: int, engine: str) -> int:
    """Of `rows` rows of a chunk: the head's, and those of the rows' own clusters"""
    return round(head_rows(config) * rows + sum(of_rows * (c.last - c.first) for c, of_rows in tails(config, rows)
                                                if not keeps_scores(c, of_rows, engine)))


def tails(config: LanguageModelConfig, rows: int) -> list[tuple[Cluster, float]]:
    """The clusters, each with how many of `rows` rows have a word of it; none of a softmax over all words"""
    return [(c, share * rows) for c, share in shares(config)] if config.output == "adaptive" else []


def keeps_scores(c: Cluster, rows: float, engine: str) -> bool:
    """The engine numba keeps a cluster's scores, not its table's gradient, where they are fewer."""
    return engine == "numba" and rows <= min(c.width, CHUNK)
