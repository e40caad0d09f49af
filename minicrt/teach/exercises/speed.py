"""Chapter 11: making it fast"""

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import speed


def product_inputs(rng):
    return {**dict(zip("nkm", unequal(rng, 3, least=20, most=60))), "size": int(rng.choice([4, 8]))}


def roof_inputs(rng):
    peak, bandwidth = float(rng.uniform(50, 500)), float(rng.uniform(5, 50))
    intensity = peak / bandwidth * np.exp(rng.uniform(0.2, 3, 6) * rng.permutation([-1, -1, -1, 1, 1, 1]))
    return {"peak": peak, "bandwidth": bandwidth, "intensity": intensity}


def row_inputs(rng):
    """Rows that begin low and end high, or the other way round, some of them far from 0."""
    N, V = unequal(rng, 2, least=3)
    return {"y": rng.standard_normal((N, V)) * 2 + rng.choice([-900.0, 0.0, 900.0], (N, 1))}


def loss_inputs(rng):
    N, V = unequal(rng, 2, least=3)
    return {"y": 2 * rng.standard_normal((N, V)) + 3, "classes": rng.integers(0, V, N)}


def share_inputs(rng):
    threads, share = int(rng.integers(3, 17)), float(rng.uniform(0.05, 0.4))
    return {"speedup": 1 / (share + (1 - share) / threads), "threads": threads}


PRODUCT = Exercise(
    "product_work", speed.product_work, product_inputs, ["flops", "moved", "intensity"],
    hints=["One entry of the result is k products and k sums. How many entries are there?",
           "Three arrays move: two are read, one is written. Each number is `size` bytes.",
           "2 * n * k * m operations; size * (n * k + k * m + n * m) bytes."],
    questions={"2 * n * k * m": "How many multiplications and additions does one entry of the result take?",
               "n * m": "What happens to the result when it is finished?",
               "flops / moved": "Operations per byte: which of the two stands below?",
               "size": "How many bytes is one number?",
               "": "Do it for (1, 2) @ (2, 1): two products, a sum or two, and five numbers that move."},
    mistakes=[
        Mistake({"2 * n * k * m": "n * k * m"}, "only half of the operations are counted",
                "A product of matrices multiplies. What else does it do, as often?"),
        Mistake({" + n * m)": ")"}, "the result is not counted among what moves", "Where does the result go?"),
        Mistake({"size * (n * k + k * m + n * m)": "(n * k + k * m + n * m)"}, "numbers are counted in place of bytes",
                "How many bytes is one number?"),
        Mistake({"(n * k + k * m + n * m)": "n * k * m"}, "it counts as if each operand came from memory anew",
                "How large is each of the three arrays?"),
        Mistake({"flops / moved": "moved / flops"}, "the ratio stands on its head",
                "Operations per byte: which is below?")])

ATTAINABLE = Exercise(
    "attainable", speed.attainable, roof_inputs, ["flops_per_second"],
    hints=["Two limits: arithmetic, and what memory delivers. Which of them counts?",
           "Memory delivers bandwidth bytes/s; with each byte come `intensity` operations.",
           "np.minimum(peak, bandwidth * intensity): entry by entry."],
    questions={"bandwidth * intensity": "Bytes a second times operations a byte: what is that?",
               "shape": "min of two numbers is one number; np.minimum goes entry by entry.",
               "": "At a very small intensity, and at a very large one: what limits?"},
    mistakes=[
        Mistake({"np.minimum(peak, bandwidth * intensity)": "1 / (1 / peak + 1 / (bandwidth * intensity))"},
                "the two times are added, as if one had to wait for the other",
                "Can numbers be fetched while others are being computed?"),
        Mistake({"np.minimum": "np.maximum"}, "the larger of the two limits is taken",
                "A road with a narrow place: how much traffic gets through?"),
        Mistake({"np.minimum(peak, bandwidth * intensity)": "bandwidth * intensity"}, "the roof is missing",
                "Can a machine do more than its peak?"),
        Mistake({"np.minimum(peak, bandwidth * intensity)": "peak + 0 * intensity"}, "memory is not in it",
                "What happens at a very small intensity?"),
        Mistake({"bandwidth * intensity": "bandwidth / intensity"}, "intensity is taken as bytes per operation",
                "If each byte is used more often, does the limit rise or fall?")])

ONE_PASS = Exercise(
    "one_pass_softmax", speed.one_pass_softmax, row_inputs, ["m", "s"],
    hints=["Go over the columns with two vectors, m and s, that are right for what has been read so far.",
           "When a larger entry comes, all that was added up is relative to the old m. By what factor is it too large?",
           "s = s * np.exp(m - m_new) + np.exp(y[:, j] - m_new), and then m = m_new."],
    questions={"s * np.exp(m - m_new)": "What was added up so far is relative to which m?",
               "np.exp(y[:, j] - m_new)": "Relative to which m is the new entry to be added?",
               "np.ones": "What is s after the first column?",
               "np.maximum": "Which entry of what has been read is m?",
               "": "Take one row, (0, 1): what are m and s after the first entry, and after the second?"},
    mistakes=[
        Mistake({"return m, s": "return m, m + np.log(s)"}, "this is the logarithm of the sum, with m in it",
                "What is s if all entries of a row are alike?"),
        Mistake({"s * np.exp(m - m_new)": "s"}, "what was added up before is not brought to the new largest",
                "What was added up so far is relative to which m?"),
        Mistake({"np.exp(m - m_new)": "np.exp(m_new - m)"}, "the old sum is made larger in place of smaller",
                "A larger m comes: do the old terms count more or less?"),
        Mistake({"np.exp(y[:, j] - m_new)": "np.exp(y[:, j] - m)"}, "the new entry is taken relative to the old m",
                "Relative to which m are all terms to be?"),
        Mistake({"np.ones(len(y))": "np.zeros(len(y))"}, "the first column is not counted",
                "What is s after the first column?"),
        Mistake({"np.ones(len(y))": "np.exp(y[:, 0])"}, "the first entry is not taken relative to itself",
                "What is e^(y − m) where y is m?"),
        Mistake({"np.ones(len(y))": "2 * np.ones(len(y))"}, "the first column is counted twice",
                "What is s after the first column, and with which column does the loop begin?"),
        Mistake({"m = y[:, 0]": "m = y[:, 1]", "range(1, ": "range(2, "}, "the first column is left out",
                "With which column does the loop begin, and what are m and s before it?"),
        Mistake({"s * np.exp(m - m_new)": "s * (m == m_new)"},
                "what was added up before is thrown away when a larger entry comes",
                "A larger m comes: are the old terms 0, or only smaller?"),
        Mistake({"m = y[:, 0]": "m = np.maximum(y[:, 0], 0)", "np.ones(len(y))": "np.exp(y[:, 0] - m)"},
                "m begins at 0, which may be larger than every entry", "What if all entries are below −900?")])

LOSS = Exercise(
    "loss_and_gradient", speed.loss_and_gradient, loss_inputs, ["loss", "d_y"],
    hints=["e and s are used twice: for the loss, and for the probabilities in the gradient.",
           "−ln p at the right class is m + ln s less the score there. The gradient: p less one-hot, over N.",
           "d_y = e / (N * s[:, None]), and then d_y[rows, classes] -= 1 / N."],
    questions={"np.log(s)": "−ln p is a difference of two things: which of them has the logarithm?",
               "y[rows, classes]": "Does the loss fall or rise when the right score rises?",
               "m[:, None]": "What was taken off all scores, and where must it come back?",
               "1 / N": "The loss is a mean over N rows: what does that do to each gradient?",
               "mean": "The loss is a mean over N rows: what does that do to each gradient?",
               "factor": "The loss is a mean over N rows: what does that do to each gradient?",
               "": "What do the entries of one row of d_y add up to?"},
    mistakes=[
        Mistake({"y[rows, classes])": "y[:, classes])"}, "in the loss every row is asked for the classes of all rows",
                "How many scores does the mean have?"),
        Mistake({"m + np.log(s)": "np.log(s)"}, "what was subtracted from the scores does not come back in the loss",
                "By how much is every score shifted in e?"),
        Mistake({"    d_y[rows, classes] -= 1 / N\n": ""}, "the gradient has the probabilities alone",
                "What do the entries of one row of d_y add up to?"),
        Mistake({"-= 1 / N": "-= 1"}, "the mean is missing in what the right class gets",
                "What do the entries of one row of d_y add up to?"),
        Mistake({"(N * s[:, None])": "s[:, None]", "-= 1 / N": "-= 1"}, "the gradient is that of a sum",
                "The loss is a mean over N rows: what does that do to each gradient?"),
        Mistake({"d_y = e / (N * s[:, None])\n    d_y[rows, classes] -= 1 / N":
                 "d_y = np.zeros_like(y)\n    d_y[rows, classes] = -s / e[rows, classes] / N"},
                "it is the gradient of the probabilities: the softmax is passed over",
                "What stands between the scores and the probabilities?"),
        Mistake({"np.mean(": "np.sum("}, "the loss is a sum over the rows", "Sum, or mean?"),
        Mistake({"N * s[:, None]": "N * N * s[:, None]"}, "the probabilities are divided by N once too often",
                "How often does the mean come in?")])

SHARE = Exercise(
    "serial_share", speed.serial_share, share_inputs, ["share"],
    hints=["Write Amdahl's law for 1/speedup and solve it for the share.",
           "1/speedup = share + (1 − share)/threads; multiply by threads.",
           "(threads / speedup - 1) / (threads - 1)"],
    questions={"": "Twice as fast on two threads: what share must come out? And not faster at all?"},
    mistakes=[
        Mistake({"(threads / speedup - 1) / (threads - 1)": "1 - (threads / speedup - 1) / (threads - 1)"},
                "it is the share that did get faster", "Twice as fast on two threads: which share did not?"),
        Mistake({"(threads / speedup - 1) / (threads - 1)": "1 / speedup"},
                "it is the time that is left of all the work, and some of it did get faster",
                "No part is serial: which speedup do four threads have, and what share must come out?"),
        Mistake({"(threads / speedup - 1) / (threads - 1)": "speedup / threads"},
                "it is the efficiency of the threads", "As fast as with one thread: what must the share be then?"),
        Mistake({"(threads / speedup - 1) / (threads - 1)": "1 - speedup / threads"},
                "it is what is lost of the threads' work", "As fast as with one thread: what must the share be then?"),
        Mistake({"(threads / speedup - 1) / (threads - 1)": "(1 / speedup - 1) / (threads - 1)"},
                "the time is not compared with what it would be at best",
                "Twice as fast on two threads: what must come out?"),
        Mistake({"(threads / speedup - 1) / (threads - 1)": "(threads / speedup - 1) / threads"},
                "the serial part is counted among what is shared out",
                "As fast as with one thread: what must the share be then?")])

EXERCISES = (
    Answer("11.sum", {"FLOP per byte": 1 / 12}, {
        1 / 8: "Two arrays are read. What else moves?", 1 / 3: "Three numbers move. How many bytes is each?",
        12: "Operations per byte, not bytes per operation.", 1 / 4: "Count the arrays that move: how many are there?"},
        hints=["One addition for each entry.", "Two numbers are read and one is written, 4 bytes each."]),
    Answer("11.gru", {"B = 1": 0.5, "B = 64": 32}, {
        1: "One weight: a product and a sum. How many bytes does it have?",
        128: "In B rows one weight is used B times; it is 4 bytes."},
        hints=["Each weight is used once in every row, for a product and a sum.", "2 B operations for 4 bytes."]),
    Answer("11.ridge", {"where the roof begins": 5, "layer norm": 20}, {
        0.2: "At which FLOP per byte do bytes and operations take the same time?",
        100: "Can memory deliver what that would need?"},
        hints=["The two limits are equal: 20 GB/s times the intensity is 100 GFLOP/s.", "20 GB/s, one FLOP a byte."]),
    Answer("11.amdahl", {"4 threads": 1 / (0.2 + 0.8 / 4), "any number": 5}, {
        4: "A fifth of the work does not get faster.", 3.2: "Add up the times, not the speeds."},
        hints=["The time is 0.2 + 0.8/4 of what it was.", "With very many threads only the 0.2 are left."]),
    PRODUCT, ATTAINABLE, ONE_PASS, LOSS, SHARE)
