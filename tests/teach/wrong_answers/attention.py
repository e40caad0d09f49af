"""Chapter 02"""

STUDENT = """
def causal_attention(q, k, v):
    T, K = q.shape
    p, y = np.zeros((T, T)), np.zeros((T, v.shape[1]))
    for i in range(T):
        s = k[:i + 1] @ q[i] / K ** 0.5
        e = np.exp(s - s.max())
        p[i, :i + 1] = e / e.sum()
        y[i] = p[i] @ v
    return p, y

def softmax_backward(d_p, p):
    d_s = np.zeros_like(p)
    for i in range(len(p)):
        jacobian = np.diag(p[i]) - np.outer(p[i], p[i])
        d_s[i] = jacobian @ d_p[i]
    return d_s

def attention_backward(d_y, p, q, k, v):
    scale = q.shape[1] ** -0.5
    d_v = np.einsum("ij,ic->jc", p, d_y)
    d_p = np.einsum("ic,jc->ij", d_y, v)
    inner = np.einsum("ij,ij->i", d_p, p)
    d_s = p * (d_p - inner[:, None]) * scale
    d_q = np.einsum("ij,jc->ic", d_s, k)
    d_k = np.einsum("ij,ic->jc", d_s, q)
    return d_q, d_k, d_v

def split_heads(x, heads):
    parts = np.split(x, heads, axis=2)
    return np.stack(parts, axis=1)

def merge_heads(x):
    parts = [x[:, h] for h in range(x.shape[1])]
    return np.concatenate(parts, axis=2)

def projections_backward(d_q, d_k, d_v, x, w_q, w_k, w_v):
    d_x = np.zeros_like(x)
    d_x += np.einsum("tk,dk->td", d_q, w_q)
    d_x += np.einsum("tk,dk->td", d_k, w_k)
    d_x += np.einsum("tv,dv->td", d_v, w_v)
    d_w_q, d_w_k, d_w_v = (np.einsum("td,tk->dk", x, d) for d in (d_q, d_k, d_v))
    return d_x, d_w_q, d_w_k, d_w_v
"""

WRONG = [
    ("causal_attention", {"/ K ** 0.5": "/ np.linalg.norm(q[i]) / np.linalg.norm(k[:i + 1], axis=1)"}, "known",
     "lengths of query and key"),
    ("causal_attention", {"p[i, :i + 1] = e / e.sum()": "p[i, :i + 1] = e"}, "factor", "divisor is left out"),
    ("causal_attention", {"k[:i + 1]": "k[:i + 2]", "p[i, :i + 1]": "p[i, :i + 2]"}, "known", "sees the one behind it"),
    ("causal_attention", {"k[:i + 1]": "k[:max(i, 1)]", "p[i, :i + 1]": "p[i, :max(i, 1)]"}, "known",
     "does not see itself, but for the first"),
    ("causal_attention", {"s = k[:i + 1] @ q[i] / K ** 0.5": "s = np.where(np.arange(T) <= i, k @ q[i] / K ** 0.5, -1)",
                          "p[i, :i + 1]": "p[i]"}, "known", "has the score -1"),
    ("causal_attention", {"K ** 0.5": "v.shape[1] ** 0.5"}, "known", "the width is that of the values"),
    ("attention_backward", {"inner[:, None]": "inner"}, "known", ["lose their axis", "Which shape have the sums"]),
    ("attention_backward", {"d_s = p * (d_p - inner[:, None]) * scale": "d_s = np.tril(d_p) * scale"}, "known",
     "passed over"),
    ("attention_backward", {'    d_v = np.einsum("ij,ic->jc", p, d_y)\n': "",
                            "    d_q = np": '    d_v = np.einsum("ij,ic->jc", d_s, d_y)\n    d_q = np'}, "known",
     "stands for the weights in d_v"),
    ("causal_attention", {"s = k[:i + 1] @ q[i] / K ** 0.5":
                          "s = np.where(np.arange(T) < i, k @ q[i] / K ** 0.5, -1e9)",
                          "p[i, :i + 1] = e": "p[i] = e"}, "known", "What does the first row of a text see?"),
    ("causal_attention", {" / K ** 0.5": ""}, "known", "not divided by the root"),
    ("causal_attention", {"k[:i + 1] @ q[i]": "-k[:i + 1] @ q[i]"}, "known", "other sign"),
    ("causal_attention", {"K ** 0.5": "K"}, "known", "and not by its root"),
    ("causal_attention", {"k[:i + 1] @ q[i]": "k @ q[i]", "p[i, :i + 1]": "p[i]"}, "known", "future can be seen"),
    ("causal_attention", {"k[:i + 1]": "k[i:]", "p[i, :i + 1]": "p[i, i:]"}, "known", "the future and not the past"),
    ("causal_attention", {"e / e.sum()": "e"}, "factor", "divisor is left out"),
    ("causal_attention", {"y[i] = p[i] @ v": "y[i] = v[i]"}, "other", "equals the tensor v"),
    ("causal_attention", {"return p, y": "return y"}, "shape", "1 value, expected 2"),
    ("causal_attention", {"k[:i + 1] @ q[i]": "q[:i + 1] @ k[i]"}, "transposed", "Whose weights"),
    ("softmax_backward", {"np.diag(p[i]) - np.outer(p[i], p[i])": "np.diag(p[i])"}, "known", "sum below is missing"),
    ("softmax_backward", {"np.diag(p[i]) - np.outer(p[i], p[i])": "np.diag(p[i] * (1 - p[i]))"}, "known",
     "taken for independent"),
    ("softmax_backward", {"jacobian @ d_p[i]": "-jacobian @ d_p[i]"}, "sign", "the other way round"),
    ("softmax_backward", {"jacobian @ d_p[i]": "d_p[i] - d_p[i].mean()"}, "known", "play no part"),
    ("softmax_backward", {"jacobian @ d_p[i]": "p[i] * (d_p[i] - d_p[i].mean())"}, "known", "every weight alike"),
    ("softmax_backward", {"jacobian @ d_p[i]": "p[i] * (d_p[i] - d_p[i].sum())"}, "known", "leaves the weights out"),
    ("softmax_backward", {"jacobian @ d_p[i]": "p[i] * (d_p[i] - (d_p * p).sum())"}, "known", "over all rows"),
    ("softmax_backward", {"jacobian @ d_p[i]": "p[i] * (d_p[i] - (d_p * p).sum(0))"}, "known", "down the columns"),
    ("softmax_backward", {"jacobian @ d_p[i]": "d_p[i] - d_p[i] @ p[i]"}, "factor", "divided by p"),
    ("attention_backward", {" * scale": ""}, "known", "factor 1/√K"),
    ("attention_backward", {"** -0.5": "** -1"}, "known", "by K, and not by √K"),
    ("attention_backward", {"** -0.5": "** 0.5"}, "known", "and not divided"),
    ("attention_backward", {"(d_p - inner[:, None])": "d_p"}, "known", "below the softmax is missing"),
    ("attention_backward", {"p * (d_p - inner[:, None])": "d_p * p * (1 - p)"}, "known", "independent"),
    ("attention_backward", {"p * (d_p - inner[:, None])": "d_p"}, "known", "passed over"),
    ("attention_backward", {"inner[:, None]": "inner.sum()"}, "known", "over all rows"),
    ("attention_backward", {'"ij,ij->i", d_p': '"ij,ij->j", d_p', "inner[:, None]": "inner"}, "known", "the columns"),
    ("attention_backward", {'"ij,ic->jc", p': '"ij,jc->ic", p'}, "known", "not transposed"),
    ("attention_backward", {'"ij,ic->jc", d_s': '"ij,jc->ic", d_s'}, "known", "in d_k are not transposed"),
    ("attention_backward", {'"ij,jc->ic", d_s': '"ij,ic->jc", d_s'}, "known", "in d_q are transposed"),
    ("attention_backward", {"d_s, k)": "d_s, q)", "d_s, q)\n    return": "d_s, k)\n    return"}, "known",
     "q and k are exchanged"),
    ("attention_backward", {"d_p - inner[:, None]": "d_p + inner[:, None]"}, "sign", "sign"),
    ("attention_backward", {"return d_q, d_k, d_v": "return d_v, d_k, d_q"}, "outputs", "in another order"),
    ("attention_backward", {"return d_q": "return -d_q"}, "sign", "d_q"),
    ("split_heads", {"np.split(x, heads, axis=2)": "[x[:, :, h::heads] for h in range(heads)]"}, "known",
     "every H-th feature"),
    ("split_heads", {"np.stack(parts, axis=1)": "x.reshape(len(x), heads, x.shape[1], -1)"}, "known", "mixes time"),
    ("split_heads", {"np.stack(parts, axis=1)": "np.stack(parts, axis=1).swapaxes(2, 3).reshape("
                     "len(x), heads, x.shape[1], -1)"}, "known", "features and time steps are exchanged"),
    ("split_heads", {"np.stack(parts, axis=1)": "np.stack(parts, axis=2)"}, "shape", "heads has shape"),
    ("split_heads", {"np.stack(parts, axis=1)": "np.stack(parts[::-1], axis=1)"}, "known", "reverse order"),
    ("split_heads", {"np.stack(parts, axis=1)": "np.stack(parts, axis=1)[:, :, ::-1]"}, "known", "backwards"),
    ("merge_heads", {"np.concatenate(parts, axis=2)": "x.reshape(len(x), x.shape[2], -1)"}, "known", "mixes time"),
    ("merge_heads", {"range(x.shape[1])": "reversed(range(x.shape[1]))"}, "known", "reverse order"),
    ("merge_heads", {"np.concatenate(parts, axis=2)": "np.stack(parts, axis=3).reshape(len(x), x.shape[2], -1)"},
     "known", "interleaved"),
    ("merge_heads", {"axis=2": "axis=1"}, "shape", "x has shape"),
    ("projections_backward", {"d_x += np.einsum(\"tk,dk->td\", d_k, w_k)": "pass"}, "term", "one term is left out"),
    ("projections_backward", {"d_x += np.einsum(\"tk,dk->td\", d_q, w_q)": "pass"}, "term", "one term is left out"),
    ("projections_backward", {"d_x += np.einsum(\"tv,dv->td\", d_v, w_v)": "pass"}, "term", "one term is left out"),
    ("projections_backward", {"d_x += ": "d_x = "}, "known", "only what the values send back"),
    ("projections_backward", {"return d_x,": "return d_x / 3,"}, "known", "averaged"),
    ("projections_backward", {"for d in (d_q, d_k, d_v)": "for d in (d_k, d_q, d_v)"}, "other",
     "their names are exchanged"),
    ("projections_backward", {"td,tk->dk": "td,tk->kd"}, "shape", "transposed"),
]
