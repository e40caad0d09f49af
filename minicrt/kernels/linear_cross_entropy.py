"""Linear layer, softmax and cross-entropy: what is done between the products is one pass over each row of logits.

The probabilities are never divided by their sum. With e = e^(logit − largest) and s its sum over a row, the products
take 1/(s N) along on their narrow side: G_z = (e E)/(s N) − E[target]/N, and G_E = eᵀ (z/(s N)) less z/N at the
targets.
"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit, part
from minicrt.kernels.products import add_product, product
from minicrt.kernels.twins import Kept, backward_twin, contiguous, rows, twin
from minicrt.kernels.vector_math import exp
from minicrt.ops.linear_cross_entropy import CHUNK, checked_targets
from minicrt.parallel import workers

GRAIN = 4                                                    # rows of logits that are worth another thread
LANES = 256


@twin(ops.linear_cross_entropy)
def linear_cross_entropy(z, table, bias, targets, chunk=CHUNK, with_gradient=True):
    targets, scored = checked_targets(z, table, bias, targets)
    z_rows, table, bias = rows(z), contiguous(table), contiguous(bias)
    ignored = len(scored) < len(z_rows)
    z_scored, targets = (z_rows[scored], contiguous(targets[scored])) if ignored else (z_rows, targets)
    share = z.dtype.type(1 / max(len(scored), 1))
    loss, d_table, d_bias, d_z = 0.0, None, None, pool.empty(z_scored.shape, z.dtype)
    pieces = -(-len(scored) // chunk)                        # of the same size: a short one is inefficient
    for piece in range(pieces):
        some = slice(len(scored) * piece // pieces, len(scored) * (piece + 1) // pieces)
        losses, d_table, d_bias = _piece(z_scored[some], table, bias, targets[some], share, with_gradient, d_z[some],
                                         d_table, d_bias)
        loss += float(losses.sum()) / len(scored)
    if not with_gradient:
        return z.dtype.type(loss), None
    if d_table is None:
        d_table, d_bias = pool.zeros(table.shape, z.dtype), np.zeros_like(bias)
    if ignored:
        d_rows = pool.zeros(z_rows.shape, z.dtype)
        d_rows[scored] = d_z
        d_z = d_rows
    return z.dtype.type(loss), Kept((d_z.reshape(z.shape), d_table, d_bias))


def _piece(z, table, bias, targets, share, with_gradient, d_z, d_table, d_bias):
    """The losses of some rows, and the gradients: into d_z, and with those of the rows before them (None: there are
    none) of the table and the bias"""
    logits = product(z, table.T)                             # (chunk, V)
    losses, weights, d_bias_of_rows = softmax(logits, bias, targets, share, with_gradient)
    if not with_gradient:
        return losses, None, None
    np.matmul(logits, table, out=d_z)
    weighted = np.multiply(weights[:, None], z, out=pool.empty(z.shape, z.dtype))
    if d_table is None:
        d_table, d_bias = product(logits.T, weighted), d_bias_of_rows
    else:
        add_product(d_table, logits.T, weighted)
        d_bias += d_bias_of_rows
    _finish(z, targets, table, weights, share, d_z, d_table, d_bias)
    return losses, d_table, d_bias


def softmax(logits, bias, targets, share, with_gradient):
    """logits -> e; of each row the loss, and the weight 1/(s N) of e; and the bias's gradient but for the targets"""
    parts = workers.ranges(len(logits), GRAIN)
    losses, weights = np.empty(len(logits)), np.empty(len(logits), logits.dtype)
    d_biases = pool.zeros((len(parts), len(bias)), logits.dtype)
    workers.run(_softmax, parts, logits, bias, targets, share, losses, weights, d_biases, with_gradient)
    return losses, weights, d_biases.sum(0)


@backward_twin(ops.linear_cross_entropy_backward)
def linear_cross_entropy_backward(d_loss, cache):
    if d_loss == 1:
        return tuple(cache)
    d_loss = cache[0].dtype.type(d_loss)
    return tuple(np.multiply(d_loss, d, out=pool.empty(d.shape, d.dtype)) for d in cache)


@jit(fastmath={"contract", "reassoc"})
def _softmax(part, start, stop, logits, bias, targets, share, losses, weights, d_biases, with_gradient):
    """Row by row: logits -> e = e^(logit + b − largest), the loss −log p[target], and the weight 1/(s N) of e; for four
    rows at a time, while they are in the cache, the sum of e/(s N): the bias's gradient but for the targets."""
    V = logits.shape[1]
    zero = logits.dtype.type(0)
    lanes = np.empty(LANES, logits.dtype)
    d_bias = d_biases[part]
    for first in range(start, stop, 4):
        last = min(first + 4, stop)
        for i in range(first, last):
            row = logits[i]
            largest = add_and_maximum(row, bias, lanes)
            at_target = row[targets[i]]
            total = zero
            for j in range(V):
                e = exp(row[j] - largest)
                row[j] = e
                total += e
            losses[i] = np.log(np.float64(total)) - np.float64(at_target - largest)
            weights[i] = share / total
        if with_gradient:                                    # where there are fewer, the last one counts as the others
            at1, at2, at3 = min(first + 1, last - 1), min(first + 2, last - 1), min(first + 3, last - 1)
            w0, w1 = weights[first], weights[at1] if at1 == first + 1 else zero
            w2, w3 = weights[at2] if at2 == first + 2 else zero, weights[at3] if at3 == first + 3 else zero
            e0, e1, e2, e3 = logits[first], logits[at1], logits[at2], logits[at3]
            for j in range(V):
                d_bias[j] += w0 * e0[j] + w1 * e1[j] + w2 * e2[j] + w3 * e3[j]


@part
def add_and_maximum(row, bias, lanes):
    """row ← row + bias, and its largest value, NaN left out; lane by lane, since LLVM does not vectorise a maximum in
    one variable."""
    whole = len(row) // LANES * LANES
    lanes[:] = row[0] + bias[0]
    for start in range(0, whole, LANES):
        piece, piece_of_bias = row[start:start + LANES], bias[start:start + LANES]
        for lane in range(LANES):
            value = piece[lane] + piece_of_bias[lane]
            piece[lane] = value
            lanes[lane] = value if value > lanes[lane] else lanes[lane]
    for j in range(whole, len(row)):
        row[j] += bias[j]
        lanes[0] = row[j] if row[j] > lanes[0] else lanes[0]
    largest = lanes[0]
    for lane in range(1, LANES):
        largest = lanes[lane] if lanes[lane] > largest else largest
    return largest


@jit
def _finish(z, targets, table, weights, share, d_z, d_table, d_bias):
    """d_z by its weights, and what the targets take from all three"""
    for i in range(len(z)):
        target, weight = targets[i], weights[i]
        row, d_row = table[target], d_table[target]
        d_bias[target] -= share
        for j in range(len(row)):
            d_z[i, j] = weight * d_z[i, j] - share * row[j]
        for j in range(len(row)):
            d_row[j] -= share * z[i, j]
