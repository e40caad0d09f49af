"""Mistakes in the linear layer with softmax and cross-entropy"""

import numpy as np

from minicrt.conformance.variants.family import Family


def linear_cross_entropy(d_loss, c, defect):
    z, targets = c.z.reshape(-1, c.z.shape[-1]), c.targets.ravel()
    scored = targets != -1
    logits = z @ c.table.T + (0 if defect == "bias left out of the softmax" else c.bias)
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    if defect != "one-hot missing":
        rows = np.arange(len(z)) if defect == "ignored as the last class" else np.flatnonzero(scored)
        p[rows, targets[rows]] -= 1
    if defect not in ("ignored rows kept", "ignored as the last class"):
        p[~scored] = 0
    count = len(z) if defect == "ignored targets counted" else max(scored.sum(), 1)
    d_logits = p / (1 if defect == "sum in place of mean" else count)
    if defect == "mean over the vocabulary too":
        d_logits = d_logits / len(c.table)
    if defect == "sign reversed":
        d_logits = -d_logits
    if defect != "upstream gradient ignored":
        d_logits = d_logits * d_loss
    if defect == "shifted by one":
        d_logits = np.roll(d_logits, 1, axis=0)
    first = slice(0, c.chunk) if defect == "table from the first chunk" else slice(None)
    d_bias = np.zeros_like(c.bias) if defect == "bias gradient missing" else d_logits.sum(0)
    return (d_logits @ c.table).reshape(c.z.shape), d_logits[first].T @ z[first], d_bias


LOSS = (
    Family("linear_cross_entropy", linear_cross_entropy, {
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
    }),
)
