"""The clusters of an adaptive softmax as matrices, so that its equations have one line for all of them"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicrt.ops.clusters import Cluster, clusters

Array = np.ndarray


def cluster_matrix(words: int, cutoffs: Sequence[int]) -> Array:         # -> (V − S, K)
    """1 where a word behind the shortlist belongs to a cluster"""
    cluster = np.searchsorted(cutoffs, np.arange(cutoffs[0], words), side="right") - 1
    return 1.0 * (cluster[:, None] == np.arange(len(cutoffs)))


def word_matrix(tails: Any, words: int, width: int, cutoffs: Sequence[int], div_value: float) -> Any:
    """(V − S, Σ d_i): the words of cluster i in the columns of P_i, and 0 in the others"""
    found = clusters(words, width, cutoffs, div_value)
    y = np.zeros((words - cutoffs[0], found[-1].columns.stop), np.result_type(tails))
    for cluster in found:
        y[block(cluster, cutoffs)] = cluster.table(tails)
    return y


def word_vectors(d_words: Array, words: int, width: int, cutoffs: Sequence[int], div_value: float) -> Array:
    """What stands in the clusters' own columns, cluster by cluster and row by row"""
    return np.concatenate([d_words[block(cluster, cutoffs)].ravel()
                           for cluster in clusters(words, width, cutoffs, div_value)])


def block(cluster: Cluster, cutoffs: Sequence[int]) -> tuple[slice, slice]:
    return slice(cluster.first - cutoffs[0], cluster.last - cutoffs[0]), cluster.columns
