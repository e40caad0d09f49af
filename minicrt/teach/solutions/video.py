"""Chapter 14: video"""

import numpy as np


def cut_patches(x, s):                          # (F, Y, X, C) -> (F, N, s s C)
    """Squares of s x s pixels, counted row by row; a square's numbers: the same way."""
    F, Y, X, C = x.shape
    cut = x.reshape(F, Y // s, s, X // s, s, C)
    together = cut.transpose(0, 1, 3, 2, 4, 5)
    return together.reshape(F, -1, s * s * C)


def patch_gradient(d_e, patches, W, s, Y, X):   # (F, N, D), (F, N, P), (P, D)
    """d_x (F, Y, X, C), d_W and d_b of e = patches @ W + b.

    patches are those of x (F, Y, X, C), s x s pixels each, as in cut_patches
    """
    F, N, P = patches.shape
    d_W = np.einsum("fnp,fnd->pd", patches, d_e)
    d_b = d_e.sum((0, 1))
    d_patches = d_e @ W.T
    cut = d_patches.reshape(F, Y // s, X // s, s, s, P // (s * s))
    d_x = cut.transpose(0, 1, 3, 2, 4, 5).reshape(F, Y, X, -1)
    return d_x, d_W, d_b


def divide_rows(x, R, T):                       # (R + T N, D)
    """Who looks at whom: over time (N, T, D), and in each frame (T, R + N, D).

    x is R rows of no place, then the N patches of each of T frames, frame by frame;
    the R rows take part in every frame, and stand in front
    """
    places = x[R:].reshape(T, -1, x.shape[1])
    over_time = places.swapaxes(0, 1)
    everywhere = np.repeat(x[None, :R], T, axis=0)
    in_frames = np.concatenate([everywhere, places], axis=1)
    return over_time, in_frames


def attention_pairs(R, T, N):
    """How many pairs of a query and a key: joint attention, divided attention.

    R rows of no place, T frames of N patches
    """
    joint = (R + T * N) ** 2
    divided = N * T ** 2 + T * (R + N) ** 2
    return joint, divided


def accuracies(labels, predicted, K):           # (V,) twice, of the classes 0 .. K - 1
    """The share of videos that are right, and the mean of the classes' shares.

    a class without a video does not count
    """
    right = labels == predicted
    overall = right.mean()
    shares = []
    for k in range(K):
        of_class = labels == k
        if of_class.any():
            shares.append(right[of_class].mean())
    return overall, np.mean(shares)


def weighted_gradient(d_loss, y, classes, w):   # one number, (V, K), (V,), (K,)
    """d_y of the loss Σ w[class] (−ln p[class]) / Σ w[class], sums over V videos."""
    e = np.exp(y - y.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    one_hot = np.eye(y.shape[1])[classes]
    weight = w[classes]
    return d_loss * weight[:, None] * (p - one_hot) / weight.sum()
