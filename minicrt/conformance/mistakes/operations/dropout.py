"""Mistakes in the four forms of dropout"""

from functools import partial

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty


def shape_of_mask(operation, shape):
    """One mask per element, per (batch row, feature), per row of the table, or per row of the batch"""
    if operation == "locked_dropout":
        return shape[0], 1, shape[2]
    if operation == "path_dropout":
        return shape[0], *(1,) * (len(shape) - 1)
    return (shape[0], 1) if operation == "embedding_dropout" else shape


def draw(c, shape, defects):
    """Which elements are kept"""
    uniform = c.rng.random(shape, dtype=np.float32)
    if "kept below 1 − rate" in defects:
        return uniform < 1 - c.rate
    return uniform >= (1 - c.rate if "rate kept" in defects else c.rate)


def forward(c, defects, operation):
    x = c.table if operation == "embedding_dropout" else c.x
    shape = shape_of_mask(operation, x.shape)
    if "a mask for every step" in defects:
        shape = x.shape
    if "a mask for every token" in defects:
        shape = (*x.shape[:-1], 1)
    if "one mask for the batch" in defects:
        shape = (1, *shape[1:])
    if "features dropped" in defects:
        shape = (1, x.shape[1])
    c.kept_elements = draw(c, shape, defects) if c.rate else np.ones(shape, bool)
    if "keeps what it should drop" in defects:
        c.kept_elements = ~c.kept_elements
    c.divisor = 1 - c.rate
    if "not divided by 1 − rate" in defects:
        c.divisor = 1
    if defects & {"divided by the rate", "rate kept"} and c.rate:
        c.divisor = c.rate
    return x * (c.kept_elements / c.divisor)


def backward(d_y, c, defects, operation):
    """The shape of a mask that is wrong in the backward pass alone is drawn for anew."""
    keep, shape = c.kept_elements, d_y.shape
    wrong_shapes = {"another mask": shape, "mask not shared over time": shape, "columns dropped": (1, shape[-1]),
                    "mask shared over the batch": (1, 1, shape[-1]), "mask for every token": (*shape[:-1], 1)}
    for name in wrong_shapes:
        if name in defects:
            keep = draw(c, wrong_shapes[name], defects)
    if "mask ignored" in defects:
        return (d_y,)
    if "mask inverted" in defects:
        keep = ~keep
    divisor = c.divisor
    if "not scaled" in defects:
        divisor = 1
    if "scaled twice" in defects:
        divisor = c.divisor**2
    return (d_y * (keep / divisor),)


def dropout(operation, array, forward_mistakes, backward_mistakes):
    return Faulty(operation, "y", (array,), partial(forward, operation=operation),
                  partial(backward, operation=operation), forward_mistakes | SCALE_MISTAKES, backward_mistakes)


SCALE_MISTAKES = {
    "not divided by 1 − rate": "What is kept is not divided by 1 − rate: the dropout is not scaled.",
    "divided by the rate": "What is kept is divided by the rate in place of 1 − rate.",
    "keeps what it should drop": "The mask is inverted: what should be dropped is kept. rate is the share dropped.",
    "rate kept": "The rate is taken for the share that is kept; it is the share that is dropped.",
    "kept below 1 − rate": "An element is kept where its uniform number is below 1 − rate, in place of at least rate: "
                           "the mask has the right distribution, but is another.",
}

DROPOUT = (
    dropout("dropout", "x", {}, {
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
        "scaled twice": "The gradient is divided by (1 − rate)².",
        "another mask": "The backward pass draws a mask of its own.",
        "mask ignored": "The gradient passes as if nothing had been dropped.",
        "mask inverted": "The gradient passes where the value was dropped.",
    }),
    dropout("locked_dropout", "x", {
        "a mask for every step": "Every step draws a mask of its own, in place of one per (batch row, feature).",
        "one mask for the batch": "All batch rows share one mask.",
    }, {
        "mask not shared over time": "A mask per element in place of one per (batch row, feature).",
        "mask shared over the batch": "One mask for all batch rows.",
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
    }),
    dropout("embedding_dropout", "table", {
        "features dropped": "Features of the table are dropped in place of words.",
    }, {
        "columns dropped": "Masks features in place of words.",
        "mask ignored": "Dropped words get a gradient.",
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
    }),
    dropout("path_dropout", "x", {
        "a mask for every token": "Every token draws a mask of its own; the whole branch of a batch row has one.",
        "a mask for every step": "Every element draws a mask of its own; the whole branch of a batch row has one.",
        "one mask for the batch": "All batch rows share one mask.",
    }, {
        "mask for every token": "A mask per token in place of one per batch row.",
        "another mask": "The backward pass draws a mask of its own.",
        "mask ignored": "The gradient passes as if nothing had been dropped.",
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
    }),
)
