"""Chapter 07"""

STUDENT = """
def read_memory(y, h, m, W_r):
    z = np.zeros_like(y)
    for t in range(y.shape[1]):
        r = m @ W_r
        z[:, t] = y[:, t] + h[:, t] + r + y[:, t] * r
    return z

def read_memory_backward(d_z, y, m, W_r):
    r = m @ W_r
    d_r = np.zeros_like(m)
    d_y = np.zeros_like(y)
    for t in range(y.shape[1]):
        d_y[:, t] = d_z[:, t] + d_z[:, t] * r
        d_r = d_r + d_z[:, t] + d_z[:, t] * y[:, t]
    return d_y, d_z.copy(), d_r @ W_r.T, m.T @ d_r

def memory_gradient(d_s, d_h_0, d_read):
    d_m = d_read + d_h_0
    d_m = d_m + d_s[:, 0]
    return d_m, d_s[:, 1:]
"""

WRONG = [
    ("read_memory", {" + r + y": " + y"}, "known", "as a factor alone"),
    ("read_memory", {" + y[:, t] * r": ""}, "known", "added alone"),
    ("read_memory", {" + y[:, t] * r": " + h[:, t] * r"}, "known", "says what the present word asks for?"),
    ("read_memory", {"m @ W_r": "m @ W_r.T"}, "transposed", "matrix"),
    ("read_memory", {" + h[:, t]": ""}, "term", "the right one less h"),
    ("read_memory_backward", {"d_z[:, t] + d_z[:, t] * r": "d_z[:, t]"}, "known", "In how many places does y stand?"),
    ("read_memory_backward", {"d_z[:, t] + d_z[:, t] * r": "d_z[:, t] * r"}, "known", "the first place of y"),
    ("read_memory_backward", {" + d_z[:, t] * y[:, t]": ""}, "known", "What coefficient has r in z?"),
    ("read_memory_backward", {"d_r = d_r + d_z": "d_r = d_z"}, "known", "the last token alone"),
    ("read_memory_backward", {"d_r @ W_r.T": "d_r @ W_r"}, "known", "W_r is not transposed"),
    ("read_memory_backward", {"d_z.copy()": "d_y"}, "known", "h is treated as y is"),
    ("read_memory_backward", {"m.T @ d_r": "-m.T @ d_r"}, "sign", "sign"),
    ("memory_gradient", {"d_read + d_h_0": "d_h_0"}, "known", "Who used m in step (5)?"),
    ("memory_gradient", {"d_read + d_h_0": "d_read"}, "known", "Where does the writer start?"),
    ("memory_gradient", {"d_m = d_m + d_s[:, 0]": "pass"}, "known", "Who used m in step (2)?"),
    ("memory_gradient", {"d_s[:, 0]": "d_s[:, -1]", "d_s[:, 1:]": "d_s[:, :-1]"}, "known", "the last row"),
    ("memory_gradient", {"d_s[:, 0]": "d_s.sum(1)"}, "known", "all rows' gradients"),
]
