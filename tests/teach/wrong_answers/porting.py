"""Chapter 12"""

STUDENT = """
import struct

def read_tensor(data, dtype, shape, offset):
    kind, size = {"float64": ("d", 8), "float32": ("f", 4), "int64": ("q", 8)}[dtype]
    count = 1
    for length in shape:
        count *= length
    place = offset
    numbers = struct.unpack(f"<{count}{kind}", data[place:place + size * count])
    return np.array(numbers).reshape(shape)

def gru_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    D = len(bias_ih) // 3
    b = bias_ih.copy()
    b[:2 * D] += bias_hh[:2 * D]
    return weight_ih.T.copy(), weight_hh.swapaxes(0, 1), b, bias_hh[2 * D:]

def blocks_in_order(w, theirs, ours):
    D = w.shape[1] // len(ours)
    made = np.zeros_like(w)
    for to, gate in enumerate(ours):
        start = theirs.index(gate)
        made[:, to * D:(to + 1) * D] = w[:, start * D:(start + 1) * D]
    return made

def gru_step_before(x_t, h, w, u, b):
    D = h.shape[1]
    side = x_t @ w + b
    back = h @ u[:, :2 * D]
    gates = 1 / (1 + np.exp(-side[:, :2 * D] - back))
    r, z = gates[:, :D], gates[:, D:]
    n = np.tanh(side[:, 2 * D:] + (h * r) @ u[:, 2 * D:])
    return n - z * (n - h)

def rounding_bound(x, w, eps):
    size = np.einsum("bi,io->bo", abs(x), abs(w))
    return len(w) * eps * size / 2
"""

WRONG = [
    ("read_tensor", {"place = offset": "place = 0"}, "known", "from the file's start"),
    ("read_tensor", {"place = offset": "place = size * offset"}, "known", "taken for a count of numbers"),
    ("read_tensor", {"place = offset": "place = offset // size"}, "known", "the offset is divided"),
    ("read_tensor", {".reshape(shape)": '.reshape(shape, order="F")'}, "known", "Which index runs fastest"),
    ("read_tensor", {'f"<{': 'f">{'}, "known", "the other way round"),
    ("read_tensor", {'("f", 4)': '("d", 8)', '("q", 8)': '("d", 8)'}, "known", "read as a float64"),
    ("read_tensor", {".reshape(shape)": ""}, "shape", "expected"),
    ("gru_from_torch", {"weight_ih.T.copy()": "weight_ih"}, "shape", "is it transposed?"),
    ("gru_from_torch", {"weight_ih.T.copy()": "weight_ih.reshape(-1, 3 * D)",
                        "weight_hh.swapaxes(0, 1)": "weight_hh.reshape(D, 3 * D)"}, "known", "reshaped"),
    ("gru_from_torch", {"weight_hh.swapaxes(0, 1)": "np.hstack(np.split(weight_hh, 3))"}, "known",
     ["none of them is transposed", "which side of it does h meet"]),
    ("gru_from_torch", {"b[:2 * D] += bias_hh[:2 * D]": "b += bias_hh"}, "known", "counts twice"),
    ("gru_from_torch", {"b[:2 * D] += bias_hh[:2 * D]": "b += bias_hh", "b, bias_hh[2 * D:]": "b, np.zeros(D)"},
     "known", "moved out of the reset gate"),
    ("gru_from_torch", {"    b[:2 * D] += bias_hh[:2 * D]\n": ""}, "known", "How many biases"),
    ("gru_from_torch", {"b = bias_ih.copy()": "b = bias_ih.copy(); b[2 * D:] = bias_hh[2 * D:]",
                        "b, bias_hh[2 * D:]": "b, bias_ih[2 * D:]"}, "known", "two biases are exchanged"),
    ("gru_from_torch", {"b, bias_hh[2 * D:]": "b, bias_hh[:D]"}, "known", "Which block of the three"),
    ("gru_from_torch", {"b[:2 * D] += bias_hh[:2 * D]": "b[:2 * D] -= bias_hh[:2 * D]"}, "sign", "sign"),
    ("gru_from_torch", {"b[:2 * D] += bias_hh[:2 * D]": "b[:D] += bias_hh[:D]"}, "term", "PyTorch's z"),
    ("gru_from_torch", {"b[:2 * D] += bias_hh[:2 * D]": "b[D:2 * D] += bias_hh[D:2 * D]"}, "term", "PyTorch's r"),
    ("gru_from_torch", {"weight_ih.T.copy()": "np.roll(weight_ih.T, D, 1)",
                        "weight_hh.swapaxes(0, 1)": "np.roll(weight_hh.T, D, 1)"}, "blocks", "In which order"),
    ("gru_from_torch", {"b, bias_hh[2 * D:]": "b, np.zeros(D)"}, "zero", "inside of the reset gate"),
    ("gru_from_torch", {"b, bias_hh[2 * D:]": "b, bias_ih[-D:]"}, "other", "another of the same shape"),
    ("blocks_in_order", {"enumerate(ours)": "enumerate(theirs)", "theirs.index": "ours.index"}, "known",
     "from ours to theirs"),
    ("blocks_in_order", {"theirs.index": "ours.index"}, "known", "as they stood"),
    ("blocks_in_order", {"w[:, start * D:(start + 1) * D]": "w[:, start::len(ours)]"}, "known", "one from each block"),
    ("blocks_in_order", {"enumerate(ours)": "enumerate(ours[::-1])"}, "known", "backwards"),
    ("blocks_in_order", {"made = np.zeros_like(w)":
                         "return np.concatenate([np.split(w, len(ours))[theirs.index(gate)] for gate in ours])"},
     "known", ["the rows are cut", "side by side"]),
    ("blocks_in_order", {"return made": "return made[:, D:]"}, "shape", "expected"),
    ("gru_step_before", {"(h * r) @ u[:, 2 * D:]": "r * (h @ u[:, 2 * D:])"}, "known",
     ["as in PyTorch's form", "With D = 1 it is right"]),
    ("gru_step_before", {"n - z * (n - h)": "h - z * (h - n)"}, "known", "Close the update gate"),
    ("gru_step_before", {"r, z = gates[:, :D], gates[:, D:]": "z, r = gates[:, :D], gates[:, D:]"}, "known",
     "order z, r, n"),
    ("gru_step_before", {"(h * r) @": "h @"}, "factor", "factor"),
    ("gru_step_before", {"np.tanh(": "("}, "function", "function"),
    ("gru_step_before", {"x_t @ w + b": "x_t @ w"}, "term", "term"),
    ("gru_step_before", {"n - z * (n - h)": "(1 - z) * n"}, "term", "Close the update gate"),
    ("gru_step_before", {" - back": " + back"}, "sign", "sign"),
    ("rounding_bound", {"len(w)": "len(w[0])"}, "known", "the outputs are counted"),
    ("rounding_bound", {"len(w)": "len(x)"}, "known", "the rows are counted"),
    ("rounding_bound", {" / 2": ""}, "known", "if they stand eps apart"),
    ("rounding_bound", {"len(w) * ": ""}, "known", "How often is a term rounded"),
    ("rounding_bound", {'np.einsum("bi,io->bo", abs(x), abs(w))': "abs(x @ w)"}, "known", "cancelled, too"),
    ("rounding_bound", {'np.einsum("bi,io->bo", abs(x), abs(w))': "x @ w"}, "known", "be negative"),
    ("rounding_bound", {"len(w)": "len(w) ** 0.5"}, "known", "in the same direction"),
    ("rounding_bound", {"len(w)": "(len(w) - 1)"}, "known", "rounding of the products"),
]
