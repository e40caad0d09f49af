"""Chapter 01"""

STUDENT = """
def softmax(y):
    e = np.exp(y - y.max(axis=1)[:, None])
    total = e.sum(axis=1)
    return e / total[:, None]

def log_softmax(y):
    shifted = y - y.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

def cross_entropy(y, classes):
    logs = log_softmax(y)
    total = 0.0
    for row, c in enumerate(classes):
        total -= logs[row, c]
    return total / len(classes)

def cross_entropy_backward(d_loss, y, classes):
    d_y = softmax(y)
    for row, c in enumerate(classes):
        d_y[row, c] -= 1
    return d_y * d_loss / y.shape[0]

def linear_backward(d_y, x, W, b):
    d_W = np.zeros(W.shape)
    for row in range(len(x)):
        d_W += np.outer(x[row], d_y[row])
    d_x = np.einsum("nj,ij->ni", d_y, W)
    d_b = np.ones(len(d_y)) @ d_y
    return d_x, d_W, d_b

def central_difference(f, w, unit, h):
    later = f(w + unit * h)
    earlier = f(w - unit * h)
    return (later - earlier) / h / 2

def complex_step(f, w, unit, h):
    moved = w + unit * complex(0, h)
    return np.imag(f(moved)) / h

def tempered_backward(d_p, y, tau):
    s = y / tau
    p = softmax(s)
    inner = np.einsum("nj,nj->n", p, d_p)
    d_s = p * d_p - p * inner[:, None]
    d_tau = (d_s * -s / tau).sum()
    return d_s / tau, d_tau

def rms_norm_backward(d_y, x, gain, eps):
    D = x.shape[1]
    r = (np.square(x).sum(1, keepdims=True) / D + eps) ** -0.5
    g = gain * d_y
    inner = np.sum(g * x, axis=1, keepdims=True)
    d_x = r * g - r ** 3 * x * inner / D
    return d_x, np.sum(d_y * x * r, axis=0)
"""

WRONG = [
    ("softmax", {"e.sum(axis=1)": "np.sqrt((e * e).sum(axis=1))"}, "known", "squares of a row"),
    ("cross_entropy", {"logs[row, c]": "logs[row].max()"}, "known", "likeliest class"),
    ("cross_entropy_backward", {"d_y[row, c] -= 1": "d_y[row] -= 1"}, "known", "at every class"),
    ("cross_entropy_backward", {"d_y * d_loss / y.shape[0]": "d_loss + d_y / y.shape[0]"}, "known", "is added"),
    ("linear_backward", {"np.ones(len(d_y)) @ d_y": "d_y[0]"}, "known", "only the first row's part"),
    ("complex_step", {"np.imag(f(moved))": "abs(f(moved))"}, "known", "size of the complex number"),
    ("softmax", {"np.exp(y - y.max(axis=1)[:, None])": "np.exp(y / abs(y).max(axis=1)[:, None])"}, "known",
     "divided by the largest"),
    ("softmax", {"np.exp(y - y.max(axis=1)[:, None])": "2 ** (y - y.max(axis=1)[:, None])"}, "known", "powers of 2"),
    ("softmax", {"total = e.sum(axis=1)": "total = np.exp(y).sum(axis=1)"}, "zero", "Which line gives 0 first"),
    ("softmax", {"np.exp(y - y.max(axis=1)[:, None])": "np.exp(y - y.max())", "e.sum(axis=1)": "e.sum()",
                 "total[:, None]": "total"}, "known", "all rows together"),
    ("softmax", {"e / total[:, None]": "e / (total[:, None] + 1e-3)"}, "term", "one term too many"),
    ("cross_entropy", {"logs = log_softmax(y)": "logs = log_softmax(y.T).T"}, "known",
     "add up to 1, and not those of a row"),
    ("cross_entropy", {"return total / len(classes)": "return np.exp(total / len(classes))"}, "known",
     "e to the power"),
    ("cross_entropy", {"logs[row, c]": "logs[row, c - 1]"}, "known", "before the right one"),
    ("cross_entropy", {"total -= logs[row, c]": "p = np.exp(logs[row]); total -= logs[row, c] + np.log(1 - p).sum() - "
                       "np.log(1 - p[c])"}, "known", "yes or no"),
    ("cross_entropy_backward", {"-= 1": "-= 1 / len(y)", " / y.shape[0]": ""}, "known", "of one of the two alone"),
    ("cross_entropy_backward", {"d_y = softmax(y)": "d_y = 0 * y", "-= 1": "= -1 / softmax(y)[row, c]"}, "known",
     "the softmax is passed over"),
    ("linear_backward", {'np.einsum("nj,ij->ni", d_y, W)': "d_y @ W.reshape(W.shape[::-1])"}, "transposed",
     ["by reshape", "Look at line 5"]),
    ("central_difference", {"later = f(w + unit * h)": "later = f(w)", " / 2": ""}, "known", "backward difference"),
    ("central_difference", {"w + unit * h": "w + unit * h / 2", "w - unit * h": "w - unit * h / 2"}, "known",
     "half as long"),
    ("rms_norm_backward", {"r ** 3": "r ** 2"}, "other", "one array stands in the place of another"),
    ("rms_norm_backward", {"r ** 3": "r"}, "known", ["too few factors of r", "with which power"]),
    ("softmax", {"e.sum(axis=1)": "e.sum()", "total[:, None]": "total"}, "known", "all rows together add up to 1"),
    ("softmax", {"e / total[:, None]": "e"}, "factor", "divisor is left out"),
    ("softmax", {"total[:, None]": "total"}, "shape", "ValueError on line 4"),
    ("softmax", {"e.sum(axis=1)": "e.mean(axis=1)"}, "mean", "a sum in place of a mean"),
    ("softmax", {"return e / total[:, None]": "return np.log(e / total[:, None])"}, "known", "logarithms"),
    ("softmax", {"e.sum(axis=1)": "e.sum(axis=0)", "total[:, None]": "total"}, "known", "each column adds up to 1"),
    ("softmax", {"total = e": "total = (e * e)"}, "factor", "one factor too many"),
    ("cross_entropy", {"total / len(classes)": "total"}, "known", "sum over the rows stands for the mean"),
    ("cross_entropy", {"total -=": "total +="}, "known", "sign is the other way round"),
    ("cross_entropy", {"logs[row, c]": "np.exp(logs[row, c])"}, "function", "one function is left out"),
    ("cross_entropy", {"return total / len(classes)": "return logs"}, "shape", "loss has shape"),
    ("cross_entropy", {"total -= logs[row, c]": "total -= logs[row].mean()"}, "known", "all classes count"),
    ("cross_entropy", {"-= logs[row, c]": "-= logs[row, c] / np.log(2)"}, "known", "base"),
    ("cross_entropy_backward", {" / y.shape[0]": ""}, "known", "factor 1/N is lost"),
    ("cross_entropy_backward", {"y.shape[0]": "y.shape[1]"}, "known", "over the classes"),
    ("cross_entropy_backward", {"d_y * d_loss": "d_y"}, "known", "upstream gradient is lost"),
    ("cross_entropy_backward", {"-= 1": "-= 2"}, "factor", "a factor of 2 too many"),
    ("cross_entropy_backward", {"-= 1": "+= 1"}, "sign", "sign"),
    ("cross_entropy_backward", {"d_y * d_loss": "-d_y * d_loss"}, "known", "sign is the other way round"),
    ("cross_entropy_backward", {"-= 1": "-= 0"}, "known", "right classes play no part"),
    ("linear_backward", {"np.ones(len(d_y)) @ d_y": "d_y.mean(0)"}, "known", "d_b is a mean over the rows"),
    ("linear_backward", {"np.ones(len(d_y)) @ d_y": "d_y"}, "shape", "still has axis 0"),
    ("linear_backward", {"np.outer(x[row], d_y[row])": "np.outer(d_y[row], x[row])"}, "shape", "ValueError on line 4"),
    ("linear_backward", {"return d_x, d_W, d_b": "return d_x, d_W.T, d_b"}, "shape", "transposed"),
    ("linear_backward", {"return d_x, d_W, d_b": "return d_W, d_x, d_b"}, "outputs", "in another order"),
    ("linear_backward", {"return d_x, d_W, d_b": "return d_x, d_W"}, "shape", "it returns 2 values, expected 3"),
    ("linear_backward", {"d_W += np": "d_W = np"}, "known", "d_W"),
    ("linear_backward", {"return d_x, d_W, d_b": "return -d_x, d_W, d_b"}, "sign",
     "d_x: its sign is the other way round"),
    ("central_difference", {" / h / 2": " / h"}, "known", "divided by one step"),
    ("central_difference", {"later - earlier": "earlier - later"}, "sign", "sign is the other way round"),
    ("central_difference", {"f(w - unit * h)": "f(w)", " / h / 2": " / h"}, "known", "forward difference"),
    ("central_difference", {"unit * h": "h"}, "known", "every entry is moved"),
    ("central_difference", {" / h / 2": ""}, "known", "not divided"),
    ("complex_step", {"np.imag": "np.real"}, "known", "real part"),
    ("complex_step", {"np.imag(f(moved)) / h": "np.imag(f(moved))"}, "known", "not divided by the step"),
    ("complex_step", {"complex(0, h)": "h"}, "known", "nothing is left of it"),
    ("complex_step", {"complex(0, h)": "complex(0, -h)"}, "sign", "sign"),
    ("tempered_backward", {"return d_s / tau": "return d_s"}, "known", "factor 1/τ is lost in d_y"),
    ("tempered_backward", {" - p * inner[:, None]": ""}, "known", "sum over the row is missing"),
    ("tempered_backward", {"* -s": "* s"}, "sign", "d_tau: its sign is the other way round"),
    ("tempered_backward", {"* -s / tau": "* -s"}, "factor", "times the right one everywhere, and that is tau"),
    ("tempered_backward", {"d_s * -s": "d_p * -s"}, "other", "d_tau"),
    ("tempered_backward", {"(d_s * -s / tau).sum()": "(d_s * -s / tau).mean()"}, "mean", "mean in place of a sum"),
    ("tempered_backward", {"softmax(s)": "softmax(y)"}, "known", "temperature is missing"),
    ("tempered_backward", {"(d_s * -s / tau).sum()": "(d_s * -s / tau).sum(0)"}, "shape", "d_tau has shape"),
    ("rms_norm_backward", {" - r ** 3 * x * inner / D": ""}, "known", "way through r is missing"),
    ("rms_norm_backward", {" - r ** 3": " + r ** 3"}, "sign", "sign"),
    ("rms_norm_backward", {"inner / D": "inner"}, "mean", "sum stands for a mean"),
    ("rms_norm_backward", {"- r ** 3": "- r ** 2"}, "other", "what does raising x do to r?"),
    ("rms_norm_backward", {"g = gain * d_y": "g = d_y"}, "factor", "factor"),
    ("rms_norm_backward", {"np.sum(d_y * x * r, axis=0)": "np.sum(d_y * x, axis=0)"}, "other",
     "stands in the place of another of the same shape, where d_gain is computed"),
    ("rms_norm_backward", {"np.sum(d_y * x * r, axis=0)": "np.mean(d_y * x * r, axis=0)"}, "mean",
     "mean in place of a sum"),
    ("rms_norm_backward", {"sum(1, keepdims=True) / D": "sum(1, keepdims=True)"}, "mean",
     "a sum stands for a mean, where r is computed"),
    ("softmax", {"y - y.max(axis=1)[:, None]": "y"}, "finite", ["∞/∞", "the largest number that is exponentiated"]),
    ("softmax", {"y.max(axis=1)[:, None]": "y.max()", "e.sum(axis=1)": "e.sum(axis=0)", "total[:, None]": "total"},
     "known", "each column adds up to 1"),
    ("cross_entropy", {"total -= logs[row, c]": "total -= logs[row, classes].sum()",
                       "total / len(classes)": "total / len(classes) ** 2"}, "known", "the classes of all rows"),
    ("rms_norm_backward", {"d_y * x * r, axis=0": "g * x * r, axis=0"}, "known", "factor in its own gradient"),
]
