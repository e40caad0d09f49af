"""Chapter 03"""

STUDENT = """
def layer_norm(x, gain, bias, eps):
    y = np.zeros_like(x)
    for n, row in enumerate(x):
        mu, v = row.mean(), row.var()
        x_hat = (row - mu) / np.sqrt(v + eps)
        y[n] = gain * x_hat + bias
    return y

def layer_norm_backward(d_y, x_hat, r, gain):
    D = len(gain)
    g = d_y * gain
    mean = g.sum(1, keepdims=True) / D
    along = (g * x_hat).sum(1, keepdims=True) / D
    d_x = r * g - r * mean - r * x_hat * along
    d_gain = np.einsum("nd,nd->d", d_y, x_hat)
    d_bias = np.ones(len(d_y)) @ d_y
    return d_x, d_gain, d_bias

def density(x):
    return np.exp(-0.5 * x ** 2) / (2 * np.pi) ** 0.5

def distribution(x):
    from scipy.stats import norm
    return norm.cdf(x)

def slope(x):
    return distribution(x) + x * density(x)

def gelu_backward(d_y, x):
    d_x = d_y * slope(x)
    return d_x

def feed_forward_backward(d_y, x, a, w_in, w_out):
    f = a * distribution(a)
    d_f = np.einsum("nd,fd->nf", d_y, w_out)
    d_a = d_f * slope(a)
    d_w_out = np.einsum("nf,nd->fd", f, d_y)
    d_w_in = np.einsum("nd,nf->df", x, d_a)
    d_x = np.einsum("nf,df->nd", d_a, w_in)
    return d_x, d_w_in, d_a.sum(0), d_w_out, d_y.sum(0)

def block_backward(d_y, attention_back, feed_forward_back):
    branch = feed_forward_back(d_y)
    d_m = branch + d_y
    other = attention_back(d_m)
    return other + d_m

def embedding_backward(d_e, tokens, table):
    d_table = np.zeros(table.shape)
    for place, token in enumerate(tokens):
        d_table[token] += d_e[place]
    return d_table
"""

WRONG = [
    ("layer_norm", {"np.sqrt(v + eps)": "(abs(row - mu).mean() + eps)"}, "known", "a mean of sizes"),
    ("layer_norm", {"row.var()": "row.var(ddof=1)", "v + eps": "v"}, "known",
     ["two things", "D − 1", "eps is left out"]),
    ("layer_norm_backward", {"r * g - r": "r ** 2 * g - r ** 2", "mean - r": "mean - r ** 2"}, "known",
     "r stands twice"),
    ("layer_norm_backward", {"g = d_y * gain": "g = d_y", "d_x = r * g - r * mean - r * x_hat * along":
                             "d_x = gain * r * (g - mean - x_hat * along)"}, "known", "behind the means"),
    ("gelu_backward", {"d_y * slope(x)": "d_y * (1 + x / (1 + np.exp(x))) / (1 + np.exp(-x))"}, "known",
     "slope of silu"),
    ("feed_forward_backward", {"slope(a)": "slope(f)"}, "known", "at gelu's result"),
    ("feed_forward_backward", {'"nf,df->nd", d_a, w_in': '"nf,fd->nd", d_a, w_out'}, "known", "last layer's matrix"),
    ("embedding_backward", {"d_table[token] += d_e[place]": "d_table[token] = d_table[token] or d_e[place]"}, "shape",
     "ambiguous"),
    ("embedding_backward", {"enumerate(tokens)": "reversed(list(enumerate(tokens)))", "+= d_e": "= d_e"}, "known",
     "only the first place counts"),
    ("layer_norm_backward", {"g.sum(1, keepdims=True) / D": "g.mean(0)", "(g * x_hat).sum(1, keepdims=True) / D":
                             "(g * x_hat).mean(0)"}, "known", ["over the rows", "Over which numbers"]),
    ("layer_norm", {"np.sqrt(v + eps)": "(np.sqrt(v) + eps)"}, "known", "outside of the root"),
    ("layer_norm", {"row.var()": "row.var(ddof=1)"}, "known", "D − 1"),
    ("layer_norm", {"np.sqrt(v + eps)": "(v + eps)"}, "known", "the root is missing"),
    ("layer_norm", {"gain * x_hat + bias": "gain * (x_hat + bias)"}, "known", "multiplies the bias"),
    ("layer_norm", {"gain * x_hat + bias": "gain * x_hat"}, "term", "less bias"),
    ("layer_norm", {"gain * x_hat + bias": "x_hat + bias"}, "factor", "one factor is left out"),
    ("layer_norm", {"row.mean(), row.var()": "x.mean(0), x.var(0)"}, "known", "each column is normalised"),
    ("layer_norm", {"row.mean(), row.var()": "x.mean(), x.var()"}, "known", "all rows together"),
    ("layer_norm", {"v + eps": "v + eps ** 2"}, "known", "squared"),
    ("layer_norm", {"v + eps": "v"}, "known", "eps is left out"),
    ("layer_norm", {"(row - mu)": "row"}, "known", "in the variance alone"),
    ("layer_norm_backward", {" - r * mean": ""}, "known", "through the mean is missing"),
    ("layer_norm_backward", {" - r * x_hat * along": ""}, "known", "through r, the variance, is missing"),
    ("layer_norm_backward", {" - r * mean - r * x_hat * along": ""}, "known", "held fixed"),
    ("layer_norm_backward", {"r * g - r * mean - r * x_hat * along": "g - mean - x_hat * along"}, "known",
     "factor r is forgotten"),
    ("layer_norm_backward", {"g = d_y * gain": "g = d_y"}, "known", "gain is passed over"),
    ("layer_norm_backward", {"g.sum(1, keepdims=True) / D": "g.sum(1, keepdims=True)"}, "known",
     "on the way through the mean"),
    ("layer_norm_backward", {"(g * x_hat).sum(1, keepdims=True) / D": "(g * x_hat).sum(1, keepdims=True)"}, "known",
     "on the way through r"),
    ("layer_norm_backward", {"- r * x_hat * along": "+ r * x_hat * along"}, "known", "the other sign"),
    ("layer_norm_backward", {"return d_x, d_gain": "return d_x, d_gain / len(d_y)"}, "mean", "d_gain"),
    ("layer_norm_backward", {"d_x = r * g": "d_x = -r * g", "- r * mean": "+ r * mean", "- r * x_hat": "+ r * x_hat"},
     "sign", "the other way round"),
    ("layer_norm_backward", {"return d_x, d_gain, d_bias": "return d_x, d_bias, d_gain"}, "other", "exchanged"),
    ("gelu_backward", {" + x * density(x)": ""}, "known", "second term"),
    ("gelu_backward", {"distribution(x) + x *": "x *"}, "known", "first term"),
    ("gelu_backward", {"+ x * density": "+ density"}, "known", "other factor is missing"),
    ("layer_norm_backward", {"return d_x": "return d_x * r ** 2"}, "known", "third power"),
    ("gelu_backward", {"d_y * slope(x)": "d_y * density(x)"}, "known", "one of the two factors"),
    ("gelu_backward", {"d_y * slope(x)": "d_y * x * distribution(x)"}, "known", "value of gelu"),
    ("gelu_backward", {"+ x *": "- x *"}, "sign", "sign"),
    ("gelu_backward", {"d_y * slope(x)": "d_y * (x > 0)"}, "known", "relu"),
    ("gelu_backward", {"-0.5 * x": "-x"}, "factor", "one divisor is left out"),
    ("feed_forward_backward", {"d_f * slope(a)": "d_f"}, "known", "passed over"),
    ("feed_forward_backward", {"slope(a)": "distribution(a)"}, "known", "a term is missing in the slope"),
    ("feed_forward_backward", {"d_f * slope(a)": "d_f * density(a)"}, "known", "one factor of gelu"),
    ("feed_forward_backward", {"d_f * slope(a)": "d_f * f"}, "known", "value stands for its slope"),
    ("feed_forward_backward", {"f = a * distribution(a)": "f = a"}, "known", "given a, and not gelu(a)"),
    ("feed_forward_backward", {"d_f * slope(a)": "d_f * (a > 0)"}, "known", "relu"),
    ("feed_forward_backward", {"d_a.sum(0)": "d_a.mean(0)", "d_y.sum(0)": "d_y.mean(0)"}, "known", "means"),
    ("feed_forward_backward", {"d_y.sum(0)": "d_y.mean(0)"}, "mean", "d_b_out"),
    ("feed_forward_backward", {"nd,nf->df": "nd,nf->fd"}, "shape", "transposed"),
    ("feed_forward_backward", {"return d_x": "return -d_x"}, "sign", "d_x"),
    ("block_backward", {"other + d_m": "other"}, "known", "behind the attention branch"),
    ("block_backward", {"branch + d_y": "branch"}, "known", "behind the feed-forward branch"),
    ("block_backward", {"attention_back(d_m)": "attention_back(d_y)"}, "known", "handed the gradient of y"),
    ("block_backward", {"branch + d_y": "branch", "other + d_m": "other"}, "known", "along the two sums"),
    ("block_backward", {"branch = feed_forward_back(d_y)": "branch = attention_back(d_y)",
                        "other = attention_back(d_m)": "other = feed_forward_back(d_m)"}, "known",
     "order of the forward"),
    ("block_backward", {"other + d_m": "other + d_m + d_y"}, "term", ""),
    ("embedding_backward", {"+= d_e": "= d_e"}, "known", "only the last place counts"),
    ("embedding_backward", {"d_e[place]": "d_e[token]"}, "known", "by token, and not by place"),
    ("embedding_backward", {"d_e[place]": "1"}, "known", "counts the places"),
    ("embedding_backward", {"+=": "-="}, "known", "the other way round"),
    ("embedding_backward", {"return d_table": "return d_table / np.maximum(1, np.bincount(tokens, minlength=len("
                            "table)))[:, None]"}, "known", "averaged"),
    ("embedding_backward", {"return d_table": "return d_table / len(tokens)"}, "mean", "a mean in place of a sum"),
    ("embedding_backward", {"return d_table": "return d_table[tokens]"}, "shape", "d_table has shape"),
    ("layer_norm_backward", {"r * g - r": "r * g * D - r", "keepdims=True) / D": "keepdims=True)"}, "known",
     ["D times too large", "Which of the three ways"]),
    ("feed_forward_backward", {"return d_x, d_w_in, d_a.sum(0), d_w_out, d_y.sum(0)":
                               "return d_x, d_w_out, d_y.sum(0), d_w_in, d_a.sum(0)"}, "outputs",
     ["in another order: d_x, d_w_out, d_b_out, d_w_in and d_b_in", "Which comes first"]),
]
