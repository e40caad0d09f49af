"""Mistakes in the mean cross-entropy of yes-or-no questions"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.loss import unit_of

EXCHANGED, BY_HALF = "yes and no exchanged", "targets rounded"


def targets_of(c, defects):
    """The targets as the port takes them, which of them it scores, and their slope in what is given"""
    targets, scored, slope = c.targets, c.scored, 1.0
    if "missing targets taken as 0" in defects:
        targets, slope = np.where(scored, targets, 0), 1.0 * scored
        scored = np.ones_like(scored)
    if "missing targets scored" in defects:
        scored = np.ones_like(scored)
    if BY_HALF in defects:
        targets, slope = 1.0 * (np.real(targets) >= 0.5), 0.0
    if EXCHANGED in defects:
        targets, slope = 1 - targets, -slope
    return targets, scored, slope


def weights_of(c, scored, defects):                          # -> (...)
    """What each question's loss is multiplied by"""
    if "sum over the targets" in defects:
        return 1.0 * scored
    if "mean over all targets" in defects:
        return scored / scored.size
    if "sum over the last axis, mean over the rest" in defects:
        return scored * scored.shape[-1] / scored.size
    return scored / max(scored.sum(), 1)


def logistic(a):
    e = np.exp(np.where(a.real > 0, -a, a))
    return np.where(a.real > 0, 1, e) / (1 + e)


def forward(c, defects):
    c.used, c.counted, c.slope = targets_of(c, defects)
    a = c.logits
    if "sigmoid before the loss" in defects:
        c.inner = a = logistic(a)
    c.a = a
    log_yes = np.where(a.real < 0, a, 0) - np.log1p(np.exp(np.where(a.real > 0, -a, a)))
    no = 0 if "no left out" in defects else 1
    losses = -(c.used * log_yes + no * (1 - c.used) * (log_yes - a)) * unit_of(defects)  # log σ(−a) = log σ(a) − a
    c.weights = weights_of(c, c.counted, defects)
    c.keep("losses", np.where(c.counted, losses, 0))
    return (c.weights * c.losses).sum()


def backward(d_loss, c, defects):
    if "upstream gradient ignored" in defects:
        d_loss = 1
    yes, weights = logistic(c.a), c.weights
    if "missing targets kept" in defects:
        weights = weights + ~c.counted / max(c.counted.sum(), 1)
    no = 0 if "no left out" in defects else 1
    d_a = (1 - c.used) * yes * no - c.used * (1 - yes)       # σ − t where both are there
    if "targets left out" in defects:
        d_a = yes
    if "slope of σ once more" in defects:
        d_a = d_a * yes * (1 - yes)
    if "sign reversed" in defects:
        d_a = -d_a
    if "missing targets counted" in defects:
        weights = weights * max(c.counted.sum(), 1) / c.counted.size
    if "sum in place of mean" in defects:
        weights = weights * max(c.counted.sum(), 1)
    d_logits = d_loss * weights * d_a * unit_of(defects)
    if "sigmoid before the loss" in defects:
        d_logits = d_logits * c.inner * (1 - c.inner)
    d_targets = d_used(yes, c, defects) * d_loss * c.weights * c.slope * unit_of(defects)
    return d_logits, -d_logits if "target's gradient as of a square" in defects else d_targets


def d_used(yes, c, defects):
    """∂/∂t of t (−log σ) + (1 − t) (−log(1 − σ)) = −a"""
    return -np.log(yes) if "no left out" in defects else -c.a


BINARY_LOSS = (Faulty("binary_cross_entropy", "loss", ("logits", "targets"), forward, backward, {
    "sum over the targets": "The loss is the sum over the scored targets in place of their mean.",
    "mean over all targets": "The mean is over all targets, the missing ones among them; it is over the scored ones.",
    "sum over the last axis, mean over the rest": "The losses are summed over the last axis, the joints say, and "
                                                  "averaged over the rest, missing ones among them.",
    "missing targets taken as 0": "A missing target is scored as 0; it is not scored.",
    "missing targets scored": "Whatever number stands where a target is missing is scored.",
    "sigmoid before the loss": "Probabilities are taken for logits: there are two sigmoids.",
    "no left out": "The term (1 − t) log(1 − σ) is left out.",
    EXCHANGED: "Yes and no are exchanged: 1 − t stands for t.",
    BY_HALF: "A target counts as 1 from one half on, and as 0 below; it counts as it is.",
    "log-likelihood": "The sign is that of the log-likelihood: the loss is its negative.",
    "base 2": "The logarithm has base 2; it is the natural one.",
}, {
    "targets left out": "G_a = σ(a)/N in place of (σ(a) − t)/N.",
    "slope of σ once more": "The slope σ (1 − σ) is in the gradient; it cancels.",
    "sum in place of mean": "The gradient is of the sum over targets, the loss is the mean.",
    "missing targets counted": "Divides by all targets, the mean is over the scored ones.",
    "missing targets kept": "Targets that are not scored give a gradient.",
    "target's gradient as of a square": "G_t = −G_a, as for a squared error; it is −G_loss a/N.",
    "sign reversed": "t − σ(a) in place of σ(a) − t.",
    "upstream gradient ignored": "Takes G_loss for 1.",
}),)
