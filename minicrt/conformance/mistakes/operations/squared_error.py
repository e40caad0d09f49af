"""Mistakes in the mean of squared errors"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty

NEXT, BEFORE = "targets of the next step", "targets of the step before"


def steps(array, by):                                        # (..., T, K)
    return np.roll(array, by, axis=max(array.ndim - 2, 0))


def targets_of(c, defects):
    """The targets as the port takes them, and which of them it scores"""
    targets, scored = c.targets, c.scored
    if "missing targets taken as 0" in defects:
        targets, scored = np.where(scored, targets, 0), np.ones_like(scored)
    if "missing targets scored" in defects:
        scored = np.ones_like(scored)
    if NEXT in defects:
        targets = steps(targets, -1)
    if BEFORE in defects:
        targets = steps(targets, 1)
    return targets, scored


def gradient_of_targets(d_used, c, defects):
    """Back through `targets_of`"""
    if BEFORE in defects:
        d_used = steps(d_used, -1)
    if NEXT in defects:
        d_used = steps(d_used, 1)
    return np.where(c.scored, d_used, 0) if "missing targets taken as 0" in defects else d_used


def weights_of(c, scored, defects):                          # -> (...)
    """What each error is multiplied by"""
    weights = scored / max(scored.sum(), 1)
    if "sum over the targets" in defects:
        weights = 1.0 * scored
    if "mean over all targets" in defects:
        weights = scored / scored.size
    if "sum over features, mean over steps" in defects:
        weights = scored * scored.shape[-1] / scored.size
    if "mean of the rows' means" in defects:
        each = scored.reshape(len(scored), -1)
        weights = (each / np.maximum(each.sum(-1, keepdims=True), 1) / len(each)).reshape(scored.shape)
    return weights * (0.5 if "half the square" in defects else 1)


def forward(c, defects):
    targets, scored = targets_of(c, defects)
    difference = c.keep("difference", np.where(scored, c.y - targets, 0))
    c.weights = weights_of(c, scored, defects)
    c.sign = np.where(difference.real < 0, -1.0, 1.0)
    errors = c.sign * difference if "absolute error" in defects else difference * difference
    loss = (c.weights * errors).sum()
    if "root of the mean" in defects:
        loss = np.sqrt(loss)
    return loss


def backward(d_loss, c, defects):
    scored, size = targets_of(c, defects)[1], c.scored.size
    if "upstream gradient ignored" in defects:
        d_loss = 1
    if "root of the mean" in defects:
        d_loss = d_loss / (2 * c.loss)
    difference, N = c.difference, max(c.scored.sum(), 1)
    if "missing targets kept" in defects:
        difference = c.y - targets_of(c, defects)[0]
    slope = c.sign if "absolute error" in defects else 2 * difference
    weights = c.weights
    if "missing targets kept" in defects:
        weights = weights + ~scored / N
    d_y = d_loss * weights * slope
    factors = {"factor 2 missing": 1 / 2, "sum in place of mean": N, "missing targets counted": N / size,
               "sign reversed": -1}
    for name in factors:
        d_y = d_y * (factors[name] if name in defects else 1)
    if "shifted by one step" in defects:
        d_y = steps(d_y, 1)
    return d_y, gradient_of_targets(-d_y, c, defects)


SQUARED_ERROR = (Faulty("mean_squared_error", "loss", ("y", "targets"), forward, backward, {
    "sum over the targets": "The loss is the sum over the scored targets in place of their mean.",
    "mean over all targets": "The mean is over all targets, the missing ones among them; it is over the scored ones.",
    "sum over features, mean over steps": "The errors are summed over features and averaged over steps, missing ones "
                                          "among them.",
    "mean of the rows' means": "The loss is the mean over the batch of each row's mean; it is the mean over all "
                               "scored targets at once.",
    "half the square": "The loss is ½ (y − target)²: there is no half.",
    "absolute error": "The error is |y − target| in place of its square.",
    "root of the mean": "A root is taken of the mean: the loss is the mean squared error itself.",
    "missing targets taken as 0": "A missing target is scored as 0; it is not scored.",
    "missing targets scored": "Whatever number stands where a target is missing is scored.",
    NEXT: "Predictions and targets are out of step by one: step t is scored with the target of step t + 1.",
    BEFORE: "Predictions and targets are out of step by one: step t is scored with the target of step t − 1.",
}, {
    "factor 2 missing": "G_y = G_loss (y − target)/N: the slope of the square is twice the difference.",
    "sum in place of mean": "The gradient is of the sum over targets, the loss is the mean.",
    "missing targets counted": "Divides by all targets, the mean is over the scored ones.",
    "missing targets kept": "The difference from a target that is not scored flows back.",
    "sign reversed": "target − y in place of y − target.",
    "upstream gradient ignored": "Takes G_loss for 1.",
    "shifted by one step": "Predictions and targets are out of step by one.",
}),)
