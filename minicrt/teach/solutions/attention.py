"""Chapter 02: attention"""

import numpy as np


def causal_attention(q, k, v):                      # (T, K), (T, K), (T, V) -> p, y
    """Row i takes a weighted mean of the rows of v from the first to the i-th.

    p (T, T) are the weights: softmax(q @ k.T / √K) over what is visible; y = p @ v
    """
    T, K = q.shape
    scores = q @ k.T / np.sqrt(K)
    scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)
    e = np.exp(scores - scores.real.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    y = p @ v
    return p, y


def softmax_backward(d_p, p):                       # (N, J), (N, J) -> (N, J)
    """The gradient of the scores s, where p is the softmax of every row of s."""
    return p * (d_p - (d_p * p).sum(-1, keepdims=True))


def attention_backward(d_y, p, q, k, v):            # (T, V), (T, T), as above
    """d_q, d_k, d_v, with p from the forward pass"""
    T, K = q.shape
    d_v = p.T @ d_y
    d_p = d_y @ v.T
    d_s = p * (d_p - (d_p * p).sum(-1, keepdims=True))
    d_s = d_s / np.sqrt(K)
    d_q = d_s @ k
    d_k = d_s.T @ q
    return d_q, d_k, d_v


def split_heads(x, heads):                          # (B, T, D) -> (B, H, T, K)
    """Head h gets the features h K to (h + 1) K, with K = D / H."""
    B, T, D = x.shape
    x = x.reshape(B, T, heads, D // heads)
    return x.transpose(0, 2, 1, 3)


def merge_heads(x):                                 # (B, H, T, K) -> (B, T, D)
    """The heads side by side again: what split_heads did, undone"""
    B, H, T, K = x.shape
    x = x.transpose(0, 2, 1, 3)
    return x.reshape(B, T, H * K)


def projections_backward(d_q, d_k, d_v, x, w_q, w_k, w_v):
    """The gradients of q = x @ w_q, k = x @ w_k, v = x @ w_v.

    d_q, d_k (T, K), d_v (T, V), x (T, D); returns d_x, d_w_q, d_w_k, d_w_v
    """
    d_x = d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T
    d_w_q = x.T @ d_q
    d_w_k = x.T @ d_k
    d_w_v = x.T @ d_v
    return d_x, d_w_q, d_w_k, d_w_v
