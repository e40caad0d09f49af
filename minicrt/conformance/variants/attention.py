"""Mistakes in multi-head attention"""

import numpy as np

from minicrt.conformance.variants.family import Family


def split(x, heads, interleaved=False):                      # (B, T, D) -> (B, H, T, K)
    B, T, D = x.shape
    if interleaved:
        return x.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2)
    return x.reshape(B, T, heads, D // heads).transpose(0, 2, 1, 3)


def merged(x):                                               # (B, H, T, K) -> (B, T, D)
    B, H, T, K = x.shape
    return x.transpose(0, 2, 1, 3).reshape(B, T, H * K)


def attention(d_y, c, defect):
    B, queries, D = c.q.shape
    keys = c.k.shape[1]
    q, k, v = (split(x, c.heads) for x in (c.q, c.k, c.v))
    scale = 1 / np.sqrt(D // c.heads)
    offset = keys - queries
    mask = np.tri(queries, keys, offset + (defect == "mask off by one"), dtype=bool)
    if c.mask is not None and defect != "mask argument ignored":
        mask = c.mask
    scores = np.where(mask, np.einsum("bhik,bhjk->bhij", q, k) * scale, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    g = split(d_y, c.heads, interleaved=defect == "heads interleaved")
    if defect == "heads in reverse":
        g = g[:, ::-1]
    square = queries == keys
    d_v = np.einsum("bhji,bhjk->bhik" if defect != "p not transposed" or not square else "bhij,bhjk->bhik", p, g)
    d_p = np.einsum("bhik,bhjk->bhij", g, v)
    axis = -2 if defect == "row sum over queries" else -1
    d_s = p * (d_p - (d_p * p).sum(axis, keepdims=True))
    if defect == "row sum missing":
        d_s = p * d_p
    if defect == "row sum without p":
        d_s = p * (d_p - d_p.mean(-1, keepdims=True))
    if defect == "diagonal of the softmax alone":
        d_s = p * (1 - p) * d_p
    wrong_scale = {"scale missing": 1, "scale of the full width": 1 / np.sqrt(D), "scale squared": scale**2}
    d_s = d_s * wrong_scale.get(defect, scale)
    d_q = np.einsum("bhij,bhjk->bhik", d_s, k)
    d_k = np.einsum("bhij,bhik->bhjk", d_s, q)
    if defect == "scale missing on the keys":
        d_k = d_k / scale
    if defect == "queries and keys exchanged" and square:
        d_q, d_k = d_k, d_q
    if defect == "last key left out":
        d_k[:, :, -1] = 0
    if defect == "keys in front get nothing" and not square:
        d_k[:, :, :offset] = 0
    return merged(d_q), merged(d_k), merged(d_v)


ATTENTION = (
    Family("attention", attention, {
        "scale missing": "1/√K is forgotten in the backward pass.",
        "scale missing on the keys": "1/√K is applied to G_q but not to G_k.",
        "scale of the full width": "1/√D in place of 1/√K; right for one head alone.",
        "scale squared": "1/K: the scale is applied to the scores' gradient and to the product again.",
        "row sum missing": "G_s = p ⊙ G_p: the softmax's normalisation is taken for a constant.",
        "row sum over queries": "The sum in the softmax's derivative runs over queries in place of keys.",
        "row sum without p": "Subtracts the mean of G_p in place of its mean weighted by p.",
        "diagonal of the softmax alone": "G_s = p (1 − p) G_p, as if the softmax were elementwise.",
        "mask off by one": "A query sees one key more in the backward pass than in the forward pass.",
        "mask argument ignored": "The backward pass is causal, whatever mask was given.",
        "p not transposed": "G_v = p G in place of pᵀ G; of the right shape with as many keys as queries.",
        "queries and keys exchanged": "G_q and G_k in each other's place.",
        "heads interleaved": "G_y is split with feature i in head i mod H, the forward pass puts heads side by side.",
        "heads in reverse": "G_y's heads are taken in reverse order.",
        "last key left out": "The last key gets no gradient: a slice one too short.",
        "keys in front get nothing": "The memory's keys are cut off as if they were constants.",
    }),
)
