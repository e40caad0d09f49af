"""Chapter 13: on the edge"""

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import edge


def step_inputs(rng, scale=1.0):
    n, K = unequal(rng, 2, 3, 8)
    return [scale * rng.standard_normal(shape) for shape in [(K,), (K,), (K,), (n, K), (n, K)]]


def bytes_inputs(rng):
    """Some of the texts end with a segment, one has a single token."""
    L, D, T = unequal(rng, 3, 3, 9)
    n = np.array([1, T, T + 1, 3 * T, *rng.integers(2, 9 * T, 4)])
    return n, L, D, T, int(rng.choice([2, 4]))


def matrix_inputs(rng):
    """Columns of unequal size, in each the largest weight a negative one or a positive one."""
    I, O = unequal(rng, 2, 5, 9)
    return {"W": rng.standard_normal((I, O)) * rng.uniform(0.2, 3, O)}


def product_inputs(rng):
    B, O = unequal(rng, 2)
    I = int(rng.integers(40, 60))
    integers = [rng.integers(-127, 128, shape).astype(np.int8) for shape in [(B, I), (I, O)]]
    return integers[0], rng.uniform(0.01, 0.1, B), integers[1], rng.uniform(0.001, 0.01, O)


STEP = Exercise(
    "attention_step", edge.attention_step, step_inputs, ["y", "all_keys", "all_values"],
    hints=["First put the token's own key and value behind those that are kept: it sees itself as well.",
           "One query only: its scores are a vector, a number for each key.",
           "np.concatenate([keys, k[None]]) puts a row behind; then all_keys @ q, divided by the root of the width."],
    questions={
        "np.sqrt(len(q))": "By the root of which length are scores divided?",
        "[keys, k[None]]": "What does the next token expect at the end of the keys?",
        "[values, v[None]]": "What does the next token expect at the end of the values?",
        "e / e.sum()": "What do the weights of a mean add up to?",
        "factor": "What do the weights of a mean add up to?",
        "other": "What is compared with the query, and what is mixed?",
        "shape": "How many keys are there after this token?",
        "": "Put n = 0 in: what must come out for the first token of a text?"},
    mistakes=[
        Mistake({"s = all_keys @ q": "s = keys @ q", "p @ all_values": "p @ values"},
                "the token does not see itself", "How many keys does the first token of a text see?"),
        Mistake({"[keys, k[None]]": "[k[None], keys]", "[values, v[None]]": "[v[None], values]"},
                "the new key and value are put in front",
                "Attention does not mind. And whoever reads the cache after you?"),
        Mistake({"[keys, k[None]]": "[keys, v[None]]", "[values, v[None]]": "[values, k[None]]"},
                "key and value of the new token are exchanged", "What is compared with the query, and what is mixed?"),
        Mistake({" / np.sqrt(len(q))": ""}, "the scores are not divided by anything",
                "By the root of which length are scores divided?"),
        Mistake({"np.sqrt(len(q))": "np.sqrt(len(all_keys))"}, "the scores are divided by the root of the cache's "
                "length, and not of the width", "Do the scores of a head grow with its width or with the text?"),
        Mistake({"np.sqrt(len(q))": "len(q)"}, "the scores are divided by the width, and not by its root",
                "By the root of which length are scores divided?"),
        Mistake({"e / e.sum()": "e"}, "the weights do not add up to 1", "What do the weights of a mean add up to?")])

BYTES = Exercise(
    "state_bytes", edge.state_bytes, bytes_inputs, ["transformer", "crt"],
    hints=["A row of the cache is a key and a value, D numbers each, in every layer.",
           "Of the CRT's rows only those of the running segment are there: how many of its tokens have been read? And "
           "one row more, in front.",
           "(n − 1) % T + 1 tokens of the running segment have been read: T, and not 0, at its end.",
           "Two vectors last longer than a segment: the memory, and the state of the positions."],
    questions={
        "(n - 1) % T + 1": "How many tokens are in the running segment when n is just T?",
        "inside + 1": "What stands in front of a segment's tokens, and has keys and values, too?",
        "2 * L * D * rows": "In how many layers is a row kept, and what is kept of it?",
        "item": "How many bytes has a number?",
        "2 * D": "Which two vectors outlive a segment?",
        "factor": "What is kept of a row: a key alone?",
        "term": "How many rows are there after one token: in the Transformer, in the CRT?",
        "shape": "A number for each entry of n.",
        "": "Count by hand for L = 1, D = 1, item = 1, and n = 1, T, T + 1."},
    mistakes=[
        Mistake({"(n - 1) % T + 1": "n % T"}, "at the end of a segment its rows are taken for gone",
                "How many tokens are in the running segment when n is just T?"),
        Mistake({"rows = inside + 1": "rows = inside"}, "the memory's own row is left out",
                "What stands in front of a segment's tokens, and has keys and values, too?"),
        Mistake({"rows = inside + 1": "rows = n + 1"}, "the CRT is said to keep the rows of the whole text",
                "Whose keys may a token of the third segment see?"),
        Mistake({"rows = inside + 1": "rows = T + 1 + 0 * n"},
                "the room for a full segment is counted, and not the rows that are in it",
                "How many rows are there after the first token?"),
        Mistake({"2 * D + ": "D + "}, "of the two vectors that outlive a segment one is forgotten",
                "Memory, and what else is carried on?"),
        Mistake({"2 * D + ": ""}, "what outlives a segment is left out", "What is handed to the next segment?"),
        Mistake({"transformer = 2 * L": "transformer = L", "2 * L * D * rows": "L * D * rows"},
                "of keys and values only one is counted", "What is kept of a row: a key alone?"),
        Mistake({"transformer = 2 * L * D": "transformer = 2 * D", "2 * L * D * rows": "2 * D * rows"},
                "one layer is counted", "In how many layers is a row kept?"),
        Mistake({" * item": ""}, "numbers are counted, and not bytes", "How many bytes has a number?")])

COLUMNS = Exercise(
    "quantise_columns", edge.quantise_columns, matrix_inputs, ["values", "scales"],
    hints=["The largest weight of a column, whatever its sign, becomes 127 or −127.",
           "scales = np.abs(W).max(0) / 127; what is W in units of its scale?",
           "values = np.rint(W / scales)"],
    questions={
        "np.abs(W).max(0)": "And if the largest weight of a column is a negative one?",
        "np.rint(W / scales)": "Which whole number is nearest to 2.9? And to −2.9?",
        "127": "How many whole numbers are there from −127 to 127, and which is the largest?",
        "axis": "Is there a scale for each input or for each output?",
        "factor": "Which of the two is multiplied by the scale to give W?",
        "function": "Which whole number is nearest to 2.9?",
        "shape": "A scale for each column: a column makes an output.",
        "": "Multiply the two: how far from W are you, at most, in units of the scale?"},
    mistakes=[
        Mistake({"np.abs(W).max(0)": "np.abs(W).max() + 0 * W[0]"}, "one scale serves the whole matrix",
                "How many of the 255 numbers does a column of small weights use then?"),
        Mistake({"np.abs(W).max(0)": "W.max(0)", "np.rint(W / scales)": "np.clip(np.rint(W / scales), -127, 127)"},
                "the largest weight is looked for among the positive ones, and what is beyond it is cut off",
                "And if the largest weight of a column is a negative one?"),
        Mistake({"np.abs(W).max(0)": "W.max(0)"}, "the largest weight is looked for among the positive ones",
                "And if the largest weight of a column is a negative one?"),
        Mistake({"np.abs(W).max(0)": "(W.max(0) - W.min(0))"},
                "the whole range of a column, from its smallest to its largest weight, is given to one sign",
                "From which number to which do the whole numbers go, and what becomes of the largest weight?"),
        Mistake({"np.abs(W).max(0)": "(W.max(0) - W.min(0)) / 2"},
                "half of the range stands for the largest weight, which is right only where the two ends are alike",
                "What becomes of a column whose weights are all positive?"),
        Mistake({"np.abs(W).max(0)": "np.abs(W).mean(0)"}, "the mean size of a column stands for its largest weight",
                "What becomes of the largest weight?"),
        Mistake({"np.abs(W).max(0)": "W.std(0)"}, "the spread of a column stands for its largest weight",
                "What becomes of the largest weight?"),
        Mistake({"np.rint(W / scales)": "np.ceil(W / scales)"}, "everything is rounded up",
                "Which whole number is nearest to 2.1?"),
        Mistake({"np.rint(W / scales)": "np.trunc(W / scales)"}, "digits are cut off, and nothing is rounded",
                "Which whole number is nearest to 2.9? And to −2.9?"),
        Mistake({"np.rint(W / scales)": "np.floor(W / scales)"}, "everything is rounded down",
                "Which whole number is nearest to 2.9?"),
        *(Mistake({"127": "128", "np.rint(W / scales)": rounded},
                  "the scale leaves room for 128, which an int8 does not have",
                  "Which is the largest whole number in eight bits with a sign?")
          for rounded in ("np.rint(W / scales)", "np.clip(np.rint(W / scales), -127, 127)")),
        Mistake({"np.rint(W / scales)": "np.rint(W / np.abs(W).max(1, keepdims=True) * 127)"},
                "the whole numbers are made with a scale a row",
                "Which weights share a scale: those of a column or those of a row?"),
        Mistake({"127": "255"}, "all 255 numbers are given to one of the two signs",
                "From which number to which do the whole numbers go?"),
        Mistake({"return values, scales": "return values, 1 / scales"}, "the scale is turned round",
                "What is W, in terms of the two that you return?"),
        Mistake({"np.rint(W / scales)": "W / scales"}, "nothing is rounded", "Are these whole numbers?")])

PRODUCT = Exercise(
    "integer_product", edge.integer_product, product_inputs, ["y"],
    hints=["Both scales can be taken out of the sum: which of them depends on what is summed over?",
           "What type has the product of two int8 arrays in NumPy, and which is its largest number?",
           "x_values.astype(np.int32) @ values.astype(np.int32), and then both scales, one by rows, one by columns."],
    questions={
        "x_scales[:, None]": "Is there a scale of x for each row or for each column of y?",
        "scales": "How does W come from its whole numbers?",
        "factor": "What is a number of y measured in: how many scales does it need?",
        "shape": "y has a row for each row of x.",
        "": "Take I = 1: two numbers of 100 each. What does your product of them give?"},
    mistakes=[
        Mistake({"x_values.astype(np.int32) @ values.astype(np.int32)": "x_values @ values"},
                "the sums are those of int8, in which 100 · 100 does not fit: they begin anew at −128",
                "What type has the product of two int8 arrays in NumPy?"),
        Mistake({"np.int32": "np.int16"}, "the sums are those of int16, which a few products fill",
                "How large can the sum of 50 products of two numbers up to 127 become?"),
        Mistake({"np.int32": "np.uint8"}, "negative numbers are read without their sign, and the sums overflow",
                "What becomes of −1 in an unsigned byte?"),
        Mistake({"sums * x_scales[:, None] * scales": "sums"}, "no scale is left: these are sums of whole numbers",
                "In which unit are x's whole numbers, and in which are W's?"),
        Mistake({"sums * x_scales[:, None] * scales": "np.rint(sums * x_scales[:, None] * scales)"},
                "y is rounded to whole numbers", "Which arrays are of whole numbers here, and is y one of them?"),
        Mistake({" * x_scales[:, None]": ""}, "the scales of x are left out", "In which unit are x's whole numbers?"),
        Mistake({"x_scales[:, None] * scales": "x_scales[:, None]"}, "the scales of W are left out",
                "How does W come from its whole numbers?"),
        Mistake({"sums * x_scales[:, None] * scales": "sums / x_scales[:, None] / scales"},
                "it is divided by the scales", "How does W come from its whole numbers?"),
        Mistake({"sums * x_scales[:, None] * scales": "sums * x_scales.mean() * scales"},
                "one scale serves all rows of x", "Is there one scale of x, or one a row?")])

EXERCISES = (
    Answer("13.bytes", {"Transformer": 10_240_000.0, "two vectors": 512.0}, {
        5_120_000.0: "What is kept of a row: a key alone?", 2_560_000.0: "How many bytes has a number?",
        128.0: "How many bytes has a number?", 256.0: "Which two vectors outlive a segment?"},
        hints=["2 · L · D numbers a token, 4 bytes each.",
               "The memory and the state of the positions: 2 · 64 numbers."]),
    Answer("13.rate", {"float32": 25.0, "8 bits": 100.0}, {
        0.04: "That is the time of a token, in seconds. And how many are there in one?"},
        hints=["A token reads every weight once: seconds are bytes / bandwidth.", "1.2 MB at 30 MB/s take 0.04 s."]),
    Answer("13.integers", {"scale": 0.01, "first": 127.0, "second": -50.0, "third": 0.0}, {
        1.27: "Which number does the largest weight become?",
        50.0: "Symmetric: a sign is kept.", 0.4: "To the nearest whole number."},
        hints=["The largest weight, 1.27, becomes 127.", "In units of 0.01 the others are −50 and 0.4."]),
    Answer("13.bits", {"bits a weight": 4.25}, {
        4.0: "And the scales?", 5.0: "A scale of 8 bits is shared by 32 weights.", 12.0: "It is shared by 32 weights."},
        hints=["32 weights take 32 · 4 bits and one scale of 8.", "136 bits for 32 weights."]),
    STEP, BYTES, COLUMNS, PRODUCT)
