"""Chapter 07: the CRT on one page"""

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import crt


def read_inputs(rng):
    B, T, D = unequal(rng, 3)
    return *rng.standard_normal((2, B, T, D)), rng.standard_normal((B, D)), rng.standard_normal((D, D))


def memory_inputs(rng):
    B, T, D = unequal(rng, 3)
    return rng.standard_normal((B, 1 + T, D)), *rng.standard_normal((2, B, D))


READ = Exercise(
    "read_memory", crt.read_memory, read_inputs, ["z"],
    hints=["r is one row for each stream and the same for all its tokens: (B, D) must be stretched over T.",
           "(m @ W_r)[:, None] is (B, 1, D), which NumPy stretches.", "return y + h + (1 + y) * r"],
    questions={
        "m @ W_r": "What stands between the memory and r, and which way round?",
        "(1 + y) * r": "If y is 0, what must still be read of the memory?",
        "y + h": "With an empty memory, r = 0, what is z?",
        "shape": "r is (B, D), y is (B, T, D): along which axis is r the same?",
        "": "Set m to 0: is z = y + h?"},
    mistakes=[
        Mistake({"y + h + (1 + y) * r": "y + h + (1 + y) * r * (np.arange(y.shape[1]) == 0)[:, None]"},
                "the first token alone reads the memory", "How many tokens read r?"),
        Mistake({"(1 + y) * r": "y * r"}, "the memory is read as a factor alone",
                "If y is 0, what must still be read of the memory?"),
        Mistake({"(1 + y) * r": "r"}, "the memory is added alone", "How does z depend on r where y is large?"),
        Mistake({"(1 + y) * r": "(1 + h) * r"}, "the writer's state stands for the Transformer's output",
                "Which of the two says what the present word asks for?"),
        Mistake({"y + h + (1 + y) * r": "y + (1 + y) * (h + r)"}, "h is multiplied as well",
                "Which of h and m has just read the present word?")])

READ_BACK = Exercise(
    "read_memory_backward", crt.read_memory_backward, read_inputs, ["d_y", "d_h", "d_m", "d_W_r"],
    hints=["y stands in two places of z, r in one, which is read by all T tokens.",
           "d_y is d_z times the whole coefficient of y; d_r is a sum over tokens, of d_z times that of r.",
           "r = m @ W_r is a linear layer: d_m = d_r @ W_r.T, d_W_r = m.T @ d_r."],
    questions={
        "1 + r": "In how many places does y stand?",
        "1 + y": "What coefficient has r in z?",
        "(d_z * (1 + y)).sum(1)": "How many tokens have read r?",
        "d_r @ W_r.T": "Which way round does a matrix stand on the way back?",
        "mean": "How do the gradients of all readers of r come together?",
        "axis": "Along which axis is r the same for all?",
        "shape": "A gradient has the shape of what it is the gradient of: r has no axis of time.",
        "transposed": "Which way round does a matrix stand on the way back?",
        "": "Take T = 1: is it right then?"},
    mistakes=[
        Mistake({"d_y = d_z * (1 + r)": "d_y = d_z"}, "the second place of y is left out",
                "In how many places does y stand?"),
        Mistake({"d_y = d_z * (1 + r)": "d_y = d_z * r"}, "the first place of y is left out",
                "In how many places does y stand?"),
        Mistake({"(d_z * (1 + y)).sum(1)": "d_z.sum(1)"}, "what r is multiplied by is left out",
                "What coefficient has r in z?"),
        Mistake({"(d_z * (1 + y)).sum(1)": "(d_z * (1 + y))[:, -1]"}, "the last token alone has read the memory",
                "How many tokens have read r?"),
        Mistake({"(d_z * (1 + y)).sum(1)": "(d_z * (1 + y)).mean(1)"}, "a mean over the tokens stands for a sum",
                "How do the gradients of all readers of r come together?"),
        Mistake({"d_m = d_r @ W_r.T": "d_m = d_r @ W_r"}, "W_r is not transposed",
                "Which way round does a matrix stand on the way back?"),
        Mistake({"d_h = d_z": "d_h = d_z * (1 + r)"}, "h is treated as y is", "What coefficient has h in z?")])

MEMORY = Exercise(
    "memory_gradient", crt.memory_gradient, memory_inputs, ["d_m", "d_x"],
    hints=["In how many places does the memory of the segment before stand? Look at all five steps.",
           "It is row 0 of s, the writer's start, and it is read.", "d_m = d_s[:, 0] + d_h_0 + d_read"],
    questions={
        "d_s[:, 0]": "Which row of s is the memory?",
        "d_s[:, 1:]": "Which rows of s are tokens?",
        "shape": "How many rows has s, and how many of them are tokens?",
        "d_s[:, 0] + d_h_0 + d_read": "In how many places does the memory stand?",
        "": "In how many places does the memory stand?"},
    mistakes=[
        Mistake({"d_s[:, 0] + d_h_0 + d_read": "d_s[:, 0] + d_h_0"}, "nothing comes back from the reading",
                "Who used m in step (5)?"),
        Mistake({"d_s[:, 0] + d_h_0 + d_read": "d_h_0 + d_read"}, "nothing comes back from the memory token",
                "Who used m in step (2)?"),
        Mistake({"d_s[:, 0] + d_h_0 + d_read": "d_s[:, 0] + d_read"}, "nothing comes back from the writer",
                "Where does the writer start?"),
        Mistake({"d_s[:, 0]": "d_s[:, -1]", "d_s[:, 1:]": "d_s[:, :-1]"}, "the memory is taken for the last row",
                "Which row of s is the memory?"),
        Mistake({"d_s[:, 0]": "d_s.sum(1)"}, "all rows' gradients are given to the memory",
                "Which row of s is the memory?")])

EXERCISES = (
    Answer("07.ways", {"the writer's way": 0.75, "the reading's way": 9.0}, {
        0.25: "Only h_2 has answered. Who reads h_1?", 0.5: "Only h_1 has answered. Who reads h_2?",
        6.0: "y_1 is not 0: what coefficient has r there?", 3.0: "Does the reading go through W_r?"},
        hints=["h_1 contains ½ m, h_2 contains ¼ m, and each is read once.",
               "d_r = (1 + y_1) + (1 + y_2) = 3; then times W_r."]),
    READ, READ_BACK, MEMORY)
