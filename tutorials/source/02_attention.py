# %% [markdown]
# # 02 · Attention, forward and backward
#
# A word's meaning depends on other words. Attention lets each row of a text fetch what it needs from the rows before
# it: it says what it is looking for, compares that with what each row offers, and takes a weighted mean of what they
# hold. All of it is matrix products and one softmax, so you know every piece of its backward pass already. In this
# chapter you put them together.
#
# | | |
# |---|---|
# | you need | chapter 01: $G_y$ for a gradient, the linear layer's and the softmax's backward pass, the complex step |
# | you will be able to | write causal attention with many heads and its whole backward pass; say why scores are divided by $\sqrt K$ and why no line of the backward pass mentions the mask; watch a head learn where to look |
# | time | 85 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | a row on paper | ●○○ | 5 |
# | `causal_attention` | ●●○ | 15 |
# | gradients on paper | ●●○ | 10 |
# | `softmax_backward` | ●●○ | 5 |
# | `attention_backward` | ●●● | 15 |
# | `split_heads`, `merge_heads` | ●●○ | 10 |
# | `projections_backward` | ●●○ | 10 |

# %%
import os

import numpy as np

from minicrt import ops, plotting, teach
from minicrt.gradcheck import check
from minicrt.ops.attention import softmax
from minicrt.teach.solutions import attention as reference      # what later cells use

FAST = bool(os.environ.get("MINICRT_FAST"))         # few steps, to see that it runs
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1 · A weighted mean
#
# Each of $T$ rows has three vectors: a **query** $q_i$, what it looks for; a **key** $k_j$, what it offers; and a
# **value** $v_j$, what it holds. They are the rows of `q` $(T, K)$, `k` $(T, K)$ and `v` $(T, V)$. How well query $i$
# fits key $j$ is a **score**, and the scores of a row become weights by a softmax:
#
# $$s_{ij} = \frac{q_i \cdot k_j}{\sqrt K}, \qquad p_{ij} = \frac{e^{s_{ij}}}{\sum_{j' \le i} e^{s_{ij'}}}
# \quad (j \le i), \qquad y_i = \sum_{j \le i} p_{ij}\, v_j .$$
#
# Row $i$ sees itself and the rows before it, never those after: the attention is **causal**. Otherwise a model that is
# to predict row $i + 1$ could look it up. As loops:

# %%
def attention_loops(q, k, v):                       # (T, K), (T, K), (T, V) -> p, y
    T, K = q.shape
    p, y = np.zeros((T, T)), np.zeros((T, v.shape[1]))
    for i in range(T):
        e = np.zeros(T)
        for j in range(i + 1):
            e[j] = np.exp(q[i] @ k[j] / np.sqrt(K))
        for j in range(i + 1):
            p[i, j] = e[j] / e.sum()
            y[i] += p[i, j] * v[j]
    return p, y

# %% [markdown]
# ### The example for this chapter
#
# Three rows, everything of width 1 (so that $\sqrt K = 1$):
#
# $$q = \begin{pmatrix} 1 \\ 1 \\ 1 \end{pmatrix}, \qquad k = \begin{pmatrix} 0 \\ \ln 3 \\ \ln 4 \end{pmatrix}, \qquad
# v = \begin{pmatrix} 4 \\ 8 \\ 0 \end{pmatrix}.$$
#
# Row 1 sees itself alone: $p_{11} = 1$ and $y_1 = 4$. Row 2 has the scores $0$ and $\ln 3$, hence the weights
# $\tfrac14$ and $\tfrac34$, and $y_2 = 1 + 6 = 7$. Work out row 3: its three weights and $y_3$.

# %% answer="0.125, 0.375, 0.5, 3.5"
teach.answer("02.row3", ..., ..., ..., ...)        # p_31, p_32, p_33, y_3

# %%
q = np.ones((3, 1))
k = np.log([[1.0], [3.0], [4.0]])
v = np.array([[4.0], [8.0], [0.0]])
p, y = attention_loops(q, k, v)
print("p =\n", p, "\ny =", y.ravel())
plotting.attention_map(p[None], ["row 1", "row 2", "row 3"], memory_tokens=0,
                       title="Who looks at whom in the example")

# %% [markdown]
# ### Without loops
#
# All scores at once are one matrix product, and so is the weighted mean. What a row may not see gets the score
# $-\infty$ *before* the softmax, for $e^{-\infty} = 0$: then it has no part in the sum below either. `np.tri(T)` is 1 on
# and below the diagonal.

# %% exercise="causal_attention"
def causal_attention(q, k, v):                      # (T, K), (T, K), (T, V) -> p, y
    T, K = q.shape
    scores = ...                                    # (T, T)
    p = ...                                         # (T, T)
    y = ...                                         # (T, V)
    return p, y


teach.grade("causal_attention", causal_attention)

# %% [markdown]
# Three ways, the same numbers. The package's `ops.attention` takes a batch of $B$ texts and $H$ heads; here one of
# each.

# %%
rng = np.random.default_rng(0)
q5, k5, v5 = rng.standard_normal((3, 5, 4))         # T = 5, K = V = 4
_, loops = attention_loops(q5, k5, v5)
p5, vectorised = reference.causal_attention(q5, k5, v5)
package, cache = ops.attention(q5[None], k5[None], v5[None], heads=1)
print("largest difference:", np.abs(loops - vectorised).max(),
      np.abs(vectorised - package[0]).max())

# %% [markdown]
# An implementation that peeks into the future passes many tests and trains suspiciously well. So test the property
# itself: change the last row, and all rows before must keep their output to the bit.

# %%
k_changed, v_changed = k5.copy(), v5.copy()
k_changed[-1] += 1
v_changed[-1] -= 1
_, changed = reference.causal_attention(q5, k_changed, v_changed)
print("rows 1 to 4 unchanged:", np.array_equal(changed[:-1], vectorised[:-1]),
      "  row 5 unchanged:", np.array_equal(changed[-1], vectorised[-1]))

# %% [markdown]
# ## 2 · Why $\sqrt K$?
#
# Let the entries of $q_i$ and $k_j$ be independent with variance 1. Then $q_i \cdot k_j$ is a sum of $K$ products of
# variance 1 each: its variance is $K$, its size $\sqrt K$. Without the division, scores grow with the width, and the
# softmax of large scores puts all weight on one row. Watch the largest weight among 16 rows, and what then comes back:
# a softmax that has made up its mind passes on almost no gradient.

# %%
widths = [1, 4, 16, 64, 256, 1024]
largest = {"divided by √K": [], "not divided": []}
passed_on = {"divided by √K": [], "not divided": []}
for K in widths:
    scores = rng.standard_normal((400, K)) @ rng.standard_normal((K, 16))
    d_p = rng.standard_normal((400, 16))
    for name, s in [("divided by √K", scores / np.sqrt(K)), ("not divided", scores)]:
        weights = softmax(s)
        largest[name].append(weights.max(-1).mean())
        d_s = reference.softmax_backward(d_p, weights)
        passed_on[name].append(np.abs(d_s).mean())
plotting.lines(widths, largest, "width K", "largest of 16 weights (mean)",
               "Without √K attention looks at one row as soon as the heads are wide",
               log="x", levels={"all alike, 1/16": 1 / 16})

# %%
for K, with_root, without in zip(widths, *passed_on.values()):
    print(f"K = {K:>4}   gradient that reaches the scores: "
          f"{with_root:.4f} divided, {without:.4f} not divided")

# %% [markdown]
# ## 3 · Backward, one row
#
# Take row 3 of the example, and let the loss be $L = 8\, y_3$, so that $G_{y_3} = 8$ and all else is 0. Go back through
# $y_3 = \sum_j p_{3j} v_j$: it is a linear layer,
#
# $$(G_v)_j = p_{3j} \cdot 8 = 1, 3, 4, \qquad (G_p)_{3j} = 8\, v_j = 32, 64, 0 .$$
#
# Then the softmax. From $p_j = e^{s_j} / \sum e^{s}$ follows $\partial p_k / \partial s_j = p_k\,([k = j] - p_j)$: a score
# raises its own weight, and lowers all others by taking its share of the sum. With what comes back to every weight,
#
# $$(G_s)_j = \sum_k (G_p)_k\, p_k\,([k = j] - p_j) = p_j \Big( (G_p)_j - \sum_k p_k (G_p)_k \Big) .$$
#
# In words: compare what the loss says of row $j$ with the *mean of what it says*, taken with the weights $p$. Attention
# moves towards rows that are better than what it has, and away from those that are worse. Work out $G_s$ for row 3.

# %% answer="0.5, 13.5, -14"
teach.answer("02.d_s", ..., ..., ...)         # d_s_31, d_s_32, d_s_33

# %% [markdown]
# They add up to 0: to raise all three scores alike would change nothing. And look at row 1, which has one row to look at:
# whatever $G_p$ is, its $G_s$ is $1 \cdot (G_p - G_p) = 0$. Without a choice there is nothing to learn.
#
# Now for all rows at once.

# %% exercise="softmax_backward"
def softmax_backward(d_p, p):                       # (N, J), (N, J) -> (N, J)
    """The gradient of the scores s, where p is the softmax of every row of s"""
    ...


teach.grade("softmax_backward", softmax_backward)

# %% [markdown]
# One step further back: $s_{3j} = q_3 \cdot k_j$, so that $(G_q)_3 = \sum_j (G_s)_{3j}\, k_j$. What is it in the example?
# ($\ln 3 = 1.0986$, $\ln 4 = 1.3863$.)

# %% answer="-4.577"
teach.answer("02.d_q", ...)

# %% [markdown]
# ## 4 · Backward, all rows
#
# As loops, with the rule of chapter 01: wherever the forward pass uses a number, the backward pass adds to its gradient.

# %%
def attention_backward_loops(d_y, p, q, k, v):
    T, K = q.shape
    d_q, d_k, d_v = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for i in range(T):
        d_p = np.zeros(T)
        for j in range(i + 1):                      # y[i] += p[i, j] * v[j]
            d_p[j] = d_y[i] @ v[j]
            d_v[j] += p[i, j] * d_y[i]
        d_s = p[i] * (d_p - p[i] @ d_p)             # p[i] = softmax(s)
        for j in range(i + 1):                      # s[j] = q[i] @ k[j] / sqrt(K)
            d_q[i] += d_s[j] * k[j] / np.sqrt(K)
            d_k[j] += d_s[j] * q[i] / np.sqrt(K)
    return d_q, d_k, d_v


d_y = np.array([[0.0], [0.0], [8.0]])
d_q, d_k, d_v = attention_backward_loops(d_y, p, q, k, v)
print("d_v =", d_v.ravel(), "  d_k =", d_k.ravel(), "  d_q =", d_q.ravel())

# %% [markdown]
# Five lines without loops. Two questions settle what must be transposed. *Who reads $v_j$?* Every query from $j$ on: the
# sum runs over the first index of $p$. *Which queries looked at $k_j$?* The same sum over $i$. Whereas $q_i$ met the keys
# $j$, the second index.

# %% exercise="attention_backward"
def attention_backward(d_y, p, q, k, v):            # p (T, T) from the forward pass
    T, K = q.shape
    d_v = ...
    d_p = ...
    d_s = ...
    d_q = ...
    d_k = ...
    return d_q, d_k, d_v


teach.grade("attention_backward", attention_backward)

# %% [markdown]
# Where is the mask? Nowhere, and that is no mistake: where $p_{ij} = 0$ exactly, $(G_s)_{ij} = p_{ij}\,(\dots)$ is 0, too.
#
# And why is the example not enough? With $K = 1$ a transposed matrix product still has the right shape in more places
# than it should, and $\sqrt K = 1$ cannot be forgotten. `grade` draws $T$, $K$ and $V$ unequal. With $K = 4$, divide a
# wrong $G_k$ by the right one, entry by entry: once `d_s` was not transposed, once the root was forgotten.

# %%
d_y5 = rng.standard_normal(v5.shape)
d_q5, d_k5, d_v5 = reference.attention_backward(d_y5, p5, q5, k5, v5)
d_s5 = reference.softmax_backward(d_y5 @ v5.T, p5)
print("d_s not transposed:\n", ((d_s5 / 2) @ q5 / d_k5)[:3])            # √4 = 2
print("not divided by √K:\n", (d_s5.T @ q5 / d_k5)[:3])

# %% [markdown]
# The one is wrong everywhere by different amounts. The other is wrong everywhere by the *same* factor. A constant ratio
# is the friendliest of mistakes: it all but tells its own name.

# %%
loops = attention_backward_loops(d_y5, p5, q5, k5, v5)
package = ops.attention_backward(d_y5[None], cache)
ours = d_q5, d_k5, d_v5
for name, one, two, three in zip(["d_q", "d_k", "d_v"], loops, ours, package):
    print(name, "largest difference",
          max(np.abs(one - two).max(), np.abs(two - three[0]).max()))

# %% [markdown]
# ## 5 · Heads
#
# One softmax can look at one thing. A text has many things to look at: the subject of the verb, the bracket that is open.
# So the width $D$ is cut into $H$ **heads** of $K = D/H$ features each, every head does attention by itself, and their
# results are put side by side again. Head $h$ has the features $hK$ to $(h + 1)K$: neighbours.
#
# In the array, a head becomes an axis like the batch, and matrix products run over both: $(B, T, D) \to (B, H, T, K)$.
# Careful: `x.reshape(B, H, T, K)` has the right shape and the wrong numbers.

# %% exercise="split_heads"
def split_heads(x, heads):                          # (B, T, D) -> (B, H, T, K)
    B, T, D = x.shape
    ...


teach.grade("split_heads", split_heads)

# %% exercise="merge_heads"
def merge_heads(x):                                 # (B, H, T, K) -> (B, T, D)
    B, H, T, K = x.shape
    ...


teach.grade("merge_heads", merge_heads)

# %% [markdown]
# What is their backward pass? They only move numbers, so gradients are moved back: the backward pass of `split_heads` is
# `merge_heads`, and the other way round. Attention with heads is then what you have, with two more axes in front:

# %%
B, T, D, H = 2, 6, 8, 4
q8, k8, v8 = rng.standard_normal((3, B, T, D))
by_head = np.zeros((B, H, T, D // H))
for b_ in range(B):
    for h in range(H):
        parts = [reference.split_heads(x, H)[b_, h] for x in (q8, k8, v8)]
        by_head[b_, h] = reference.causal_attention(*parts)[1]
package, _ = ops.attention(q8, k8, v8, heads=H)
print("largest difference:", np.abs(reference.merge_heads(by_head) - package).max())

# %% [markdown]
# ## 6 · Where queries, keys and values come from
#
# From the same rows $x$ $(T, D)$, by three matrices: $q = x W_q$, $k = x W_k$, $v = x W_v$. The matrices are learned; what
# a head looks for, offers and holds is up to training. Going back, $x$ is used **three times**. What comes back from
# each?

# %% exercise="projections_backward"
def projections_backward(d_q, d_k, d_v, x, w_q, w_k, w_v):
    """The gradients of q = x @ w_q, k = x @ w_k, v = x @ w_v"""
    d_x = ...                                       # (T, D)
    d_w_q = ...                                     # (D, K)
    d_w_k = ...
    d_w_v = ...                                     # (D, V)
    return d_x, d_w_q, d_w_k, d_w_v


teach.grade("projections_backward", projections_backward)

# %% [markdown]
# The whole of it, checked at once by the complex step: the forward pass is an independent witness, and all four
# gradients have to agree with it to rounding. (Put your own functions in the place of `reference`'s.)

# %%
def self_attention(x, w_q, w_k, w_v):
    return reference.causal_attention(x @ w_q, x @ w_k, x @ w_v)[1]


def self_attention_backward(d_y, x, w_q, w_k, w_v):
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    p, _ = reference.causal_attention(q, k, v)
    d_q, d_k, d_v = reference.attention_backward(d_y, p, q, k, v)
    return reference.projections_backward(d_q, d_k, d_v, x, w_q, w_k, w_v)


inputs = {"x": rng.standard_normal((5, 6)), "w_q": rng.standard_normal((6, 3)),
          "w_k": rng.standard_normal((6, 3)), "w_v": rng.standard_normal((6, 4))}
print(check(self_attention, self_attention_backward, list(inputs.values()), rng=rng))

# %% [markdown]
# ## 7 · A head learns where to look
#
# Gradients that are right should make something learn. The task: row $i$ is to give back the number that stood in row
# $i - 1$. Each row of $x$ holds a random number and, one-hot, its place. Nobody tells the head to look one to the left; it
# has to find that out from the loss, by gradients that pass through your softmax.

# %%
T = 10


def rows_of(rng):                                   # -> x (T, 1 + T)
    return np.concatenate([rng.standard_normal((T, 1)), 4 * np.eye(T)], axis=1)


def train(steps, rng, rate=0.05):
    w = {name: 0.1 * rng.standard_normal((1 + T, T if name != "w_v" else 1))
         for name in ("w_q", "w_k", "w_v")}
    losses = []
    while len(losses) < steps:
        loss, total = 0.0, {name: np.zeros_like(matrix) for name, matrix in w.items()}
        for _ in range(8):                          # eight texts a step
            x = rows_of(rng)
            error = self_attention(x, **w)[1:] - x[:-1, :1]
            d_y = np.concatenate([[[0.0]], error / (8 * (T - 1))])
            loss += 0.5 * (error ** 2).mean() / 8
            _, *gradients = self_attention_backward(d_y, x, **w)
            for name, gradient in zip(w, gradients):
                total[name] += gradient
        for name in w:                              # against the gradient, by its size
            w[name] -= rate * total[name] / np.sqrt((total[name] ** 2).mean() + 1e-8)
        losses.append(loss)
    return w, losses


w, losses = train(20 if FAST else 400, np.random.default_rng(1))
smooth = np.convolve(losses, np.ones(10) / 10, "valid")
plotting.lines(np.arange(len(smooth)), {"loss": smooth}, "step", "loss (ten steps)",
               "Learning to look one row back", levels={"always answering 0": 0.5})

# %%
x = rows_of(np.random.default_rng(2))
p, y = reference.causal_attention(x @ w["w_q"], x @ w["w_k"], x @ w["w_v"])
print("wanted ", x[:-1, 0].round(2))
print("answered", y[1:, 0].round(2))
plotting.attention_map(p[None], [f"row {i + 1}" for i in range(T)], memory_tokens=0,
                       title="Where the trained head looks")

# %% [markdown]
# The head has found the diagonal below the main one. Row 1 has nothing before it and is not scored.
#
# Ask yourself what this head cannot do. Whatever lies more than $T$ rows back is not in `k` and `v`, and no training will
# put it there. The CRT's answer is one more row in front, the memory, at which all heads can look
# ([chapter 00](00_tour.ipynb), section 4).
#
# ## I get this error
#
# - *`RuntimeWarning: invalid value encountered` and `nan` in a row*: every score of that row is $-\infty$. Row $i$ must at
#   least see itself: is the mask `np.tri(T)`, with the diagonal?
# - *`wrong`: each row of p does not add up to 1*: the mask came after the softmax. What has weight 0 must be missing in the
#   sum below as well.
# - *`operands could not be broadcast together`*: `p * v` in place of `p @ v`.
# - *`split_heads` has the right shape and is wrong*: `reshape` alone keeps the order of the numbers in memory, and there the
#   features of one row are neighbours. Cut the last axis first, then `transpose`.
# - *`d_k` is right for T = K alone*: a matrix product with unequal sizes would have told. Test with sizes that differ.
#
# Next: [chapter 03](03_transformer.ipynb) adds layer norm, a feed-forward network and residual connections, and trains a
# Transformer made of what you wrote.
