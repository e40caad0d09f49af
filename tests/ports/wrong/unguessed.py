"""Wrong ports with a number that nobody can guess, or a sum of which a part is left; each must be named"""

import numpy as np
import torch

from tests.ports.wrong.wrong_port import by_autograd, by_hand


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
