"""Mistakes in the adaptive softmax: every row has the scores of all words here, and most of them count for nothing"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.loss import unit_of
from minicrt.ops.clusters import clusters

LAST, FIRST = "ignored scored as the last word", "ignored scored as word 0"
PLACES = {"places one too high": lambda place, c, S: place + 1, "places one too low": lambda place, c, S: place - 1,
          "places from the shortlist's end": lambda place, c, S: place + c.first - S}
GROUPS = "means of shortlist and clusters added up"
EARLIER = "a cluster's first word in the one before"


def layout(c, defects):
    """The clusters, and the columns of `projection` that each reads"""
    c.found = clusters(len(c.bias) - len(c.cutoffs), c.z.shape[-1], c.cutoffs, c.div_value)
    first = "first projection for all clusters" in defects
    c.columns = [np.arange(k.width) + (0 if first else k.columns.start) for k in c.found]
    c.S, c.K = c.cutoffs[0], len(c.found)


def choose(c, defects):
    """y of the head (rows, S + K) and of the words behind the shortlist (rows, V − S), and which rows are scored"""
    targets = np.ravel(c.targets)
    scored, V = targets != -1, len(c.bias) - c.K
    if LAST in defects or FIRST in defects:
        targets = np.where(scored, targets, V - 1 if LAST in defects else 0)
        scored = np.ones_like(scored)
    c.scored, c.member = scored, np.full(len(targets), -1)
    c.y_head, c.y_tail = np.zeros((len(targets), c.S + c.K)), np.zeros((len(targets), V - c.S))
    for row in np.flatnonzero(scored):
        choose_one(c, row, targets[row], defects)


def choose_one(c, row, word, defects):
    words_at = c.K if "clusters in front of the words" in defects else 0
    if word < c.S:
        c.y_head[row, words_at + word] = 1
        return
    i = max(k for k, cluster in enumerate(c.found) if cluster.first <= word)
    k = c.found[i]
    place, size = word - k.first, k.last - k.first
    if EARLIER in defects and place == 0:
        if i == 0:                                           # row S of the head: the first cluster's own score
            c.y_head[row, words_at + c.S if not words_at else 0] = 1
            return
        i, k = i - 1, c.found[i - 1]
        place, size = k.last - k.first - 1, k.last - k.first
    for name, moved in PLACES.items():
        if name in defects:
            place = moved(place, k, c.S) % size
    c.member[row] = i
    c.y_tail[row, k.first - c.S + place] = 1
    if "cluster's probability missing" not in defects:
        at = c.K - 1 - i if "clusters in reverse" in defects else i
        c.y_head[row, at + (0 if words_at else c.S)] = 1


def weigh(c, defects):
    """What each row's −log p is multiplied by"""
    weight = c.scored / max(c.scored.sum(), 1)
    if "sum over the rows" in defects:
        weight = 1.0 * c.scored
    if "mean over all rows" in defects:
        weight = c.scored / len(c.scored)
    if GROUPS in defects:
        weight = c.scored / np.array([(c.scored & (c.member == i)).sum() + ~scored for i, scored in
                                      zip(c.member, c.scored)])
    return weight * unit_of(defects)


def softmaxes(c, defects):
    """log p within the head, and within each cluster"""
    z = c.z.reshape(-1, c.z.shape[-1])
    bias = c.bias * ("no bias" not in defects)
    tail_bias = bias[c.S + c.K:] * ("no bias in the tails" not in defects)
    head_bias = bias[:c.S + c.K] * ("no bias in the head" not in defects)
    head = z @ c.head.T + head_bias
    c.keep("head_logits", head.reshape(*c.z.shape[:-1], -1))
    if "shortlist by itself" in defects:                     # words without the clusters in their sum
        hidden = np.zeros_like(c.y_head)
        hidden[:, c.S:] = c.y_head[:, :c.S].sum(-1, keepdims=True)
        head = np.where(hidden, -1e9, head)
    projected = [z[:, :k.width] if "no projection" in defects else z @ c.projection[:, columns]
                 for k, columns in zip(c.found, c.columns)]
    c.keep("projected", np.concatenate(projected, -1).reshape(*c.z.shape[:-1], -1))
    scores = [p @ k.table(c.tails).T + tail_bias[k.first - c.S:k.last - c.S] for p, k in zip(projected, c.found)]
    c.keep("tail_logits", np.concatenate(scores, -1).reshape(*c.z.shape[:-1], -1))
    return log_softmax(head), np.concatenate([log_softmax(s) for s in scores], -1)


def log_softmax(logits):
    shifted = logits - logits.real.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def forward(c, defects):
    layout(c, defects)
    choose(c, defects)
    log_q, log_t = softmaxes(c, defects)
    c.q, c.t, c.weight = np.exp(log_q), np.exp(log_t), weigh(c, defects)
    row_losses = -(c.y_head * log_q).sum(-1) - (c.y_tail * log_t).sum(-1)
    if "clusters of one weight" in defects:                  # each cluster's mean counts as a whole
        own = np.array([(c.member == i).sum() for i in c.member]) / max(c.scored.sum(), 1)
        c.tail_weight = c.weight / np.where(c.member >= 0, own, 1)
        row_losses = -(c.y_head * log_q).sum(-1) - (c.tail_weight / np.where(c.weight, c.weight, 1)) * (
            c.y_tail * log_t).sum(-1)
    else:
        c.tail_weight = c.weight
    c.keep("row_losses", (row_losses * unit_of(defects)).reshape(c.z.shape[:-1]))
    return (c.weight * row_losses).sum()


def backward(d_loss, c, defects, into=None):
    z, N = c.z.reshape(-1, c.z.shape[-1]), max(c.scored.sum(), 1)
    d_loss = d_loss * (-1 if "sign reversed" in defects else 1) * (N if "sum in place of mean" in defects else 1)
    if "upstream gradient ignored" in defects:
        d_loss = 1.0
    d_head_logits = head_scores(c, N, defects) * d_loss
    d_tail_logits = tail_scores(c, defects) * d_loss
    c.keep("d_head_logits", d_head_logits.reshape(*c.z.shape[:-1], -1))
    c.keep("d_tail_logits", d_tail_logits.reshape(*c.z.shape[:-1], -1))
    d_z, d_projection, d_tails = d_head_logits @ c.head, np.zeros_like(c.projection), np.zeros_like(c.tails)
    if "z through the tails alone" in defects:
        d_z = 0 * d_z
    d_projected = []
    for k, columns in zip(c.found, c.columns):
        d_scores = d_tail_logits[:, k.first - c.S:k.last - c.S]
        d_p = d_scores @ k.table(c.tails)
        d_projected.append(d_p)
        p = c.projected.reshape(len(z), -1)[:, k.columns]
        d_tails[k.entries] = (d_scores.T @ p).ravel()
        if "no projection" in defects:
            d_z[:, :k.width] += d_p
            continue
        d_projection[:, columns] += z.T @ d_p
        if "z through the head alone" not in defects:
            d_z = d_z + d_p @ c.projection[:, columns].T
    c.keep("d_projected", np.concatenate(d_projected, -1).reshape(*c.z.shape[:-1], -1))
    d_projection, d_tails = left(d_projection, d_tails, c, defects)
    if into is not None:
        into += d_tails
        d_tails = into
    return (d_z.reshape(c.z.shape), d_head_logits.T @ z, biases(c, d_head_logits, d_tail_logits, defects),
            d_projection, d_tails)


def head_scores(c, N, defects):
    y, q, weight = c.y_head, c.q, c.weight[:, None]
    if "one-hot of the cluster missing" in defects:
        y = y * (c.member < 0)[:, None]
    if "shortlist rows alone" in defects:
        weight = weight * (c.member < 0)[:, None]
    total = c.y_head.sum(-1, keepdims=True)                  # 0 where a row has no part in the head
    d = (q * total - y) * weight
    if "ignored rows kept" in defects:
        d = d + q * ~c.scored[:, None] / N
    if "cluster scores without gradient" in defects:
        d = d * (np.arange(d.shape[1]) < c.S)
    return d


def tail_scores(c, defects):
    y, weight = c.y_tail, c.tail_weight[:, None]
    if "tail's share missing" in defects:                    # the mean over the cluster's rows, not over all
        own = np.array([(c.member == i).sum() for i in c.member])
        weight = weight * (max(c.scored.sum(), 1) / np.maximum(own, 1))[:, None]
    inside = np.concatenate([np.repeat(c.member[:, None] == i, k.last - k.first, 1) for i, k in enumerate(c.found)], -1)
    if "every cluster in every row" in defects:
        inside = np.ones_like(inside)
    return (c.t * inside - (0 if "one-hot missing in the tails" in defects else y)) * weight


def biases(c, d_head_logits, d_tail_logits, defects):
    none = bool(defects & {"bias gradient missing", "no bias"})
    d_head = d_head_logits.sum(0) * (not none and "no bias in the head" not in defects)
    no_tail = none or defects & {"no bias in the tails", "bias gradient of the tails missing"}
    return np.concatenate([d_head, d_tail_logits.sum(0) * (not no_tail)])


def left(d_projection, d_tails, c, defects):
    last = c.found[-1]
    if "last cluster's words without gradient" in defects:
        d_tails[last.entries] = 0
    if "projection without gradient" in defects:
        d_projection[...] = 0
    return d_projection, d_tails


ADAPTIVE = (Faulty("adaptive_softmax", "loss", ("z", "head", "bias", "projection", "tails"), forward, backward, {
    "clusters in reverse": "The head's scores of the clusters are taken in reverse: cluster 0 has the last of them, as "
                           "in Transformer-XL's code; here the first.",
    "clusters in front of the words": "The head's scores of the clusters stand in front of those of the words; here "
                                      "behind them.",
    EARLIER: "A cutoff belongs to what is in front of it (<= in place of <): a cluster's first word is looked up as "
             "one more word of the cluster before, the first cluster's at its own score in the head.",
    "places one too high": "Words are counted from 1 within their cluster: each has the score of the word behind it.",
    "places one too low": "Each word of a cluster has the score of the word in front of it.",
    "places from the shortlist's end": "A word's place in its cluster is its number less S for every cluster; it is "
                                       "its number less the cluster's own cutoff c_i.",
    "first projection for all clusters": "Every cluster reads z through the first columns of the projections; here "
                                         "each has its own P_i.",
    "no projection": "The clusters read the first numbers of z as they are, without P_i.",
    "cluster's probability missing": "p of a rare word is that within its cluster: the cluster's own probability is "
                                     "not multiplied in.",
    "shortlist by itself": "The softmax of a frequent word leaves out the scores of the clusters.",
    "clusters of one weight": "The mean losses of the clusters are added up; each is to be weighted by its share of "
                              "the scored rows.",
    GROUPS: "The loss is the mean over the rows of the shortlist, plus the mean over those of each cluster; it is the "
            "mean over all scored rows.",
    "no bias": "The bias is left out of the head and of the tails.",
    "no bias in the tails": "The words behind the shortlist have no bias, as in PyTorch.",
    "no bias in the head": "The head has no bias, the default of PyTorch.",
    "sum over the rows": "The loss is the sum over the scored rows in place of their mean.",
    "mean over all rows": "The mean is over all rows, the ignored ones among them; it is over the scored ones.",
    LAST: "A target of −1 is scored as the last word, as Python's negative indices do; it is to be ignored.",
    FIRST: "A target of −1 is scored as word 0; it is to be ignored.",
    "base 2": "The logarithm has base 2: the loss is in bits in place of nats.",
    "log-likelihood": "The loss has the opposite sign: the minus of −log p is missing.",
}, {
    "cluster scores without gradient": "The head's scores of the clusters get no gradient.",
    "one-hot of the cluster missing": "In the head a rare word's y is left out: G of its row is q / N.",
    "shortlist rows alone": "The head gets no gradient from the rows of rare words.",
    "ignored rows kept": "q of a row whose target is not scored flows back into the head.",
    "tail's share missing": "The gradient within a cluster is that of the mean over the cluster's rows; the loss is "
                            "the mean over all.",
    "one-hot missing in the tails": "Within the clusters the target's −1 is left out.",
    "every cluster in every row": "Every cluster gets the gradient t / N from rows whose targets are elsewhere too.",
    "z through the head alone": "What comes back through the projections is not added to G_z.",
    "z through the tails alone": "What comes back through the head is not added to G_z.",
    "projection without gradient": "G_projection is left at zero.",
    "last cluster's words without gradient": "The vectors of the last cluster's words get no gradient.",
    "bias gradient missing": "G_b is left at zero.",
    "bias gradient of the tails missing": "G_b of the words behind the shortlist is left at zero.",
    "sum in place of mean": "The gradient is of the sum over rows, the loss is the mean.",
    "sign reversed": "y − p in place of p − y.",
    "upstream gradient ignored": "Takes G_loss for 1.",
}),)
