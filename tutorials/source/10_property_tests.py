# %% [markdown]
# # 10 · Property tests
#
# Your layer norm of chapter 03 was graded on random numbers, and it was right. Would it have been found out if it were
# wrong for rows of equal numbers? For square inputs alone? For numbers near a million? Examples, random ones too, look
# where somebody thought of looking.
#
# A **property test** says what must hold for *every* input, and leaves it to a program to look for one for which it
# does not. In this chapter the program is [Hypothesis](https://hypothesis.readthedocs.io). It finds mistakes that
# were planted for it. Then you write properties yourself, of the kind that needs no reference: what a model that reads
# a text from left to right must do, whatever its weights are.
#
# | | |
# |---|---|
# | you need | softmax (chapter 01), layer norm (03), the state of a GRU (04), segments and the cut of a gradient (04, section 8, or section 6 here) |
# | you will be able to | write strategies for shapes, numbers and masks; read a shrunk counterexample; test causality, rows, chunks and cuts of a model without a reference; say what such a test cannot see |
# | time | 70 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | two predictions on paper | ●○○ | 10 |
# | `shift_changes_nothing`: a property of softmax | ●○○ | 5 |
# | `is_causal`: no output sees the future | ●●○ | 10 |
# | `rows_are_independent`: nor another row | ●●○ | 10 |
# | `chunks_are_the_whole`: the state carries all that is needed | ●●○ | 10 |
# | `cut_stops_the_gradient`: exactly nothing comes back | ●●● | 10 |

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.extra import numpy as hnp

from minicrt import ops, teach
from minicrt.models import create_model
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE
from minicrt.teach import planted

FAST = bool(os.environ.get("MINICRT_FAST"))     # fewer examples, to see that it runs
SETTINGS = settings(max_examples=30 if FAST else 300, derandomize=True, database=None,
                    deadline=None)              # the same examples each time
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · Examples that pass
#
# Here are three layer norms without gain and bias, A, B and C. Each of them is wrong. You do not see their code yet,
# and for now you do not need it: compare them with the package's.

# %%
def right_norm(x):                              # (N, D) -> (N, D)
    D = x.shape[1]
    return ops.layer_norm(x, np.ones(D), np.zeros(D))[0]


def differs(candidate, x):
    return not np.allclose(candidate(x), right_norm(x), rtol=1e-5, atol=1e-6)


rng = np.random.default_rng(0)
for name, candidate in planted.LAYER_NORMS.items():
    for shape in [(4, 8), (2, 64), (16, 3)]:
        x = rng.standard_normal(shape)
        print(name, shape, "wrong" if differs(candidate, x) else "passes")

# %% [markdown]
# Nine examples, nine passes. It is not that there were too few. A mistake that shows only in a corner is missed by
# draws that hardly ever go there.
#
# **On paper.** A mistake shows only for sequences of length 1, and a test draws the length evenly from 1 to 8. How
# many draws does it take, at least, until the mistake has been seen with a chance of 99 %?

# %% answer="35"
teach.answer("10.draws", ...)

# %%
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
draws = np.arange(1, 2001)
for share, colour, line, words in [(1 / 8, BLUE, "-", "one length of eight"),
                                   (1 / 100, ORANGE, "--", "one input in a hundred"),
                                   (1 / 1000, GREEN, "-.", "one input in a thousand")]:
    axes.plot(draws, 100 * (1 - share) ** draws, line, color=colour, linewidth=2,
              label=words)
axes.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
axes.set(xscale="log", xlabel="number of draws", ylabel="chance of missing it (%)",
         title="How long a mistake stays hidden (dotted: 1 %)")
axes.legend(frameon=False, title="it shows for")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# "One in eight" is a kind case. With numbers from a normal distribution, two equal entries in a row *never* come up.
# So the question is not how many examples, but which.
#
# ## 2 · A strategy, and a search
#
# Hypothesis draws from **strategies**: descriptions of sets of inputs. They are put together from small ones. Sizes
# are whole numbers from 1; numbers are floats, among which it likes 0, 1, equal ones and huge ones better than a
# normal distribution does; arrays have a shape and elements.

# %%
sizes = st.integers(1, 5)
numbers = st.floats(-1e6, 1e6)
matrices = hnp.arrays(float, st.tuples(sizes, sizes), elements=numbers)


@SETTINGS
@given(x=matrices)
def test_layer_norm_a(x):
    assert not differs(planted.LAYER_NORMS["A"], x)


try:
    test_layer_norm_a()
except AssertionError as error:
    print(*error.__notes__, sep="\n")

# %% [markdown]
# That is how a test looks in a file for pytest: a function with `@given`, called without arguments. It calls the body
# with one example after the other, and at the first failure it begins to **shrink**: it tries smaller inputs and keeps
# each that still fails, until none is left that is smaller. Smaller means shorter arrays, then simpler numbers. What it
# prints is the end of that way.
#
# `find(strategy, condition)` is the same search without the test around it. It returns the smallest input for which
# the condition holds. With it we can look at the whole way.

# %%
def smallest(strategy, fails, tries=None, settings=SETTINGS):   # -> a case, or None
    def condition(case):
        failed = fails(case)
        if failed and tries is not None:
            tries.append(case)
        return failed

    try:
        return find(strategy, condition, settings=settings)
    except NoSuchExample:
        return None


tries = []
found = smallest(matrices, lambda x: differs(planted.LAYER_NORMS["A"], x), tries)
if tries:                                       # in fast mode it may not be found
    print("first that failed:", *tries[0], sep="\n")
    print("smallest:", *found, sep="\n")
    figure, panels = plt.subplots(2, 1, figsize=(7, 4), sharex=True,
                                  layout="constrained")
    for panel, colour, marker, values, words in [
            (panels[0], BLUE, "o", [x.size for x in tries], "entries"),
            (panels[1], ORANGE, "s", [1 + np.abs(x).sum() for x in tries],
             "1 + sum of sizes")]:
        panel.plot(range(1, len(tries) + 1), values, marker, color=colour)
        panel.set(ylabel=words)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set(title="Shrinking: the inputs that failed, in the order of the search")
    panels[1].set(yscale="log", xlabel="number of the failing input")
    plt.show()

# %% [markdown]
# (The sum may even rise near the end: an array that is filled with one number takes fewer draws, and for Hypothesis that
# is simpler.) What remains has nothing in it that could be left out, and so it points at the mistake. **Guess:** what do
# a 2 × 2 input that fails, and the shapes (4, 8), (2, 64) and (16, 3) that pass, tell about A? Where does A look that it
# should not?
#
# Now the other two.

# %%
for name in "BC":
    candidate = planted.LAYER_NORMS[name]
    found = smallest(matrices, lambda x: differs(candidate, x))
    if found is None:
        print(f"{name}: nothing found in {SETTINGS.max_examples} examples")
    else:
        print(f"{name}: {found.tolist()}, and it makes of it {candidate(found)}")

# %% [markdown]
# C fails at a single 0, and returns something that is no number: rows of equal entries have the variance 0, and it
# divides by that.
#
# B gets away. It is wrong where the numbers of a row are close together and far from 0, and entries that are drawn one
# by one are hardly ever close together. The search does not know what you know. Tell it: draw an *offset* for the
# whole array, a power of ten, and add small numbers to it. `st.builds` calls a function with drawn arguments, and
# `.map` does something to what was drawn.

# %%
def shifted(offset, x):
    return offset + x


powers = st.integers(0, 8).map(lambda k: 10.0 ** k)
small = hnp.arrays(float, st.tuples(sizes, sizes), elements=st.integers(0, 4))
far_off = st.builds(shifted, powers, small)
found = smallest(far_off, lambda x: differs(planted.LAYER_NORMS["B"], x))
if found is not None:
    print("B:            ", found.tolist())
    print("it makes of it", planted.LAYER_NORMS["B"](found).tolist())
    print("right is      ", right_norm(found).tolist())

# %% [markdown]
# So a strategy is a guess at where mistakes live. Good guesses for arrays: sizes of 1; sizes that are equal; rows of
# equal entries; 0; offsets that are large against the differences; one entry that is far larger than all others.
#
# Here is what the three do. Did you guess A?

# %%
for candidate in planted.LAYER_NORMS.values():
    print(inspect.getsource(candidate))

# %% [markdown]
# ## 3 · Masks
#
# Some inputs belong together: a mask has the shape of the scores, and each row must see at least one key, since a
# softmax over nothing has no meaning. Do not draw masks and throw the bad ones away (`assume`, or `.filter`): with ten
# rows hardly any is left. Build good ones. In an `st.composite` function, `draw` takes from other strategies, and
# later draws may depend on earlier ones.

# %%
@st.composite
def scores_and_mask(draw, values=st.floats(-1e5, 1e5)):
    T = draw(st.integers(1, 4))
    scores = draw(hnp.arrays(float, (T, T), elements=values))
    visible = draw(hnp.arrays(bool, (T, T)))
    own = draw(st.lists(st.integers(0, T - 1), min_size=T, max_size=T))
    visible[np.arange(T), own] = True           # at least one key in each row
    return scores, visible


def wrong_softmax(candidate, case):
    return not np.allclose(candidate(*case), planted.masked_softmax(*case))


for name, candidate in planted.MASKED.items():
    found = smallest(scores_and_mask(), lambda case: wrong_softmax(candidate, case))
    for words, array in zip(["scores", "visible"], found or ()):
        print(f"{name}: {words} {array.tolist()}")
    if found:
        print(f"   makes of it {candidate(*found).tolist()}")

# %% [markdown]
# D and E are both softmaxes over the visible keys of each row, and both are right for scores of an ordinary size.
# **Guess** from the numbers what each of them does with the hidden ones, before you look:

# %%
for candidate in planted.MASKED.values():
    print(inspect.getsource(candidate))

# %% [markdown]
# Both mistakes are found in real code. For the second the usual excuse is that no score is that low. Then say so: with
# `values=st.floats(-50, 50)` as the strategy, E passes, and the strategy has become a statement of what E is good for.
#
# ## 4 · No reference
#
# So far we knew what was right. For a new model nobody does. But often one knows how *two* outputs hang together: if
# the input is changed in a certain way, the output must change in a certain way, or not at all. Such properties are
# called **metamorphic**. Chapter 01 had one: a number that is added to all scores changes nothing in a softmax.
#
# Write it as a function that returns `True` or `False` for one input. The grader runs it on several softmaxes. Your
# property has to hold for the right one, and for those that are wrong in some *other* way; it has to be `False` for
# those that break it.

# %% exercise="shift_changes_nothing"
def shift_changes_nothing(softmax, y, c):       # y (N, K), c one number
    """True where softmax gives the same for y and for y + c."""
    ...


teach.grade("shift_changes_nothing", shift_changes_nothing)

# %% [markdown]
# ## 5 · A reader and its four promises
#
# A model that reads a text in segments is a function `read(x, state) -> y, last`: the inputs `x` are (B, T, D), B texts
# side by side; `state`, (B, D), is what was kept of the text so far; `y` is (B, T, D), and `last` is the state for the
# next segment. A GRU has this form. So has the following reader, in which nothing is learned: its state is the sum of
# all that it has read.

# %%
def read(x, state):                             # (B, T, D), (B, D)
    s = state[:, None] + np.cumsum(x, axis=1)   # s_t = s_(t-1) + x_t
    return np.tanh(s) + x, s[:, -1]             # y_t = tanh(s_t) + x_t


y, last = read(np.array([[[1.0], [2.0], [-3.0]]]), np.zeros((1, 1)))
print("y:", y.ravel(), " last state:", last.ravel())

# %% [markdown]
# It makes promises that have nothing to do with tanh and sums. The first: **it is causal.** What comes at position t
# and later has no part in the outputs before t. A language model that breaks this sees the word that it is to predict,
# and its loss becomes wonderful.
#
# The property gets `read`, inputs, and a place t. Take the promise literally: change the future, and compare what must
# not change.

# %% exercise="is_causal"
def is_causal(read, x, state, t):               # x (B, T, D), state (B, D), 1 <= t < T
    """True where x from position t on has no part in the outputs before t."""
    ...


teach.grade("is_causal", is_causal)

# %% [markdown]
# If the grade says that it holds for the model that looks one step ahead: that model is wrong by as little as possible,
# and sees through a property that leaves a gap between what is changed and what is compared.
#
# The second promise: **rows are independent.** B texts are read side by side, and none may hear of another. A mean over
# the wrong axis is enough to break it, and training hides it: each batch has about the same mean.

# %% exercise="rows_are_independent"
def rows_are_independent(read, x, state, b):    # x (B, T, D), state (B, D), 0 <= b < B
    """True where row b of x has no part in the outputs and states of other rows."""
    ...


teach.grade("rows_are_independent", rows_are_independent)

# %% [markdown]
# (It is tempting to exchange two rows and to ask whether the outputs are exchanged as well. That is a property too, and
# a weaker one: a mean over all rows does not care about their order.)
#
# The third: **chunks are the whole.** Read x in one piece, or in two with the state handed on: it must be the same, in
# outputs and in the last state. Where it is not, something got lost on the way, or crept in.

# %% exercise="chunks_are_the_whole"
def chunks_are_the_whole(read, x, state, t):    # x (B, T, D), state (B, D), 1 <= t < T
    """True where x read in two pieces, cut at t, gives what x gives in one piece."""
    ...


teach.grade("chunks_are_the_whole", chunks_are_the_whole)

# %% [markdown]
# **On paper.** How many of these three properties are broken by a reader that looks one step ahead; by one that
# subtracts from x its mean over the rows; and by one that returns zeros, whatever it gets?

# %% answer="2, 1, 0"
teach.answer("10.broken", ..., ..., ...)

# %% [markdown]
# ## 6 · The cut
#
# In training a text is read segment after segment, and gradients go back over one boundary, or over none: at a **cut**
# the state is handed on and its gradient is not. `gradient(x, state, d_y, t, cut)` is the gradient of x for a text
# read as `x[:, :t]` and `x[:, t:]`, where `d_y` is what the loss says of all outputs.
#
# The fourth promise: with `cut=True`, what the loss says of the outputs from t on sends *exactly* nothing to the
# inputs before t. Not a small number: 0. And with `cut=False` it sends something, or the model has forgotten the
# gradient of its memory, which no other promise here would notice.

# %% exercise="cut_stops_the_gradient"
def cut_stops_the_gradient(gradient, x, state, d_y, t):
    """True where the loss after t sends the tokens before t exactly nothing with a
    cut, and something without.

    gradient(x, state, d_y, t, cut) is that of x, read in two segments cut at t;
    x and d_y (B, T, D), state (B, D), 1 <= t < T, cut True or False
    """
    ...


teach.grade("cut_stops_the_gradient", cut_stops_the_gradient)

# %% [markdown]
# ## 7 · Who breaks what
#
# Now let Hypothesis put the questions. A strategy for a text and a place to cut it, and the four properties, for most of
# the readers on which yours were graded. From here on the course's properties are used, so that an open exercise does
# not matter.

# %%
from minicrt.teach.solutions import properties as course


@st.composite
def texts(draw, D=None):                        # x, state, t, b, d_y
    B, T = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    D = D or draw(st.integers(1, 2))
    values = st.integers(-8, 8).map(lambda k: k / 8)
    x = draw(hnp.arrays(float, (B, T, D), elements=values))
    state = draw(hnp.arrays(float, (B, D), elements=values))
    return (x, state, draw(st.integers(1, T - 1)), draw(st.integers(0, B - 1)),
            np.ones_like(x))


PROPERTIES = {
    "causal": lambda read, _, x, state, t, b, d_y: course.is_causal(read, x, state, t),
    "rows": lambda read, _, x, state, t, b, d_y: course.rows_are_independent(
        read, x, state, b),
    "chunks": lambda read, _, x, state, t, b, d_y: course.chunks_are_the_whole(
        read, x, state, t),
    "cut": lambda _, gradient, x, state, t, b, d_y: course.cut_stops_the_gradient(
        gradient, x, state, d_y, t)}


FEWER = settings(SETTINGS, max_examples=10 if FAST else 60)
READERS = dict(list(planted.READERS.items())[:4 if FAST else None])


def broken(read, gradient, cases, holds):       # -> the smallest text, or None
    return smallest(cases, lambda case: not holds(read, gradient, *case),
                    settings=FEWER)


found = {(reader, name): broken(*functions, texts(), holds)
         for reader, functions in READERS.items()
         for name, holds in PROPERTIES.items()}

# %%
figure, axes = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
for column, name in enumerate(PROPERTIES):
    for row, reader in enumerate(READERS):
        case = found[reader, name]
        axes.add_patch(plt.Rectangle(
            (column - 0.46, row - 0.42), 0.92, 0.84, edgecolor="black", linewidth=0.5,
            facecolor="white" if case is None else ORANGE,
            hatch="" if case is None else "//"))
        words = "holds" if case is None else "broken: " + "×".join(
            map(str, case[0].shape))
        axes.text(column, row, words, ha="center", va="center", fontsize=9,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
axes.set_xticks(range(len(PROPERTIES)), PROPERTIES)
axes.xaxis.tick_top()
axes.set_yticks(range(len(READERS)), READERS)
axes.set(xlim=(-0.6, len(PROPERTIES) - 0.4), ylim=(len(READERS) - 0.4, -0.6),
         title="Readers, properties, and the smallest text (B×T×D) that breaks one")
axes.spines[:].set_visible(False)
axes.tick_params(length=0)
plt.show()

# %% [markdown]
# Nearly every mistake has one column to itself. The two that see the future have two, and that is no accident: if
# pieces are the whole for *every* place to cut, then the outputs before t come from a reading that had not seen what
# comes from t on. So the third promise contains the first. Why test the first at all? Because its failure says more. A
# test that fails should tell where to look.
#
# The smallest texts tell something, too. Rows can only disturb each other where there are two. Who forgets the state
# needs no more than one row and two tokens.
#
# ## 8 · The package
#
# The properties know nothing of the reader inside. Put a GRU there: `ops.gru` in the form of `read`, and its gradient
# over two segments.

# %%
rng = np.random.default_rng(3)
D = 2
weights = (rng.standard_normal((D, 3 * D)), rng.standard_normal((D, 3 * D)),
           rng.standard_normal(3 * D), rng.standard_normal(D))


def gru_read(x, state):
    h, _ = ops.gru(x, state, *weights)
    return h, h[:, -1]


def gru_gradient(x, state, d_y, t, cut):
    h, first = ops.gru(x[:, :t], state, *weights)
    _, second = ops.gru(x[:, t:], h[:, -1], *weights)
    d_x_2, d_h = ops.gru_backward(d_y[:, t:], second)[:2]
    d_x_1 = ops.gru_backward(d_y[:, :t], first, 0 * d_h if cut else d_h)[0]
    return np.concatenate([d_x_1, d_x_2], axis=1)


for name, holds in PROPERTIES.items():
    case = broken(gru_read, gru_gradient, texts(D), holds)
    print(f"GRU, {name:<7}", "holds" if case is None else f"broken by {case}")

# %% [markdown]
# And a whole CRT, with tokens in place of vectors. It reads 8 tokens in one segment or in two, cut anywhere, with random
# weights. **Predict:** is it causal? And are two segments the same as one?

# %%
def reader_of(model, parameters):               # in the form of read, of tokens
    def read(tokens, state):
        return model.logits(parameters, tokens, state)
    return read


model = create_model(vocabulary=5, width=8, inner=8, layers=1, heads=2,
                     segment_length=8, engine="numpy")
parameters = model.initialize(np.random.default_rng(0))
parameters.flat[:] += 0.3 * np.random.default_rng(1).standard_normal(parameters.size)
crt = reader_of(model, parameters)
tokens_and_place = st.tuples(hnp.arrays(np.int64, (2, 8), elements=st.integers(0, 4)),
                             st.integers(1, 7))


def crt_is_causal(case):
    tokens, t = case
    other = tokens.copy()
    other[:, t:] = (other[:, t:] + 1) % 5
    return np.allclose(crt(tokens, {})[0][:, :t], crt(other, {})[0][:, :t], atol=1e-5)


def crt_chunks_are_the_whole(case):
    tokens, t = case
    y_1, middle = crt(tokens[:, :t], {})
    y_2, _ = crt(tokens[:, t:], middle)
    return np.allclose(crt(tokens, {})[0], np.concatenate([y_1, y_2], axis=1),
                       atol=1e-5)


for holds in [crt_is_causal, crt_chunks_are_the_whole]:
    case = smallest(tokens_and_place, lambda case: not holds(case))
    print(f"{holds.__name__:<25}", "holds" if case is None
          else f"does not, cut at {case[1]} of {case[0].tolist()}")

# %% [markdown]
# It is causal. But its attention ends at the boundary of a segment, and what lies behind comes through two vectors of
# finite width, the memory and the state of the positions. So two segments are not one, and must not be: a property that
# fails is not always a mistake. It is always news. Here it says what the CRT gave up for its memory of constant size,
# and chapters 08 and 09 measure what that costs.
#
# What the four promises do not say: that the outputs are any good. The reader that returns zeros keeps the first three.
# For values there are references, and for gradients the check of chapter 01. Properties stand beside them: they need no
# reference, they hold for every size, and they fail at mistakes that a loss curve hides.
#
# In a project of your own: keep what was found once as `@example(...)` above `@given`, so that it is tried each time;
# draw sizes from 1; derandomise where a failure must come out again on another machine.
#
# ## 9 · Go on
#
# * Write a strategy that finds all three layer norms, A, B and C. How many examples does it need?
# * Let `looks_one_step_ahead` leak a thousandth in place of a half. Which of the properties still sees it? And a
#   millionth? What does that say of `np.allclose`, and of exact comparisons?
# * Causality by gradients: put the loss on the output at t alone, and ask where the gradient of x must be exactly 0.
#   Write that property for `gradient` with t in the middle.
#
# ## I get this error
#
# | message | what it says |
# |---|---|
# | *It holds for every one, also for …* | nothing is compared that the mistake would change; after `other = x` there is still one array |
# | *It refuses the right model for what is rounded otherwise* | `==` or `array_equal` where sums are taken in another order: `np.allclose` |
# | *expected one True or False* | `a == b` of arrays is an array: `(a == b).all()` |
# | `Unsatisfiable` or `FailedHealthCheck: … filter_too_much` | a strategy throws nearly all of its draws away; build good ones (section 3) |
# | `DeadlineExceeded` | the first call compiled something: `settings(deadline=None)` |
# | `Flaky` | the same input failed once and then did not: there is a random generator or a state in the function |
# | `NoSuchExample` | `find` has found none; more examples, or another strategy |
# | a folder `.hypothesis` appears | Hypothesis keeps what failed, for the next time: `settings(database=None)` keeps nothing |
#
# **Next:** [chapter 11](11_making_it_fast.ipynb) makes what is right fast.
