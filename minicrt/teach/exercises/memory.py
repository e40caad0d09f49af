"""Chapter 09: what the memory keeps"""

import math

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import memory


def probe_inputs(rng):
    D, K = unequal(rng, 2, least=3)
    return rng.standard_normal((20, D)), rng.integers(0, K, 20), K, float(rng.uniform(0.5, 2))


def accuracy_inputs(rng):
    D, K = unequal(rng, 2, least=3)
    N = int(rng.integers(900, 1000))                         # few rows have the same share of very different guesses
    return rng.standard_normal((1 + D, K)), rng.standard_normal((N, D)), rng.integers(0, K, N)


def cloud_inputs(rng):
    D = unequal(rng, 1, least=3)[0]
    return (3 + rng.standard_normal((11, D)) * rng.uniform(0.5, 2, D),)


def noise_inputs(rng):
    B, D = unequal(rng, 2, least=3)
    return rng.standard_normal((B, D)), rng.standard_normal((B, D)), float(rng.uniform(0.2, 2))


PROBE = Exercise(
    "fit_probe", memory.fit_probe, probe_inputs, ["W"],
    hints=["Put a column of ones in front of m, and make a row of K entries of each value: 1 in its place, else 0.",
           "The best W solves a linear system: on its left the products of columns of x, on its right those with y.",
           "np.linalg.solve(x.T @ x + ridge * np.eye(1 + D), x.T @ y)"],
    questions={
        "ridge * np.eye(x.shape[1])": "With an enormous ridge, what must W become?",
        "np.concatenate([ones, m], axis=1)": "Which column of x does row 0 of W belong to?",
        "shape": "How many rows has W: one for each unit, and which besides?",
        "term": "With an enormous ridge, what must W become?",
        "factor": "How often is the ridge counted, once or once a row?",
        "sign": "With an enormous ridge, what must W become?",
        "": "With as many rows as unknowns and no ridge: does x @ W hit y?"},
    mistakes=[
        Mistake({"x.T @ x + ridge * np.eye(x.shape[1])": "x.T @ x"}, "the ridge is left out",
                "With an enormous ridge, what must W become?"),
        Mistake({"ones = np.ones((len(m), 1))": "ones = np.zeros((len(m), 1))"}, "the column of ones is missing",
                "m is 0 for all rows: may the scores differ all the same?"),
        Mistake({"ridge * np.eye(x.shape[1])": "ridge"}, "the ridge is added to every entry of the matrix",
                "The ridge weighs squares of W's entries: which products of two of them does it hold?"),
        Mistake({"ridge * np.eye(x.shape[1])": "len(m) * ridge * np.eye(x.shape[1])"},
                "the ridge is counted once a row", "Is it a sum of squared errors that it is added to, or a mean?"),
        Mistake({"ridge * np.eye(x.shape[1])": "ridge * np.diag([0.0] + [1.0] * m.shape[1])"},
                "the row of the ones is left out of the ridge", "Of which entries of W are the squares weighed?"),
        Mistake({"np.concatenate([ones, m], axis=1)": "np.concatenate([m, ones], axis=1)"},
                "the ones stand behind the memory", "Which row of W belongs to the ones?"),
        Mistake({"x = np.concatenate([ones, m], axis=1)": "x = np.concatenate([ones, m - m.mean(0)], axis=1)"},
                "the mean was taken off the memory first", "Which m will the probe be shown later?")])

ACCURACY = Exercise(
    "probe_accuracy", memory.probe_accuracy, accuracy_inputs, ["share"],
    hints=["First the scores of all values, (N, K), then the largest of each row, then compare.",
           "scores = W[0] + m @ W[1:]; argmax(1) gives the guess of each row.",
           "The mean of True and False is the share of True."],
    questions={
        "W[0] + m @ W[1:]": "Which row of W belongs to the ones?",
        "scores.argmax(1)": "Of a row's K scores, which one is the guess?",
        "axis": "Of a row's K scores, which one is the guess?",
        "factor": "Is it a share, or a number of rows?",
        "mean": "Is it a share, or a number of rows?",
        "complement": "Is it the share of right answers, or that of wrong ones?",
        "": "Take W with one column far above the others: which share has that value?"},
    mistakes=[
        Mistake({"W[0] + m @ W[1:]": "m @ W[1:]"}, "the row of the ones is not used",
                "If all values but one are rare, what does W[0] say?"),
        Mistake({"W[0] + m @ W[1:]": "W[-1] + m @ W[:-1]"}, "the last row of W is taken for that of the ones",
                "Which row of W belongs to the ones?"),
        Mistake({"scores.argmax(1)": "scores.argmin(1)"}, "the smallest score is taken",
                "Of a row's K scores, which one is the guess?"),
        Mistake({"scores.argmax(1)": "abs(scores).argmax(1)"}, "a score far below 0 counts as a high one",
                "Is a score of −3 a yes?"),
        Mistake({"(guesses == values).mean()": "(guesses == values).sum()"}, "it is the number of right rows",
                "Is it a share, or a number of rows?"),
        Mistake({"(guesses == values).mean()": "(guesses != values).mean()"}, "it is the share of wrong answers",
                "What does a perfect probe get?")])

SHARES = Exercise(
    "variance_shares", memory.variance_shares, cloud_inputs, ["shares"],
    hints=["Take the mean vector off, then look at the matrix of products of units.",
           "The eigenvalues of centred.T @ centred are the variances along the components, up to one factor.",
           "np.linalg.eigvalsh gives them from the smallest on: [::-1]. Divide by their sum."],
    questions={
        "m - m.mean(0)": "Add 100 to every m: may the answer change?",
        "np.linalg.eigvalsh(centred.T @ centred)[::-1]": "Which share comes first?",
        "variances.sum()": "What do the shares add up to?",
        "factor": "What do the shares add up to?",
        "time": "Which share comes first?",
        "shape": "How many components has a cloud in D dimensions?",
        "": "Add 100 to every m: may the answer change? And what do the shares add up to?"},
    mistakes=[
        Mistake({"m - m.mean(0)": "m"}, "the mean is not taken off", "Add 100 to every m: may the answer change?"),
        Mistake({"m - m.mean(0)": "m - m.mean()"}, "one number is taken off all units",
                "Add 100 to one unit of every m: may the answer change?"),
        Mistake({"eigvalsh(centred.T @ centred)[::-1]": "eigvalsh(centred.T @ centred)"},
                "the smallest comes first", "Which share comes first?"),
        Mistake({"variances = np.linalg.eigvalsh(centred.T @ centred)[::-1]":
                 "variances = np.linalg.svd(centred, compute_uv=False)"},
                "these are lengths, whose squares are variances", "Is a variance measured in m or in its square?"),
        Mistake({"variances / variances.sum()": "np.cumsum(variances) / variances.sum()"},
                "each share has those before it in it", "What do the shares add up to?"),
        Mistake({"centred.T @ centred": "np.corrcoef(m, rowvar=False)"},
                "every unit is brought to the same variance first",
                "A unit that hardly moves: how much of the variance is its own?"),
        Mistake({"variances = np.linalg.eigvalsh(centred.T @ centred)[::-1]":
                 "variances = np.sort((centred * centred).sum(0))[::-1]"},
                "these are the variances of single units", "Two units that always do the same: how many directions?")])

NOISE = Exercise(
    "add_noise", memory.add_noise, noise_inputs, ["damaged"],
    hints=["How large m is, is one number: the root of the mean of all squares.", "m + size * rms * noise"],
    questions={
        "np.sqrt((m * m).mean())": "All entries of m are 3: how large is it?",
        "size": "At size 0, what is left of m?",
        "factor": "Twice as large an m: how much larger is the noise?",
        "sign": "Is noise added, or taken off?",
        "function": "All entries of m are 3: how large is it?",
        "": "At size 1, how large is what is added, compared with m?"},
    mistakes=[
        Mistake({"(m * m).mean()": "(m * m).mean(1, keepdims=True)"}, "each row has a size of its own",
                "Over which numbers is the mean of the squares taken?"),
        Mistake({"(m * m).mean()": "(m * m).mean(0)"}, "each unit has a size of its own",
                "Over which numbers is the mean of the squares taken?"),
        Mistake({"size * rms * noise": "size * noise"}, "the noise does not go with the size of m",
                "Twice as large an m: how much larger is the noise?"),
        Mistake({"np.sqrt((m * m).mean())": "(m * m).mean()"}, "the mean square lacks its root",
                "All entries of m are 3: how large is it?"),
        Mistake({"np.sqrt((m * m).mean())": "np.sqrt((m * m).sum())"}, "a sum stands for the mean",
                "All entries of m are 3: how large is it?"),
        Mistake({"np.sqrt((m * m).mean())": "m.std()"}, "the spread about the mean stands for the size",
                "All entries of m are 3: how large is it?"),
        Mistake({"np.sqrt((m * m).mean())": "abs(m).mean()"}, "the mean of absolute values stands for the size",
                "Of one 0 and one 2, is the root mean square 1?"),
        Mistake({"np.sqrt((m * m).mean())": "abs(m).max()"}, "the largest entry stands for the size",
                "One entry of a thousand is 100, the others are 1: how large is m?"),
        Mistake({"size * rms * noise": "size * m * noise"}, "the noise goes with each entry, not with all of m",
                "A unit that is 0: does it get noise?")])

EXERCISES = (
    Answer("09.gate", {"kept of it": 0.9 ** 6, "tokens to a half": math.log(0.5) / math.log(0.9)}, {
        0.4: "Is a tenth of the first value lost at each token, or a tenth of what is left?",
        0.1 ** 6: "z = 0.9 is the share that is kept, not the one that is lost.",
        0.9 ** 5: "Six tokens are six factors.",
        7.0: "After seven tokens less than half is left: it is a little before. Give a decimal.",
        5.0: "Is a tenth of the first value lost at each token, or a tenth of what is left?"},
        hints=["Each token multiplies what is left by 0.9.", "0.9 to which power is ½? Take logarithms."]),
    Answer("09.bits", {"bits of a value": 3.0, "bits of the vector": 2048.0}, {
        8.0: "Eight values are told apart by how many yes-or-no questions?",
        64.0: "Numbers, not bits.", 256.0: "Bytes, not bits."},
        hints=["log2 of the number of values.", "64 float32 numbers of 32 bits each."]),
    Answer("09.gaps", {"share right": 0.75 + 0.25 / 8}, {
        0.75: "And where the first segment is lost, is a guess never right?",
        0.25 / 8: "That is the share that is right by luck. Add the others.",
        0.75 ** 8: "What does it cost to lose a segment of filler?"},
        hints=["A lost segment of filler costs nothing: nothing was to be learned there.",
               "Three times out of four the value was seen; else one guess in eight is right."]),
    PROBE, ACCURACY, SHARES, NOISE)
