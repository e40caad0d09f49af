"""Wrong ports with a number that nobody can guess, or a change in several places at once; each must be named"""

import numpy as np
import torch

from tests.ports.wrong.comparator_nets import RMT
from tests.ports.wrong.crt_net import CRT
from tests.ports.wrong.wrong_port import by_autograd, by_hand, model


@by_autograd("attention", r"bounded smoothly|soft ?cap", r"k = 2\b")
def attention_soft_capped(q, k, v, heads):
    """The scores are capped: 2 tanh(s/2)."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    scores = 2 * torch.tanh(q @ k.mT / q.shape[-1] ** 0.5 / 2)
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return (scores.masked_fill(hidden, -torch.inf).softmax(-1) @ v).transpose(1, 2).flatten(2)


@by_autograd("lstm", r"1 - f\b")
def lstm_with_coupled_gates(x, s0, w, u, b):
    """c = f c + (1 − f) g: the input gate is what the forget gate leaves."""
    (h, c), steps = s0.chunk(2, -1), []
    for x_t in x.unbind(1):
        _, f, g, o = (x_t @ w + h @ u + b).chunk(4, -1)
        f, o = f.sigmoid(), o.sigmoid()
        c = f * c + (1 - f) * g.tanh()
        h = o * c.tanh()
        steps.append(torch.cat([h, c], -1))
    return torch.stack(steps, 1)


@by_autograd("gru", r"clipped at ±0\.5")
def gru_with_clipped_gradients(x, h0, w, u, b, b_hn):
    """A hook clips the gradient of every state."""
    h, steps = h0, []
    for x_t in x.unbind(1):
        (a_r, a_z, a_n), (c_r, c_z, c_n) = (x_t @ w + b).chunk(3, -1), (h @ u).chunk(3, -1)
        r, z = torch.sigmoid(a_r + c_r), torch.sigmoid(a_z + c_z)
        h = (1 - z) * torch.tanh(a_n + r * (c_n + b_hn)) + z * h
        h.register_hook(lambda g: g.clamp(-0.5, 0.5))
        steps.append(h)
    return torch.stack(steps, 1)


@by_hand("layer_norm", r"d_gain", r"d_y \* x\b|d_y ⊙ x\b")
def layer_norm_gain_of_the_input(x, gain, bias, eps, d_y):
    """d_gain = Σ d_y x, of x before it is normed."""
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
    x_hat, g = centred * r, d_y * gain
    d_x = r * (g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True))
    return {"y": gain * x_hat + bias, "d_x": d_x, "d_gain": (d_y * x).sum((0, 1)), "d_bias": d_y.sum((0, 1))}


@by_hand("linear_cross_entropy", r"smoothed", r"0\.1\b")
def smoothed_labels(z, table, bias, targets, d_loss):
    """Label smoothing of 0.1, which a recipe had on."""
    logits, scored = z @ table.T + bias, targets >= 0
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    aim = 0.9 * (targets[..., None] == np.arange(len(table))) + 0.1 / len(table)
    loss = -(aim * np.log(p)).sum(-1)[scored].mean()
    g = d_loss * (p - aim) * scored[..., None] / scored.sum()
    return {"loss": loss, "d_z": g @ table, "d_table": np.einsum("btv,btd->vd", g, z), "d_bias": g.sum((0, 1))}


@by_hand("layer_norm", r"gain came in behind the rest")
def layer_norm_gain_behind_the_means(x, gain, bias, eps, d_y):
    """d_x = gain r (d_y − mean(d_y) − x̂ mean(d_y x̂)): the gain is taken out of the means."""
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
    x_hat = centred * r
    d_x = gain * r * (d_y - d_y.mean(-1, keepdims=True) - x_hat * (d_y * x_hat).mean(-1, keepdims=True))
    return {"y": gain * x_hat + bias, "d_x": d_x, "d_gain": (d_y * x_hat).sum((0, 1)), "d_bias": d_y.sum((0, 1))}


@by_hand("lstm", r"1 - c\[:, t\] \* c\[:, t\]", r"wherever")
def lstm_slope_of_the_cell(x, s0, w, u, b, d_s):
    """1 − c² stands for 1 − tanh(c)² on the way back."""
    D, steps = s0.shape[1] // 2, []
    h, c = s0[:, :D], s0[:, D:]
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ w + h @ u + b, 4, 1)
        i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
        before, c = (h, c), f * c + i * g
        h = o * np.tanh(c)
        steps.append((*before, i, f, g, o, h, c))
    d_h, d_c, d_a = np.zeros_like(h), np.zeros_like(c), []
    for t in reversed(range(x.shape[1])):
        _, c_before, i, f, g, o, _, c = steps[t]
        d_h, d_c = d_h + d_s[:, t, :D], d_c + d_s[:, t, D:]
        d_c = d_c + d_h * o * (1 - c * c)
        d_a.append(np.concatenate([d_c * g * i * (1 - i), d_c * c_before * f * (1 - f), d_c * i * (1 - g * g),
                                   d_h * np.tanh(c) * o * (1 - o)], 1))
        d_h, d_c = d_a[-1] @ u.T, d_c * f
    d_a, before, after = np.stack(d_a[::-1], 1), [s[0] for s in steps], [np.concatenate(s[6:], 1) for s in steps]
    return {"s": np.stack(after, 1), "d_x": d_a @ w.T, "d_s0": np.concatenate([d_h, d_c], 1),
            "d_w": np.einsum("bti,btk->ik", x, d_a), "d_u": np.einsum("bti,btk->ik", np.stack(before, 1), d_a),
            "d_b": d_a.sum((0, 1))}


def stepped(moments):
    """An optimizer's port: `moments` gives m̂ and v̂ of a step."""
    def port(theta0, m0, v0, gradients, learning_rate, weight_decay, beta1, beta2, eps, count0):
        theta, m, v, steps = theta0, m0, v0, []
        for k, g in enumerate(gradients):
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            m_hat, v_hat = moments(m, v, k + 1, count0, beta1, beta2)
            theta = theta - learning_rate * (weight_decay * theta + m_hat / (np.sqrt(v_hat) + eps))
            steps.append((m, v, m_hat, v_hat, theta))
        return {name: np.stack(values) for name, values in zip(("m", "v", "m_hat", "v_hat", "theta"), zip(*steps))}
    return port


@by_hand("adamw-later", r"count0 .* left out")
def adamw_counted_from_the_checkpoint(**given):
    """The steps before the checkpoint are not counted."""
    return stepped(lambda m, v, k, count0, beta1, beta2: (m / (1 - beta1 ** k), v / (1 - beta2 ** k)))(**given)


@by_hand("adamw", r"beta1\b.*beta2|beta2\b.*beta1")
def adamw_corrected_by_one_beta(**given):
    """v̂ is corrected by β₁."""
    return stepped(lambda m, v, k, count0, beta1, beta2: (m / (1 - beta1 ** k), v / (1 - beta1 ** k)))(**given)


@by_hand("adamw", r"largest of the steps so far")
def adamw_with_the_largest_corrected_moment(**given):
    """AMSGrad after the correction: the largest v̂ so far."""
    seen = []

    def moments(m, v, k, count0, beta1, beta2):
        seen.append(v / (1 - beta2 ** k))
        return m / (1 - beta1 ** k), np.max(seen, 0)
    return stepped(moments)(**given)


@by_autograd("layer_norm", r"all rows")
def layer_norm_with_one_variance(x, gain, bias, eps):
    """The mean is each row's, the variance that of all rows."""
    centred = x - x.mean(-1, keepdim=True)
    return gain * centred / (centred.square().mean() + eps).sqrt() + bias


@by_autograd("attention", r"mean over all heads")
def attention_with_averaged_probabilities(q, k, v, heads):
    """The values are weighed with the heads' mean probabilities, as the weights that are returned for pictures."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    p = scores.masked_fill(hidden, -torch.inf).softmax(-1).mean(1, keepdim=True)
    return (p @ v).transpose(1, 2).flatten(2)


@by_autograd("relative_attention", r"interleaved", r"\br\b")
def relative_attention_with_interleaved_distances(q, k, v, r, u, w, heads):
    """The table of distances is divided into heads feature by feature."""
    (batch, queries, width), keys = q.shape, k.shape[1]
    q_u, q_w, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q + u, q + w, k, v))
    by_row = q_w @ r.reshape(keys, width // heads, heads).permute(2, 1, 0)
    ahead = torch.arange(keys) - torch.arange(queries)[:, None] + queries
    row = (ahead - 1).clamp(max=keys - 1).expand(batch, heads, queries, keys)
    scores = (q_u @ k.mT + by_row.gather(-1, row)) / (width // heads) ** 0.5
    return (scores.masked_fill(ahead > keys, -torch.inf).softmax(-1) @ v).transpose(1, 2).flatten(2)


@by_autograd("scaled_cayley", r"first 3 terms")
def cayley_by_a_series(a, negatives, n):
    """(I + A)⁻¹ is I − A + A²."""
    rows, columns = torch.triu_indices(n, n, 1)
    upper = torch.zeros(n, n, dtype=a.dtype).index_put((rows, columns), a)
    one, skew = torch.eye(n, dtype=a.dtype), upper - upper.T
    signs = torch.ones(n, dtype=a.dtype)
    signs[n - negatives:] = -1
    return (one - skew + skew @ skew) @ (one - skew) * signs


@model("crt-T1", r"blocks\.1\.attention\.b_out were 0")
class LastOutputWithoutBias(CRT):
    """The bias behind the attention is missing, in one layer alone."""

    def attention(self, name, x, mask):
        y, bias = super().attention(name, x, mask), self.p[f"{name}.b_out"]
        return y - bias if name == "blocks.1.attention" else y


@by_autograd("attention", r"keys - 1\b|queries \+ 1\b|one key less")
def attention_to_nothing(q, k, v, heads):
    """A query does not see itself, so the first one sees nothing, and has NaN."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(0)
    return (scores.masked_fill(hidden, -torch.inf).softmax(-1) @ v).transpose(1, 2).flatten(2)


@model("rmt", r"were -y\[")
class MemoryReversed(RMT):
    """The next memory is the write row's output with its sign reversed."""

    def memory(self, y):
        return -super().memory(y)


@model("rmt", r"doubled", r"y\[")
class MemoryDoubled(RMT):
    """The next memory is twice the write row's output."""

    def memory(self, y):
        return 2 * super().memory(y)
