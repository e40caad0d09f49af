"""Mistakes in how a model's adaptive output takes its arrays"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import SegmentModel
from minicrt.ops.clusters import Cluster, clusters

Array = np.ndarray
HEAD, PROJECTION, TAILS = 1, 3, 4                            # of the operation's arguments; their gradients: 1, 3, 4

SENTENCES = {
    "output: projections transposed": "A cluster reads z P_iᵀ in place of z P_i: the projections are transposed, as "
                                      "where P_i is stored (out, in).",
    "output: cluster rows in front": "The head's rows of the clusters stand in front of those of the words, with the "
                                     "bias as it is; they stand behind.",
    "output: clusters reshaped the other way": "The rows of a cluster are read as (d_i, n_i) and transposed, in place "
                                               "of (n_i, d_i).",
}


def reads(argument: int, there: Callable[[Array], Array], back: Callable[[Array], Array]) -> Substitute:
    """An array is read otherwise, and its gradient put back."""
    def taken(*arguments: Any) -> tuple[Any, ...]:
        return *arguments[:argument], there(arguments[argument]), *arguments[argument + 1:]

    def change(forward: Any, backward: Any) -> tuple[Any, Any]:
        def put_back(d_loss: Any, cache: Any, into: Array | None = None) -> tuple[Array, ...]:
            gradients = backward(d_loss, cache)
            found = *gradients[:argument], back(gradients[argument]), *gradients[argument + 1:]
            if into is not None:                             # what the caller has of the tails' gradient
                into += found[TAILS]
            return found
        return forward, put_back
    return Substitute("adaptive_softmax", change, taken=taken)


def transposed(projection: Array) -> Array:                  # (D, K D) -> (D, K D)
    count = projection.shape[1] // len(projection)
    return np.concatenate([block.T for block in np.split(projection, count, 1)], 1)


def other_way(tails: Array, found: list[Cluster]) -> Array:
    return np.concatenate([tails[c.entries].reshape(c.width, -1).T.ravel() for c in found])


def put_back(d_tails: Array, found: list[Cluster]) -> Array:
    return np.concatenate([c.table(d_tails).T.ravel() for c in found])


def adaptive_output(model: SegmentModel) -> list[ModelMistake]:
    config: Any = model.config
    if getattr(config, "output", "") != "adaptive":
        return []
    first = config.cutoffs_in_use
    found, K, S = clusters(config.vocabulary, config.width, first, config.div_value), len(first), first[0]
    ways = {"output: cluster rows in front": reads(HEAD, lambda head: np.concatenate([head[S:], head[:S]]),
                                                   lambda d_head: np.concatenate([d_head[K:], d_head[:K]])),
            "output: clusters reshaped the other way": reads(TAILS, lambda tails: other_way(tails, found),
                                                             lambda d_tails: put_back(d_tails, found))}
    if config.div_value == 1:                                # else they are not square
        ways["output: projections transposed"] = reads(PROJECTION, transposed, transposed)
    return [ModelMistake(name, SENTENCES[name], substitutes=(way,)) for name, way in ways.items()]
