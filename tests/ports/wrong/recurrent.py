"""Wrong ports in PyTorch of LSTM, minGRU, LRU and the scaled Cayley transform"""

import torch
from torch import nn

from tests.ports.wrong.gru import stepped
from tests.ports.wrong.wrong_port import by_autograd


def lstm_cell(x_t, s, w, u, b):
    """torch.nn.LSTMCell on s = [h, c]."""
    cell = nn.LSTMCell(w.shape[0], u.shape[0], device="meta")
    weights = {"weight_ih": w.T, "weight_hh": u.T, "bias_ih": b, "bias_hh": torch.zeros_like(b)}
    return torch.func.functional_call(cell, weights, (x_t, s.chunk(2, -1)))


@by_autograd("lstm", r"order|swap|exchang|i, o, f|blocks")
def lstm_of_onnx(x, s0, w, u, b):
    """The blocks are taken to stand in the order i, o, f, c, as in ONNX."""
    w, u, b = (torch.cat([t.chunk(4, -1)[k] for k in (0, 2, 3, 1)], -1) for t in (w, u, b))
    return stepped(x, s0, lambda s, x_t: torch.cat(lstm_cell(x_t, s, w, u, b), -1))


@by_autograd("lstm", r"\bh\b", r"\bc\b", r"swap|exchang|order|\[c, h\]|first")
def lstm_state_of_flax(x, s0, w, u, b):
    """The state is taken for [c, h], as in Flax."""
    def step(s, x_t):
        h, c = lstm_cell(x_t, s.roll(s.shape[-1] // 2, -1), w, u, b)
        return torch.cat([c, h], -1)
    return stepped(x, s0, step)


@by_autograd("lstm", r"forget", r"\b1\b|bias|one")
def lstm_forget_bias(x, s0, w, u, b):
    """1 is added to the forget gate's bias, as in Keras and TensorFlow 1."""
    width = u.shape[0]
    b = b + torch.cat([torch.zeros(width), torch.ones(width), torch.zeros(2 * width)]).to(b)
    return stepped(x, s0, lambda s, x_t: torch.cat(lstm_cell(x_t, s, w, u, b), -1))


@by_autograd("lstm", r"tanh", r"\bc\b|cell|output", r"missing|without|not|left out|lacks|o ⊙ c|forgotten")
def lstm_without_output_tanh(x, s0, w, u, b):
    """h = o c, without the tanh."""
    def step(s, x_t):
        h, c = s.chunk(2, -1)
        i, f, g, o = (x_t @ w + h @ u + b).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.cat([torch.sigmoid(o) * c, c], -1)
    return stepped(x, s0, step)


@by_autograd("lstm", r"order|swap|exchang|i, o, f|blocks", r"forget")
def lstm_two_mistakes(x, s0, w, u, b):
    """Two mistakes: ONNX's order of the blocks, and 1 added to the forget gate's bias."""
    w, u, b = (torch.cat([t.chunk(4, -1)[k] for k in (0, 2, 3, 1)], -1) for t in (w, u, b))
    width = u.shape[0]
    b = b + torch.cat([torch.zeros(width), torch.ones(width), torch.zeros(2 * width)]).to(b)
    return stepped(x, s0, lambda s, x_t: torch.cat(lstm_cell(x_t, s, w, u, b), -1))


@by_autograd("mingru", r"\bz\b|gate", r"keep|old|1 [−-] z|swap|exchang|lets")
def mingru_like_gru(x, h0, w, b):
    """z keeps the old state, as in a GRU."""
    def step(h, x_t):
        z, c = (x_t @ w + b).chunk(2, -1)
        return torch.lerp(c, h, torch.sigmoid(z))
    return stepped(x, h0, step)


@by_autograd("mingru", r"tanh|squash")
def mingru_with_tanh(x, h0, w, b):
    """The candidate goes through a tanh."""
    def step(h, x_t):
        z, c = (x_t @ w + b).chunk(2, -1)
        return torch.lerp(h, torch.tanh(c), torch.sigmoid(z))
    return stepped(x, h0, step)


@by_autograd("mingru", r"order|swap|exchang|blocks")
def mingru_blocks_exchanged(x, h0, w, b):
    """The candidate's block is taken for the first."""
    def step(h, x_t):
        c, z = (x_t @ w + b).chunk(2, -1)
        return torch.lerp(h, c, torch.sigmoid(z))
    return stepped(x, h0, step)


def lru(x, h0, w, rate, gamma):
    h, states = torch.complex(*h0.chunk(2, -1)), []
    for x_t in x.unbind(1):
        h = rate * h + gamma * torch.complex(*(x_t @ w).chunk(2, -1))
        states.append(torch.cat([h.real, h.imag], -1))
    return torch.stack(states, 1)


def eigenvalues(nu, theta):
    return torch.exp(torch.complex(-nu.exp(), theta.exp()))


@by_autograd("lru", r"γ|gamma", r"√|sqrt|root|\|λ\||comput|from λ|normal")
def lru_gamma_from_lambda(x, h0, w, nu, theta):
    """γ is computed as √(1 - |λ|²) where it is a parameter of its own."""
    rate = eigenvalues(nu, theta)
    return lru(x, h0, w, rate, (1 - rate.abs() ** 2).sqrt())


@by_autograd("lru", r"γ|gamma", r"exp|logarithm")
def lru_gamma_as_it_is(x, h0, w, nu, theta, log_gamma):
    """γ is log_gamma: the exponential is missing."""
    return lru(x, h0, w, eigenvalues(nu, theta), log_gamma)


@by_autograd("lru", r"interleav|alternat|pairs|side by side|layout|order|in turn")
def lru_interleaved(x, h0, w, nu, theta, log_gamma):
    """view_as_complex: real and imaginary parts are taken to alternate."""
    rate, h, states = eigenvalues(nu, theta), torch.view_as_complex(h0.unflatten(-1, (-1, 2)).contiguous()), []
    for x_t in x.unbind(1):
        driven = torch.view_as_complex((x_t @ w).unflatten(-1, (-1, 2)).contiguous())
        h = rate * h + log_gamma.exp() * driven
        states.append(torch.view_as_real(h).flatten(-2))
    return torch.stack(states, 1)


@by_autograd("lru", r"ν|\bnu\b", r"exp|logarithm")
def lru_without_outer_exponential(x, h0, w, nu, theta, log_gamma):
    """λ = exp(-ν + i exp(θ)): ν is taken as it is."""
    return lru(x, h0, w, torch.exp(torch.complex(-nu, theta.exp())), log_gamma.exp())


def skew(a, n):
    upper = torch.zeros(n, n, dtype=a.dtype).index_put(tuple(torch.triu_indices(n, n, 1)), a)
    return upper - upper.T


def signs(negatives, n, like):
    return torch.where(torch.arange(n) < n - negatives, 1.0, -1.0).to(like)


@by_autograd("scaled_cayley", r"I [−-] A|I \+ A|sign of A|transpose|factor",
             r"swap|exchang|invers|transpose|sign of A|order")
def cayley_factors_exchanged(a, negatives, n):
    """(I - A)⁻¹ (I + A) S."""
    A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
    return torch.linalg.solve(eye - A, eye + A) * signs(negatives, n, a)


@by_autograd("scaled_cayley", r"\bS\b|sign", r"left|rows")
def cayley_signs_on_the_left(a, negatives, n):
    """S (I + A)⁻¹ (I - A): the signs turn rows."""
    A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
    return torch.diag(signs(negatives, n, a)) @ torch.linalg.inv(eye + A) @ (eye - A)


@by_autograd("scaled_cayley", r"sign|[−-]1|\bS\b|negative", r"first")
def cayley_first_signs(a, negatives, n):
    """The first entries of S are -1."""
    A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
    return torch.linalg.solve(eye + A, eye - A) * signs(negatives, n, a).flip(0)


@by_autograd("scaled_cayley", r"below|lower|triangle|column by column|by columns|order")
def cayley_lower_triangle(a, negatives, n):
    """The entries are filled in below the diagonal."""
    lower = torch.zeros(n, n, dtype=a.dtype).index_put(tuple(torch.tril_indices(n, n, -1)), a)
    A, eye = lower - lower.T, torch.eye(n, dtype=a.dtype)
    return torch.linalg.solve(eye + A, eye - A) * signs(negatives, n, a)


@by_autograd("scaled_cayley", r"I [−-] A|I \+ A|sign of A|factor", r"first")
def cayley_two_mistakes(a, negatives, n):
    """Two mistakes: the factors are exchanged, and the first entries of S are -1."""
    A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
    return torch.linalg.solve(eye - A, eye + A) * signs(negatives, n, a).flip(0)
