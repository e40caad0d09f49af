"""The adaptive softmax in JAX, forward only: of every row the probabilities of all words"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array


def adaptive_softmax(z: Array, head: Array, bias: Array, projection: Array, tails: Array, targets: Array,
                     cutoffs: Sequence[int], div_value: float = 1.0) -> Array:
    S, K, D = cutoffs[0], len(cutoffs), z.shape[-1]
    log_q = jax.nn.log_softmax(z @ head.T + bias[:S + K])
    log_p, column, entry = [log_q[..., :S]], 0, 0
    for i, (first, last) in enumerate(zip(cutoffs, [*cutoffs[1:], len(bias) - K])):
        d, n = max(1, int(D // div_value ** (i + 1))), last - first
        scores = z @ projection[:, column:column + d] @ tails[entry:entry + n * d].reshape(n, d).T
        log_p.append(log_q[..., S + i, None] + jax.nn.log_softmax(scores + bias[first + K:last + K]))
        column, entry = column + d, entry + n * d
    scored = targets != -1
    chosen = jnp.take_along_axis(jnp.concatenate(log_p, -1), jnp.where(scored, targets, 0)[..., None], axis=-1)[..., 0]
    return -jnp.sum(jnp.where(scored, chosen, 0)) / jnp.sum(scored).astype(z.dtype)
