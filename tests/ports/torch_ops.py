"""The operations of minicrt in PyTorch: forward only, gradients by autograd. An oracle, written from the equations.

Names and arguments are those of `minicrt.ops`; only the value is returned. A dropout takes, in place of a generator,
the factor of each element (0 or 1/(1 - rate)). Where PyTorch has the operation, it is PyTorch's that runs.
"""

import functools
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORE = -1


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.linear(x, weight.T, bias)


def embedding(tokens: Tensor, table: Tensor) -> Tensor:
    return F.embedding(tokens, table)


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return F.layer_norm(x, gain.shape, gain, bias, eps)


sigmoid = torch.sigmoid
tanh = torch.tanh
relu = torch.relu
gelu = F.gelu
gelu_tanh = functools.partial(F.gelu, approximate="tanh")


def modrelu(v: Tensor, bias: Tensor) -> Tensor:
    return torch.relu(v.abs() + bias) * torch.sign(v)


def dropout(x: Tensor, factor: Tensor) -> Tensor:
    return x * factor


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Query i sees the keys j <= i + Tk - Tq, or those that `mask` (Tq, Tk) names."""
    if mask is None:
        rows, columns = q.shape[1], k.shape[1]
        mask = torch.ones(rows, columns, dtype=torch.bool).tril(columns - rows)
    q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k, v))     # (B, H, T, K)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


@functools.cache
def _cudnn_form(inputs: int, width: int) -> torch.nn.GRU:
    """torch.nn.GRU without weights of its own; `functional_call` lends it ours."""
    return torch.nn.GRU(inputs, width, batch_first=True, device="meta")


def gru(x: Tensor, h0: Tensor, w: Tensor, u: Tensor, b: Tensor, b_hn: Tensor | None = None,
        reset_after: bool = True) -> Tensor:
    if not reset_after:
        return _gated(x, h0, w, u, b, torch.tanh)
    assert b_hn is not None
    weights = {"weight_ih_l0": w.T, "weight_hh_l0": u.T, "bias_ih_l0": b,
               "bias_hh_l0": F.pad(b_hn, (b.numel() - b_hn.numel(), 0))}
    output, _ = torch.func.functional_call(_cudnn_form(*w.shape[:1], *h0.shape[1:]), weights, (x, h0[None]))
    return output


def ncgru(x: Tensor, h0: Tensor, w: Tensor, u: Tensor, b: Tensor, activation: str = "modrelu") -> Tensor:
    return _gated(x, h0, w, u, b, torch.tanh if activation == "tanh" else None)


def _gated(x, h0, w, u, b, squash):
    """h' = (1 - z) n + z h, the reset gate before the product: v = x W_n + (r h) U_n.

    n = squash(v + b_n), or modrelu(v, b_n) where `squash` is None.
    """
    (w_r, w_z, w_n), (u_r, u_z, u_n), (b_r, b_z, b_n) = w.chunk(3, 1), u.chunk(3, 1), b.chunk(3)
    h, states = h0, []
    for x_t in x.unbind(1):
        r = torch.sigmoid(x_t @ w_r + h @ u_r + b_r)
        z = torch.sigmoid(x_t @ w_z + h @ u_z + b_z)
        v = x_t @ w_n + (r * h) @ u_n
        n = modrelu(v, b_n) if squash is None else squash(v + b_n)
        h = (1 - z) * n + z * h
        states.append(h)
    return torch.stack(states, 1)


def lstm(x: Tensor, s0: Tensor, w: Tensor, u: Tensor, b: Tensor) -> Tensor:
    """nn.LSTMCell a step at a time, since nn.LSTM returns the last cell state alone."""
    cell, states = torch.nn.LSTMCell(w.shape[0], u.shape[0], device="meta"), []
    weights = {"weight_ih": w.T, "weight_hh": u.T, "bias_ih": b, "bias_hh": torch.zeros_like(b)}
    state = s0.chunk(2, -1)
    for x_t in x.unbind(1):
        state = torch.func.functional_call(cell, weights, (x_t, state))
        states.append(torch.cat(state, -1))
    return torch.stack(states, 1)


def mingru(x: Tensor, h0: Tensor, w: Tensor, b: Tensor) -> Tensor:
    h, states = h0, []
    for x_t in x.unbind(1):
        gate, candidate = (x_t @ w + b).chunk(2, -1)
        h = torch.lerp(h, candidate, torch.sigmoid(gate))
        states.append(h)
    return torch.stack(states, 1)


def lru(x: Tensor, h0: Tensor, w: Tensor, nu: Tensor, theta: Tensor, log_gamma: Tensor) -> Tensor:
    rate = torch.exp(torch.complex(-nu.exp(), theta.exp()))
    h, states = torch.complex(*h0.chunk(2, -1)), []
    for x_t in x.unbind(1):
        h = rate * h + log_gamma.exp() * torch.complex(*(x_t @ w).chunk(2, -1))
        states.append(torch.cat([h.real, h.imag], -1))
    return torch.stack(states, 1)


def rms_norm(x: Tensor, gain: Tensor, eps: float = 1e-5) -> Tensor:
    return F.rms_norm(x, gain.shape, gain, eps)


def causal_convolution(x: Tensor, s0: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    rows = torch.cat([s0, x], 1).transpose(1, 2)
    return F.conv1d(rows, weight.T[:, None], bias, groups=len(bias)).transpose(1, 2)


def selective_scan(x: Tensor, h0: Tensor, dt: Tensor, a_log: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return selective_scan_and_state(x, h0, dt, a_log, b, c, d)[0]


def selective_scan_and_state(x: Tensor, h0: Tensor, dt: Tensor, a_log: Tensor, b: Tensor, c: Tensor, d: Tensor
                             ) -> tuple[Tensor, Tensor]:
    delta, h, outputs = F.softplus(dt, threshold=700), h0, []
    for x_t, delta_t, b_t, c_t in zip(*(values.unbind(1) for values in (x, delta, b, c))):
        h = torch.exp(-delta_t[..., None] * a_log.exp()) * h + torch.einsum("bd,bn->bdn", delta_t * x_t, b_t)
        outputs.append(torch.einsum("bdn,bn->bd", h, c_t) + d * x_t)
    return torch.stack(outputs, 1), h


def s4d(x: Tensor, h0: Tensor, log_dt: Tensor, log_a: Tensor, a_im: Tensor, c: Tensor, d: Tensor) -> Tensor:
    read = torch.complex(*c.chunk(2, -1))
    return 2 * torch.einsum("dn,btdn->btd", read, _s4d_states(x, h0, log_dt, log_a, a_im)).real + d * x


def s4d_state(x: Tensor, h0: Tensor, log_dt: Tensor, log_a: Tensor, a_im: Tensor) -> Tensor:
    """The last state, [real parts, imaginary parts]"""
    h = _s4d_states(x, h0, log_dt, log_a, a_im)[:, -1]
    return torch.cat([h.real, h.imag], -1)


def _s4d_states(x: Tensor, h0: Tensor, log_dt: Tensor, log_a: Tensor, a_im: Tensor) -> Tensor:
    a = torch.complex(-log_a.exp(), a_im)
    a_bar = torch.exp(log_dt.exp()[:, None] * a)
    h, states = torch.complex(*h0.chunk(2, -1)), []
    for x_t in x.unbind(1):
        h = a_bar * h + (a_bar - 1) / a * x_t[..., None]
        states.append(h)
    return torch.stack(states, 1)


def glu(x: Tensor) -> Tensor:
    return F.glu(x)


def relative_attention(q: Tensor, k: Tensor, v: Tensor, r: Tensor, u: Tensor, w: Tensor, heads: int,
                       mask: Tensor | None = None) -> Tensor:
    """The shift by gathering, a row of r for every pair of query and key. `mask` shows nothing ahead of a query."""
    rows, columns = q.shape[1], k.shape[1]
    distance = torch.arange(rows)[:, None] + columns - rows - torch.arange(columns)
    far = r[(columns - 1 - distance.clamp(min=0))].unflatten(-1, (heads, -1))            # (Tq, Tk, H, K)
    q_u, q_w, k, v = (t.unflatten(-1, (heads, -1)) for t in (q + u, q + w, k, v))        # (B, T, H, K)
    scores = torch.einsum("bihk,bjhk->bhij", q_u, k) + torch.einsum("bihk,ijhk->bhij", q_w, far)
    hidden = distance < 0 if mask is None else ~mask
    p = (scores / q_u.shape[-1]**0.5).masked_fill(hidden, -torch.inf).softmax(-1)
    return torch.einsum("bhij,bjhk->bihk", p, v).flatten(2)


def skew_symmetric(a: Tensor, n: int) -> Tensor:
    upper = torch.zeros(n, n, dtype=a.dtype).index_put(tuple(torch.triu_indices(n, n, 1)), a)
    return upper - upper.T


def scaled_cayley(a: Tensor, negatives: int, n: int) -> Tensor:
    """(I + A)^-1 (I - A) S by a solve."""
    skew, identity = skew_symmetric(a, n), torch.eye(n, dtype=a.dtype)
    signs = torch.cat([torch.ones(n - negatives, dtype=a.dtype), -torch.ones(negatives, dtype=a.dtype)])
    return torch.linalg.solve(identity + skew, identity - skew) * signs


def cayley_inverse(a: Tensor, n: int) -> Tensor:
    return torch.linalg.inv(torch.eye(n, dtype=a.dtype) + skew_symmetric(a, n))


def neumann_inverse(inverse: Tensor, delta_a: Tensor, order: int = 2) -> Tensor:
    x = inverse @ skew_symmetric(delta_a, inverse.shape[0])
    return torch.stack([torch.linalg.matrix_power(x, k) for k in range(order + 1)]).sum(0) @ inverse


def linear_cross_entropy(z: Tensor, table: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    logits = F.linear(z, table, bias)
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORE)


def mean_squared_error(y: Tensor, targets: Tensor, scored: Tensor) -> Tensor:
    return F.mse_loss(y[scored], targets[scored])


def sinusoids(rows: int, width: int, dtype: torch.dtype) -> Tensor:
    """Row t: sin(t f_k) in the first half and cos(t f_k) in the second, f_k = 10000^(-2k/width)."""
    half = (width + 1) // 2
    angle = torch.arange(rows, dtype=dtype)[:, None] * torch.exp(
        torch.arange(half, dtype=dtype) * (-2 * math.log(10000) / width))
    return torch.cat([angle.sin(), angle.cos()], 1)[:, :width]


def patch_embedding(x: Tensor, weight: Tensor, bias: Tensor, size: int, frames: int) -> Tensor:
    """A convolution whose stride is its extent."""
    kernel = weight.unflatten(0, (frames, size, size, -1)).permute(4, 3, 0, 1, 2)       # (D, C, f, s, s)
    y = F.conv3d(x.permute(0, 4, 1, 2, 3), kernel, bias, stride=(frames, size, size))    # (B, D, F/f, rows, columns)
    return y.flatten(3).permute(0, 2, 3, 1)


def weighted_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor, smoothing: float = 0.0) -> Tensor:
    """PyTorch's own has no gradient for the weights; its value is compared where this is tested."""
    scored = targets != IGNORE
    surprise, chosen, share = -F.log_softmax(logits[scored], -1), targets[scored], smoothing / logits.shape[-1]
    target = weights[chosen] * surprise.gather(-1, chosen[:, None])[:, 0]
    return ((1 - smoothing) * target + share * (surprise @ weights)).sum() / weights[chosen].sum()


def binary_cross_entropy(logits: Tensor, targets: Tensor, scored: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits[scored], targets[scored])


def adaptive_softmax(z: Tensor, head: Tensor, bias: Tensor, projection: Tensor, tails: Tensor, targets: Tensor,
                     cutoffs: Sequence[int], div_value: float = 1.0) -> Tensor:
    """PyTorch's module, whose tails are given a bias."""
    S, K, D = cutoffs[0], len(cutoffs), z.shape[-1]
    bounds, widths = [*cutoffs, len(bias) - K], [max(1, int(D // div_value ** (i + 1))) for i in range(K)]
    sizes = [last - first for first, last in zip(bounds, bounds[1:])]
    tables = tails.split([n * d for n, d in zip(sizes, widths)])
    parameters = {"head.weight": head, "head.bias": bias[:S + K]}
    for i, (columns, table, b) in enumerate(zip(projection.split(widths, 1), tables, bias[S + K:].split(sizes))):
        parameters |= {f"tail.{i}.0.weight": columns.T, f"tail.{i}.1.weight": table.view(sizes[i], widths[i]),
                       f"tail.{i}.1.bias": b}
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(D, len(bias) - K, list(cutoffs), 1.0, head_bias=True)
    module.tail = torch.nn.ModuleList(torch.nn.Sequential(torch.nn.Linear(D, d, False), torch.nn.Linear(d, n))
                                      for d, n in zip(widths, sizes))
    scored = targets != IGNORE
    _, loss = torch.func.functional_call(module, parameters, (z[scored], targets[scored]))
    return loss + 0 * (projection.sum() + tails.sum())       # gradients of 0 where no word of a cluster occurs


def delta_rule(q: Tensor, k: Tensor, v: Tensor, b: Tensor, s0: Tensor) -> Tensor:
    return delta_rule_and_state(q, k, v, b, s0)[0]


def delta_rule_and_state(q: Tensor, k: Tensor, v: Tensor, b: Tensor, s0: Tensor) -> tuple[Tensor, Tensor]:
    """S ← (I − β k̂ᵀ k̂) S + β k̂ᵀ v: a step as one matrix that acts on S"""
    q, k = (x / (x.square().sum(-1, keepdim=True) + 1e-6).sqrt() for x in (q, k))
    s, outputs, unit = s0, [], torch.eye(q.shape[-1], dtype=q.dtype)
    for q_t, k_t, v_t, b_t in zip(*(values.unbind(1) for values in (q, k, v, b))):
        written = b_t.sigmoid()[:, None, None] * k_t[..., None]
        s = (unit - written @ k_t[:, None]) @ s + written @ v_t[:, None]
        outputs.append((q_t[:, None] @ s)[:, 0])
    return torch.stack(outputs, 1), s


def sparse_write(new: Tensor, old: Tensor, most: int) -> Tensor:
    chosen = (new - old).square().sum(-1).topk(most, 1).indices[..., None].expand(-1, -1, new.shape[2])
    return old.scatter(1, chosen, new.gather(1, chosen))


def pooled_queue(u: Tensor, m: Tensor, b: Tensor) -> Tensor:
    return torch.lerp(torch.cat([u[:, None], m[:, :-1]], 1), m, b.sigmoid())
