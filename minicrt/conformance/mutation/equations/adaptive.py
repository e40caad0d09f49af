"""The adaptive softmax, one equation a line, forward and backward by hand; of all clusters at once, as matrices"""

from minicrt.conformance.mutation.functions import (
    chosen,
    concatenated,
    exp,
    largest,
    log,
    one_hot,
    rows,
    rows_sum,
    total,
    where,
)
from minicrt.conformance.mutation.tails import cluster_matrix, word_matrix, word_vectors


def clustered_loss(head_logits, tail_logits, targets, cutoffs, behind):
    shortlist = cutoffs[0]
    scored = targets != -1
    rare = targets >= shortlist
    count = max(scored.sum(), 1)
    place = where(rare, targets - shortlist, 0)
    at_head = where(rare, shortlist + behind.argmax(-1)[place], targets)
    head_shift = head_logits - largest(head_logits, -1)
    log_q = head_shift - log(total(exp(head_shift), -1, True))
    tail_shift = tail_logits - largest(tail_logits, -1)
    log_t = tail_shift - log(exp(tail_shift) @ behind @ behind.T)
    head_losses = where(scored, -chosen(log_q, at_head), 0)
    tail_losses = where(rare, -chosen(log_t, place), 0)
    row_losses = head_losses + tail_losses
    return total(row_losses) / count


def adaptive_softmax(z, head, bias, projection, tails, targets, cutoffs, div_value):
    words = len(bias) - len(cutoffs)
    behind = cluster_matrix(words, cutoffs)
    head_logits = z @ head.T + bias[:len(head)]
    projected = z @ projection
    table = word_matrix(tails, words, len(projection), cutoffs, div_value)
    tail_logits = projected @ table.T + bias[len(head):]
    return clustered_loss(head_logits, tail_logits, targets, cutoffs, behind)


def adaptive_softmax_backward(d_loss, z, head, bias, projection, tails, targets, cutoffs, div_value, log_q, log_t,
                              projected, place, at_head):
    words = len(bias) - len(cutoffs)
    behind = cluster_matrix(words, cutoffs)
    table = word_matrix(tails, words, len(projection), cutoffs, div_value)
    scored = (targets != -1)[..., None]
    rare = (targets >= cutoffs[0])[..., None]
    count = max(scored.sum(), 1)
    y = one_hot(place, len(behind))
    d_head_logits = d_loss * scored * (exp(log_q) - one_hot(at_head, len(head))) / count
    d_tail_logits = d_loss * rare * (exp(log_t) * (y @ behind @ behind.T) - y) / count
    d_projected = d_tail_logits @ table
    d_z = d_head_logits @ head + d_projected @ projection.T
    d_head = rows(d_head_logits).T @ rows(z)
    d_bias = concatenated([rows_sum(d_head_logits), rows_sum(d_tail_logits)])
    d_projection = rows(z).T @ rows(d_projected)
    d_tails = word_vectors(rows(d_tail_logits).T @ rows(projected), words, len(projection), cutoffs, div_value)
    return d_z, d_head, d_bias, d_projection, d_tails
