"""Wrong ports in NumPy with backward passes written by hand: GRU, LSTM and minGRU through time"""

import numpy as np

from tests.ports.wrong.wrong_port import by_hand


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRU:
    """The GRU whose reset gate acts after the product; `direct`, `through_r` and `through_u` may be wrong."""

    def __init__(self, x, h0, w, u, b, b_hn, new=False):
        self.x, self.h0, self.w, self.u, self.b, self.b_hn, self.new = x, h0, w, u, b, b_hn, new

    def forward(self):
        h, self.steps = self.h0, []
        for t in range(self.x.shape[1]):
            a_r, a_z, a_n = np.split(self.x[:, t] @ self.w + self.b, 3, -1)
            g_r, g_z, g_n = np.split(h @ self.u, 3, -1)
            r, z, c = sigmoid(a_r + g_r), sigmoid(a_z + g_z), g_n + self.b_hn
            n = np.tanh(a_n + r * c)
            self.steps.append((h, r, z, c, n))
            h = (1 - z) * h + z * n if self.new else (1 - z) * n + z * h
            yield h

    def run(self, d_h):
        hs = np.stack(list(self.forward()), 1)
        d = {"x": np.zeros_like(self.x), "w": 0, "u": 0, "b": 0, "b_hn": 0}
        carried = np.zeros_like(self.h0)
        for t in reversed(range(self.x.shape[1])):
            h, r, z, c, n = self.steps[t]
            g = d_h[:, t] + carried
            d_z, d_n = (g * (n - h), g * z) if self.new else (g * (h - n), g * (1 - z))
            a_n = d_n * self.tanh_slope(n)
            a_r, a_z = self.reset_gradient(a_n * c) * self.slope(r), d_z * self.slope(z)
            a, inner = np.concatenate([a_r, a_z, a_n], -1), np.concatenate([a_r, a_z, self.inner(a_n, r)], -1)
            d["x"][:, t] = a @ self.w.T
            d["w"] += self.x[:, t].T @ a
            d["u"] += h.T @ inner
            d["b"] += a.sum(0)
            d["b_hn"] += (a_n * r).sum(0)
            carried = self.direct(g, 1 - z if self.new else z) + inner @ self.u.T
        return {"h": hs, "d_h0": carried, **{f"d_{name}": value for name, value in d.items()}}

    def tanh_slope(self, n):
        return 1 - n * n

    def slope(self, gate):
        return gate * (1 - gate)

    def direct(self, g, kept):
        """What goes straight from h' to h."""
        return g * kept

    def reset_gradient(self, d_r):
        return d_r

    def inner(self, a_n, r):
        """The gradient of the candidate's product with h."""
        return a_n * r


@by_hand("gru", r"direct|z ⊙|z h|straight|carr|d_h|path|h_\(?t", r"missing|without|not|left out|lost|lacks|only")
def gru_without_direct_path(x, h0, w, u, b, b_hn, d_h):
    """h' = … + z h gives h no gradient."""
    class Wrong(GRU):
        def direct(self, g, kept):
            return 0 * g
    return Wrong(x, h0, w, u, b, b_hn).run(d_h)


@by_hand("gru", r"reset|\br\b", r"missing|without|not|left out|lacks|multipl|factor")
def gru_candidate_not_reset(x, h0, w, u, b, b_hn, d_h):
    """Backward the candidate's product does not get the factor r."""
    class Wrong(GRU):
        def inner(self, a_n, r):
            return a_n
    return Wrong(x, h0, w, u, b, b_hn).run(d_h)


@by_hand("gru", r"reset|\br\b|d_r|d_a_r", r"gradient|missing|without|no |not|left out|constant|lacks")
def gru_reset_without_gradient(x, h0, w, u, b, b_hn, d_h):
    """The reset gate gets no gradient."""
    class Wrong(GRU):
        def reset_gradient(self, d_r):
            return 0 * d_r
    return Wrong(x, h0, w, u, b, b_hn).run(d_h)


@by_hand("gru", r"tanh", r"activated|tanh²\(n\)|of its value|argument")
def gru_tanh_slope_of_the_activated(x, h0, w, u, b, b_hn, d_h):
    """tanh_prime(n) takes n for its argument."""
    class Wrong(GRU):
        def tanh_slope(self, n):
            return 1 - np.tanh(n) ** 2
    return Wrong(x, h0, w, u, b, b_hn).run(d_h)


@by_hand("gru", r"σ|sigmoid|logistic", r"activated|σ\(r\)|argument")
def gru_gate_slope_of_the_activated(x, h0, w, u, b, b_hn, d_h):
    """sigmoid_prime(r) takes r for its argument."""
    class Wrong(GRU):
        def slope(self, gate):
            return sigmoid(gate) * (1 - sigmoid(gate))
    return Wrong(x, h0, w, u, b, b_hn).run(d_h)


@by_hand("gru", r"\bz\b|update gate", r"keep|new|old|1 [−-] z|lets|swap|exchang",
         r"direct|path|z ⊙|missing|straight|without")
def gru_new_and_without_direct_path(x, h0, w, u, b, b_hn, d_h):
    """Two mistakes: forward z lets the new state in, backward the direct path is missing."""
    class Wrong(GRU):
        def direct(self, g, kept):
            return 0 * g
    return Wrong(x, h0, w, u, b, b_hn, new=True).run(d_h)


@by_hand("lstm", r"\bc\b|cell", r"missing|without|not|left out|lost|cut|lacks|f\b|only")
def lstm_cell_gradient_not_carried(x, s0, w, u, b, d_s):
    """The cell state's gradient does not go from step to step."""
    (h, c), width = np.split(s0, 2, -1), u.shape[0]
    states, steps = [], []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ w + h @ u + b, 4, -1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        steps.append((h, c, i, f, g, o))
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append(np.concatenate([h, c], -1))
    d_x, d_w, d_u, d_b, d_h = np.zeros_like(x), 0, 0, 0, np.zeros_like(h)
    for t in reversed(range(x.shape[1])):
        old_h, old_c, i, f, g, o = steps[t]
        G, squashed = d_h + d_s[:, t, :width], np.tanh(states[t][:, width:])
        d_c = d_s[:, t, width:] + G * o * (1 - squashed ** 2)
        a = np.concatenate([d_c * g * i * (1 - i), d_c * old_c * f * (1 - f), d_c * i * (1 - g * g),
                            G * squashed * o * (1 - o)], -1)
        d_x[:, t], d_h = a @ w.T, a @ u.T
        d_w, d_u, d_b = d_w + x[:, t].T @ a, d_u + old_h.T @ a, d_b + a.sum(0)
    return {"s": np.stack(states, 1), "d_x": d_x, "d_s0": np.concatenate([d_h, d_c * f], -1), "d_w": d_w, "d_u": d_u,
            "d_b": d_b}


@by_hand("mingru", r"gate|\bz\b|d_z", r"slope|z \(1 [−-] z\)|sigmoid|σ|derivative|missing|without")
def mingru_gate_without_slope(x, h0, w, b, d_h):
    """The gate's gradient lacks the sigmoid's slope z (1 - z)."""
    h, steps = h0, []
    for t in range(x.shape[1]):
        gate, c = np.split(x[:, t] @ w + b, 2, -1)
        z = sigmoid(gate)
        steps.append((h, z, c, h + z * (c - h)))
        h = steps[-1][3]
    d_x, d_w, d_b, carried = np.zeros_like(x), 0, 0, np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        old, z, c, _ = steps[t]
        g = d_h[:, t] + carried
        a = np.concatenate([g * (c - old), g * z], -1)
        d_x[:, t], carried = a @ w.T, g * (1 - z)
        d_w, d_b = d_w + x[:, t].T @ a, d_b + a.sum(0)
    return {"h": np.stack([step[3] for step in steps], 1), "d_x": d_x, "d_h0": carried, "d_w": d_w, "d_b": d_b}
