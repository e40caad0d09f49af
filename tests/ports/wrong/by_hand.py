"""Wrong ports in NumPy with backward passes written by hand: row by row, activations, attention, Cayley"""

import math

import numpy as np
from scipy import special

from tests.ports.wrong.wrong_port import by_hand


@by_hand("linear", r"d_bias|bias", r"mean|average|divided")
def linear_bias_mean(x, weight, bias, d_y):
    """The bias's gradient is the mean over rows, not the sum."""
    rows = d_y.reshape(-1, d_y.shape[-1])
    return {"y": x @ weight + bias, "d_x": d_y @ weight.T, "d_weight": x.reshape(-1, x.shape[-1]).T @ rows,
            "d_bias": rows.mean(0)}


@by_hand("linear-square", r"d_x|G_x", r"transpos")
def linear_back_untransposed(x, weight, d_y):
    """d_x = d_y W, without the transpose."""
    return {"y": x @ weight, "d_x": d_y @ weight, "d_weight": x.T @ d_y}


@by_hand("embedding-repeated", r"repeat|twice|add up|more than once|last|assign|overwr")
def embedding_added_once(tokens, table, d_y):
    """d_table[tokens] += d_y adds one of several equal tokens."""
    d_table = np.zeros_like(table)
    d_table[tokens] += d_y
    return {"y": table[tokens], "d_table": d_table}


def normed(x, eps):
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
    return centred * r, r


@by_hand("layer_norm", r"varian|x̂ mean|through the (root|deviation)", r"missing|without|not|left out|constant|lacks")
def layer_norm_without_variance_term(x, gain, bias, eps, d_y):
    """The gradient through the variance is missing."""
    x_hat, r = normed(x, eps)
    g = d_y * gain
    return {"y": gain * x_hat + bias, "d_x": r * (g - g.mean(-1, keepdims=True)),
            "d_gain": (d_y * x_hat).sum((0, 1)), "d_bias": d_y.sum((0, 1))}


@by_hand("layer_norm", r"\bmean\b", r"missing|without|not|left out|term|constant|lacks")
def layer_norm_without_mean_term(x, gain, bias, eps, d_y):
    """The gradient through the mean is missing."""
    x_hat, r = normed(x, eps)
    g = d_y * gain
    return {"y": gain * x_hat + bias, "d_x": r * (g - x_hat * (g * x_hat).mean(-1, keepdims=True)),
            "d_gain": (d_y * x_hat).sum((0, 1)), "d_bias": d_y.sum((0, 1))}


@by_hand("layer_norm", r"unbiased|bessel|D [−-] 1", r"\bgain\b|ĝ|varian|x̂")
def layer_norm_two_mistakes(x, gain, bias, eps, d_y):
    """Two mistakes: forward the variance is unbiased, and backward d_x forgets the gain."""
    centred = x - x.mean(-1, keepdims=True)
    D = x.shape[-1]
    r = 1 / np.sqrt((centred ** 2).sum(-1, keepdims=True) / (D - 1) + eps)
    x_hat = centred * r
    d_x = r * (d_y - d_y.mean(-1, keepdims=True) - x_hat * (d_y * x_hat).sum(-1, keepdims=True) / (D - 1))
    return {"y": gain * x_hat + bias, "d_x": d_x, "d_gain": (d_y * x_hat).sum((0, 1)), "d_bias": d_y.sum((0, 1))}


@by_hand("tanh", r"\bx²|of x\b|x in place|input|argument|1 [−-] x")
def tanh_slope_of_input(x, d_y):
    """The slope is 1 - x², of the input in place of the output."""
    return {"y": np.tanh(x), "d_x": d_y * (1 - x ** 2)}


@by_hand("gelu", r"density|φ|x φ|pdf|second term|product rule|Gauss", r"missing|without|not|left out|only|lacks|term")
def gelu_without_density(x, d_y):
    """The slope is Φ(x): the term x φ(x) is missing."""
    phi = 0.5 * (1 + special.erf(x / math.sqrt(2)))
    return {"y": x * phi, "d_x": d_y * phi}


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def heads_of(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def merged(x):
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def attention(q, k, v, heads, d_y, back_through_softmax, scale_of_k=True):
    q, k, v, d_y = (heads_of(x, heads) for x in (q, k, v, d_y))
    root = math.sqrt(q.shape[-1])
    p = softmax(np.where(np.tri(q.shape[2], k.shape[2], k.shape[2] - q.shape[2], bool),
                         q @ k.swapaxes(2, 3) / root, -np.inf))
    d_s = back_through_softmax(p, d_y @ v.swapaxes(2, 3))
    return {"y": merged(p @ v), "d_q": merged(d_s @ k) / root,
            "d_k": merged(d_s.swapaxes(2, 3) @ q) / (root if scale_of_k else 1),
            "d_v": merged(p.swapaxes(2, 3) @ d_y)}


def right_softmax(p, d_p):
    return p * (d_p - (d_p * p).sum(-1, keepdims=True))


@by_hand("attention", r"softmax|G_p p|row ?sum|Σ|\bsum\b", r"missing|without|not|left out|lacks|subtract|term")
def attention_softmax_diagonal(q, k, v, heads, d_y):
    """d_s = p d_p: the sum over keys is not subtracted."""
    return attention(q, k, v, heads, d_y, lambda p, d_p: p * d_p)


@by_hand("attention", r"softmax|sigmoid|p \(1 [−-] p\)|1 [−-] p|elementwise|diagonal|G_p p|row ?sum")
def attention_softmax_as_sigmoid(q, k, v, heads, d_y):
    """d_s = p (1 - p) d_p, as if the softmax worked element by element."""
    return attention(q, k, v, heads, d_y, lambda p, d_p: p * (1 - p) * d_p)


@by_hand("attention", r"d_k|\bk\b|G_k", r"√K|scal", r"missing|without|not|left out|lacks|unscaled")
def attention_d_k_unscaled(q, k, v, heads, d_y):
    """d_k is not divided by √K."""
    return attention(q, k, v, heads, d_y, right_softmax, scale_of_k=False)


def cross_entropy(z, table, bias, targets):
    """p - onehot of every row, 0 where it is not scored, the loss's sum, and the number of scored rows."""
    rows, flat = z.reshape(-1, z.shape[-1]), targets.reshape(-1)
    p, scored = softmax(rows @ table.T + bias), flat >= 0
    loss = -np.log(p[scored, flat[scored]]).sum()
    p[np.arange(len(p)), flat] -= 1
    return rows, p * scored[:, None], loss, scored.sum()


@by_hand("linear_cross_entropy", r"sum|count|number|divided|mean", r"gradient|d_|backward|G_")
def loss_gradient_of_sum(z, table, bias, targets, d_loss):
    """The loss is a mean, its gradient that of the sum."""
    rows, d, loss, count = cross_entropy(z, table, bias, targets)
    d = d * d_loss
    return {"loss": loss / count, "d_z": (d @ table).reshape(z.shape), "d_table": d.T @ rows, "d_bias": d.sum(0)}


@by_hand("linear_cross_entropy", r"d_loss|upstream|G_loss|G\b", r"missing|without|not|ignored|left out|lost|1|lacks")
def loss_gradient_without_upstream(z, table, bias, targets, d_loss):
    """The gradients are not multiplied by d_loss."""
    rows, d, loss, count = cross_entropy(z, table, bias, targets)
    d = d / count
    return {"loss": loss / count, "d_z": (d @ table).reshape(z.shape), "d_table": d.T @ rows, "d_bias": d.sum(0)}


@by_hand("scaled_cayley", r"Qᵀ|transpose|difference|skew|free", r"missing|without|only|[−-] ?Q|alone|as if|not|free")
def cayley_gradient_of_free_entries(a, negatives, n, d_U):
    """The gradient is -Q above the diagonal, as if a_ji did not move with a_ij."""
    A = np.zeros((n, n))
    A[np.triu_indices(n, 1)] = a
    A = A - A.T
    S = np.diag(np.where(np.arange(n) < n - negatives, 1.0, -1.0))
    U = np.linalg.solve(np.eye(n) + A, np.eye(n) - A) @ S
    Q = np.linalg.solve((np.eye(n) + A).T, d_U @ (S + U.T))
    return {"U": U, "d_a": -Q[np.triu_indices(n, 1)]}
