"""Chapter 08: Penn Treebank"""

import numpy as np


def perplexity(losses, targets):                # (B, T) twice -> one number
    """e to the mean loss of the tokens that count; a target of -1 is not scored"""
    scored = targets >= 0
    total = np.where(scored, losses, 0).sum()
    return np.exp(total / scored.sum())


def surprisal_bits(logits, targets):            # (T, V), (T,) -> (T,)
    """−log2 of the probability that the softmax of each row gives to its target."""
    shifted = logits - logits.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    right = log_p[np.arange(len(targets)), targets]
    return -right / np.log(2)


def cut_into_segments(tokens, B, T):            # (n,) -> inputs, targets (N, B, T)
    """B rows that read on, each a piece of N T tokens, cut into its N segments.

    N is as large as the text allows (each token read has a target, the one after
    it). Row 0 begins at token 0, row 1 where row 0 ends; what is over is left out
    """
    N = (len(tokens) - 1) // (B * T)
    x = tokens[:B * N * T].reshape(B, N, T)
    y = tokens[1:B * N * T + 1].reshape(B, N, T)
    return x.swapaxes(0, 1), y.swapaxes(0, 1)


def loss_by_place(losses):                      # (N, T) -> two of (T,)
    """The mean loss at each place of N segments, and the standard error of that mean"""
    N, T = losses.shape
    mean = losses.sum(0) / N
    apart = losses - mean
    variance = (apart * apart).sum(0) / (N - 1)
    return mean, np.sqrt(variance / N)
