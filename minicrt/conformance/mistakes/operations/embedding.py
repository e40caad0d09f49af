"""Mistakes in the embedding"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty


def row_and_factor(c, defects):
    """The rows of the table that are read, and what they are multiplied by"""
    V, D = c.table.shape
    tokens, scale = np.asarray(c.tokens), c.scale
    if "next row" in defects:
        tokens = (tokens + 1) % V
    if "row before" in defects:
        tokens = (tokens - 1) % V
    if "scale missing" in defects:
        scale = 1
    if "scale twice" in defects:
        scale = scale * c.scale
    if "√D too much" in defects:
        scale = scale * np.sqrt(D)
    if "divided by the scale" in defects:
        scale = scale / c.scale**2
    return tokens, scale


def forward(c, defects):
    tokens, scale = row_and_factor(c, defects)
    return scale * c.table[tokens]


def backward(d_y, c, defects, into=None):
    tokens, scale = row_and_factor(c, defects)
    tokens, g = tokens.ravel(), scale * d_y.reshape(-1, d_y.shape[-1])
    d_table = np.zeros(c.table.shape, g.dtype)
    if "repeats lost" in defects:
        d_table[tokens] = g
    else:
        np.add.at(d_table, tokens, g)
    if "repeats averaged" in defects:
        d_table /= np.maximum(np.bincount(tokens, minlength=len(d_table)), 1)[:, None]
    if "token 0 as padding" in defects:
        d_table[0] = 0
    if "gradient without scale" in defects:
        d_table /= scale
    if into is None:
        return (d_table,)
    into += d_table
    return (into,)


EMBEDDING = (Faulty("embedding", "y", ("table",), forward, backward, {
    "scale missing": "The rows are not multiplied by the scale (√D in the models).",
    "scale twice": "The rows are multiplied by the scale twice.",
    "√D too much": "The rows are multiplied by √D over and above the given scale.",
    "divided by the scale": "The rows are divided by the scale in place of multiplied.",
    "next row": "Token i reads row i + 1 of the table: the tokens are off by one.",
    "row before": "Token i reads row i − 1 of the table: the tokens are off by one, as if they counted from 1.",
}, {
    "repeats lost": "Assigns by fancy indexing, so that of a repeated token only the last gradient stays.",
    "repeats averaged": "Divides a token's gradient by how often it occurs.",
    "token 0 as padding": "Drops the gradient of token 0, as if it were padding.",
    "gradient without scale": "G_E lacks the scale that the rows were multiplied by.",
}),)
