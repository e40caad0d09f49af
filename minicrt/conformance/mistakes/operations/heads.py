"""What both kinds of attention share: heads, the scale of the scores, masks and the softmax

split and merged take heads apart and put them together in the forward pass, joined and parted are their transposes.
"""

import numpy as np

HIDDEN = -1e9                                                # a row that sees nothing has equal probabilities

HEAD_MISTAKES = {
    "one head": "There is one head as wide as the model, whatever number of heads is given.",
    "features interleaved": "The heads are interleaved: feature i belongs to head i mod H; they lie side by side.",
    "merged interleaved": "The heads' results are put together interleaved, feature by feature; they belong side by "
                          "side.",
    "split without transposing": "The heads are split by a bare reshape, (B, T, D) to (B, H, T, K) without (B, T, H, "
                                 "K) in between.",
    "merged without transposing": "The heads are merged by a bare reshape, (B, H, T, K) to (B, T, D) without (B, T, H, "
                                  "K) in between.",
}
SCALE_MISTAKES = {
    "no 1/√K": "The scores are not divided by √K: the scale is missing.",
    "1/√D": "The scores are divided by √D in place of √K, K being the width of a head.",
    "1/K": "The scores are divided by K in place of √K.",
    "1/√keys": "The scores are divided by the root of the number of keys in place of √K, K being the width of a head.",
}
MASK_MISTAKES = {
    "sees the next": "The mask is off by one: a query sees the key that follows it.",
    "does not see itself": "The mask is off by one: a query does not see its own key.",
    "not causal": "The mask is left out: every query sees every key.",
    "memory hidden": "The causal mask is aligned at the left in place of the right: the queries do not see all keys in "
                     "front of them, the memory among them.",
    "given mask ignored": "The mask that is given is ignored: the attention is causal.",
    "mask inverted": "The mask is inverted: True is taken for hidden, as in PyTorch, in place of visible.",
    "hidden scores 0": "A hidden score is set to 0 in place of −∞: the mask multiplies the scores.",
    "mask after the softmax": "The mask multiplies the probabilities after the softmax: they do not add up to 1.",
    "softmax with 1": "The softmax has 1 more in its denominator, e^s / (1 + Σ e^s): the probabilities do not add up "
                      "to 1.",
    "softmax over queries": "The softmax is taken over the queries, the wrong axis, in place of the keys.",
}

SOFTMAX_BACKWARD_MISTAKES = {
    "row sum missing": "G_s = p ⊙ G_p: the softmax's normalisation is taken for a constant.",
    "row sum over queries": "The sum in the softmax's derivative runs over queries in place of keys.",
    "row sum without p": "Subtracts the mean of G_p in place of its mean weighted by p.",
    "diagonal of the softmax alone": "G_s = p (1 − p) G_p, as if the softmax were elementwise.",
}


def split(x, heads, defects):                                # (B, T, D) -> (B, H, T, K)
    B, T, D = x.shape
    if "split without transposing" in defects:
        return x.reshape(B, heads, T, D // heads)
    return parted(x, heads, defects & {"features interleaved"})


def joined(d_x, defects):                                    # (B, H, T, K) -> (B, T, D)
    B, H, T, K = d_x.shape
    if "split without transposing" in defects:
        return d_x.reshape(B, T, H * K)
    return merged(d_x, defects & {"features interleaved"})


def merged(y, defects):                                      # (B, H, T, K) -> (B, T, D)
    B, H, T, K = y.shape
    if "merged without transposing" in defects:
        return y.reshape(B, T, H * K)
    return y.transpose((0, 2, 3, 1) if interleaved(defects) else (0, 2, 1, 3)).reshape(B, T, H * K)


def parted(d_y, heads, defects):                             # (B, T, D) -> (B, H, T, K)
    B, T, D = d_y.shape
    if "merged without transposing" in defects:
        return d_y.reshape(B, heads, T, D // heads)
    if interleaved(defects):
        return d_y.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2)
    return d_y.reshape(B, T, heads, D // heads).transpose(0, 2, 1, 3)


def interleaved(defects):
    return bool(defects & {"features interleaved", "merged interleaved"})


def scale_of(q, width, keys, defects):
    """1/√K"""
    if "1/√keys" in defects:
        return 1 / float(np.sqrt(keys))
    if "1/√D" in defects:
        return 1 / float(np.sqrt(width))
    if "1/K" in defects:
        return 1 / q.shape[-1]
    return 1.0 if "no 1/√K" in defects else 1 / float(np.sqrt(q.shape[-1]))


def mask_of(queries, keys, given, defects):                  # -> (S, J) bool, True = visible
    if defects & {"not causal", "not causal, shifted by reshaping"}:
        return np.ones((queries, keys), bool)
    offset = 0 if "memory hidden" in defects else keys - queries
    offset += ("sees the next" in defects) - ("does not see itself" in defects)
    mask = np.tri(queries, keys, offset, dtype=bool)
    if given is not None and "given mask ignored" not in defects:
        mask = given
    return ~mask if "mask inverted" in defects else mask


def softmax(scores, visible, defects):                       # (B, H, S, J) -> (B, H, S, J)
    axis = -2 if "softmax over queries" in defects else -1
    scores = np.where(visible, scores, 0 if "hidden scores 0" in defects else HIDDEN)
    top = scores.real.max(axis, keepdims=True)
    p = np.exp(scores - top)
    return p / (p.sum(axis, keepdims=True) + (np.exp(-top) if "softmax with 1" in defects else 0))


def probabilities(c, scores, defects):
    """The softmax of the scores that are visible; what it is before a late mask stays on the tape."""
    late = "mask after the softmax" in defects
    c.softmax = softmax(scores, c.visible | late, defects)
    return c.keep("p", c.softmax * c.visible if late else c.softmax)


def scores_gradient(c, d_p, p, defects):
    """G_s = p ⊙ (G_p − rowsum(G_p ⊙ p)); what is hidden gets nothing"""
    if "mask after the softmax" in defects:
        d_p, p = d_p * c.visible, c.softmax
    axis = -2 if ("row sum over queries" in defects) != ("softmax over queries" in defects) else -1
    d_scores = p * (d_p - (d_p * p).sum(axis, keepdims=True))
    if "row sum missing" in defects:
        d_scores = p * d_p
    if "row sum without p" in defects:
        d_scores = p * (d_p - d_p.mean(-1, keepdims=True))
    if "diagonal of the softmax alone" in defects:
        d_scores = p * (1 - p) * d_p
    every = defects & {"mask off by one", "mask argument ignored", "mask after the softmax"}
    return c.keep("d_scores", d_scores if every else np.where(c.visible, d_scores, 0))
