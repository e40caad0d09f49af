"""Wrong ports in PyTorch of attention and of attention by relative positions"""

import torch
import torch.nn.functional as F

from tests.ports.wrong.net import causal
from tests.ports.wrong.wrong_port import by_autograd


def split(x, heads):                                         # (B, T, D) -> (B, H, T, K)
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merged(y):                                               # (B, H, T, K) -> (B, T, D)
    return y.transpose(1, 2).flatten(2)


def weighted(scores, v, mask):
    return merged(scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v)


@by_autograd("attention", r"√K|scal|1/√", r"missing|without|not (divided|scaled)|left out|unscaled|forgotten")
def attention_without_scale(q, k, v, heads):
    """Scores are not divided by √K."""
    return F.scaled_dot_product_attention(*(split(x, heads) for x in (q, k, v)), is_causal=True, scale=1.0
                                          ).transpose(1, 2).flatten(2)


@by_autograd("attention-one-head", r"√K|scal|1/√", r"\bK\b")
def attention_scaled_twice(q, k, v, heads):
    """q is divided by √K, and scaled_dot_product_attention divides once more."""
    q = split(q, heads) / (q.shape[-1] // heads) ** 0.5
    return merged(F.scaled_dot_product_attention(q, split(k, heads), split(v, heads), is_causal=True))


@by_autograd("attention", r"√D|width of the model|whole width|\bD\b", r"√K|K")
def attention_scaled_by_width(q, k, v, heads):
    """Scores are divided by √D, D being the width of all heads."""
    return merged(F.scaled_dot_product_attention(*(split(x, heads) for x in (q, k, v)), is_causal=True,
                                                 scale=q.shape[-1] ** -0.5))


@by_autograd("attention-memory", r"mask|causal|align", r"left|front|start|first|j ≤ i\b|align|top")
def attention_is_causal(q, k, v, heads):
    """is_causal=True aligns the mask at the left: with memory in front, the first query sees one key alone."""
    return merged(F.scaled_dot_product_attention(*(split(x, heads) for x in (q, k, v)), is_causal=True))


@by_autograd("attention", r"mask|causal|ahead|future|next", r"\bone\b|off by|next|ahead|\+ 1")
def attention_sees_next(q, k, v, heads):
    """The mask is off by one: every query sees the key behind its own."""
    mask = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril(1)
    return merged(F.scaled_dot_product_attention(*(split(x, heads) for x in (q, k, v)), attn_mask=mask))


@by_autograd("attention-memory", r"mask|causal", r"no |missing|without|everything|all keys|not causal|every key")
def attention_without_mask(q, k, v, heads):
    """No mask at all."""
    return merged(F.scaled_dot_product_attention(*(split(x, heads) for x in (q, k, v))))


@by_autograd("attention-T1-memory", r"head", r"transpos|reshap|view|split|interleav|layout|side by side|stride|strid")
def attention_heads_interleaved(q, k, v, heads):
    """Features are split as (K, H): the heads are interleaved."""
    q, k, v = (x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2) for x in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v)
    return y.permute(0, 2, 3, 1).flatten(2)


@by_autograd("attention", r"head", r"transpos|reshap|view|time|rows|mix")
def attention_heads_by_view(q, k, v, heads):
    """view(B, H, T, K) without the transpose: rows and heads are mixed up."""
    q, k, v = (x.reshape(x.shape[0], heads, x.shape[1], -1) for x in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return y.transpose(1, 2).flatten(2)


@by_autograd("self_attention", r"head", r"interleav|side by side|q, k(,| and) v|layout|each head|per head|grouped")
def self_attention_of_neox(qkv, heads):
    """qkv is read head by head, q, k and v of a head side by side, as in GPT-NeoX."""
    q, k, v = qkv.unflatten(-1, (heads, 3, -1)).permute(3, 0, 2, 1, 4)
    return merged(F.scaled_dot_product_attention(q, k, v, is_causal=True))


@by_autograd("self_attention", r"√K|scal|1/√", r"mask|causal|ahead|future|next")
def self_attention_two_mistakes(qkv, heads):
    """Two mistakes: no scale, and the mask is off by one."""
    q, k, v = (split(x, heads) for x in qkv.chunk(3, -1))
    mask = torch.ones(q.shape[2], q.shape[2], dtype=torch.bool).tril(1)
    return weighted(q @ k.transpose(-1, -2), v, mask)


@by_autograd("attention", r"softmax|normali[sz]|axis|keys|queries", r"queries|axis|wrong|other|over")
def attention_softmax_over_queries(q, k, v, heads):
    """The softmax runs over queries in place of keys."""
    q, k, v = (split(x, heads) for x in (q, k, v))
    scores = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).masked_fill(~causal(*(q.shape[2],) * 2), -torch.inf)
    return merged(scores.softmax(-2) @ v)


def relative(q, k, v, r, u, w, heads, shift):
    """`shift` makes of (q + w)·r, a column for each row of r, what belongs to each key."""
    content = split(q + u, heads) @ split(k, heads).transpose(-1, -2)
    position = shift(split(q + w, heads) @ r.unflatten(-1, (heads, -1)).transpose(0, 1).transpose(-1, -2))
    return weighted((content + position) / (q.shape[-1] // heads) ** 0.5, split(v, heads), causal(*content.shape[-2:]))


def shifted(x):
    """The shift by padding and reshaping, as in Transformer-XL's code."""
    batch, heads, rows, columns = x.shape
    padded = F.pad(x, (1, 0)).reshape(batch, heads, columns + 1, rows)
    return padded[:, :, 1:].reshape(batch, heads, rows, columns)


@by_autograd("relative_attention", r"revers|flip|order|rise|from 0|first row|turned", r"table|rows|distance|\br\b")
def relative_table_reversed(q, k, v, r, u, w, heads):
    """The table is read as if row d belonged to distance d."""
    return relative(q, k, v, r.flip(0), u, w, heads, shifted)


@by_autograd("relative_attention", r"shift|distance|position", r"off by|\bone\b|too (far|many|few|near)|\+ 1|[−-] 1")
def relative_shift_off_by_one(q, k, v, r, u, w, heads):
    """The padding is on the wrong side of the table: every key is taken for one step farther away."""
    return relative(q, k, v, F.pad(r[:-1], (0, 0, 1, 0)), u, w, heads, shifted)


@by_autograd("relative_attention", r"shift", r"no |missing|without|not|left out|forgotten")
def relative_without_shift(q, k, v, r, u, w, heads):
    """(q + w)·r is added as it is."""
    return relative(q, k, v, r, u, w, heads, lambda x: x)


@by_autograd("relative_attention", r"\bu\b", r"\b[wv]\b", r"swap|exchang|for each other|mixed|interchang")
def relative_biases_swapped(q, k, v, r, u, w, heads):
    """The two biases are exchanged."""
    return relative(q, k, v, r, w, u, heads, shifted)


@by_autograd("relative_attention", r"√K|scal|divided", r"position|\br\b|outside|second term")
def relative_position_unscaled(q, k, v, r, u, w, heads):
    """Only the content is divided by √K; the positions are added afterwards."""
    root = (q.shape[-1] // heads) ** 0.5
    return relative(q, k, v, r, u, w, heads, lambda x: shifted(x) * root)
