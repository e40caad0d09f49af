"""Wrong ports in PyTorch of the GRU and the NC-GRU"""

import torch
import torch.nn.functional as F
from torch import nn

from tests.ports.wrong.wrong_port import by_autograd


def library(x, h0, w, u, b_ih, b_hh):
    """torch.nn.GRU with weights (3D, I) and (3D, D)."""
    layer = nn.GRU(x.shape[-1], h0.shape[-1], batch_first=True, device="meta")
    weights = {"weight_ih_l0": w, "weight_hh_l0": u, "bias_ih_l0": b_ih, "bias_hh_l0": b_hh}
    return torch.func.functional_call(layer, weights, (x, h0[None]))[0]


def padded(b_hn):
    """b_hh: nothing for r and z."""
    return F.pad(b_hn, (2 * len(b_hn), 0))


def stepped(x, h0, step):
    """The states of a cell that makes a step h, x_t -> h."""
    h, states = h0, []
    for x_t in x.unbind(1):
        h = step(h, x_t)
        states.append(h)
    return torch.stack(states, 1)


def gates(x_t, h, w, u, b):
    """r and z"""
    width = h.shape[-1]
    return torch.sigmoid((x_t @ w + b)[:, :2 * width] + h @ u[:, :2 * width]).chunk(2, -1)


@by_autograd("gru", r"order|swap|exchang|z, r", r"\br\b|reset", r"\bz\b|update")
def gru_of_keras(x, h0, w, u, b, b_hn):
    """The blocks are taken to stand in the order z, r, n, as in Keras and ONNX."""
    reordered = [torch.cat([t.chunk(3, -1)[k] for k in (1, 0, 2)], -1) for t in (w, u, b)]
    return library(x, h0, reordered[0].T, reordered[1].T, reordered[2], padded(b_hn))


@by_autograd("gru", r"\bz\b|update gate", r"keep|new|old|1 [−-] z|swap|exchang|lets")
def gru_of_chung(x, h0, w, u, b, b_hn):
    """z lets the new state in, in place of keeping the old one."""
    def step(h, x_t):
        r, z = gates(x_t, h, w, u, b)
        width = h.shape[-1]
        n = torch.tanh((x_t @ w + b)[:, 2 * width:] + r * (h @ u[:, 2 * width:] + b_hn))
        return (1 - z) * h + z * n
    return stepped(x, h0, step)


@by_autograd("gru", r"reset", r"before")
def gru_of_cho(x, h0, w, u, b, b_hn):
    """The reset gate acts before the recurrent product; b_hn stays where it is, as far as it can."""
    def step(h, x_t):
        r, z = gates(x_t, h, w, u, b)
        width = h.shape[-1]
        n = torch.tanh((x_t @ w + b)[:, 2 * width:] + (r * h) @ u[:, 2 * width:] + b_hn)
        return (1 - z) * n + z * h
    return stepped(x, h0, step)


@by_autograd("gru-before", r"reset", r"after")
def gru_before_by_library(x, h0, w, u, b):
    """nn.GRU for the form whose reset gate acts before the product: its own acts after it."""
    return library(x, h0, w.T, u.T, b, torch.zeros_like(b))


@by_autograd("gru", r"b_hn", r"outside|not (reset|multiplied|gated)|without")
def gru_one_bias(x, h0, w, u, b, b_hn):
    """b_hn is added to b: it is outside the reset gate's product."""
    b = b + padded(b_hn)
    return library(x, h0, w.T, u.T, b, torch.zeros_like(b))


@by_autograd("gru", r"bias|\bb\b", r"twice|two|double|both")
def gru_bias_twice(x, h0, w, u, b, b_hn):
    """The bias of r and z goes into both bias_ih and bias_hh."""
    width = h0.shape[-1]
    return library(x, h0, w.T, u.T, b, torch.cat([b[:2 * width], b_hn]))


@by_autograd("gru", r"transpos", r"\bu\b|recurrent|h U|U")
def gru_blocks_transposed(x, h0, w, u, b, b_hn):
    """The square blocks of u are put one below the other without transposing them."""
    return library(x, h0, w.T, torch.cat(u.chunk(3, 1)), b, padded(b_hn))


@by_autograd("gru", r"b_hn|bias", r"missing|without|left out|ignored|not|forgotten|lacks")
def gru_without_b_hn(x, h0, w, u, b):
    """b_hn is forgotten."""
    return library(x, h0, w.T, u.T, b, torch.zeros_like(b))


@by_autograd("gru", r"h0|h_0|initial|start", r"ignored|zero|not|missing|without")
def gru_from_zeros(x, h0, w, u, b, b_hn):
    """nn.GRU is called without h0, and starts at zeros."""
    return library(x, torch.zeros_like(h0), w.T, u.T, b, padded(b_hn))


@by_autograd("gru", r"order|swap|exchang|z, r|blocks", r"\bz\b|update gate", r"keep|new|old|1 [−-] z|lets")
def gru_two_mistakes(x, h0, w, u, b, b_hn):
    """Two mistakes: the order z, r, n of the blocks, and z lets the new state in."""
    w, u, b = (torch.cat([t.chunk(3, -1)[k] for k in (1, 0, 2)], -1) for t in (w, u, b))

    def step(h, x_t):
        r, z = gates(x_t, h, w, u, b)
        width = h.shape[-1]
        n = torch.tanh((x_t @ w + b)[:, 2 * width:] + r * (h @ u[:, 2 * width:] + b_hn))
        return (1 - z) * h + z * n
    return stepped(x, h0, step)


@by_autograd("gru", r"detach|cut|truncat|no gradient|constant", r"state|step|time|h\b")
def gru_detached_each_step(x, h0, w, u, b, b_hn):
    """The state is detached at every step."""
    def step(h, x_t):
        h = h.detach()
        r, z = gates(x_t, h, w, u, b)
        width = h.shape[-1]
        n = torch.tanh((x_t @ w + b)[:, 2 * width:] + r * (h @ u[:, 2 * width:] + b_hn))
        return (1 - z) * n + z * h
    return stepped(x, h0, step)


@by_autograd("gru-T1", r"d_u is|None|no gradient", r"zero|None|cut|detach")
def gru_recurrent_matrix_detached(x, h0, w, u, b, b_hn):
    """The recurrent matrix is a buffer and no parameter: autograd has no gradient for it."""
    return library(x, h0, w.T, u.T.detach(), b, padded(b_hn))


@by_autograd("gru", r"\bz\b|update gate", r"\br\b|reset", r"candidate|in place|were|exchang|n = ")
def gru_z_for_r(x, h0, w, u, b, b_hn):
    """z in place of r in the candidate."""
    def step(h, x_t):
        _, z = gates(x_t, h, w, u, b)
        width = h.shape[-1]
        n = torch.tanh((x_t @ w + b)[:, 2 * width:] + z * (h @ u[:, 2 * width:] + b_hn))
        return (1 - z) * n + z * h
    return stepped(x, h0, step)


def ncgru(x, h0, w, u, b, candidate, reset_after=False):
    width = h0.shape[-1]

    def step(h, x_t):
        r, z = gates(x_t, h, w, u, b)
        u_n, b_n = u[:, 2 * width:], b[2 * width:]
        product = r * (h @ u_n) if reset_after else (r * h) @ u_n
        return (1 - z) * candidate(x_t @ w[:, 2 * width:] + product, b_n) + z * h
    return stepped(x, h0, step)


def modrelu(v, bias):
    return torch.relu(v.abs() + bias) * torch.sign(v)


@by_autograd("ncgru", r"reset", r"after")
def ncgru_reset_after(x, h0, w, u, b):
    """The reset gate acts after the product."""
    return ncgru(x, h0, w, u, b, modrelu, reset_after=True)


@by_autograd("ncgru", r"tanh")
def ncgru_with_tanh(x, h0, w, u, b):
    """tanh in place of modReLU."""
    return ncgru(x, h0, w, u, b, lambda v, bias: torch.tanh(v + bias))


@by_autograd("ncgru", r"\brelu|sign|modrelu")
def ncgru_with_relu(x, h0, w, u, b):
    """relu(v + b) in place of modReLU."""
    return ncgru(x, h0, w, u, b, lambda v, bias: torch.relu(v + bias))
