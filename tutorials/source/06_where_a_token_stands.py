# %% [markdown]
# # 06 · Where a token stands
#
# Attention compares a query with keys and mixes values. Nowhere in that is it said which key came first. "Dog bites
# man" and "man bites dog" are the same three keys. So a Transformer has to be told where each token stands, and there
# are several ways to tell it. They differ already on texts as long as those that the model was trained on. On longer ones
# some of them break.
#
# | | |
# |---|---|
# | you need | chapter 02 for attention, chapter 04 for the GRU |
# | you will be able to | say what attention alone can know of order; write sinusoidal and relative positions, and the backward passes of relative and recurrent ones; predict which of them survives a text longer than those in training |
# | time | 75 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | eight numbers on paper | ●○○ | 10 |
# | `sinusoids` | ●○○ | 10 |
# | `relative_scores` | ●●○ | 15 |
# | `relative_scores_backward` | ●●● | 15 |
# | `recurrent_positions_backward` | ●●○ | 10 |

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from minicrt import ops, teach
from minicrt.data import TokenStream, load_corpus
from minicrt.models import create_model
from minicrt.models.positions import sinusoids as package_sinusoids
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE
from minicrt.training import AdamW, evaluate, train_step

FAST = bool(os.environ.get("MINICRT_FAST"))     # small budgets, to see that it runs
np.set_printoptions(precision=3, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · None
#
# Take one attention layer with random weights and no positions. Feed it four tokens, and then the same four with the
# first three in another order. What the *last* token gets is a mixture over the same set of keys and values, so it
# cannot change. **Predict** before you run the cell: two such layers, one upon the other, with the causal mask: does
# the last output still not see the order?

# %%
rng = np.random.default_rng(0)
tokens = rng.standard_normal((1, 4, 8))
shuffled = tokens[:, [2, 0, 1, 3]]
layers = rng.standard_normal((2, 8, 24)) / np.sqrt(8)


def last_output(x, depth, mask):
    for w in layers[:depth]:
        y, _ = ops.self_attention(x @ w, 2, mask)
        x = x + y
    return x[0, -1]


everywhere = np.ones((4, 4), bool)              # True where one may look
for depth in 1, 2:
    for mask, name in [(everywhere, "all see all"), (ops.causal_mask(4, 4), "causal")]:
        change = last_output(tokens, depth, mask) - last_output(shuffled, depth, mask)
        print(f"{depth} layer(s), {name:<12} largest change {np.abs(change).max():.1e}")

# %% [markdown]
# With one layer, and with any number of layers in which all see all, order is invisible: what is left is rounding.
# But a causal mask is itself a kind of position: in the first layer each token has seen those before it, and so the
# second layer finds keys that *know* what stood in front of them. A deep causal Transformer can work out positions on
# its own. It has to spend layers and training on it.
#
# ## 2 · Sinusoids
#
# The first Transformer added a fixed row to each token. Position $t = 0, 1, \dots$ gets
#
# $$[\sin(t f_0), \dots, \sin(t f_{D/2-1}),\ \cos(t f_0), \dots, \cos(t f_{D/2-1})], \qquad f_k = 10000^{-2k/D} .$$
#
# These are clock hands. Each pair $(\sin, \cos)$ is a hand that turns by $f_k$ a step; the first turns by a radian,
# the last hardly at all.
#
# For $D = 2$ there is one hand: row $t$ is $(\sin t, \cos t)$. **On paper:** what is the product of row 5 and row 7,
# $\sin 5 \sin 7 + \cos 5 \cos 7$? And of row 100 and row 102? (Three decimals; the angles are in radians.)

# %% answer="-0.416, -0.416"
teach.answer("06.dot", ..., ...)

# %% [markdown]
# Two rows of the table are compared by their distance alone. And row $t + 1$ is row $t$ with every hand turned by its
# angle: the same orthogonal matrix at each step, as in chapter 05. So a query that looks for "the token two back" can
# be a fixed matrix.
#
# Write the table for an even $D$: first all sines, then all cosines.

# %% exercise="sinusoids"
def sinusoids(length, width):                   # -> (length, width); width is even
    """Row t is [sin(t f_0), ..., cos(t f_0), ...] with f_k = 10000^(-2k/width)."""
    ...


teach.grade("sinusoids", sinusoids)

# %%
def naive_sinusoids(length, width):
    table = np.zeros((length, width))
    for t in range(length):
        for k in range(width // 2):
            angle = t * 10000 ** (-2 * k / width)
            table[t, k], table[t, width // 2 + k] = np.sin(angle), np.cos(angle)
    return table


table = package_sinusoids(256, 64)
print("package − naive:", f"{np.abs(table - naive_sinusoids(256, 64)).max():.0e}")
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
distances = np.arange(-100, 101)
for t, colour, line, width in [(100, ORANGE, "-", 5), (140, "black", "--", 1.2)]:
    axes.plot(distances, table[t + distances] @ table[t] / 32, line, color=colour,
              linewidth=width, label=f"with row {t}")
axes.set(xlabel="distance of the other row", ylabel="product, divided by D/2",
         title="Sinusoids of 64 numbers: what counts is the distance")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The two lines are one. The rows themselves, however, are not the same at every $t$. A model that was trained on positions 0 to 31 has never
# seen what the slow hands do at position 200.
#
# ## 3 · Relative positions
#
# If only distances matter, put distances where they matter: into the score. **Relative attention** (Dai et al., 2019)
# adds nothing to the tokens. It gives the score of query $i$ and key $j \le i$ two parts,
#
# $$s_{ij} = \frac{(q_i + u)\cdot k_j + (q_i + w)\cdot r_{i-j}}{\sqrt K},$$
#
# one for *what* stands there and one for *how far back* it stands. $K$ is the width of a head; $r_0, r_1, \dots$ are
# rows made from a table of distances; $u$ and $w$ are two learned vectors, for what is looked for whatever the query.
#
# In the code the rows of `r` stand in the order of the keys as the *last* query sees them: the largest distance
# $T - 1$ first, the distance 0 last. So $r_d$ is `r[T - 1 - d]`.
#
# **On paper**, with one head of width $K = 1$ and $T = 2$: $q = (1, 2)$, $k = (3, -1)$, $u = 1$, $w = 0$, and the
# distances 0 and 1 have $r_0 = 1$, $r_1 = 2$. What are $s_{11}$, $s_{21}$ and $s_{22}$?

# %% answer="7, 13, -1"
teach.answer("06.scores", ..., ..., ...)

# %% [markdown]
# The naive loop is plain, and slow: a product for every pair. The trick is that $(q + w)\, r^\top$ holds all the
# products that are needed, a row for each query and a column for each *distance*. Only the columns are in the wrong
# places: in row $i$ the distance $d$ belongs to key $i - d$. So take one product of matrices and then shift row $i$
# to the left by $T - 1 - i$.
#
# For $T = 3$, counting from 0, with the distances written in their places:
#
# | | column 0 | 1 | 2 | | key 0 | 1 | 2 |
# |---|---|---|---|---|---|---|---|
# | query 0 | 2 | 1 | **0** | → | 0 | · | · |
# | query 1 | 2 | **1** | **0** | → | 1 | 0 | · |
# | query 2 | **2** | **1** | **0** | → | 2 | 1 | 0 |
#
# Write it for one head. What a query must not see (the dots) gets the score 0 here, a constant; the mask comes
# afterwards.

# %% exercise="relative_scores"
def relative_scores(q, k, r, u, w):             # (T, K), u and w (K,) -> (T, T)
    """s[i, j] = ((q_i + u) k_j + (q_i + w) r_(i-j)) / sqrt(K) for j <= i, 0 for j > i.

    r holds the distances T - 1, ..., 0 in this order
    """
    ...


teach.grade("relative_scores", relative_scores)

# %% [markdown]
# The package's `ops.relative_attention` goes on to the softmax and the values. To compare, let the naive loop do that
# too.

# %%
T, K = 6, 4
q, k, v, r = rng.standard_normal((4, T, K))
u, w = rng.standard_normal((2, K))


def naive_relative_attention():
    y = np.zeros((T, K))
    for i in range(T):
        scores = np.array([((q[i] + u) @ k[j] + (q[i] + w) @ r[T - 1 - (i - j)])
                           / np.sqrt(K) for j in range(i + 1)])
        p = np.exp(scores - scores.max())
        y[i] = p / p.sum() @ v[:i + 1]
    return y


y, _ = ops.relative_attention(q[None], k[None], v[None], r, u, w, 1)
print("package − naive:", f"{np.abs(y[0] - naive_relative_attention()).max():.0e}")

# %% [markdown]
# Backwards, $r$ shows something new. A row of it is used by *all* pairs of one distance, so its gradient is a sum
# along a diagonal of `d_s`. The shift tells how to get it without a loop over pairs: move the gradient back to the
# columns of $r$, and then it is the backward pass of an ordinary product. And $q_i$ is used twice, in both parts.

# %% exercise="relative_scores_backward"
def relative_scores_backward(d_s, q, k, r, u, w):
    """The gradients of relative_scores; d_s is (T, T).

    returns d_q, d_k, d_r, each (T, K), and d_u, d_w, each (K,)
    """
    ...


teach.grade("relative_scores_backward", relative_scores_backward)

# %% [markdown]
# ## 4 · Recurrent positions
#
# The CRT asks a recurrent network where it is. A GRU runs over the embeddings $e_1, e_2, \dots$, and its state is
# added to them:
#
# $$p_t = \operatorname{GRU}(e_t, p_{t-1}), \qquad x_t = e_t + p_t .$$
#
# Can a GRU count? Take one unit with $U = 0$ and biases so large that $n \approx 1$, and let $z = \tfrac12$. Then
# $p_t = \tfrac12 \cdot 1 + \tfrac12\, p_{t-1}$. **On paper:** $p_1, p_2, p_3$, from $p_0 = 0$.

# %% answer="0.5, 0.75, 0.875"
teach.answer("06.count", ..., ..., ...)

# %% [markdown]
# Every position gets a number of its own, and with other gates other units count more slowly: clock hands again, but
# without a full turn. Far out all of them stand still at 1, and that is a position too: *far from the start*. What
# was learned for it holds for every length.
#
# A GRU can do more than count. It reads the words, so it can start anew at each full stop, or count brackets. "Where"
# becomes a matter of the text and not of a ruler. It also means that what follows is no fair race between *position*
# schemes: this one brings content along.
#
# Its backward pass is nearly all in place: `ops.gru_backward(d_states, cache, d_last)` returns
# `d_x, d_h0, d_w, d_u, d_b, d_b_hn`, of which the first is the gradient of the GRU's own input. Who else has used
# $e_t$?

# %% exercise="recurrent_positions_backward"
def recurrent_positions_backward(d_x, d_last, cache):
    """Of x = e + p, with p, cache = ops.gru(e, p_0, ...).

    d_x (B, T, D); d_last (B, D) is what comes back for p_T from the next segment
    returns d_e (B, T, D) and d_p_0 (B, D)
    """
    ...


teach.grade("recurrent_positions_backward", recurrent_positions_backward)

# %% [markdown]
# ## 5 · Longer than in training
#
# Four small language models that differ in nothing but their positions. Each is trained on pieces of 32 tokens, drawn
# anywhere in the text, and then reads other text in pieces of 32 to 512, each piece from an empty start. (Learned
# absolute positions, a table with a row for each place, are missing: there *is* no row 33.)
#
# If longer pieces are used well, the loss falls with their length, since a later token has more to go on. **Predict**
# for each of the four whether it falls, stays, or rises.

# %%
corpus = load_corpus("python-docs")
LENGTH, ROWS, STEPS = 32, 16, 10 if FAST else 300
small = {"vocabulary": corpus.vocabulary.size, "segment_length": LENGTH,
         "width": 64, "layers": 2, "heads": 4, "inner": 128}
models = {
    "none": create_model("transformer", positions="none", **small),
    "sinusoidal": create_model("transformer", positions="sinusoidal", **small),
    "relative": create_model("transformer_xl", cache_length=0, **small),
    "recurrent": create_model("crt", memory="none", position_carry=False, **small)}


def train_short(model):
    parameters = model.initialize(np.random.default_rng(0))
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, 3e-3)
    rng, offsets = np.random.default_rng(1), np.arange(LENGTH)
    for step in range(STEPS):
        first = rng.integers(0, len(corpus.train) - LENGTH - 1, ROWS)
        places = first[:, None] + offsets       # (ROWS, LENGTH)
        window = [(corpus.train[places], corpus.train[places + 1])]
        rate = min(1, (step + 1) / 30) * (1 - 0.9 * step / STEPS)
        train_step(model, parameters, gradients, optimizer, window, {}, rate=rate)
    return parameters


trained = {}
for name, model in models.items():
    trained[name] = train_short(model)
    print(f"{name:<11} {trained[name].size:,} parameters")

# %%
lengths = [32, 64, 128, 256, 512]
text = np.concatenate([corpus.valid, corpus.test])[:2000 if FAST else None]
losses = {name: [evaluate(model, trained[name], TokenStream(text, 2, length),
                          cut="state").loss for length in lengths]
          for name, model in models.items()}

figure, axes = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
styles = {"none": (GREY, "v:"), "sinusoidal": (ORANGE, "^--"),
          "relative": (GREEN, "s-."), "recurrent": (BLUE, "o-")}
for name, values in losses.items():
    colour, style = styles[name]
    axes.plot(lengths, values, style, color=colour, linewidth=2)
    axes.annotate(name, (lengths[-1], values[-1]), xytext=(8, 0), va="center",
                  textcoords="offset points", color=colour)
    print(f"{name:<11}", np.array(values))
axes.set_xscale("log", base=2)
axes.set_xticks(lengths, lengths)
axes.set_xlim(29, 900)
axes.axvline(LENGTH, color=GREY, linewidth=0.8)
axes.set(xlabel="length of the pieces that are read, in tokens (line: in training)",
         ylabel="loss (nats per token)", title="Longer texts than those in training")
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# The loss over a whole piece mixes early and late tokens. So take each token twice: once read in a piece of 512, once
# the same token in a piece of 32. The difference is what the longer past has brought it, or cost it. Up to place 32
# the two are the same.

# %%
from scipy.special import log_softmax


def token_losses(model, parameters, length):    # -> (2, tokens of a row)
    stream, losses = TokenStream(text, 2, length), []
    for index in range(len(stream) - 1):        # the last one is shorter
        tokens, targets = stream.segment(index)
        logits, _ = model.logits(parameters, tokens, {})
        log_p = np.take_along_axis(log_softmax(logits, -1), targets[..., None], -1)
        losses.append(-log_p[..., 0])
    return np.concatenate(losses, axis=1)


longest, edges = (128, [32, 64, 128]) if FAST else (512, [32, 64, 128, 256, 512])
figure, axes = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
for name, (colour, style) in styles.items():
    late = token_losses(models[name], trained[name], longest)
    early = token_losses(models[name], trained[name], LENGTH)[:, :late.shape[1]]
    extra = (late - early).reshape(-1, longest)
    means = [extra[:, a:b].mean() for a, b in zip(edges, edges[1:])]
    axes.plot(range(len(means)), means, style, color=colour, linewidth=2, label=name)
    print(f"{name:<11}", np.array(means))
axes.axhline(0, color=GREY, linewidth=0.8)
axes.set_xticks(range(len(means)), [f"{a + 1}–{b}" for a, b in zip(edges, edges[1:])])
axes.set(xlabel="place of the token in its piece", title="Where it goes wrong",
         ylabel="extra loss, against a piece of 32 (nats)")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# Read the figures one by one.
#
# * **Sinusoidal.** Past place 32 the slow hands point where they never pointed in training, and the loss climbs. The
#   table goes on for ever; what was learned about it does not.
# * **None.** There is nothing new to meet but longer sets: attention that was trained to spread over up to 32 keys is
#   spread over 512, and each weight becomes smaller. The loss climbs slowly.
# * **Relative.** A new distance is as new as a new position. But most of what the model learned sits at short
#   distances, and these are the same at every place. So the known part keeps working, and longer pieces even help for
#   a while.
# * **Recurrent.** The state of a GRU has a bounded size and soon forgets its start, so at place 500 it looks much as
#   it did at place 30.
#
# That is a statement about small models, trained for 300 steps on short pieces. It says which scheme *breaks*; it
# does not say which is best. The differences at length 32 hang on luck as well: try another seed.
#
# For the CRT there is one reason more. It reads a text in segments and carries $p_T$ from one to the next
# (`position_carry`). Then its positions do not start anew every 32 tokens, and the gradient that you returned as
# `d_p_0` is the one that crosses the boundary. So the positions are a second memory. Chapter 07 puts both
# together.
#
# ## 6 · Go on
#
# * Train with pieces of 64 in place of 32. How far does each kind reach now?
# * Give the sinusoidal model positions that start at a random place in each piece of training, somewhere in 0 … 511.
#   What does it cost at length 32, and what does it bring at 512?
# * `create_model("transformer_xl", cache_length=0, clamp_length=16, …)` counts all distances beyond 16 as 16. Predict
#   its curve, then draw it.
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `operands could not be broadcast together with shapes (T,) (D/2,)` | positions are rows, frequencies are columns: `t[:, None] * f` |
# | row 0 of the table is not $0, \dots, 0, 1, \dots, 1$ | sines first, then cosines; and positions count from 0 |
# | 11 for $s_{21}$ | key 1 stands one back from query 2: which row of $r$ is that? |
# | `could not broadcast input array from shape …` in the shift | row $i$ has $i + 1$ keys, and as many columns of the product belong to them |
# | right for `d_q`, wrong for `d_r` | the gradient must be moved back before it meets $q$ |
# | `a segment of 33 tokens, but learned positions end at segment_length = 32` | what it says: a learned table has no row 33 |
# | `the mask has shape …, expected … with a visible key in every row` | masks are of `True` and `False` here, `True` where one may look |
#
# **Next:** [chapter 07](07_crt.ipynb) puts your functions together: segments, positions, a memory token, a writer.
