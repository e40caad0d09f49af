"""Mistakes in the cross-entropy of weighted classes with smoothed labels"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.loss import log_softmax, one_hot, unit_of

LAST_WEIGHT = "divisor with the last class's weight for ignored rows"
LAST, FIRST = "ignored scored as the last class", "ignored scored as class 0"


def targets_of(c, defects):
    """The targets as one row, and which of them are scored"""
    targets, classes = np.ravel(c.targets), len(c.weights)
    scored = targets != -1
    if LAST in defects or FIRST in defects:
        targets = np.where(scored, targets, classes - 1 if LAST in defects else 0)
        scored = np.ones_like(scored)
    return targets, scored


def smoothed(c, y, scored, defects):                         # -> (rows, K)
    K, eps = len(c.weights), c.smoothing
    if "labels not smoothed" in defects:
        return y
    if "smoothed over the other classes" in defects:
        return (1 - eps) * y + eps / (K - 1) * (scored[:, None] - y)
    taken_off = 0 if "target's share not taken off" in defects else eps
    return (1 - taken_off) * y + eps / K * scored[:, None]


def weights_of(c, y, defects):                               # -> (rows, K)
    """What each −q log p is multiplied by"""
    if "weights missing" in defects:
        return np.ones_like(y)
    if "weight of the target for all classes" in defects:
        return np.broadcast_to((y * c.weights).sum(-1, keepdims=True), y.shape)
    return np.broadcast_to(c.weights, y.shape)


def divisor_of(c, y, defects):
    rows = y.sum()
    if "sum over the rows" in defects:
        return 1
    if "divided by the rows" in defects:
        return max(rows, 1)
    if "divided by all rows" in defects:
        return len(y)
    total = (y * c.weights).sum() + ((len(y) - rows) * c.weights[-1] if LAST_WEIGHT in defects else 0)
    return total if total.real > 0 else 1


def forward(c, defects):
    c.used, c.scored = targets_of(c, defects)
    logits = c.logits.reshape(len(c.used), -1)
    log_p = log_softmax(logits)
    if "softmax before the loss" in defects:
        c.inner = np.exp(log_p)
        log_p = log_softmax(c.inner)
    c.p, c.y = np.exp(log_p), one_hot(c.used, c.scored, logits.shape[1])
    c.keep("log_p", log_p.reshape(c.logits.shape))
    c.q, c.w, c.divisor = smoothed(c, c.y, c.scored, defects), weights_of(c, c.y, defects), divisor_of(c, c.y, defects)
    row_losses = -(c.q * c.w * log_p).sum(-1) * unit_of(defects)
    c.keep("row_losses", row_losses.reshape(c.logits.shape[:-1]))
    return row_losses.sum() / c.divisor


def backward(d_loss, c, defects):
    p, y, q, w, divisor = c.p, c.y, c.q, c.w, c.divisor
    if "upstream gradient ignored" in defects:
        d_loss = 1
    log_p = np.log(p)
    d_weights = gradient_of_weights(log_p, c, defects) * d_loss / c.divisor
    if "labels sharp on the way back" in defects:
        q = y
    if "one-hot missing" in defects:
        q = q - (1 - c.smoothing) * y
    if "weights missing on the way back" in defects:
        w = np.ones_like(w)
    if "divided by the rows on the way back" in defects:
        divisor = max(y.sum(), 1)
    a = q * w
    share = np.ones_like(p[:, :1]) if "each row's weight taken for 1" in defects else a.sum(-1, keepdims=True)
    d_logits = p * share - a
    if "ignored rows kept" in defects:
        d_logits = d_logits + p * ~c.scored[:, None]
    d_logits = d_logits * unit_of(defects) * d_loss / divisor
    if "softmax before the loss" in defects:
        d_logits = c.inner * (d_logits - (d_logits * c.inner).sum(-1, keepdims=True))
    if "sign reversed" in defects:
        d_logits = -d_logits
    return d_logits.reshape(c.logits.shape), d_weights


def gradient_of_weights(log_p, c, defects):
    """Through the weighted sum and through its divisor, both times the divisor"""
    each = -c.q * log_p * unit_of(defects)
    if "weights missing" in defects:
        d_weights = 0 * each.sum(0)
    elif "weight of the target for all classes" in defects:
        d_weights = (c.y * each.sum(-1, keepdims=True)).sum(0)
    else:
        d_weights = each.sum(0)
    constant = {"sum over the rows", "divided by the rows", "divided by all rows"} & defects
    if constant or "divisor taken for a constant" in defects:
        return d_weights
    counts = c.y.sum(0)
    if LAST_WEIGHT in defects:
        counts[-1] += len(c.y) - counts.sum()
    return d_weights - counts * c.loss


CLASS_LOSSES = (Faulty("weighted_cross_entropy", "loss", ("logits", "weights"), forward, backward, {
    "labels not smoothed": "The labels are not smoothed.",
    "smoothed over the other classes": "ε is shared among the K − 1 other classes; it is shared among all K.",
    "target's share not taken off": "The target's class keeps 1 and gets ε/K more, in place of 1 − ε + ε/K.",
    "weights missing": "The classes are not weighted, though the sum of weights divides.",
    "weight of the target for all classes": "A row is multiplied by its target's weight, smoothed parts too; each "
                                            "class has its own.",
    "sum over the rows": "The loss is a sum in place of a mean.",
    "divided by the rows": "Divides by the number of scored rows in place of the sum of their targets' weights.",
    "divided by all rows": "Divides by the number of rows, those that are not scored among them.",
    LAST_WEIGHT: "The weights of all targets are added up to the divisor, those of −1 too, which as an index is the "
                 "last class; rows that are not scored have no weight.",
    LAST: "A target of −1 is scored as the last class, as an index counts from the end.",
    FIRST: "A target of −1 is scored as class 0.",
    "log-likelihood": "The sign is that of the log-likelihood: the loss is its negative.",
    "base 2": "The logarithm has base 2; it is the natural one.",
    "softmax before the loss": "Probabilities are taken for logits: there are two softmaxes.",
}, {
    "labels sharp on the way back": "p − onehot in place of p − q: the smoothing is left out of the gradient.",
    "one-hot missing": "The target's own part is left out: G is about p.",
    "weights missing on the way back": "The gradient is that of classes which weigh the same.",
    "divided by the rows on the way back": "Divides by the number of scored rows, the loss by the sum of weights.",
    "each row's weight taken for 1": "p − q ⊙ w in place of p Σ q w − q ⊙ w: the softmax has the sum of weights in "
                                     "front.",
    "ignored rows kept": "Rows that are not scored get a gradient.",
    "divisor taken for a constant": "G_w leaves out that the weights are in the divisor too.",
    "sign reversed": "q − p in place of p − q.",
    "upstream gradient ignored": "Takes G_loss for 1.",
}),)
