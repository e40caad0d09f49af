"""Chapter 14: video, from pixels to rows"""

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import video


def clip_inputs(rng):
    """Patches, rows and columns of them, frames and channels: no two alike."""
    F, rows, columns, s, C = unequal(rng, 5)
    return rng.standard_normal((F, rows * s, columns * s, C)), s


def gradient_inputs(rng, scale=1.0):
    x, s = clip_inputs(rng)
    F, Y, X, _ = x.shape
    patches = video.cut_patches(scale * x, s)
    D = int(rng.integers(2, 6))
    W = rng.standard_normal((patches.shape[2], D))
    return rng.standard_normal((F, patches.shape[1], D)), patches, W, s, Y, X


def row_inputs(rng):
    R, T, N, D = unequal(rng, 4)
    return rng.standard_normal((R + T * N, D)), R, T


def pair_inputs(rng):
    R, T, N = (rng.integers(low, high, 6) for low, high in [(1, 5), (2, 17), (2, 50)])
    return R, T, N


CUT = Exercise(
    "cut_patches", video.cut_patches, clip_inputs, ["patches"],
    hints=["A reshape alone moves no number: first give the square's rows and columns axes of their own.",
           "(F, Y / s, s, X / s, s, C): which two of the six axes count squares, and which belong to a square?",
           "Bring the two that count squares together with transpose, and then reshape to three axes."],
    questions={
        "(0, 1, 3, 2, 4, 5)": "What are the axes now, one by one: which count squares, and which belong to one?",
        "Y // s, s, X // s, s": "Which of two neighbouring axes counts the squares, and which goes through one?",
        "other": "What are the axes now, one by one: which count squares, and which belong to one?",
        "transposed": "What are the axes now, one by one: which count squares, and which belong to one?",
        "axis": "What are the axes now, one by one: which count squares, and which belong to one?",
        "shape": "How many squares has a frame, and how many numbers a square?",
        "": "Cut a frame of 2 x 4 pixels with s = 2 on paper. Which four numbers are the first square's?"},
    mistakes=[
        Mistake({"together = cut.transpose(0, 1, 3, 2, 4, 5)": "together = cut"},
                "the pixels are taken in the order in which they stand in a frame: a strip, and no square",
                "Which pixel follows the last one of a square's first row?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 3, 1, 2, 4, 5)"}, "the squares are counted column by column",
                "Which square is the second one: that to the right, or that below?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 1, 3, 4, 2, 5)"}, "a square's pixels are counted column by column",
                "Which pixel of a square is its second one?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 3, 1, 4, 2, 5)"},
                "squares and their pixels are counted column by column", "Row by row: which index runs faster?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 1, 3, 5, 2, 4)"}, "the channels of a square come first",
                "Which numbers of a pixel stand side by side?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 2, 4, 1, 3, 5)"},
                "neighbours in a patch are pixels that are a whole number of squares apart",
                "Which two of the six axes count squares?"),
        Mistake({"(F, Y // s, s, X // s, s, C)": "(F, s, Y // s, s, X // s, C)",
                 "(0, 1, 3, 2, 4, 5)": "(0, 2, 4, 1, 3, 5)"},
                "a square's pixels come from all over the frame, and not from one place",
                "Of the two axes that the rows of a frame become, which one counts neighbours?")])

GRADIENT = Exercise(
    "patch_gradient", video.patch_gradient, gradient_inputs, ["d_x", "d_W", "d_b"],
    hints=["It is the linear layer of chapter 01 on F N rows. What has the loop over patches added up, and for what?",
           "d_W and d_b are sums over all patches of all frames. d_x is not: no pixel is in two patches.",
           "d_patches = d_e @ W.T; then put each square back where it was cut from: the steps of cut_patches, from the "
           "last to the first.",
           "Reshape to (F, Y / s, X / s, s, s, C), change the two middle axes, reshape to (F, Y, X, C)."],
    questions={
        "d_e.sum((0, 1))": "By how many patches is b used?",
        "(0, 1, 3, 2, 4, 5)": "From which place of the frame was a patch's second row cut?",
        "d_e @ W.T": "Multiply the shapes out: what must stand on the right?",
        "mean": "W was used by every patch. How do its gradients from there come together?",
        "transposed": "Multiply the shapes out: what must stand on the right?",
        "d_W": "Which patches meet W on the way forward: one frame's, or all of them?",
        "d_x": "Give d_e to one patch alone: which pixels have a gradient then?",
        "d_b": "By how many patches is b used?",
        "shape": "A gradient has the shape of what it is the gradient of.",
        "": "Give d_e to one patch alone: which pixels have a gradient then?"},
    mistakes=[
        Mistake({"cut.transpose(0, 1, 3, 2, 4, 5).reshape": "cut.reshape"},
                "the squares are not put back where they were cut from: each is spread over a strip",
                "Give d_e to one patch alone: which pixels have a gradient then?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 2, 3, 1, 4, 5)"}, "d_x has squares at the wrong places",
                "In which order are squares counted?"),
        Mistake({"(F, Y // s, X // s, s, s, P // (s * s))": "(F, X // s, Y // s, s, s, P // (s * s))",
                 "(0, 1, 3, 2, 4, 5)": "(0, 2, 3, 1, 4, 5)"}, "in d_x squares are counted column by column",
                "Which square is the second one: that to the right, or that below?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 3, 1, 4, 2, 5)"},
                "in d_x a square's pixels are strewn over the frame, and do not go to one place",
                "Of the two axes that become the rows of a frame, which one counts neighbours?"),
        Mistake({"(0, 1, 3, 2, 4, 5)": "(0, 1, 4, 2, 3, 5)"},
                "in d_x rows and columns of each square are exchanged",
                "In which order are a square's pixels counted?"),
        Mistake({'np.einsum("fnp,fnd->pd", patches, d_e)': "patches[0].T @ d_e[0]"},
                "of d_W only the first frame's part is there", "How many frames use W?"),
        Mistake({'np.einsum("fnp,fnd->pd", patches, d_e)': "patches[-1].T @ d_e[-1]"},
                "of d_W only the last frame's part is left", "W was used in every frame: add, or replace?"),
        Mistake({'np.einsum("fnp,fnd->pd", patches, d_e)': 'np.einsum("fnp,fnd->pd", patches, d_e) / F'},
                "d_W is a mean over the frames, and not a sum",
                "W was used by every patch. How do its gradients from there come together?"),
        Mistake({'np.einsum("fnp,fnd->pd", patches, d_e)': 'np.einsum("fnp,fnd->pd", patches, d_e) / (F * N)'},
                "d_W is a mean over the patches, and not a sum",
                "W was used by every patch. How do its gradients from there come together?"),
        Mistake({"d_e.sum((0, 1))": "d_e.mean((0, 1))"}, "d_b is a mean over the patches, and not a sum",
                "By how many patches is b used, and how do their gradients come together?"),
        Mistake({'np.einsum("fnp,fnd->pd", patches, d_e)': 'np.einsum("fnp,fnd->pd", patches, d_e) / (F * N)',
                 "d_e.sum((0, 1))": "d_e.mean((0, 1))"}, "d_W and d_b are means over the patches, and not sums",
                "W was used by every patch. How do its gradients from there come together?")])

DIVIDE = Exercise(
    "divide_rows", video.divide_rows, row_inputs, ["over_time", "in_frames"],
    hints=["Leave the first R rows out for a moment: what is left is T frames of N patches.",
           "places = x[R:].reshape(T, -1, D) has (frame, patch, unit). Which axis must come first over time?",
           "over_time is places with its first two axes exchanged: swapaxes, not reshape.",
           "In each frame the same R rows stand in front: np.repeat(x[None, :R], T, axis=0)."],
    questions={
        "places.swapaxes(0, 1)": "One patch at all times: how far apart do its rows stand in x?",
        "[everywhere, places]": "What stands in front of a frame's patches?",
        "axis": "Which axis counts the frames?",
        "other": "One patch at all times: how far apart do its rows stand in x?",
        "shape": "How many rows take part over time, and how many in a frame?",
        "over_time": "One patch at all times: how far apart do its rows stand in x?",
        "in_frames": "Which rows take part in every frame?",
        "": "Number the rows of x on paper, R = 1, T = 2, N = 2. Which of them look at row 1 over time?"},
    mistakes=[
        Mistake({"places.swapaxes(0, 1)": "x[R:].reshape(-1, T, x.shape[1])"},
                "a reshape gives neighbours of one frame, and no patch at all times",
                "One patch at all times: how far apart do its rows stand in x?"),
        Mistake({"places = x[R:].reshape(T, -1, x.shape[1])":
                 "places = x[R:].reshape(-1, T, x.shape[1]).swapaxes(0, 1)"},
                "the rows are read patch by patch, and they stand frame by frame",
                "Which row follows the first patch of the first frame?"),
        Mistake({"[everywhere, places]": "[everywhere, x[R:].reshape(-1, T, x.shape[1]).swapaxes(0, 1)]"},
                "in the frames the rows are read patch by patch, and they stand frame by frame",
                "Which row follows the first patch of the first frame?"),
        Mistake({"x[R:]": "x[:-R]"}, "the rows of no place are looked for at the end",
                "Where do memory and class token stand in x?"),
        Mistake({"x[None, :R]": "x[None, -R:]"}, "the last rows stand for those of no place",
                "Where do memory and class token stand in x?"),
        Mistake({"[everywhere, places]": "[places, everywhere]"}, "the rows of no place stand behind the patches",
                "What stands in front of a frame's patches?"),
        Mistake({"np.repeat(x[None, :R], T, axis=0)": "np.repeat(x[None, :1], T, axis=0).repeat(R, axis=1)"},
                "the first of the rows of no place stands for all of them", "How many are they, and which?"),
        Mistake({"np.repeat(x[None, :R], T, axis=0)":
                 "np.repeat(x[None, :R].mean(1, keepdims=True), T, axis=0).repeat(R, axis=1)"},
                "the mean of the rows of no place stands for each of them", "How many are they, and which?"),
        Mistake({"np.repeat(x[None, :R], T, axis=0)":
                 "np.concatenate([x[None, :R], np.zeros((T - 1, R, x.shape[1]))])"},
                "only the first frame has the rows of no place", "In which frames can the class token look?")])

PAIRS = Exercise(
    "attention_pairs", video.attention_pairs, pair_inputs, ["joint", "divided"],
    hints=["Joint: how many rows are there? Every one looks at every one, itself included.",
           "Divided: first N times T rows that look at each other, then T times R + N rows."],
    questions={
        "R + T * N": "How many rows are there in a clip?",
        "N * T ** 2": "Over time: how many groups are there, and how many rows has each?",
        "T * (R + N) ** 2": "In the frames: how many groups are there, and how many rows has each?",
        "term": "Divided attention is two attentions. What does each of them cost?",
        "factor": "A group of n rows: how many pairs are in it, a row with itself and both ways?",
        "shape": "A number for each entry of R, T and N.",
        "": "Count on paper for R = 1, T = 2, N = 2: draw five rows, and who looks at whom."},
    mistakes=[
        Mistake({"(R + T * N) ** 2": "(T * N) ** 2", "(R + N) ** 2": "N ** 2"},
                "the rows of no place are left out in both", "Do class token and memory take no part in attention?"),
        Mistake({"(R + T * N) ** 2": "(T * N) ** 2"}, "the rows of no place are left out of joint attention",
                "How many rows are there in a clip?"),
        Mistake({"(R + N) ** 2": "N ** 2"}, "the rows of no place are left out of divided attention",
                "Who stands in every frame beside its patches?"),
        Mistake({"N * T ** 2 + ": ""}, "attention over time is left out", "Divided attention is two attentions."),
        Mistake({"N * T ** 2 + T * (R + N) ** 2": "N * T ** 2"}, "attention in the frames is left out",
                "Divided attention is two attentions."),
        Mistake({"N * T ** 2": "T ** 2"}, "over time one patch is counted, and not each",
                "Over time: how many groups are there?"),
        Mistake({"T * (R + N) ** 2": "(R + N) ** 2"}, "one frame is counted, and not each",
                "In the frames: how many groups are there?"),
        Mistake({"N * T ** 2": "N * (R + T) ** 2"}, "the rows of no place are said to take part over time as well",
                "A patch at all times: who is in its group?"),
        Mistake({"T * (R + N) ** 2": "(R + T * N) * (R + N)"},
                "the rows of no place are counted once as queries, and they look at every frame",
                "How many rows look at others in a frame?"),
        Mistake({"(R + T * N) ** 2": "(R + T * N) * (R + T * N + 1) // 2"},
                "only what stands before is seen, as in a text", "Is a clip read from its first row to its last?")])

EXERCISES = (
    Answer("14.patches", {"e_11": 2.0, "e_12": 0.0, "e_21": 0.0, "e_22": 2.0}, {
        1.0: "How many of a patch's four pixels are 1, and which weight has each?"},
        hints=["The first patch of frame 1 is (1, 0, 0, 1), its second one is empty.",
               "Frame 2 is the other way round: the shape is the same, its place is another."]),
    Answer("14.positions", {"p_1": 1.0, "p_2": 1.5, "p_1 of the next clip": 1.75}, {
        2.0: "It reads the mean of a frame's patches. How many are there?",
        (1.0, 1.5, 1.0): "What does the next clip begin with?"},
        hints=["The mean of (2, 0) is 1, and so is that of (0, 2).", "p_2 is half of p_1, and 1 more.",
               "The state is carried: the next clip begins with half of p_2."]),
    Answer("14.pairs", {"joint": 25.0, "divided": 26.0}, {
        16.0: "Is the class token no row?", 17.0: "Over time: how many groups are there?",
        8.0: "Divided attention is two attentions.", 18.0: "Divided attention is two attentions."},
        hints=["Joint: five rows, and each sees all five.",
               "Divided: two groups of two rows over time, then two groups of three rows in the frames."]),
    CUT, GRADIENT, DIVIDE, PAIRS)
