"""Wrong ports of state spaces, attention and losses in which a vector, a state or a divisor is another one"""

import numpy as np
import torch
import torch.nn.functional as F

from tests.ports.wrong.wrong_port import by_autograd, by_hand


@by_autograd("selective_scan", r"delta were dt")
def selective_scan_of_raw_steps(x, h0, dt, a_log, b, c, d):
    """softplus is forgotten where the step multiplies the input."""
    h, y, delta = h0, [], F.softplus(dt)
    for t in range(x.shape[1]):
        h = torch.exp(-delta[:, t, :, None] * a_log.exp()) * h + (dt[:, t] * x[:, t])[..., None] * b[:, t, None]
        y.append((h * c[:, t, None]).sum(-1) + d * x[:, t])
    return torch.stack(y, 1)


@by_autograd("s4d", r"multiplied by step")
def s4d_input_over_the_step(x, h0, log_dt, log_a, a_im, c, d):
    """(exp(Δ A) − 1)/(Δ A): the input's factor lacks a Δ."""
    A, step = torch.complex(-log_a.exp(), a_im), log_dt.exp()[:, None]
    kept, (c_re, c_im), (re, im) = torch.exp(step * A), c.chunk(2, -1), h0.chunk(2, -1)
    h, y = torch.complex(re, im), []
    for x_t in x.unbind(1):
        h = kept * h + (kept - 1) / (step * A) * x_t[..., None]
        y.append(2 * (torch.complex(c_re, c_im) * h).sum(-1).real + d * x_t)
    return torch.stack(y, 1)


def softmax_attention(q, k, v, heads, probabilities, length=1.0):
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    if not length:
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return (probabilities(scores.masked_fill(hidden, -torch.inf)) @ v).transpose(1, 2).flatten(2)


@by_autograd("attention", r"length 1")
def attention_by_cosines(q, k, v, heads):
    """Queries and keys are normed, the scale stays."""
    return softmax_attention(q, k, v, heads, lambda scores: scores.softmax(-1), length=0)


@by_autograd("attention", r"0\.01 were added", r"maximum")
def attention_with_a_floor(q, k, v, heads):
    """An eps of 0.01 in the softmax's denominator, of scores whose maximum is subtracted, with its gradient."""
    def probabilities(scores):
        e = (scores - scores.amax(-1, keepdim=True)).exp()
        return e / (e.sum(-1, keepdim=True) + 0.01)
    return softmax_attention(q, k, v, heads, probabilities)


@by_hand("gru", r"in place unit by unit", r"a_r, a_z, r, z before")
def gru_candidate_in_place(x, h0, w, u, b, b_hn):
    """The gates are computed first, then the units one after the other in the state's own buffer."""
    D, h, steps = h0.shape[1], h0.copy(), []
    for t in range(x.shape[1]):
        a, c = x[:, t] @ w + b, h @ u
        r, z = 1 / (1 + np.exp(-(a + c)[:, :D])), 1 / (1 + np.exp(-(a + c)[:, D:2 * D]))
        for j in range(D):
            n = np.tanh(a[:, 2 * D + j] + r[:, j] * (h @ u[:, 2 * D + j] + b_hn[j]))
            h[:, j] = (1 - z[:, j]) * n + z[:, j] * h[:, j]
        steps.append(h.copy())
    return {"h": np.stack(steps, 1)}


@by_hand("weighted_cross_entropy", r"ignored rows", r"divisor|added up")
def weights_of_ignored_rows(logits, targets, weights, smoothing):
    """weights[targets].sum(), in which −1 is the last class."""
    scored = (targets >= 0)[..., None]
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    q = (1 - smoothing) * (targets[..., None] == np.arange(len(weights))) + smoothing / len(weights) * scored
    return {"loss": -(q * weights * log_p).sum() / weights[targets].sum(), "log_p": log_p}


@by_hand("adaptive_softmax", r"shortlist", r"each cluster", r"added up|plus")
def means_of_clusters(z, head, bias, projection, tails, targets, cutoffs):
    """Each cluster's mean loss is added."""
    S, D, K = cutoffs[0], z.shape[-1], len(cutoffs)
    words = len(bias) - K
    log_q, ends = log_softmax(z @ head.T + bias[:S + K]), [*cutoffs, words]
    losses = [[-log_q[at][targets[at]] for at in np.ndindex(targets.shape) if 0 <= targets[at] < S]]
    for i, (first, last) in enumerate(zip(ends, ends[1:])):
        table = tails[(first - S) * D:(last - S) * D].reshape(-1, D)
        log_t = log_softmax(z @ projection[:, i * D:(i + 1) * D] @ table.T + bias[K + first:K + last])
        losses.append([-log_q[at][S + i] - log_t[at][targets[at] - first] for at in np.ndindex(targets.shape)
                       if first <= targets[at] < last])
    return {"loss": sum(np.mean(group) for group in losses), "head_logits": z @ head.T + bias[:S + K]}


def log_softmax(scores):
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))
