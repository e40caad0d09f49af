"""Chapter 12: porting"""

import math

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import porting

DTYPES = "float64", "float32", "int64"
BEHIND = 4096               # bytes of other tensors behind that which is asked for


def tensor_inputs(rng):
    """Numbers as a case has them, between those of other tensors."""
    shape = tuple(unequal(rng, int(rng.integers(2, 4))))
    dtype, offset = str(rng.choice(DTYPES)), 64 * int(rng.integers(1, 9))
    numbers = rng.integers(-2 ** 19, 2 ** 19, (offset + BEHIND) // 8 + math.prod(shape))
    values = (abs(numbers) if dtype == "int64" else numbers * 2.0 ** -19).astype(f"<{np.dtype(dtype).str[1:]}")
    return {"data": values.tobytes(), "dtype": dtype, "shape": shape, "offset": offset}


def torch_inputs(rng, width=None):
    I, D = unequal(rng, 2)
    D = width or D
    shapes = (3 * D, I), (3 * D, D), (3 * D,), (3 * D,)
    return [rng.standard_normal(shape) for shape in shapes]


def order_inputs(rng):
    """Two orders of which neither is made of the other by exchanging pairs: there and back are not the same then."""
    ours = str(rng.choice(["rzn", "ifgo"]))
    theirs, there = ours, list(range(len(ours)))
    while all(there[there[k]] == k for k in there):
        theirs = "".join(rng.permutation(list(ours)))
        there = [theirs.index(gate) for gate in ours]
    I, D = unequal(rng, 2)
    return rng.standard_normal((I, len(ours) * D)), theirs, ours


def step_inputs(rng, width=None, scale=1.0):
    B, I, D = unequal(rng, 3)
    D = width or D
    shapes = (B, I), (B, D), (I, 3 * D), (D, 3 * D), (3 * D,)
    return [scale * rng.standard_normal(shape) for shape in shapes]


def bound_inputs(rng):
    B, I, O = unequal(rng, 3, 3, 8)
    return rng.standard_normal((B, I)), rng.standard_normal((I, O)), float(rng.choice([2.0 ** -23, 2.0 ** -52]))


READ = Exercise(
    "read_tensor", porting.read_tensor, tensor_inputs, ["values"],
    hints=["np.frombuffer(data, dtype, count, offset) reads so many numbers from so many bytes on. What is count?",
           "The order of the bytes within a number is part of the dtype: np.dtype(dtype).newbyteorder('<').",
           "What comes out has one axis; the shape makes the others of it, the last index fastest, as NumPy does."],
    questions={
        "offset": "Does the tensor stand at the file's start? And does the offset count bytes or numbers?",
        "little": "What do dtype and byte order say of the eight or four bytes of a number?",
        "reshape": "Which index runs fastest in the file?",
        "shape": "How many numbers does the line's shape speak of, and along which axes?",
        "": "Read the numbers of the first row by hand: where do they stand in the file?"},
    mistakes=[
        Mistake({"count, offset)": "count)"}, "it reads from the file's start, where another tensor stands",
                "What does `offset` say?"),
        Mistake({"count, offset)": "count, offset * little.itemsize)"}, "the offset is taken for a count of numbers",
                "In what does the line count the place, and in what do you?"),
        Mistake({"count, offset)": "count, offset // little.itemsize)"}, "the offset is divided, as if it had to be a "
                "count of numbers", "In what does the line count the place, and in what do you?"),
        Mistake({"values.reshape(shape)": 'values.reshape(shape, order="F")'}, "the first index runs fastest",
                "Which index runs fastest in the file?"),
        Mistake({'"<"': '">"'}, "the bytes of a number are read the other way round",
                "Which byte of a number stands first in the file?"),
        Mistake({"np.dtype(dtype)": 'np.dtype("float64")'}, "every number is read as a float64",
                "How many bytes has a number of this tensor, and what do they mean?"),
        Mistake({"np.dtype(dtype)": 'np.dtype("float32")'}, "every number is read as a float32",
                "How many bytes has a number of this tensor, and what do they mean?")])

FROM_TORCH = Exercise(
    "gru_from_torch", porting.gru_from_torch, torch_inputs, ["w", "u", "b", "b_hn"],
    hints=["y = x Wᵀ there, y = x W here: what is to be done with a matrix?",
           "r and z are given both biases and add them; n adds one of them outside of the reset gate, and one inside.",
           "b has the sums for r and z, and for n the input's bias alone; b_hn is the last block of the state's bias.",
           "b = np.concatenate([…, …, bias_ih[2 * D:]]) with the two sums in front."],
    questions={
        "weight_ih.T": "Which side of the matrix does PyTorch's x meet?",
        "weight_hh.T": "A square block fits either way: which side of it does h meet?",
        "bias_ih[:D] + bias_hh[:D]": "How many biases does PyTorch's r have?",
        "bias_ih[D:2 * D] + bias_hh[D:2 * D]": "How many biases does PyTorch's z have?",
        "transposed": "Which side of the matrix does x meet, there and here?",
        "other": "Which of the two biases of n stands beside h, inside of the reset gate?",
        "term": "How many biases has a gate of PyTorch's?",
        "blocks": "In which order do the gates stand, there and here?",
        "zero": "What stands beside h in PyTorch's candidate, inside of the reset gate?",
        "width": "D = 1 passes: what can a square of one number not show?",
        "shape": "Ours are (in, out), with the three blocks side by side.",
        "": "Take I = D = 1 and tell the four biases of r and z, and the two of n, apart on paper."},
    mistakes=[
        Mistake({"weight_ih.T": "weight_ih.reshape(-1, 3 * D)", "weight_hh.T": "weight_hh.reshape(-1, 3 * D)"},
                "the matrices are reshaped, which keeps the order of the numbers, in place of transposed",
                "Where is the number of row 1, column 0 to stand?"),
        Mistake({"weight_hh.T": "np.concatenate(np.split(weight_hh, 3), axis=1)"},
                "the blocks of u stand side by side, but none of them is transposed",
                "A square block fits either way: which side of it does h meet?"),
        Mistake({"b = np.concatenate([b_r, b_z, b_n])": "b = bias_ih + bias_hh"},
                "the candidate's second bias counts twice, outside of the reset gate and inside",
                "Which of the two biases of n is multiplied by the reset gate?"),
        Mistake({"b = np.concatenate([b_r, b_z, b_n])": "b = bias_ih + bias_hh",
                 "b_hn = bias_hh[2 * D:]": "b_hn = np.zeros(D)"},
                "the candidate's second bias has been moved out of the reset gate",
                "What multiplies the second bias of n in PyTorch?"),
        Mistake({"b = np.concatenate([b_r, b_z, b_n])": "b = bias_ih"},
                "the state's biases of r and z are lost", "How many biases does PyTorch's r have?"),
        Mistake({"b_n = bias_ih[2 * D:]": "b_n = bias_hh[2 * D:]", "b_hn = bias_hh[2 * D:]": "b_hn = bias_ih[2 * D:]"},
                "the candidate's two biases are exchanged", "Which of the two stands beside h?"),
        Mistake({"[b_r, b_z, b_n]": "[b_z, b_r, b_n]"}, "the biases of r and z are exchanged, the matrices are not",
                "In which order do the gates stand, there and here?"),
        Mistake({"b_hn = bias_hh[2 * D:]": "b_hn = bias_hh[:D]"}, "b_hn is the bias of another gate",
                "Which block of the three is the candidate's?")])

ORDER = Exercise(
    "blocks_in_order", porting.blocks_in_order, order_inputs, ["w"],
    hints=["Cut w into its blocks, put them into the other order, join them again.",
           "Go through the letters of `ours`: where does the block of that letter stand in w?",
           "blocks[theirs.index(gate)] is the block of `gate`; np.concatenate joins along axis 1."],
    questions={
        "theirs.index(gate)": "In which of the two orders do the blocks of w stand?",
        "ours": "Whose letter comes first in what is returned?",
        "axis": "Do the blocks stand side by side or one under the other?",
        "blocks": "Take theirs = “iofg”, ours = “ifgo”: which block comes second?",
        "shape": "The result is as wide as w. Do its blocks stand side by side or one under the other?",
        "": "Write the letter of its gate on each block: which letters stand there afterwards?"},
    mistakes=[
        Mistake({"in ours": "in theirs", "theirs.index": "ours.index"},
                "the blocks are put into order the other way round, from ours to theirs: for an exchange of two that "
                "is the same, for more it is not", "In which of the two orders do the blocks of w stand?"),
        Mistake({"blocks[theirs.index(gate)]": "blocks[ours.index(gate)]"}, "the blocks stand as they stood",
                "In which of the two orders do the blocks of w stand?"),
        Mistake({"np.split(w, len(theirs), axis=1)":
                 "[w[:, k::len(theirs)] for k in range(len(theirs))]"},
                "a gate's columns are taken one from each block", "Which columns belong to the first gate?"),
        Mistake({"axis=1": "axis=0"}, "the rows are cut and put into another order, and not the columns",
                "Do the blocks stand side by side or one under the other?"),
        Mistake({"in ours:": "in reversed(ours):"}, "the blocks stand in the order that is asked for, backwards",
                "Whose letter comes first in what is returned?")])

BEFORE = Exercise(
    "gru_step_before", porting.gru_step_before, step_inputs, ["h"],
    hints=["Only the candidate is another than in chapter 04.",
           "The reset gate multiplies the state, and what comes out meets U_n.",
           "(r * h) @ u_n; there is no second bias."],
    questions={
        "(1 - z) * n + z * h": "Close the update gate, z = 1: what must the next state be then?",
        "1 - z": "Close the update gate, z = 1: must the old state be kept?",
        "(r * h) @ u_n": "What does the reset gate multiply in this form, and what happens then?",
        "r * h": "What may the candidate see of the old state when the reset gate is 0?",
        "b_n": "Has the candidate a bias?",
        "np.tanh": "Between which two numbers must the candidate lie?",
        "blocks": "In which order do the blocks of r, z and n stand?",
        "other": "In which order do the blocks of r, z and n stand?",
        "width": "D = 1 passes: with one unit the two forms are one. Why?",
        "shape": "Write the shape beside each array: which are (B, D), which still 3D wide, what meets in a product?",
        "": "Which of the three, r, z or n, is the first that differs from the package's?"},
    mistakes=[
        Mistake({"(r * h) @ u_n": "r * (h @ u_n)"}, "the reset gate acts behind the product, as in PyTorch's form",
                "Which of the two is multiplied by r: the state, or what the matrix made of it?"),
        Mistake({"r = sigmoid(": "r = np.tanh(", "z = sigmoid(": "z = np.tanh("}, "the gates go through tanh",
                "Between which two numbers must a gate lie?"),
        Mistake({f"np.split({given})": f"({given[0]}[..., k::3] for k in range(3))"
                 for given in ("w, 3, axis=-1", "u, 3, axis=-1", "b, 3")},
                "every third column is taken for a block", "Which columns are those of r: neighbours, or every third?"),
        Mistake({"(1 - z) * n + z * h": "z * n + (1 - z) * h"}, "the update gate is taken the other way round",
                "Close the update gate, z = 1: must the old state be kept?"),
        Mistake({"w_r, w_z, w_n": "w_z, w_r, w_n", "u_r, u_z, u_n": "u_z, u_r, u_n", "b_r, b_z, b_n":
                 "b_z, b_r, b_n"}, "the blocks are read in the order z, r, n, as ONNX and Keras store them",
                "In which order do the blocks stand here?")])

BOUND = Exercise(
    "rounding_bound", porting.rounding_bound, bound_inputs, ["bound"],
    hints=["How often is a term rounded at most: once as a product, and then in how many sums?",
           "A rounding errs by half of the distance to the next number.",
           "What is rounded has the size of the terms, not that of their sum: np.abs comes before the product."],
    questions={
        "np.abs(x) @ np.abs(w)": "Two terms of 1,000 and −1,000 cancel. Have their roundings cancelled, too?",
        "eps / 2": "How far can a number be from the nearest one, if they stand eps apart?",
        "count": "How many terms has one of the sums?",
        "factor": "How often is a term rounded, and how far off is a rounding at most?",
        "shape": "There is a bound for every entry of the product.",
        "": "Put numbers in: two terms, one row, one column."},
    mistakes=[
        Mistake({"np.abs(x) @ np.abs(w)": "np.abs(x @ w)"},
                "the size is taken of the sum, and not of what is summed",
                "Two terms of 1,000 and −1,000 cancel. Have their roundings cancelled, too?"),
        Mistake({"x.shape[1]": "w.shape[1]"}, "the outputs are counted in place of the terms",
                "How many terms has one of the sums?"),
        Mistake({"x.shape[1]": "x.shape[0]"}, "the rows are counted in place of the terms",
                "How many terms has one of the sums?"),
        Mistake({"count = x.shape[1]": "count = x.shape[1] - 1"},
                "the additions are counted, and the rounding of the products themselves is not",
                "How often is the first term rounded before it is added to the second?"),
        Mistake({"eps / 2": "eps"}, "a rounding is taken to err by the whole distance to the next number",
                "How far can a number be from the nearest one, if they stand eps apart?"),
        Mistake({"count * unit * size": "unit * size"}, "every sum is taken to be rounded once",
                "How often is a term rounded on its way into a sum?"),
        Mistake({"np.abs(x) @ np.abs(w)": "x @ w"}, "a bound has the sign of the sum, and cancels with it",
                "Can an error's bound be negative?"),
        Mistake({"count * unit": "np.sqrt(count) * unit"},
                "it grows with the root of the number of terms: that is what is usual, and not the most that can be",
                "And if all roundings err in the same direction?")])

EXERCISES = (
    Answer("12.forms", {"after, unit 1": 4.0, "after, unit 2": 1.0, "before, unit 1": 2.0, "before, unit 2": 2.0}, {
        8.0: "That is h U_n. And the reset gate?",
        2.0: "Does the gate act on the state, or on what the matrix has made of it?"},
        hints=["U_n exchanges the two units: h U_n = (8, 4), of which r takes its share afterwards.",
               "Before: r ⊙ h = (2, 2), and then the exchange."]),
    Answer("12.biases", {"b_r": 11.0, "b_z": 22.0, "b_n": 3.0, "b_hn": 30.0}, {
        33.0: "Is the candidate's second bias outside of the reset gate, or inside?"},
        hints=["r and z are given both, and only their sum counts.",
               "n has one outside of the reset gate, one inside."]),
    Answer("12.spacing", {"at 1": 1e6 * 2.0 ** -23, "at 1000": 1e6 * 2.0 ** -14}, {
        1e6 * 2.0 ** -24: "That is the largest rounding error. How far apart are the two neighbours?",
        1e6 * 2.0 ** -13: "Between which two powers of 2 does 1000 lie? Count from the lower one.",
        1e9 * 2.0 ** -23: "Numbers stand evenly between two powers of 2: which is the lower one?"},
        hints=["The numbers from 1 to 2 are the multiples of 2⁻²³ there, those from 2 to 4 of 2⁻²².",
               "512 is 2⁹, so at 1000 they are the multiples of 2⁹ · 2⁻²³."]),
    READ, FROM_TORCH, ORDER, BEFORE, BOUND)
