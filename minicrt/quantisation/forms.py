"""A matrix as small integers: the two forms, and the way into them and back

W is (I, O), as in y = x W: each of its columns makes an output channel and has a scale of its own. Of the embedding
table and the output matrix (V, D), in logits = z Eᵀ + b, it is the transpose: a channel is a token. Both forms are
symmetric: 0 is 0, and no channel has an offset.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray
GROUP = 32                                                   # inputs that share a scale in four bits
CLIPPED = np.linspace(1.0, 0.75, 11)                         # of a group's largest weight, what 7 may stand for


class EightBits(NamedTuple):
    """W[i, o] = scales[o] · values[i, o]

    values    (I, O) int8, from −127 to 127
    scales    (O,) float32, the channel's largest weight / 127
    """

    values: Array
    scales: Array


class FourBits(NamedTuple):
    """W[i, o] = scales[o] · shares[⌊i / 32⌋, o] · (u[i, o] − 8),  u from 1 to 15

    values    (⌈I / 2⌉, O) uint8: row r has u of input 2r in its lower four bits and of input 2r + 1 in its upper ones;
              where I is odd the last upper ones are 8, a weight of 0
    shares    (⌈I / 32⌉, O) uint8, from 0 to 255: the scale of a group of 32 inputs, of one channel, in parts of scales
    scales    (O,) float32, the scale of the channel's largest group / 255
    """

    values: Array
    shares: Array
    scales: Array


Small = EightBits | FourBits
FORMS: dict[int, type[EightBits] | type[FourBits]] = {8: EightBits, 4: FourBits}


def quantised(weight: Array, bits: int) -> Small:            # (I, O) in float32
    """The nearest matrix of the form of so many bits"""
    weight = np.ascontiguousarray(weight)                    # so are the integers, then: kernels read them row by row
    return _eight_bits(weight) if bits == 8 else _four_bits(weight)


def dense(small: Small, inputs: int) -> Array:               # -> (I, O) in float32
    """W"""
    if isinstance(small, EightBits):
        return small.scales * small.values.astype(np.float32)
    u = np.stack([small.values & 15, small.values >> 4], axis=1)                 # (⌈I / 2⌉, 2, O)
    integers = u.reshape(-1, u.shape[2])[:inputs].astype(np.float32) - 8
    return np.repeat(small.scales * small.shares, GROUP, axis=0)[:inputs] * integers


def _eight_bits(weight: Array) -> EightBits:
    scales = np.abs(weight).max(0) / np.float32(127)
    return EightBits(_nearest(weight, scales, 127).astype(np.int8), scales)


def _four_bits(weight: Array) -> FourBits:
    """Each group's scale is the one of a few that leaves the smallest squared error: to clip its largest weight a
    little brings the others nearer."""
    inputs, outputs = weight.shape
    groups = np.zeros((-(-inputs // GROUP), GROUP, outputs), np.float32)
    groups.reshape(-1, outputs)[:inputs] = weight
    wanted = np.abs(groups).max(1) / np.float32(7)           # (G, O)
    scales = wanted.max(0) / np.float32(255)
    least, shares = np.full(wanted.shape, np.inf, np.float32), np.zeros(wanted.shape, np.uint8)
    for clipped in CLIPPED.astype(np.float32):
        tried = _nearest(clipped * wanted, scales, 255)
        step = (scales * tried)[:, None]
        error = np.square(groups - step * _nearest(groups, step, 7)).sum(1)
        shares, least = np.where(error < least, tried, shares).astype(np.uint8), np.minimum(error, least)
    u = (_nearest(groups, (scales * shares)[:, None], 7) + 8).astype(np.uint8).reshape(-1, 2, outputs)
    return FourBits((u[:, 0] | u[:, 1] << 4)[:(inputs + 1) // 2], shares, scales)


def _nearest(weight: Array, scale: Array, largest: int) -> Array:
    """The integers from −largest to largest whose products with `scale` are nearest; 0 where the scale is 0"""
    return np.clip(np.rint(weight / np.where(scale > 0, scale, np.inf)), -largest, largest)
