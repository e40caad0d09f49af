"""Chapter 04"""

STUDENT = """
def sigma(a):
    return np.where(a > 0, 1, np.exp(a)) / (1 + np.exp(-abs(a)))

def slope(s):
    return s - s * s

def gru_step(x_t, h, w, u, b, b_hn):
    D = h.shape[1]
    side = x_t @ w + b
    back = h @ u
    r = sigma(side[:, :D] + back[:, :D])
    z = sigma(side[:, D:2 * D] + back[:, D:2 * D])
    n = np.tanh(side[:, 2 * D:] + r * (back[:, 2 * D:] + b_hn))
    return n + z * (h - n)

def gru_step_backward(g, h, u, r, z, n, c):
    D = h.shape[1]
    d_h = g * z
    d_a_n = (g - g * z) * (1 - n ** 2)
    d_h = d_h + (d_a_n * r) @ u[:, 2 * D:].T
    d_h = d_h + (g * (h - n) * slope(z)) @ u[:, D:2 * D].T
    d_h = d_h + (d_a_n * c * slope(r)) @ u[:, :D].T
    return d_h

def gru_backward(d_h, x, h, w, u, r, z, n, c):
    B, T, D = n.shape
    d_x, d_w, d_u = np.zeros_like(x), np.zeros_like(w), np.zeros_like(u)
    d_b, d_b_hn = np.zeros(3 * D), np.zeros(D)
    carried = np.zeros((B, D))
    for t in range(T - 1, -1, -1):
        g = carried + d_h[:, t]
        before = h[:, t]
        a_n = g * (1 - z[:, t]) * (1 - n[:, t] ** 2)
        a_z = g * (before - n[:, t]) * slope(z[:, t])
        a_r = a_n * c[:, t] * slope(r[:, t])
        d_c = a_n * r[:, t]
        inner = np.hstack([a_r, a_z, a_n])
        outer = np.hstack([a_r, a_z, d_c])
        d_x[:, t] = inner @ w.T
        d_w += x[:, t].T @ inner
        d_u += before.T @ outer
        d_b += inner.sum(0)
        d_b_hn += d_c.sum(0)
        carried = g * z[:, t] + outer @ u.T
    return d_x, carried, d_w, d_u, d_b, d_b_hn
"""

WRONG = [
    ("gru_backward", {"d_w += x[:, t].T @ inner": "d_w += x[:, t + 1].T @ inner if t + 1 < T else 0"}, "known",
     "input of the step after"),
    ("gru_step_backward", {"(d_a_n * r) @ u[:, 2 * D:].T": "d_a_n * r * np.diag(u[:, 2 * D:])",
                           "(g * (h - n) * slope(z)) @ u[:, D:2 * D].T":
                           "g * (h - n) * slope(z) * np.diag(u[:, D:2 * D])",
                           "(d_a_n * c * slope(r)) @ u[:, :D].T": "d_a_n * c * slope(r) * np.diag(u[:, :D])"}, "known",
     "only the diagonal"),
    ("gru_step", {"r = sigma(": "r = np.tanh(", "z = sigma(": "z = np.tanh("}, "known", "gates go through tanh"),
    ("gru_step", {"side[:, :D] + back[:, :D]": "side[:, ::3] + back[:, ::3]", "side[:, D:2 * D] + back[:, D:2 * D]":
                  "side[:, 1::3] + back[:, 1::3]", "side[:, 2 * D:]": "side[:, 2::3]", "back[:, 2 * D:]":
                  "back[:, 2::3]"}, "known", "every third column"),
    ("gru_step_backward", {"1 - n ** 2": "n - n ** 2"}, "known", "for that of the candidate's tanh"),
    ("gru_step_backward", {"s - s * s": "1 - s * s"}, "known", "slope of tanh"),
    ("gru_step_backward", {"(d_a_n * r)": "d_a_n", "slope(z)": "(1 - z)"}, "factor",
     ["more than one mistake", "where d_c is computed", "where d_a_z is computed"]),
    ("gru_backward", {"d_w += x": "d_w = x", "d_u += before": "d_u = before", "d_b += inner": "d_b = inner",
                      "d_b_hn += d_c": "d_b_hn = d_c"}, "known", "of d_w, d_u, d_b and d_b_hn only the last turn"),
    ("gru_backward", {"g = carried + d_h[:, t]": "g = d_h[:, t] + (carried if t % 2 == 0 else 0)"}, "loop",
     "does not go on with what"),
    ("gru_step", {"n + z * (h - n)": "h + z * (n - h)"}, "known", "update gate is taken the other way round"),
    ("gru_step", {"r * (back[:, 2 * D:] + b_hn)": "r * back[:, 2 * D:] + b_hn"}, "known", "one bias stands outside"),
    ("gru_step", {" + b_hn": ""}, "known", ["b_hn, is left out", "Of what two parts"]),
    ("gru_step", {"np.tanh": "sigma"}, "function", "function"),
    ("gru_step", {"r = sigma(": "r = np.tanh("}, "function", "Between which two numbers must a gate lie?"),
    ("gru_step", {"r * (back": "(back"}, "factor", "factor"),
    ("gru_step", {"x_t @ w + b": "x_t @ w"}, "term", "one term is left out"),
    ("gru_step", {"z * (h - n)": "z * h"}, "factor", "one factor is left out"),
    ("gru_step", {"r = sigma(side[:, :D] + back[:, :D])": "r = side[:, :D] + back[:, :D]"}, "function", "function"),
    ("gru_step", {"n + z * (h - n)": "r + z * (h - r)"}, "other", "another of the same shape"),
    ("gru_step_backward", {"d_h = g * z": "d_h = 0 * g"}, "term", "Freeze the gates"),
    ("gru_step_backward", {"h - n": "n - h"}, "sign", "sign"),
    ("gru_step_backward", {"(d_a_n * r)": "d_a_n"}, "factor", "factor"),
    ("gru_step_backward", {".T": ""}, "known",
     ["none of the recurrent matrices is transposed", "With D = 1 it is right"]),
    ("gru_step_backward", {" * (1 - n ** 2)": ""}, "factor", ["How steep is tanh", "For small values it is right"]),
    ("gru_step_backward", {"g - g * z": "g * z"}, "complement", "1 with"),
    ("gru_step_backward", {"slope(z)": "1"}, "factor", "factor"),
    ("gru_step_backward", {"s - s * s": "s"}, "known", "half of the logistic function's slope is lost in both gates"),
    ("gru_step_backward", {"s - s * s": "1"}, "known", "slope of the logistic function is lost in both gates"),
    ("gru_step_backward", {"s - s * s": "sigma(s) * (1 - sigma(s))"}, "known", ["both gates", "What are r and z"]),
    ("gru_step_backward", {"d_a_n * c": "d_a_n * (h @ u[:, 2 * D:])"}, "known", "a bias is missing"),
    ("gru_step_backward", {"1 - n ** 2": "1 - n"}, "factor", "tanh"),
    ("gru_step_backward", {"1 - n ** 2": "1 + n ** 2"}, "sign", "sign"),
    ("gru_step_backward", {"d_a_n * c": "d_a_n"}, "factor", "factor"),
    ("gru_step_backward", {"d_h = d_h + (d_a_n * c": "d_h = (d_a_n * c"}, "term", "Freeze the gates"),
    ("gru_step_backward", {"    d_h = d_h + (d_a_n * c * slope(r)) @ u[:, :D].T\n": ""}, "term", "term is left out"),
    ("gru_step_backward", {"u[:, D:2 * D].T": "u[:, D:2 * D]"}, "transposed", ["matrix", "With D = 1 it is right"]),
    ("gru_step_backward", {"(1 - n ** 2)": "(1 - np.tanh(n) ** 2)"}, "known", "What is n already"),
    ("gru_backward", {"carried + d_h[:, t]": "d_h[:, t]"}, "known", ["nothing comes back", "Who else used h_t?"]),
    ("gru_backward", {"carried + d_h[:, t]": "(d_h[:, t] if t == T - 1 else carried)"}, "known",
     "Put the loss on h_1 alone"),
    ("gru_backward", {"before.T @ outer": "h[:, t + 1].T @ outer"}, "known", "Which state multiplied U at step t?"),
    ("gru_backward", {"u.T": "u.reshape(3 * D, D)"}, "transposed", "With D = 1 it is right"),
    ("gru_backward", {"outer @ u.T": "sum(outer[:, k * D:(k + 1) * D] @ u[:, k * D:(k + 1) * D] for k in range(3))"},
     "known", "not transposed"),
    ("gru_backward", {"(1 - z[:, t]) *": "z[:, t] *"}, "complement", "Close the update gate"),
    ("gru_backward", {" * (1 - n[:, t] ** 2)": ""}, "factor", ["How steep is tanh", "For small values it is right"]),
    ("gru_backward", {"before - n[:, t]": "n[:, t] - before"}, "sign", ["sign", "Raise z"]),
    ("gru_backward", {"d_c = a_n * r[:, t]": "d_c = a_n"}, "factor", "What stands between h U_n and tanh?"),
    ("gru_backward", {"before.T @ outer": "before.T @ inner"}, "known", ["in d_u", "the last block of U"]),
    ("gru_backward", {"d_b_hn += d_c.sum(0)": "d_b_hn += a_n.sum(0)"}, "other", "d_b_hn"),
    ("gru_backward", {"d_w += x": "d_w = x"}, "known", "d_w"),
    ("gru_backward", {"carried = g * z[:, t] + outer": "carried = outer"}, "term", "Freeze the gates"),
    ("gru_backward", {"carried = g * z[:, t] + outer @ u.T": "carried = g * z[:, t]"}, "known", "direct way alone"),
    ("gru_backward", {"np.hstack([a_r, a_z, a_n])": "np.hstack([a_z, a_r, a_n])"}, "blocks", "blocks"),
    ("gru_backward", {"range(T - 1, -1, -1)": "range(T)"}, "known", "forwards in time"),
    ("gru_backward", {"d_b += inner.sum(0)": "d_b += inner.mean(0)"}, "mean", ["d_b", "mean in place of a sum"]),
    ("gru_backward", {"before = h[:, t]": "before = h[:, t + 1]"}, "known",
     "the state after the step stands for the one before it"),
    ("gru_backward", {"s - s * s": "1"}, "known", "slope of the logistic function is lost in both gates"),
    ("gru_backward", {"s - s * s": "sigma(s) * (1 - sigma(s))"}, "known", ["both gates", "What are r and z"]),
    ("gru_backward", {"g = carried + d_h[:, t]": "g = carried",
                      "carried = g * z[:, t]": "carried = d_h[:, t] + g * z[:, t]"},
     "known", ["behind the step back", "the one after it"]),
    ("gru_backward", {"range(T - 1, -1, -1)": "range(T - 1, 0, -1)"}, "known", "one step short of h_0"),
    ("gru_backward", {"range(T - 1, -1, -1)": "range(T - 2, -1, -1)"}, "known", "leaves out the last step"),
    ("gru_backward", {"a_n * c[:, t]": "a_n"}, "factor", "Move the reset gate"),
    ("gru_backward", {"return d_x, carried": "return d_x, g"}, "known", "d_h0"),
    ("gru_backward", {"inner @ w.T": "outer @ w.T"}, "other", "d_x"),
    ("gru_backward", {"slope(r[:, t])": "slope(z[:, t])"}, "other", "of the same shape, where d_a_r is computed"),
    ("gru_backward", {"carried + d_h[:, t]": "carried + d_h[:, t - 1]"}, "time", "time"),
    ("gru_backward", {"return d_x, carried, d_w": "return d_x, d_w"}, "shape", "it returns 5 values, expected 6"),
    ("gru_step_backward", {"d_a_n * r)": "d_a_n * c)", "d_a_n * c * slope": "d_a_n * r * slope"}, "known",
     ["are exchanged", "which factor multiplies"]),
]
