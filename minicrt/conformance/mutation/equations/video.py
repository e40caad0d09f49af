"""What models of video alone have, one equation a line, forward and backward by hand"""

from minicrt.conformance.mutation.functions import (
    exp,
    largest,
    log,
    one_hot,
    positive,
    rows,
    rows_sum,
    sigmoid,
    total,
    where,
)


def patch_embedding(x, weight, bias, size, frames):
    patches = cut(x, size, frames)
    return patches @ weight + bias


def cut(x, size, frames):
    b, f, y, x_size, c = x.shape
    apart = x.reshape(b, f // frames, frames, y // size, size, x_size // size, size, c)
    beside = apart.transpose(0, 1, 3, 5, 2, 4, 6, 7)
    return beside.reshape(b, f // frames, (y // size) * (x_size // size), frames * size * size * c)


def patch_embedding_backward(d_y, x, weight, size, frames, patches):
    b, f, y, x_size, c = x.shape
    d_patches = d_y @ weight.T
    apart = d_patches.reshape(b, f // frames, y // size, x_size // size, frames, size, size, c)
    d_x = apart.transpose(0, 1, 4, 2, 5, 3, 6, 7).reshape(b, f, y, x_size, c)
    d_weight = rows(patches).T @ rows(d_y)
    d_bias = rows_sum(d_y)
    return d_x, d_weight, d_bias


def weighted_cross_entropy(logits, targets, weights, smoothing):
    classes = len(weights)
    scored = (targets != -1)[..., None]
    y = scored * one_hot(targets, classes)
    q = (1 - smoothing) * y + smoothing / classes * scored
    shift = logits - largest(logits, -1)
    log_p = shift - log(total(exp(shift), -1, True))
    row_losses = -total(q * weights * log_p, -1)
    divisor = total(y * weights)
    return total(row_losses) / where(divisor > 0, divisor, 1)


def weighted_cross_entropy_backward(d_loss, targets, weights, smoothing, log_p, loss):
    classes = len(weights)
    scored = (targets != -1)[..., None]
    y = scored * one_hot(targets, classes)
    q = (1 - smoothing) * y + smoothing / classes * scored
    divisor = total(y * weights)
    d_each = d_loss / where(divisor > 0, divisor, 1)
    d_logits = d_each * (exp(log_p) * total(q * weights, -1, True) - q * weights)
    d_weights = d_each * (rows_sum(-q * log_p) - rows_sum(y) * loss)
    return d_logits, d_weights


def binary_cross_entropy(logits, targets, scored):
    count = max(scored.sum(), 1)
    low = where(positive(logits), -logits, logits)
    losses = where(scored, where(positive(logits), logits, 0) - logits * targets + log(1 + exp(low)), 0)
    return total(losses) / count


def binary_cross_entropy_backward(d_loss, logits, targets, scored):
    count = max(scored.sum(), 1)
    d_logits = where(scored, d_loss * (sigmoid(logits) - targets) / count, 0)
    d_targets = where(scored, -d_loss * logits / count, 0)
    return d_logits, d_targets
