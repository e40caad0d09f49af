"""Chapter 06"""

STUDENT = """
from minicrt import ops

def sinusoids(length, width):
    table = np.zeros((length, width))
    for k in range(width // 2):
        angles = np.arange(length) / 10000 ** (2 * k / width)
        table[:, k] = np.sin(angles)
        table[:, width // 2 + k] = np.cos(angles)
    return table

def relative_scores(q, k, r, u, w):
    T, K = q.shape
    s = np.zeros((T, T))
    for i in range(T):
        for j in range(i + 1):
            s[i, j] = (q[i] + u) @ k[j] + (q[i] + w) @ r[T - 1 - (i - j)]
    return s / K ** 0.5

def relative_scores_backward(d_s, q, k, r, u, w):
    T, K = q.shape
    d_q, d_k, d_r = np.zeros((T, K)), np.zeros((T, K)), np.zeros((T, K))
    d_u, d_w = np.zeros(K), np.zeros(K)
    for i in range(T):
        for j in range(i + 1):
            g = d_s[i, j] / np.sqrt(K)
            d = T - 1 - i + j
            d_q[i] += g * k[j]
            d_u += g * k[j]
            d_k[j] += g * (q[i] + u)
            d_q[i] += g * r[d]
            d_w += g * r[d]
            d_r[d] += g * (q[i] + w)
    return d_q, d_k, d_r, d_u, d_w

def recurrent_positions_backward(d_x, d_last, cache):
    d_e, d_p_0, d_w, d_u, d_b, d_b_hn = ops.gru_backward(d_x, cache, d_last)
    return d_e + d_x, d_p_0
"""

WRONG = [
    ("sinusoids", {"(2 * k / width)": "(2 * k / width) * np.pi / 180"}, "known", "taken for degrees"),
    ("relative_scores", {"@ k[j] +": "@ k[j] / K ** 0.5 +", "s / K ** 0.5": "s"}, "known",
     ["the distances is not divided", "both parts?"]),
    ("relative_scores", {"(i - j)]": "(i - j)] / K ** 0.5", "s / K ** 0.5": "s"}, "known", "the keys is not divided"),
    ("sinusoids", {"table[:, k] = np.sin": "table[:, k] = np.cos",
                   "width // 2 + k] = np.cos": "width // 2 + k] = np.sin"}, "known", "What stands in row 0?"),
    ("sinusoids", {"table[:, k]": "table[:, 2 * k]", "table[:, width // 2 + k]": "table[:, 2 * k + 1]"}, "known",
     "take turns"),
    ("sinusoids", {"np.arange(length) / ": "np.arange(length) * "}, "known", "Which hand turns fastest?"),
    ("sinusoids", {"2 * k / width": "k / width"}, "known", "half as fast"),
    ("sinusoids", {"np.arange(length)": "np.arange(1, length + 1)"}, "known", "the positions begin at 1"),
    ("sinusoids", {"np.arange(length)": "2 * np.pi * np.arange(length)"}, "known", "radians"),
    ("relative_scores", {"T - 1 - (i - j)": "j"}, "known", "Which distance has key 0"),
    ("relative_scores", {"T - 1 - (i - j)": "T - 1 - j"}, "known", "near and far are exchanged"),
    ("relative_scores", {"(q[i] + u)": "(q[i] + w)", "(q[i] + w) @ r": "(q[i] + u) @ r"}, "known", "exchanged"),
    ("relative_scores", {" + (q[i] + w) @ r[T - 1 - (i - j)]": ""}, "term", "term"),
    ("relative_scores", {"(q[i] + u)": "q[i]"}, "term", "term"),
    ("relative_scores", {"(q[i] + w)": "q[i]"}, "term", "term"),
    ("relative_scores", {"(q[i] + u)": "q[i]", "(q[i] + w)": "q[i]"}, "known", "the two learned vectors are left out"),
    ("relative_scores", {"s / K ** 0.5": "s"}, "known", "denominator"),
    ("relative_scores", {"s / K ** 0.5": "s / T ** 0.5"}, "known", "Of which length"),
    ("relative_scores", {"s / K ** 0.5": "s / K"}, "factor", "whose root divides"),
    ("relative_scores_backward", {"d_q[i] += g * r[d]": "pass"}, "known", "How often is q used?"),
    ("relative_scores_backward", {"d_q[i] += g * k[j]": "pass"}, "term", "How often is q used?"),
    ("relative_scores_backward", {"d = T - 1 - i + j": "d = j"}, "known", "To which column"),
    ("relative_scores_backward", {"(q[i] + u)": "q[i]", "(q[i] + w)": "q[i]"}, "known", "without the learned vectors"),
    ("relative_scores_backward", {"d_k[j] += g * (q[i] + u)": "d_k[j] += g * q[i]"}, "term", "term"),
    ("relative_scores_backward", {"d_u += g * k[j]": "d_u += g * r[d]", "d_w += g * r[d]": "d_w += g * k[j]"}, "known",
     "the two learned vectors are exchanged"),
    ("relative_scores_backward", {"d_u += g * k[j]": "d_u += g * k[j] / T", "d_w += g * r[d]": "d_w += g * r[d] / T"},
     "known", "a mean stands for a sum"),
    ("relative_scores_backward", {"d_r[d] += ": "d_r[d] = "}, "known", "How many pairs have one distance?"),
    ("relative_scores_backward", {"d_r[d] += ": "d_r[j] += "}, "known", "for d_r the gradient is not moved back"),
    ("relative_scores_backward", {"d_q[i] += g * r[d]": "d_q[i] += g * r[j]", "d_w += g * r[d]": "d_w += g * r[j]"},
     "known", "where the distances met q"),
    ("relative_scores_backward", {" / np.sqrt(K)": ""}, "factor", "root"),
    ("relative_scores_backward", {"return d_q, d_k": "return -d_q, d_k"}, "sign", "sign"),
    ("recurrent_positions_backward", {"d_e + d_x": "d_e"}, "known", "If the GRU's weights were all 0"),
    ("recurrent_positions_backward", {"d_e + d_x": "d_x"}, "known", "Who else has used e_t"),
    ("recurrent_positions_backward", {"(d_x, cache, d_last)": "(d_x, cache)"}, "known", "Who beyond the segment"),
    ("recurrent_positions_backward", {"d_e + d_x, d_p_0": "d_e + d_x, d_p_0 + d_last"}, "known", "a second time"),
    ("recurrent_positions_backward", {"(d_x, cache, d_last)": "(d_x + d_last[:, None], cache)"}, "known",
     "given to every step"),
    ("relative_scores", {"r[T - 1 - (i - j)]": "r[i - j]"}, "known", ["from the other end", "the last row of r"]),
    ("relative_scores_backward", {"d = T - 1 - i + j": "d = i - j"}, "known", "from the other end"),
]
