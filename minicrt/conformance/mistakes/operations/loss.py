"""Mistakes in the linear layer with softmax and cross-entropy"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty

SMOOTHING = 0.1
EPS = {f"log(p + {eps})": float(eps) for eps in ("1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12")}


def targets_of(c, defects):
    """The targets as one row, and which of them are scored"""
    targets = np.asarray(c.targets)
    if "targets of the next row" in defects:
        targets = np.roll(targets, -1, axis=-1)
    if "targets of the row before" in defects:
        targets = np.roll(targets, 1, axis=-1)
    if "targets shifted again" in defects:
        targets = np.concatenate([targets[..., 1:], np.full_like(targets[..., :1], -1)], axis=-1)
    targets = targets.ravel()
    scored, classes = targets != -1, len(c.table)
    if "ignored scored as the last class" in defects or "ignored scored as class 0" in defects:
        targets = np.where(scored, targets, classes - 1 if "ignored scored as the last class" in defects else 0)
        scored = np.ones_like(scored)
    for name, step in {"class one too high": 1, "class one too low": -1}.items():
        if name in defects:
            targets = np.where(scored, (targets + step) % classes, targets)
    return targets, scored


def weights_of(c, scored, defects):                          # -> (rows,)
    """What each row's −log p is multiplied by"""
    weight = scored / max(scored.sum(), 1)
    if "sum over the rows" in defects:
        weight = 1.0 * scored
    if "mean over all rows" in defects:
        weight = scored / len(scored)
    if "mean of the rows' means" in defects:
        each = scored.reshape(-1, np.shape(c.targets)[-1])
        weight = (each / np.maximum(each.sum(-1, keepdims=True), 1) / len(each)).ravel()
    if "sum over steps, mean over the batch" in defects:
        weight = scored / len(c.targets)
    return weight / len(c.table) if "also divided by the classes" in defects else weight


def unit_of(defects):
    """What −log p is multiplied by in each row"""
    return (1 / np.log(2) if "base 2" in defects else 1) * (-1 if "log-likelihood" in defects else 1)


def forward(c, defects):
    z = c.z.reshape(-1, c.z.shape[-1])
    c.used, c.scored = targets_of(c, defects)
    logits = z @ c.table.T + (0 if "bias left out" in defects else c.bias)
    c.keep("logits", logits.reshape(*c.z.shape[:-1], -1))
    log_p, eps = log_softmax(viewed(logits, c.z.shape, defects)), eps_of(defects)
    if "softmax before the loss" in defects:
        c.inner = np.exp(log_p)
        log_p = log_softmax(c.inner)
    c.p = np.exp(log_p)
    c.log_p, c.one_hot = np.log(c.p + eps) if eps else log_p, one_hot(c.used, c.scored, len(c.table))
    if "labels smoothed" in defects:
        c.one_hot = (1 - SMOOTHING) * c.one_hot + SMOOTHING / len(c.table) * c.scored[:, None]
    c.weights = weights_of(c, c.scored, defects)
    row_losses = -(c.one_hot * c.log_p).sum(-1) * unit_of(defects)
    c.keep("row_losses", row_losses.reshape(c.z.shape[:-1]))
    return (c.weights * row_losses).sum()


def log_softmax(logits):
    shifted = logits - logits.real.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def viewed(logits, shape, defects):                          # (B T, V) -> (B T, V)
    """The numbers of (B, T, V), read as (B, V, T) and transposed"""
    if "viewed as (B, V, T)" not in defects or len(shape) != 3:
        return logits
    return logits.reshape(shape[0], -1, shape[1]).swapaxes(1, 2).reshape(logits.shape)


def viewed_back(d_logits, shape, defects):
    if "viewed as (B, V, T)" not in defects or len(shape) != 3:
        return d_logits
    return d_logits.reshape(*shape[:2], -1).swapaxes(1, 2).reshape(d_logits.shape)


def eps_of(defects):
    return next((EPS[name] for name in EPS if name in defects), 0)


def one_hot(targets, rows, classes):
    y = np.zeros((len(targets), classes))
    y[rows, targets[rows]] = 1
    return y


def backward(d_loss, c, defects):
    z, N = c.z.reshape(-1, c.z.shape[-1]), max(c.scored.sum(), 1)
    p, y, weights = c.p, c.one_hot, c.weights
    if "bias left out of the softmax" in defects:
        without = np.log(p) - c.bias
        p = np.exp(without - without.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
    if "ignored as the last class" in defects:
        y, weights = one_hot(c.used, np.ones_like(c.scored), len(c.table)), weights + ~c.scored / N
    if "ignored rows kept" in defects:
        weights = weights + ~c.scored / N
    if "one-hot missing" in defects:
        y = 0
    if eps_of(defects):                                      # −Σ y log(p + eps), through the softmax
        y = y * p / (p + eps_of(defects))
        p = p * np.sum(y, -1, keepdims=True)
    d_logits = (p - y) * weights[:, None] * unit_of(defects)
    if "softmax before the loss" in defects:
        d_logits = c.inner * (d_logits - (d_logits * c.inner).sum(-1, keepdims=True))
    d_logits = viewed_back(d_logits, c.z.shape, defects)
    factors = {"sum in place of mean": N, "ignored targets counted": N / len(z),
               "mean over the vocabulary too": 1 / len(c.table), "sign reversed": -1}
    for name in factors:
        d_logits = d_logits * (factors[name] if name in defects else 1)
    if "upstream gradient ignored" not in defects:
        d_logits = d_logits * d_loss
    if "shifted by one" in defects:
        d_logits = np.roll(d_logits, 1, axis=0)
    c.keep("d_logits", d_logits.reshape(*c.z.shape[:-1], -1))
    first = slice(0, c.chunk) if "table from the first chunk" in defects else slice(None)
    no_bias = defects & {"bias gradient missing", "bias left out"}
    d_bias = np.zeros_like(c.bias) if no_bias else d_logits.sum(0)
    return (d_logits @ c.table).reshape(c.z.shape), d_logits[first].T @ z[first], d_bias


LOSS = (Faulty("linear_cross_entropy", "loss", ("z", "table", "bias"), forward, backward, {
    "sum over the rows": "The loss is the sum over the scored rows in place of their mean.",
    "mean over all rows": "The mean is over all rows, the ignored ones among them; it is over the scored ones.",
    "mean of the rows' means": "The loss is the mean over the batch of each row's mean; it is the mean over all "
                               "scored targets at once.",
    "sum over steps, mean over the batch": "The loss is summed over steps and averaged over the batch alone.",
    "base 2": "The logarithm has base 2: the loss is in bits in place of nats.",
    "bias left out": "The bias of the logits is left out.",
    "ignored scored as the last class": "A target of −1 is scored as the last class, as Python's negative indices do; "
                                        "it is to be ignored.",
    "ignored scored as class 0": "A target of −1 is scored as class 0; it is to be ignored.",
    "class one too high": "Labels are off by one: class i + 1 is scored for target i.",
    "class one too low": "Labels are off by one: class i − 1 is scored for target i.",
    "targets of the next row": "Rows and targets are out of step by one: row t is scored with the target of row t + 1.",
    "targets of the row before": "Rows and targets are out of step by one: row t is scored with the target of row "
                                 "t − 1.",
    "targets shifted again": "The targets are shifted once more, as in HuggingFace's models: row t is scored with the "
                             "target of row t + 1, and the last row not at all.",
    "viewed as (B, V, T)": "The logits (B, T, V) are viewed as (B, V, T), without a transpose, as for the layout that "
                           "PyTorch's cross_entropy takes.",
    "softmax before the loss": "A softmax is taken of the logits before the cross-entropy, which takes its own: the "
                               "softmax is there twice.",
    "also divided by the classes": "The loss is divided by the number of classes as well: a mean over the vocabulary.",
    "log-likelihood": "The loss has the opposite sign: the minus of −log p is missing.",
    **{name: f"{name} in place of log p: an eps is added to the probability inside the logarithm." for name in EPS},
    "labels smoothed": f"The targets are smoothed by {SMOOTHING}.",
}, {
    "sum in place of mean": "The gradient is of the sum over rows, the loss is the mean.",
    "one-hot missing": "G_logits = p / N: the target's −1 is left out.",
    "ignored targets counted": "Divides by all rows, the mean is over the scored ones.",
    "ignored rows kept": "p of a row whose target is not scored flows back.",
    "ignored as the last class": "The target −1 indexes the last class, as Python's negative indices do.",
    "bias left out of the softmax": "The backward pass forms p without the bias.",
    "bias gradient missing": "G_b is left at zero.",
    "mean over the vocabulary too": "Divides by the number of classes as well.",
    "sign reversed": "y − p in place of p − y.",
    "upstream gradient ignored": "Takes G_loss for 1.",
    "shifted by one": "Rows and targets are out of step by one.",
    "table from the first chunk": "The table's gradient of later chunks is lost.",
}),)
