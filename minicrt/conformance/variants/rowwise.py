"""Mistakes in linear, embedding and layer norm"""

import numpy as np

from minicrt.conformance.variants.family import Family


def linear(d_y, c, defect):
    x, g = c.x.reshape(-1, c.x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    mean = 1 / len(x)
    square = c.weight.shape[0] == c.weight.shape[1]
    d_x = g @ (c.weight if defect == "weight not transposed" and square else c.weight.T)
    d_weight = x.T @ g * (mean if defect == "weight averaged" else 1)
    if defect == "weight gradient transposed":
        d_weight = d_weight.T
    if defect == "weight from the first batch row":
        d_weight = c.x[0].reshape(-1, x.shape[1]).T @ d_y[0].reshape(-1, g.shape[1])
    d_bias = None if c.bias is None else g.sum(0) * (mean if defect == "bias averaged" else 1)
    return d_x.reshape(c.x.shape), d_weight, d_bias


def embedding(d_y, c, defect):
    tokens, g = c.tokens.ravel(), d_y.reshape(-1, d_y.shape[-1])
    d_table = np.zeros_like(c.table)
    if defect == "repeats lost":
        d_table[tokens] = g
    else:
        np.add.at(d_table, tokens, g)
    if defect == "repeats averaged":
        d_table /= np.maximum(np.bincount(tokens, minlength=len(d_table)), 1)[:, None]
    if defect == "token 0 as padding":
        d_table[0] = 0
    return d_table


def layer_norm(d_y, c, defect):
    eps, width = 1e-5, c.x.shape[-1]
    centred = c.x - c.x.mean(-1, keepdims=True)
    var = (centred * centred).sum(-1, keepdims=True) / (width - 1 if defect == "Bessel's correction" else width)
    r = 1 / np.sqrt(var + eps)
    if defect == "eps outside the root":
        r = 1 / (np.sqrt(var) + eps)
    if defect == "eps forgotten":
        r = 1 / np.sqrt(var)
    x_hat = centred * r
    g = d_y if defect == "gain missing" else d_y * c.gain
    through_mean = 0 if defect == "mean term missing" else g.mean(-1, keepdims=True)
    through_variance = 0 if defect == "variance term missing" else x_hat * (g * x_hat).mean(-1, keepdims=True)
    rows = tuple(range(d_y.ndim - 1))
    seen = centred if defect == "gain from the centred input" else x_hat
    return r * (g - through_mean - through_variance), (d_y * seen).sum(rows), d_y.sum(rows)


ROWWISE = (
    Family("linear", linear, {
        "weight not transposed": "G_x = G_y W in place of G_y Wᵀ; of the right shape where W is square.",
        "weight gradient transposed": "G_W = G_yᵀ x, as for a weight stored (out, in).",
        "weight averaged": "G_W is averaged over rows, but the loss is not.",
        "weight from the first batch row": "G_W looks at the first batch row alone.",
        "bias averaged": "G_b is the mean of G_y over rows in place of the sum.",
    }),
    Family("embedding", embedding, {
        "repeats lost": "Assigns by fancy indexing, so that of a repeated token only the last gradient stays.",
        "repeats averaged": "Divides a token's gradient by how often it occurs.",
        "token 0 as padding": "Drops the gradient of token 0, as if it were padding.",
    }),
    Family("layer_norm", layer_norm, {
        "mean term missing": "Takes the mean of x for a constant: mean(ĝ) is not subtracted.",
        "variance term missing": "Takes the variance of x for a constant: x̂ mean(ĝ ⊙ x̂) is not subtracted.",
        "Bessel's correction": "Divides the variance by D − 1, where the forward pass divides by D.",
        "eps outside the root": "r = 1/(√var + eps) in place of 1/√(var + eps).",
        "eps forgotten": "r = 1/√var, without eps.",
        "gain missing": "G_y goes through the normalisation without being multiplied by the gain.",
        "gain from the centred input": "G_gain uses x − mean in place of x̂.",
    }),
)
