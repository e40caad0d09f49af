"""The loss of a cluster with many words and few rows, whose table's gradient is larger than its scores: so these are
kept, and the gradient is formed on the way back, some words at a time, and added to what is there.

With e = e^(logit − largest) and s its sum over a row, p = e/s, and e − s at the target is s (p − y).
"""

import numpy as np

from minicrt.kernels.linear_cross_entropy import linear_cross_entropy, linear_cross_entropy_backward, softmax
from minicrt.kernels.products import add_product, product
from minicrt.kernels.twins import Kept, contiguous


def cluster_loss(z, table, bias, targets, chunk, with_gradient):
    """As linear_cross_entropy, of rows that are all scored"""
    rows, D = z.shape
    if rows > min(chunk, D) or not with_gradient:            # then the table's gradient is the smaller one
        return linear_cross_entropy(z, table, bias, targets, chunk, with_gradient)
    e = product(z, contiguous(table).T)                      # (rows, words)
    losses, weights, d_bias = softmax(e, contiguous(bias), contiguous(targets), z.dtype.type(1 / rows), True)
    e[np.arange(rows), targets] -= 1 / (rows * weights)      # weights: 1/(s N) of each row
    np.subtract.at(d_bias, targets, z.dtype.type(1 / rows))
    d_z = product(e, table)
    d_z *= weights[:, None]
    return z.dtype.type(losses.sum() / rows), Kept((d_z, d_bias, e, weights[:, None] * z))


def cluster_loss_backward(d_loss, cache, into):              # -> G_z, G_bias; G_table is added into `into`
    if len(cache) == 3:
        d_z, d_table, d_bias = linear_cross_entropy_backward(d_loss, cache)
        into += d_table
        return d_z, d_bias
    d_z, d_bias, e, weighted = cache
    add_product(into, e.T, d_loss * weighted)                # logits = z @ table.T
    return d_loss * d_z, d_loss * d_bias
