"""Chapter 09"""

STUDENT = """
def fit_probe(m, values, K, ridge):
    N, D = m.shape
    x = np.ones((N, 1 + D))
    x[:, 1:] = m
    y = np.zeros((N, K))
    y[np.arange(N), values] = 1
    left = x.T @ x + ridge * np.identity(1 + D)
    return np.linalg.inv(left) @ x.T @ y

def probe_accuracy(W, m, values):
    right = 0
    for row, value in zip(m, values):
        scores = row @ W[1:] + W[0]
        if np.argmax(scores) == value:
            right += 1
    return right / len(m)

def variance_shares(m):
    u, s, v = np.linalg.svd(m - m.mean(axis=0), full_matrices=False)
    variances = s ** 2
    return variances / sum(variances)

def add_noise(m, noise, size):
    rms = np.linalg.norm(m) / np.sqrt(m.size)
    return noise * size * rms + m
"""

WRONG = [
    ("fit_probe", {"x[:, 1:] = m": "x[:, 1:] = m\n    x[:, 0] = 0"}, "known", "may the scores differ all the same?"),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "np.abs(m).max()"}, "known", "the others are 1"),
    ("fit_probe", {" + ridge * np.identity(1 + D)": ""}, "known", "the ridge is left out"),
    ("fit_probe", {"ridge * np.identity(1 + D)": "ridge"}, "known", "every entry"),
    ("fit_probe", {"ridge * np.": "N * ridge * np."}, "known", "or a mean?"),
    ("fit_probe", {"ridge * np.identity(1 + D)": "ridge * np.diag([0] + D * [1])"}, "known", "the row of the ones"),
    ("fit_probe", {"x[:, 1:] = m": "x[:, :-1] = m"}, "known", "behind the memory"),
    ("fit_probe", {"x[:, 1:] = m": "x[:, 1:] = m - m.mean(0)"}, "known", "Which m will the probe be shown later?"),
    ("fit_probe", {"np.ones((N, 1 + D))": "np.ones((N, D))", "x[:, 1:] = m": "x[:] = m", "identity(1 + D)":
                   "identity(D)"}, "shape", "How many rows has W"),
    ("probe_accuracy", {" + W[0]": ""}, "known", "the row of the ones is not used"),
    ("probe_accuracy", {"row @ W[1:] + W[0]": "row @ W[:-1] + W[-1]"}, "known", "the last row of W"),
    ("probe_accuracy", {"np.argmax": "np.argmin"}, "known", "the smallest"),
    ("probe_accuracy", {"np.argmax(scores)": "np.argmax(abs(scores))"}, "known", "Is a score of −3 a yes?"),
    ("probe_accuracy", {"right / len(m)": "right"}, "known", "the number of right rows"),
    ("probe_accuracy", {" == value": " != value"}, "known", "wrong answers"),
    ("variance_shares", {"m - m.mean(axis=0)": "m"}, "known", "the mean is not taken off"),
    ("variance_shares", {"m.mean(axis=0)": "m.mean()"}, "known", "one number"),
    ("variance_shares", {"s ** 2": "s ** 2 + 0", "return variances": "return variances[::-1]"}, "known",
     "Which share comes first?"),
    ("variance_shares", {"s ** 2": "s"}, "known", "Is a variance measured"),
    ("variance_shares", {"s ** 2": "np.sort(m.var(axis=0))[::-1]"}, "known", "single units"),
    ("variance_shares", {" / sum(variances)": " / len(m)"}, "factor", "What do the shares add up to?"),
    ("add_noise", {" * rms": ""}, "known", "Twice as large an m"),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "(m ** 2).mean()"}, "known", "lacks its root"),
    ("add_noise", {" / np.sqrt(m.size)": ""}, "known", "a sum stands for the mean"),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "np.std(m)"}, "known", "about the mean"),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "np.abs(m).mean()"}, "known", "absolute values"),
    ("add_noise", {"* rms + m": "* m + m"}, "known", "A unit that is 0"),
    ("add_noise", {"+ m": "- m"}, "term", "less 2 times m"),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "np.sqrt((m * m).mean(1))[:, None]"}, "known",
     ["each row has a size", "Over which numbers"]),
    ("add_noise", {"np.linalg.norm(m) / np.sqrt(m.size)": "np.linalg.norm(m, axis=0) / np.sqrt(len(m))"}, "known",
     "each unit has a size"),
]
