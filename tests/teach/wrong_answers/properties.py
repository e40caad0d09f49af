"""Chapter 10: properties. The kinds are blind, strict, rounding, writes, same, unused, shape"""

STUDENT = """
def shift_changes_nothing(softmax, y, c):
    before = softmax(y)
    after = softmax(y + c)
    return np.abs(before - after).max() < 1e-9

def is_causal(read, x, state, t):
    changed = x.copy()
    changed[:, t:] = 7.0
    one = read(x, state)[0]
    other = read(changed, state)[0]
    return np.array_equal(one[:, :t], other[:, :t])

def rows_are_independent(read, x, state, b):
    alone, last_alone = read(x[b:b + 1], state[b:b + 1])
    among, last_among = read(x, state)
    return np.allclose(alone[0], among[b]) and np.allclose(last_alone[0], last_among[b])

def chunks_are_the_whole(read, x, state, t):
    outputs = []
    h = state
    for piece in (x[:, :t], x[:, t:]):
        y, h = read(piece, h)
        outputs.append(y)
    whole, last = read(x, state)
    np.testing.assert_allclose(np.concatenate(outputs, 1), whole, rtol=1e-9, atol=1e-9)
    return bool(np.abs(h - last).max() < 1e-9)

def cut_stops_the_gradient(gradient, x, state, d_y, t):
    g = np.zeros_like(d_y)
    g[:, t:] = d_y[:, t:]
    cut = gradient(x, state, g, t, True)
    whole = gradient(x, state, g, t, False)
    return np.all(cut[:, :t] == 0) and not np.all(whole[:, :t] == 0)
"""

WRONG = [
    ("shift_changes_nothing", {"softmax(y + c)": "softmax(y)"}, "same", ["with the same numbers", "Which two inputs"]),
    ("shift_changes_nothing", {"softmax(y + c)": "softmax(y) + c"}, "strict", ["refuses every one", "(5, 5)"]),
    ("shift_changes_nothing", {"np.abs(before - after).max() < 1e-9": "np.array_equal(before, after)"}, "rounding",
     "asks for the same bits"),
    ("shift_changes_nothing", {"np.abs(before - after).max() < 1e-9": "np.allclose(before.sum(-1), 1)"}, "blind",
     ["holds for the one that divides", "It refuses the one whose rows do not add up to 1", "Whom do you compare"]),
    ("shift_changes_nothing", {"after = softmax(y + c)": "y += c\n    after = softmax(y)"}, "writes",
     ["writes to its argument y", "What is y after"]),
    ("shift_changes_nothing", {"np.abs(before - after).max() < 1e-9": "np.isclose(before, after)"}, "shape",
     ["truth values of shape", "one True or False"]),
    ("shift_changes_nothing", {"y + c": "y * c"}, "strict", "It refuses the right softmax"),
    ("shift_changes_nothing", {"np.abs(before - after).max() < 1e-9":
                               "np.allclose(before.sum(-1), 1) and np.allclose(before, after)"}, "strict",
     ["It refuses the one whose rows do not add up to 1", "speak of the shift alone"]),
    ("is_causal", {"x.copy()": "x"}, "writes", ["writes to its argument x", "how many arrays"]),
    ("is_causal", {"    changed[:, t:] = 7.0\n": ""}, "same", ["the same numbers each time", "how many arrays"]),
    ("is_causal", {"changed[:, t:]": "changed[:, t + 1:]"}, "blind",
     ["It holds for the model that looks one step ahead", "are they neighbours?"]),
    ("is_causal", {"one[:, :t], other[:, :t]": "one[:, :t - 1], other[:, :t - 1]"}, "blind",
     ["the model that looks one step ahead", "are they neighbours?"]),
    ("is_causal", {"one[:, :t], other[:, :t]": "one[:, t - 1], other[:, t - 1]"}, "blind",
     ["It holds for the model that tells the end at the beginning", "how many of the outputs before t"]),
    ("is_causal", {"changed[:, t:]": "changed[:, t]"}, "blind",
     ["It holds for the model that tells the end at the beginning", "How much of the future did you change"]),
    ("is_causal", {"changed[:, t:]": "changed[:, :t]"}, "strict", ["refuses every one", "Which part of x"]),
    ("is_causal", {"one[:, :t], other[:, :t]": "one[:, t:], other[:, t:]"}, "strict", ["refuses every one"]),
    ("is_causal", {"one[:, :t], other[:, :t]": "one[:, :t + 1], other[:, :t + 1]"}, "strict", ["refuses every one"]),
    ("is_causal", {"one[:, :t], other[:, :t]": "one, other"}, "strict", "Which part of x did you change"),
    ("is_causal", {"np.array_equal(one[:, :t], other[:, :t])": "one[:, :t] == other[:, :t]"}, "shape",
     "truth values of shape"),
    ("is_causal", {"state)[0]": "state)"}, "shape", ["it raises TypeError on line 6", "np.array_equal(one"]),
    ("rows_are_independent", {"alone, last_alone = read(x[b:b + 1], state[b:b + 1])":
                              "order = np.arange(len(x))[::-1]\n    alone, last_alone = read(x[order], state[order])",
                              "alone[0], among[b]": "alone[order], among",
                              "last_alone[0], last_among[b]": "last_alone[order], last_among"}, "blind",
     ["It holds for the model that centres over rows", "Exchange two rows"]),
    ("rows_are_independent", {"np.allclose(alone[0], among[b]) and np.allclose(last_alone[0], last_among[b])":
                              "alone.shape[1:] == among.shape[1:]"}, "blind",
     ["holds for every one, also for the model that centres over rows, the model that reads the row above, the model "
      "that reads the row below and the model that mixes"]),
    ("rows_are_independent", {"alone, last_alone = read(x[b:b + 1], state[b:b + 1])":
                              "near = (b + 1) % len(x)\n    other = x.copy()\n    other[b] += 1\n"
                              "    alone, last_alone = read(other, state)",
                              "alone[0], among[b]": "alone[near], among[near]",
                              "last_alone[0], last_among[b]": "last_alone[near], last_among[near]"}, "blind",
     ["It holds for the model that reads the row below", "on either side"]),
    ("rows_are_independent", {" and np.allclose(last_alone[0], last_among[b])": ""}, "blind",
     ["It holds for the model that mixes the rows in its last state", "What else does a reading return?"]),
    ("rows_are_independent", {"alone[0], among[b]": "alone[0], among[0]"}, "strict", ["It refuses the right model",
                                                                                      "Which rows may not?"]),
    ("rows_are_independent", {"state[b:b + 1]": "state[:1]"}, "strict", "It refuses the right model"),
    ("rows_are_independent", {"read(x[b:b + 1], state[b:b + 1])": "read(x[b], state[b])"}, "shape",
     "it raises ValueError on line 2 of it"),
    ("rows_are_independent", {"np.allclose(alone[0], among[b])": "(alone[0] - among[b])"}, "shape",
     "it raises ValueError"),
    ("chunks_are_the_whole", {"y, h = read(piece, h)": "y, _ = read(piece, state)", "h - last": "state - state"},
     "strict", ["refuses every one", "From which state does the second piece start"]),
    ("chunks_are_the_whole", {"np.concatenate(outputs, 1), whole": "outputs[0], whole[:, :t]",
                              "h - last": "last - last"}, "blind",
     ["It holds for", "the model that forgets the state, the model that hands on the state before and the model",
      "Which of the outputs come from the state"]),
    ("chunks_are_the_whole", {"rtol=1e-9, atol=1e-9": "rtol=0, atol=0"}, "rounding", "the same bits"),
    ("chunks_are_the_whole", {"x[:, t:])": "x[:, t + 1:])", "np.concatenate(outputs, 1), whole":
                              "np.concatenate(outputs, 1), whole[:, :-1]"}, "shape", "it raises IndexError on line 5"),
    ("chunks_are_the_whole", {"(x[:, :t], x[:, t:])": "(x,)"}, "same", ["the same numbers", "each of the three"]),
    ("chunks_are_the_whole", {"np.concatenate(outputs, 1), whole": "outputs, whole"}, "shape", "it raises ValueError"),
    ("cut_stops_the_gradient", {"g, t, True)": "d_y, t, True)"}, "strict",
     ["It refuses", "Which losses may tokens before t still hear of"]),
    ("cut_stops_the_gradient", {" and not np.all(whole[:, :t] == 0)": ""}, "blind",
     ["It holds for the model that always cuts", "forgotten altogether"]),
    ("cut_stops_the_gradient", {"np.all(cut[:, :t] == 0)": "np.allclose(cut[:, :t], 0, atol=1e-2)"}, "blind",
     ["the model that has a second way and the model that lets a trillionth", "forgives a thousandth"]),
    ("cut_stops_the_gradient", {"np.all(cut[:, :t] == 0) and ": ""}, "blind",
     ["It holds for the model that never cuts, the model that has a second way and the model that lets a trillionth",
      "Where must the gradient be 0"]),
    ("cut_stops_the_gradient", {"cut[:, :t] == 0": "cut == 0"}, "strict", "It refuses"),
    ("cut_stops_the_gradient", {"cut[:, :t] == 0": "cut[:, t:] == 0"}, "strict", "It refuses"),
    ("cut_stops_the_gradient", {"g = np.zeros_like(d_y)": "g = d_y", "g[:, t:] = d_y[:, t:]": "g[:, :t] = 0"}, "writes",
     ["writes to its argument d_y", "What is d_y after"]),
    ("cut_stops_the_gradient", {"t, True)": "t)"}, "shape", "it raises TypeError on line 4"),
    ("chunks_are_the_whole", {"np.abs(h - last).max() < 1e-9": "h.shape == last.shape"}, "blind",
     ["It holds for the model that counts anew in each piece", "What else does a reading return?"]),
    ("cut_stops_the_gradient", {"np.all(cut[:, :t] == 0)": "np.allclose(cut[:, :t], 0)"}, "blind",
     ["It holds for the model that lets a trillionth through", "forgives nothing at all"]),
]
