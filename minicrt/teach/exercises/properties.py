"""Chapter 10: property tests"""

from minicrt.teach import planted
from minicrt.teach.exercise import Answer, unequal
from minicrt.teach.planted import READERS
from minicrt.teach.properties import PropertyExercise, Subject
from minicrt.teach.solutions import properties

RIGHT = "the right model"
SHAPE = "A property ends with one True or False: np.allclose, .all(), .any(), `and` make one of many."
COPY = "After `other = x`, how many arrays are there?"


def scores(rng):
    return {"y": rng.standard_normal(unequal(rng, 2)), "c": float(rng.choice([-900.0, 900.0]) * rng.uniform(0.9, 1.1))}


def pieces(rng, side=1):
    """x, a state, and a place to cut that leaves at least `side` tokens on either side."""
    B, T, D = unequal(rng, 3, least=3 * side)
    return {"x": 0.5 * rng.standard_normal((B, T, D)), "state": 0.5 * rng.standard_normal((B, D)),
            "t": int(rng.integers(side, T - side + 1))}


def past_and_future(rng):
    """Both are longer than one token, so that who looks at one of them is found out."""
    return pieces(rng, side=2)


def rows(rng):
    given = pieces(rng)
    return {"x": given["x"], "state": given["state"], "b": int(rng.integers(len(given["x"])))}


def pieces_and_gradient(rng):
    given = pieces(rng)
    return {**given, "d_y": rng.standard_normal(given["x"].shape)}


def readers(*without, **asks):
    """The right model and the others; `without` the property are those named, the rest has it."""
    names = [name for name, (read, _) in READERS.items() if name == "right" or read is not planted.read]
    return subjects(names, 0, without, asks)


def gradients(*without, **asks):
    names = [name for name, (read, _) in READERS.items() if read is planted.read]
    return subjects(names, 1, without, asks)


def subjects(names, which, without, asks):
    return [Subject(RIGHT if name == "right" else f"the model that {name}", READERS[name][which], name not in without,
                    asks.get(name.replace(" ", "_"), "")) for name in names]


SHIFT = PropertyExercise(
    "shift_changes_nothing", properties.shift_changes_nothing, scores, [
        Subject("the right softmax", planted.softmax, True,
                "Work out softmax((0, 0)) and softmax((5, 5)): what is the same, and what is not?"),
        Subject("the one that divides the scores by the largest", planted.relative_to_the_largest, False,
                "Whom do you compare: the same function on two inputs, or two things about one output?"),
        Subject("the one that overflows", planted.without_the_largest, False,
                "What has to happen to the scores before softmax sees them the second time?"),
        Subject("the one whose rows do not add up to 1", planted.not_divided, True,
                "It is wrong in another way. Does your property speak of the shift alone?"),
        Subject("the one that goes over the other axis", planted.over_the_other_axis, True,
                "It is wrong in another way. Does your property speak of the shift alone?")],
    hints=["Call the function twice. Which two inputs must give the same output?",
           "y + c adds the number to every score; np.allclose compares two arrays up to rounding.",
           "return np.allclose(softmax(y + c), softmax(y))"],
    questions={"rounding": "y + 900 has three digits fewer behind the point than y: can all bits be the same?",
               "writes": "What is y after `y += c`, for whoever handed it to you?",
               "same": "Which two inputs must give the same output?", "shape": SHAPE})

CAUSAL = PropertyExercise(
    "is_causal", properties.is_causal, past_and_future, [
        *readers("looks one step ahead", "centres over time", **{
        "right": "Output t - 1 has read x up to t - 1. Which part of x did you change, which outputs did you compare?",
        "looks_one_step_ahead": "The first position that you change, and the last output that you compare: are they "
                                "neighbours?",
        "centres_over_time": "Which outputs must stay as they were, whatever is done to the future?",
        "centres_over_rows": "It is causal. Are you changing one thing at a time?",
        "reads_the_row_above": "It is causal. Are you changing one thing at a time?",
        "forgets_the_state": "It is causal. Do you compare outputs, or states?",
        "hands_on_the_state_before": "It is causal. Do you compare outputs, or states?"}),
        Subject("the model that tells the end at the beginning", planted.tells_the_end, False,
                "How much of the future did you change, and how many of the outputs before t did you compare?")],
    hints=["Read twice: x, and another x that differs from position t on.",
           "Make the other one from x.copy(); [:, t:] is what comes at t and later.",
           "Compare y[:, :t] of both with np.allclose.",
           "other = x.copy(); other[:, t:] += 1; then return np.allclose(y[:, :t], y_other[:, :t])"],
    questions={"writes": COPY, "same": COPY, "shape": SHAPE,
               "rounding": "How near are the numbers? np.allclose forgives the last digits."})

ROWS = PropertyExercise(
    "rows_are_independent", properties.rows_are_independent, rows, [
        *readers("centres over rows", "reads the row above", **{
        "right": "Row b itself may change, of course. Which rows may not?",
        "centres_over_rows": "Exchange two rows: does a mean over the rows notice? And if one is changed?",
        "reads_the_row_above": "In how many rows do you look for a trace of row b?",
        "looks_one_step_ahead": "Its rows do not touch each other. What else have you changed, or compared?",
        "centres_over_time": "Its rows do not touch each other. What else have you changed, or compared?",
        "forgets_the_state": "Its rows do not touch each other. What else have you changed, or compared?",
        "hands_on_the_state_before": "Its rows do not touch each other. What else have you changed, or compared?"}),
        Subject("the model that reads the row below", planted.reads_the_row_below, False,
                "A row may disturb its neighbour on either side. Which other rows do you compare?"),
        Subject("the model that mixes the rows in its last state", planted.shares_its_counter, False,
                "Its outputs are independent. What else does a reading return?")],
    hints=["Change row b alone, and look at all the others. Or read one row alone, and among the others.",
           "x[b] is row b; np.delete(y, b, axis=0) is all but row b.",
           "other = x.copy(); other[b] += 1; then compare np.delete(y, b, axis=0) of both, and of the states."],
    questions={"writes": COPY, "same": COPY, "shape": SHAPE,
               "rounding": "Another batch size, another order of sums: np.allclose forgives the last digits."})

CHUNKS = PropertyExercise(
    "chunks_are_the_whole", properties.chunks_are_the_whole, pieces, [
        *readers("looks one step ahead", "centres over time", "forgets the state", "hands on the state before", **{
        "right": "From which state does the second piece start, and with which part of the whole is it compared?",
        "looks_one_step_ahead": "Where in the two pieces is a look ahead cut off: do you compare that place?",
        "centres_over_time": "Are both pieces compared with their part of the whole?",
        "forgets_the_state": "Which of the outputs come from the state that was handed on?",
        "hands_on_the_state_before": "Which of the outputs come from the state that was handed on?",
        "centres_over_rows": "For it the pieces are the whole. Which rows do you read?",
        "reads_the_row_above": "For it the pieces are the whole. Which rows do you read?"}),
        Subject("the model that counts anew in each piece", planted.counts_anew, False,
                "Its outputs are right. What else does a reading return?")],
    hints=["Three readings: the whole, the first piece, the second piece.",
           "The second piece starts from the state that the first returned.",
           "np.concatenate([y_1, y_2], axis=1) is to be y of the whole; and the last states are to be the same."],
    questions={"writes": COPY, "shape": SHAPE, "same": "What does each of the three readings get?",
               "rounding": "The pieces are added up in another order: can the results be equal bit for bit?"})

CUT = PropertyExercise(
    "cut_stops_the_gradient", properties.cut_stops_the_gradient, pieces_and_gradient, [
        *gradients("never cuts", "has a second way", "always cuts", **{
        "right": "Which losses may tokens before t still hear of, with the cut in place?",
        "never_cuts": "Where must the gradient be 0 when the loss looks at what comes after t?",
        "has_a_second_way": "Nothing is exactly 0. Which comparison forgives a thousandth?",
        "always_cuts": "Who would find out that the memory's gradient was forgotten altogether?"}),
        Subject("the model that lets a trillionth through", planted.lets_a_trillionth_through, False,
                "Exactly nothing: which comparison forgives nothing at all?")],
    hints=["The loss of the later segment alone: a copy of d_y with zeros before t.",
           "gradient(..., True)[:, :t] must be exactly 0: no tolerance, not (…).any().",
           "And gradient(..., False)[:, :t] must not be: (…).any()."],
    questions={"writes": "What is d_y after `d_y[:, :t] = 0`, for whoever handed it to you?", "shape": SHAPE,
               "same": "Which of the arguments has to differ from one call to the other?"})

EXERCISES = (
    Answer("10.draws", {"draws": 35}, {
        8: "After 8 draws it has been seen with a chance of 1 − (7/8)⁸ only: about two in three.",
        4.6: "That is ln 100. How often may 7/8 be multiplied until 1/100 is left?",
        34.5: "Draws are whole numbers: which of the two beside yours is enough?",
        34: "(7/8)³⁴ is still a little above 1/100."},
        hints=["With n draws it is missed with the chance (7/8) to the n.", "ln(1/100) / ln(7/8), rounded up."]),
    Answer("10.broken", {"looks one step ahead": 2, "centres over rows": 1, "always 0": 0}, {
        1: "Cut the text between a token and the one that it looks at: are the pieces still the whole?",
        3: "Two readings of zeros: which comparison of them could fail?"},
        hints=["Take the three properties one by one, and ask which comparison would fail.",
               "A piece ends where the model wants to look ahead. And zeros are equal to zeros."]),
    SHIFT, CAUSAL, ROWS, CHUNKS, CUT)
