"""Chapter 05"""

STUDENT = """
def scaled_cayley(a, negatives, n):
    A = np.zeros((n, n))
    k = 0
    for i in range(n):
        for j in range(i + 1, n):
            A[i, j] = a[k]
            A[j, i] = -a[k]
            k += 1
    signs = np.ones(n)
    signs[n - negatives:] = -1
    return np.linalg.solve(np.eye(n) + A, np.eye(n) - A) * signs

def scaled_cayley_backward(d_U, U, inverse, sign):
    n = len(U)
    d_A = -inverse.T @ d_U @ (U + np.diag(sign)).T
    d_a = []
    for i in range(n):
        for j in range(i + 1, n):
            d_a.append(d_A[i, j] - d_A[j, i])
    return np.array(d_a)

def neumann_inverse(inverse, delta_A, order):
    X = inverse @ delta_A
    power = np.eye(len(X))
    series = power
    for k in range(order):
        power = power @ X
        series = series + power
    return series @ inverse

def ncgru_step_backward(g, h, u, r, z, n, v, b_n):
    D = h.shape[1]
    passes = np.where(abs(v) > -b_n, 1.0, 0.0)
    d_v = (g - g * z) * passes
    d_rh = d_v @ u[:, 2 * D:].T
    d_h = g * z
    d_h = d_h + r * d_rh
    d_h = d_h + (g * (h - n) * (z - z ** 2)) @ u[:, D:2 * D].T
    d_h = d_h + (h * d_rh * (r - r ** 2)) @ u[:, :D].T
    return d_h
"""

WRONG = [
    ("scaled_cayley", {"np.linalg.solve(np.eye(n) + A, np.eye(n) - A)": "(np.eye(n) + A) @ (np.eye(n) - A)"}, "known",
     "what does it mean to divide by one?"),
    ("scaled_cayley", {"A[j, i] = -a[k]": "A[j, i] = a[k]"}, "known", "Is your A the negative of its transpose?"),
    ("scaled_cayley", {"A[j, i] = -a[k]": "pass"}, "term", "term"),
    ("scaled_cayley", {"A[i, j] = a[k]": "A[i, j] = -a[k]", "A[j, i] = -a[k]": "A[j, i] = a[k]"}, "known",
     "A has the other sign"),
    ("scaled_cayley", {"np.eye(n) + A, np.eye(n) - A": "np.eye(n) - A, np.eye(n) + A"}, "known",
     "or the other factor is inverted"),
    ("scaled_cayley", {"np.linalg.solve(np.eye(n) + A, np.eye(n) - A) * signs":
                       "signs[:, None] * np.linalg.solve(np.eye(n) + A, np.eye(n) - A)"}, "known",
     "On which side does such a matrix stand?"),
    ("scaled_cayley", {"range(i + 1, n)": "range(i)"}, "known", "below the diagonal, row by row"),
    ("scaled_cayley", {" * signs": ""}, "known", "S is missing"),
    ("scaled_cayley", {"signs[n - negatives:]": "signs[:negatives]"}, "known", "the first entries of S"),
    ("scaled_cayley", {"np.eye(n) - A)": "np.eye(n))"}, "factor", "which is the second"),
    ("scaled_cayley_backward", {"-inverse.T": "inverse.T"}, "known", "the sign of dU"),
    ("scaled_cayley_backward", {"d_A[i, j] - d_A[j, i]": "d_A[i, j]"}, "known", "In how many places"),
    ("scaled_cayley_backward", {"d_A[i, j] - d_A[j, i]": "d_A[i, j] + d_A[j, i]"}, "sign", "and with which signs?"),
    ("scaled_cayley_backward", {"d_A[i, j] - d_A[j, i]": "2 * d_A[i, j]"}, "known", "first place counts twice"),
    ("scaled_cayley_backward", {"-inverse.T @ d_U @ (U + np.diag(sign)).T": "-(U + np.diag(sign)).T @ d_U @ inverse.T"},
     "known", "reverse order"),
    ("scaled_cayley_backward", {"range(i + 1, n)": "range(i)"}, "known", "below the diagonal"),
    ("scaled_cayley_backward", {"inverse.T": "inverse"}, "known", "the inverse is not transposed"),
    ("scaled_cayley_backward", {"(U + np.diag(sign)).T": "U.T"}, "known", "one is missing"),
    ("scaled_cayley_backward", {"(U + np.diag(sign)).T": "np.diag(sign)"}, "term", "term"),
    ("scaled_cayley_backward", {"(U + np.diag(sign)).T": "(U + np.eye(n)).T"}, "known", "S is taken for the identity"),
    ("scaled_cayley_backward", {"(U + np.diag(sign)).T": "(U + np.diag(sign))"}, "known", "U is not transposed"),
    ("scaled_cayley_backward", {"return np.array(d_a)": "return d_A"}, "shape", "How many free numbers"),
    ("neumann_inverse", {"inverse @ delta_A": "delta_A @ inverse"}, "known", "in which order?"),
    ("neumann_inverse", {"power @ X": "-power @ X"}, "known", "the signs alternate"),
    ("neumann_inverse", {"range(order)": "range(order - 1)"}, "known", "the highest power is missing"),
    ("neumann_inverse", {"range(order)": "range(order + 1)"}, "known", "one power too many"),
    ("neumann_inverse", {"series @ inverse": "inverse @ series"}, "known", "which of the two stands first?"),
    ("neumann_inverse", {"series @ inverse": "series"}, "known", "What is left of your sum"),
    ("neumann_inverse", {"series = series + power": "series = power"}, "known", "no sum"),
    ("ncgru_step_backward", {" * passes": ""}, "known", "threshold"),
    ("ncgru_step_backward", {"abs(v) > -b_n": "v > -b_n"}, "known", "plain relu"),
    ("ncgru_step_backward", {"1.0, 0.0": "np.sign(v), 0.0"}, "known", "the sign of v"),
    ("ncgru_step_backward", {" * passes": " * (1 - n ** 2)"}, "known", "that of tanh"),
    ("ncgru_step_backward", {"d_h = g * z": "d_h = 0 * g"}, "term", "Freeze the gates"),
    ("ncgru_step_backward", {"d_h = d_h + r * d_rh": "d_h = d_h"}, "term", "what comes back to it there?"),
    ("ncgru_step_backward", {"d_h + r * d_rh": "d_h + d_rh"}, "factor", "factor"),
    ("ncgru_step_backward", {"(h * d_rh *": "(d_rh *"}, "factor", "factor"),
    ("ncgru_step_backward", {"h - n": "n - h"}, "sign", "sign"),
    ("ncgru_step_backward", {"g - g * z": "g * z"}, "complement", "adds up to 1"),
    ("ncgru_step_backward", {".T": ""}, "known", "none of the recurrent matrices is transposed"),
    ("ncgru_step_backward", {"(z - z ** 2)": "z", "(r - r ** 2)": "r"}, "known", "half of the logistic"),
    ("ncgru_step_backward", {"(z - z ** 2)": "1", "(r - r ** 2)": "1"}, "known", "How steep is the logistic function"),
    ("ncgru_step_backward", {"    d_h = d_h + (h * d_rh * (r - r ** 2)) @ u[:, :D].T\n": ""}, "term", "term"),
    ("scaled_cayley", {"signs[n - negatives:]": "signs[-negatives:]"}, "known", ["all signs are turned", "s[-0:]"]),
    ("neumann_inverse", {"power @ X": "X ** (k + 1)"}, "known", ["those of single entries", "* or @"]),
    ("ncgru_step_backward", {"r * d_rh": "h * d_rh", "(h * d_rh *": "(r * d_rh *"}, "known",
     ["are exchanged", "which factor multiplies"]),
]
