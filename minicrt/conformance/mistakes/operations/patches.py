"""Mistakes in the embedding of patches"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.layouts import out_in, out_in_back
from minicrt.conformance.mistakes.operations.linear import bias_times

# From (batch, time, frame, row, y, column, x, channel): where the patches' axes and then those of vec come from.
RIGHT = (0, 1, 3, 5, 2, 4, 6, 7)
ORDERS = {
    "channels first": (0, 1, 3, 5, 7, 2, 4, 6),
    "channels behind the frame": (0, 1, 3, 5, 2, 7, 4, 6),
    "columns before rows in a patch": (0, 1, 3, 5, 2, 6, 4, 7),
    "frame last": (0, 1, 3, 5, 4, 6, 7, 2),
    "patches by column": (0, 1, 5, 3, 2, 4, 6, 7),
    "pixels for patches": (0, 1, 4, 6, 2, 3, 5, 7),
}


def source(c, defects):                                      # -> (B, F/f, N, P)
    """Which number of x each number of a patch is"""
    B, F, Y, X, C = c.x.shape
    s, f = c.size, c.frames
    index = np.arange(c.x.size).reshape(B, F // f, f, Y // s, s, X // s, s, C)
    shape = B, F // f, (Y // s) * (X // s), f * s * s * C
    if "cut by reshaping alone" in defects:
        return index.reshape(shape)
    if "frames strided" in defects:
        index = np.swapaxes(index.reshape(B, f, F // f, *index.shape[3:]), 1, 2)
    order = next((ORDERS[name] for name in ORDERS if name in defects), RIGHT)
    return index.transpose(order).reshape(shape)


def forward(c, defects):
    c.source = source(c, defects)
    weight = out_in(c.weight) if "weight read as (out, in)" in defects else c.weight
    return c.keep("patches", c.x.ravel()[c.source]) @ weight + bias_times(defects) * c.bias


def backward(d_y, c, defects):
    weight = out_in(c.weight) if "weight read as (out, in)" in defects else c.weight
    d_patches = c.keep("d_patches", d_y @ weight.T)
    d_x, at = np.zeros(c.x.size, d_patches.dtype), c.source
    if "gradient put back in order" in defects:
        at = np.arange(c.x.size).reshape(at.shape)
    if "gradient put back by column" in defects:
        at = source(c, {"columns before rows in a patch"})
    d_x[at] = d_patches
    if "gradient of the first frame alone" in defects:
        d_x.reshape(c.x.shape)[:, 1:] = 0
    x, g = c.patches.reshape(-1, weight.shape[0]), d_y.reshape(-1, weight.shape[1])
    d_weight, d_bias = x.T @ g, g.sum(0) * bias_times(defects)
    if "weight from the first batch row" in defects:
        d_weight = c.patches[0].reshape(-1, len(weight)).T @ d_y[0].reshape(-1, g.shape[1])
    if "weight averaged over the patches" in defects:
        d_weight = d_weight / d_y.shape[2]
    if "weight read as (out, in)" in defects:
        d_weight = out_in_back(d_weight)
    if "bias averaged over the patches" in defects:
        d_bias = d_bias / d_y.shape[2]
    return d_x.reshape(c.x.shape), d_weight, d_bias


PATCHES = (Faulty("patch_embedding", "y", ("x", "weight", "bias"), forward, backward, {
    "channels first": "A patch's numbers are taken in the order channel, frame, row, column, as the weights of a "
                      "convolution in PyTorch are stored; channels come last.",
    "channels behind the frame": "A patch's numbers are taken in the order frame, channel, row, column.",
    "columns before rows in a patch": "Each patch is transposed: its numbers are taken column by column.",
    "frame last": "A tube's numbers are taken in the order row, column, channel, frame.",
    "patches by column": "Patches are counted down the columns; they are counted along the rows.",
    "pixels for patches": "The two factors of rows and of columns are exchanged: a patch has every n-th pixel.",
    "cut by reshaping alone": "The clip is reshaped to patches without moving an axis: a patch is a stretch of memory.",
    "frames strided": "A tube has every n-th frame in place of frames that follow each other.",
    "weight read as (out, in)": "The weight is transposed: its numbers are read as (out, in), they are stored "
                                "(in, out).",
    "bias missing": "The bias is left out.",
    "bias twice": "The bias is added twice.",
}, {
    "gradient put back in order": "G_x is G_y Wᵀ reshaped, without moving the axes back.",
    "gradient put back by column": "G_x is put back into patches column by column.",
    "gradient of the first frame alone": "The gradient reaches the first frame and no other.",
    "weight from the first batch row": "G_W looks at the first batch row alone.",
    "weight averaged over the patches": "G_W is averaged over the patches of a frame, but the loss is not.",
    "bias averaged over the patches": "G_b is averaged over the patches of a frame in place of the sum.",
}),)
