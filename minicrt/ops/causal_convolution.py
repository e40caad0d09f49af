"""A depthwise causal convolution over time, whose last inputs are carried on"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array, check_shapes


class CausalConvolutionCache(NamedTuple):
    rows: Array                                              # [s0 ; x], (B, K − 1 + T, D)
    weight: Array                                            # (K, D)
    last: Array                                              # the last K − 1 inputs, (B, K − 1, D): the next s0


def causal_convolution(x: Array, s0: Array, weight: Array, bias: Array
                       ) -> tuple[Array, CausalConvolutionCache]:          # (B, T, D), (B, K − 1, D) -> (B, T, D)
    """y_t = bias + Σ_k weight_k ⊙ x_{t−K+1+k},  k = 0 … K − 1

    Each feature has K weights of its own, weight (K, D); the last row is that of the present token. `s0` holds the
    K − 1 inputs in front of the first, zeros at the start of a stream; `last` of the cache is the s0 of the next
    segment. Raises InputError where the shapes do not fit. Source: Gu and Dao 2023 (arXiv 2312.00752), K = 4.
    """
    sizes = check_shapes("causal_convolution", x=(x, "B T D"), weight=(weight, "K D"), s0=(s0, "B S D"),
                         bias=(bias, "D"))
    T, K = sizes["T"], sizes["K"]
    if sizes["S"] != K - 1:
        raise InputError(f"causal_convolution: s0 has shape {s0.shape}, expected (B, K − 1, D) with K = {K}: the "
                         "inputs that the first tokens look back to")
    rows = np.concatenate([s0, x], axis=1)
    y = bias + sum(weight[k] * rows[:, k:k + T] for k in range(K))
    return y, CausalConvolutionCache(rows, weight, rows[:, T:].copy())


def causal_convolution_backward(d_y: Array, cache: CausalConvolutionCache, d_last: Array | None = None
                                ) -> tuple[Array, Array, Array, Array]:    # -> d_x, d_s0, d_weight, d_bias
    """G_{row i} = Σ_k weight_k ⊙ G_{y_{i−k}},  G_{weight_k} = Σ x_{t−K+1+k} ⊙ G_{y_t},  G_bias = Σ G_y

    `d_last` (B, K − 1, D) is the gradient of the last inputs from beyond the segment.
    """
    rows, weight, _ = cache
    T, K = d_y.shape[1], len(weight)
    d_rows = np.zeros(rows.shape, np.result_type(rows, d_y))
    for k in range(K):
        d_rows[:, k:k + T] += weight[k] * d_y                # y_t takes weight_k of row t + k
    if d_last is not None:
        d_rows[:, T:] += d_last
    d_weight = np.stack([(rows[:, k:k + T] * d_y).sum((0, 1)) for k in range(K)])
    return d_rows[:, K - 1:], d_rows[:, :K - 1], d_weight, d_y.sum((0, 1))
