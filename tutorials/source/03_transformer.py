# %% [markdown]
# # 03 · A Transformer from nothing
#
# Attention moves information between rows. Three more parts make a Transformer of it: **layer norm**, which keeps numbers
# at a size that can be worked with; a **feed-forward** network, which thinks about each row by itself; and **residual
# connections**, which let gradients through however deep the network is. You write the backward pass of each. Then all
# that you wrote since chapter 01 is put together, checked against the complex step and against the package's own
# Transformer, and trained on a text.
#
# | | |
# |---|---|
# | you need | chapter 01 (linear layer, softmax and cross-entropy) and chapter 02 (attention) |
# | you will be able to | derive the three ways back through a layer norm; write a whole Transformer with its gradient in about eighty lines of NumPy; check a gradient of thousands of parameters; train it |
# | time | 90 minutes, one of them waiting |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | two rows on paper | ●●○ | 10 |
# | `layer_norm` | ●○○ | 5 |
# | `layer_norm_backward` | ●●● | 20 |
# | `gelu_backward` | ●○○ | 5 |
# | `feed_forward_backward` | ●●○ | 15 |
# | `block_backward` | ●●○ | 5 |
# | `embedding_backward` | ●●○ | 5 |

# %%
import os

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"      # one thread: other numbers of threads round otherwise

import numpy as np
from scipy.special import erf

from minicrt import ops, plotting, teach
from minicrt.data import load_corpus, unigram_perplexity
from minicrt.gradcheck import check
from minicrt.models import create_model
from minicrt.teach.solutions import attention as heads          # of chapter 02
from minicrt.teach.solutions import block as parts              # of this chapter
from minicrt.teach.solutions import gradients as basics         # of chapter 01

FAST = bool(os.environ.get("MINICRT_FAST"))     # few steps, to see that it runs
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1 · Layer norm
#
# Each row of $D$ numbers is brought to mean 0 and variance 1, and then scaled and moved by a learned gain $g$ and bias
# $b$, which all rows share:
#
# $$\mu = \tfrac1D \sum_k x_k, \qquad v = \tfrac1D \sum_k (x_k - \mu)^2, \qquad r = \frac{1}{\sqrt{v + \mathrm{eps}}},
# \qquad \hat x = (x - \mu)\, r, \qquad y = g \odot \hat x + b .$$
#
# A small eps, usually $10^{-5}$, keeps a row of equal numbers from being divided by 0. The variance is divided by $D$, not
# by $D - 1$: the row is not a sample of something, it is all there is.
#
# **The example for this section:** one row $x = (1, 1, 3, 3)$, eps = 0. What is $\hat x$?

# %% answer="-1, -1, 1, 1"
teach.answer("03.x_hat", ..., ..., ..., ...)       # four numbers

# %%
def layer_norm_loops(x, gain, bias, eps):
    y, D = np.zeros_like(x), x.shape[1]
    for n in range(x.shape[0]):
        mean = variance = 0.0
        for i in range(D):
            mean += x[n, i] / D
        for i in range(D):
            variance += (x[n, i] - mean) ** 2 / D
        for i in range(D):
            x_hat = (x[n, i] - mean) / np.sqrt(variance + eps)
            y[n, i] = gain[i] * x_hat + bias[i]
    return y

# %% exercise="layer_norm"
def layer_norm(x, gain, bias, eps):                 # (N, D), (D,), (D,) -> (N, D)
    """Every row brought to mean 0 and variance 1, then scaled by gain, moved by bias"""
    ...


teach.grade("layer_norm", layer_norm)

# %%
rng = np.random.default_rng(0)
x = 3 * rng.standard_normal((4, 6)) + 1
gain, bias = rng.standard_normal((2, 6))
y, (x_hat, r, _) = ops.layer_norm(x, gain, bias)
for other in layer_norm_loops, parts.layer_norm:
    print("largest difference", np.abs(other(x, gain, bias, 1e-5) - y).max())

# %% [markdown]
# ### Three ways back
#
# $\hat x_j$ depends on *every* $x_i$ of its row. With $\hat g = G_y \odot g$ (what comes back to $\hat x$), $x_i$ reaches
# the loss on three ways:
#
# - **itself**, through $\hat x_i = (x_i - \mu)\, r$ with $\mu$ and $r$ held fixed. What comes back?
# - **through the mean**: $\partial \mu/\partial x_i = \tfrac1D$, and $\mu$ is subtracted from *every* $x_j$;
# - **through the variance**: $r$ multiplies every $x_j - \mu$, and $r = (v + \mathrm{eps})^{-1/2}$ falls where $v$ grows:
#   $\partial r/\partial v = -\tfrac12 r^3$ and $\partial v/\partial x_i = \tfrac2D (x_i - \mu)$.
#
# Wait: $v$ contains $\mu$, which contains $x_i$. Is that not a fourth way? It is, and it is closed:
# $\partial v/\partial \mu = -\tfrac2D \sum_k (x_k - \mu) = 0$, because deviations from a mean add up to zero. (Move the mean
# a little: what some of the squares gain, the others lose.)
#
# Two checks that need no computer. Adding a constant to all of a row changes nothing: so a row of $G_x$ adds up to 0.
# Stretching a row about its mean changes nothing (for eps = 0): so $\sum_i (G_x)_i\, \hat x_i = 0$. The way through the mean
# takes care of the one, that through the variance of the other.
#
# Work it out on paper for the example: $x = (1, 1, 3, 3)$, $g = 1$, $G_y = (4, 0, 0, 0)$. What is $G_x$?

# %% answer="2, -2, 0, 0"
teach.answer("03.d_x", ..., ..., ..., ...)         # four numbers

# %% exercise="layer_norm_backward"
def layer_norm_backward(d_y, x_hat, r, gain):       # (N, D), (N, D), (N, 1), (D,)
    d_x_hat = ...
    through_mean = ...                              # (N, 1)
    through_r = ...                                 # (N, D)
    d_x = ...
    d_gain = ...
    d_bias = ...
    return d_x, d_gain, d_bias


teach.grade("layer_norm_backward", layer_norm_backward)

# %%
d_y = rng.standard_normal(y.shape)
d_x, d_gain, d_bias = parts.layer_norm_backward(d_y, x_hat, r, gain)
package = ops.layer_norm_backward(d_y, (x_hat, r, gain))
print("largest difference from the package:",
      max(np.abs(a - b).max() for a, b in zip((d_x, d_gain, d_bias), package)))
print("rows of d_x add up to        ", d_x.sum(1))
print("rows of d_x * x_hat add up to", (d_x * x_hat).sum(1))

# %% [markdown]
# (The last line is zero but for eps.) In the code of the package, `minicrt/ops/layer_norm.py`, the three ways are three
# terms of one statement; a comment names those through the mean and the variance. Read it now, and find yours.
#
# ## 2 · Feed-forward
#
# $$a = x W_{in} + b_{in}, \qquad f = \operatorname{gelu}(a), \qquad y = f W_{out} + b_{out}$$
#
# with an inner width $F$ that is usually $4D$. Each row is treated by itself and all rows alike: what attention has brought
# together in a row is worked on here. Without the function between them the two linear layers would be one: a product of
# matrices is a matrix.
# **GELU** is $a\, \Phi(a)$, where $\Phi(a) = \tfrac12 (1 + \operatorname{erf}(a/\sqrt2))$ is the normal distribution
# function: a soft switch that lets large $a$ through and blocks very negative ones. The derivative of $\Phi$ is the density
# $\varphi(a) = e^{-a^2/2}/\sqrt{2\pi}$.

# %%
a = np.linspace(-4, 4, 161)
f, cache = ops.gelu(a)
plotting.lines(a, {"gelu": f, "its slope": ops.gelu_backward(np.ones_like(a), cache),
                   "relu, for comparison": np.maximum(a, 0)}, "a", "value",
               "A soft switch; its slope exceeds 1 on the way up")

# %% exercise="gelu_backward"
def gelu_backward(d_y, x):                          # (N, F), (N, F) -> (N, F)
    Phi = 0.5 * (1 + erf(x / np.sqrt(2)))           # y = x * Phi
    phi = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)   # the derivative of Phi
    return ...


teach.grade("gelu_backward", gelu_backward)

# %% [markdown]
# Now the whole branch: from the end, a linear layer, GELU, a linear layer. Use what you have. (`ops.gelu(a)` returns its
# result and a cache, `ops.gelu_backward(d_f, cache)` the gradient of $a$.)

# %% exercise="feed_forward_backward"
def feed_forward_backward(d_y, x, a, w_in, w_out):  # (N, D), (N, D), (N, F)
    f, cache = ops.gelu(a)                          # a = x @ w_in + b_in
    d_w_out = ...                                   # y = f @ w_out + b_out
    d_b_out = ...
    d_a = ...
    d_w_in = ...
    d_b_in = ...
    d_x = ...
    return d_x, d_w_in, d_b_in, d_w_out, d_b_out


teach.grade("feed_forward_backward", feed_forward_backward)

# %%
D, F = 6, 24
w_in, w_out = rng.standard_normal((D, F)), rng.standard_normal((F, D))
b_in, b_out = rng.standard_normal(F), rng.standard_normal(D)
f, cache_in = ops.linear_activation(x, w_in, b_in, "gelu")
_, cache_out = ops.linear(f, w_out, b_out)
d_f, *of_out = ops.linear_backward(d_y, cache_out)
package = [*ops.linear_activation_backward(d_f, cache_in), *of_out]
ours = parts.feed_forward_backward(d_y, x, x @ w_in + b_in, w_in, w_out)
print("largest difference from the package:",
      max(np.abs(one - other).max() for one, other in zip(ours, package)))

# %% [markdown]
# ## 3 · Residual connections, and a block
#
# Neither branch replaces its input; it *adds* to it. A block is
#
# $$m = x + \operatorname{attention}(\operatorname{LN}(x)), \qquad y = m + \operatorname{feedforward}(\operatorname{LN}(m)) .$$
#
# The layer norm stands inside of each branch, in front of attention and of the feed-forward network ("pre-norm"). So
# along the sums nothing stands in the way, from the last block down to the embeddings; what is added is put to size by a
# last layer norm at the end. (The first Transformers had it behind each sum, "post-norm", and needed a slow start of
# training. The package has both.)
#
# Backwards, a sum hands its gradient to both of its terms, and $x$, which went two ways, adds up what comes back from
# both. Write it with the branches' backward passes as given functions (`attention_back(d)` is what comes back through
# attention and its layer norm, and so on).

# %% exercise="block_backward"
def block_backward(d_y, attention_back, feed_forward_back):
    d_m = ...                                       # y = m + feed_forward(m)
    d_x = ...                                       # m = x + attention(x)
    return d_x


teach.grade("block_backward", block_backward)

# %% [markdown]
# Why add? Stack sixty branches whose matrices each halve what passes, and look at the gradient that arrives at the bottom,
# with the sum (to which a branch adds a fifth of what it passes on) and without:

# %%
depth, width = 60, 32
d_with = d_without = np.random.default_rng(5).standard_normal((8, width))
norms = {"with x + f(x)": [], "f(x) alone": []}
for layer in range(depth):
    matrix = np.random.default_rng(layer).standard_normal((width, width))
    matrix *= 0.5 / np.sqrt(width)
    d_with = d_with + 0.2 * (d_with @ matrix.T)
    d_without = d_without @ matrix.T
    norms["with x + f(x)"].append(np.linalg.norm(d_with))
    norms["f(x) alone"].append(np.linalg.norm(d_without))
plotting.lines(np.arange(1, depth + 1), norms, "blocks passed on the way back",
               "size of the gradient", "Residual connections let the gradient through",
               log="y")

# %% [markdown]
# ## 4 · The table of embeddings
#
# At the bottom, tokens become rows of a table, $e_n = E_{t_n}$. The gradient goes back to the rows that were looked up, and
# a token that comes twice gets twice. Beware: `a[[1, 1]] += 1` adds 1, not 2.

# %% exercise="embedding_backward"
def embedding_backward(d_e, tokens, table):         # (N, D), (N,), (V, D) -> (V, D)
    """The gradient of the table in e = table[tokens], where a token may come twice"""
    ...


teach.grade("embedding_backward", embedding_backward)

# %% [markdown]
# ## 5 · The whole of it
#
# All parameters are in one dictionary `p`, their gradients in another, `g`, by the same names. Rows of all texts are stacked
# to one array of $B \cdot T$ rows; only attention needs to know which belong together. Read it with one question for every
# line: which exercise was this?

# %%
H, L = 4, 2                                         # heads, layers


def norm(p, name, x):
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    x_hat = centred * r
    return p[name + "gain"] * x_hat + p[name + "bias"], (x_hat, r)


def norm_backward(p, g, name, d_y, cache):
    d_x, d_gain, d_bias = parts.layer_norm_backward(d_y, *cache, p[name + "gain"])
    g[name + "gain"] += d_gain
    g[name + "bias"] += d_bias
    return d_x


def linear_backward(p, g, weight, bias, d_y, x):
    d_x, d_weight, d_bias = basics.linear_backward(d_y, x, p[weight], p[bias])
    g[weight] += d_weight
    g[bias] += d_bias
    return d_x

# %%
def attention(p, a, x, B):                          # (B T, D) -> (B T, D)
    qkv = x @ p[a + "w_qkv"] + p[a + "b_qkv"]
    three = qkv.reshape(B, -1, qkv.shape[1])
    q, k, v = (heads.split_heads(one, H) for one in np.split(three, 3, axis=-1))
    weights, y = np.zeros((*q.shape[:3], q.shape[2]), q.dtype), np.zeros_like(v)
    for i in np.ndindex(B, H):                      # every text, every head
        weights[i], y[i] = heads.causal_attention(q[i], k[i], v[i])
    y = heads.merge_heads(y).reshape(x.shape)
    return y @ p[a + "w_out"] + p[a + "b_out"], (x, y, weights, q, k, v)


def attention_backward(p, g, a, d_out, cache):
    x, y, weights, q, k, v = cache
    B, _, T, _ = q.shape
    d_y = linear_backward(p, g, a + "w_out", a + "b_out", d_out, y)
    d_y = heads.split_heads(d_y.reshape(B, T, -1), H)
    d_q, d_k, d_v = np.zeros((3, *q.shape))
    for i in np.ndindex(B, H):
        d_q[i], d_k[i], d_v[i] = heads.attention_backward(d_y[i], weights[i],
                                                          q[i], k[i], v[i])
    d_qkv = [heads.merge_heads(d).reshape(x.shape) for d in (d_q, d_k, d_v)]
    d_qkv = np.concatenate(d_qkv, axis=-1)
    return linear_backward(p, g, a + "w_qkv", a + "b_qkv", d_qkv, x)


def feed_forward(p, f, x):
    a = x @ p[f + "w_in"] + p[f + "b_in"]
    return ops.gelu(a)[0] @ p[f + "w_out"] + p[f + "b_out"], (x, a)


def feed_forward_backward_into(p, g, f, d_y, cache):
    d_x, *gradients = parts.feed_forward_backward(d_y, *cache, p[f + "w_in"],
                                                  p[f + "w_out"])
    for name, gradient in zip(("w_in", "b_in", "w_out", "b_out"), gradients):
        g[f + name] += gradient
    return d_x

# %% [markdown]
# The table of embeddings is used twice: to look tokens up, times $\sqrt D$, and as the output matrix. So its gradient has
# two terms. Each row also gets a learned vector of its place, for attention alone does not know any order.

# %%
def forward(p, tokens, targets):                    # (B, T), (B, T) -> loss, cache
    (B, T), table = tokens.shape, p["embedding"]
    x = np.sqrt(table.shape[1]) * table[tokens] + p["positions.table"][:T]
    x, caches = x.reshape(B * T, -1), []
    for layer in range(L):
        b = f"blocks.{layer}."
        normed, norm_1 = norm(p, b + "norm_attention.", x)
        branch, attended = attention(p, b + "attention.", normed, B)
        x = x + branch
        normed, norm_2 = norm(p, b + "norm_feed_forward.", x)
        branch, fed = feed_forward(p, b + "feed_forward.", normed)
        x = x + branch
        caches.append((norm_1, attended, norm_2, fed))
    z, norm_z = norm(p, "norm_final.", x)
    logits = z @ table.T + p["output.bias"]
    loss = basics.cross_entropy(logits, targets.ravel())
    return loss, (tokens, targets, caches, z, norm_z, logits)


def one_block_backward(p, g, b, d_y, cache):
    norm_1, attended, norm_2, fed = cache

    def attention_back(d):
        d = attention_backward(p, g, b + "attention.", d, attended)
        return norm_backward(p, g, b + "norm_attention.", d, norm_1)

    def feed_forward_back(d):
        d = feed_forward_backward_into(p, g, b + "feed_forward.", d, fed)
        return norm_backward(p, g, b + "norm_feed_forward.", d, norm_2)

    return parts.block_backward(d_y, attention_back, feed_forward_back)


def backward(p, cache):                             # -> the gradient of every parameter
    tokens, targets, caches, z, norm_z, logits = cache
    table, g = p["embedding"], {name: np.zeros_like(value) for name, value in p.items()}
    d_logits = basics.cross_entropy_backward(1.0, logits, targets.ravel())
    d_z, d_matrix, d_bias = basics.linear_backward(d_logits, z, table.T,
                                                   p["output.bias"])
    d_x = norm_backward(p, g, "norm_final.", d_z, norm_z)
    for layer in reversed(range(L)):
        d_x = one_block_backward(p, g, f"blocks.{layer}.", d_x, caches[layer])
    g["positions.table"][:tokens.shape[1]] += d_x.reshape(*tokens.shape, -1).sum(0)
    d_table = parts.embedding_backward(d_x, tokens.ravel(), table)
    g["embedding"] += np.sqrt(table.shape[1]) * d_table + d_matrix.T
    g["output.bias"] += d_bias
    return g

# %% [markdown]
# ### Is it right?
#
# A model with one wrong term in one backward pass often trains, only worse, and nobody notices. So before anything is
# trained: the check. First against the complex step, in the smallest Transformer that has everything: every entry of every parameter, or, to
# save time, at most six of each. The parameters come from the package's own model of the same shape.

# %%
def smallest(vocabulary, width, length, rng):
    model = create_model("transformer", vocabulary=vocabulary, width=width, layers=L,
                         heads=H, inner=4 * width, segment_length=length)
    initial = model.initialize(rng)
    return model, {name: initial[name].astype(float) for name in initial}


rng = np.random.default_rng(0)
model, p = smallest(vocabulary=11, width=8, length=5, rng=rng)
p = {name: value + 0.1 * rng.standard_normal(value.shape) for name, value in p.items()}
tokens, targets = rng.integers(0, 11, (2, 3, 5))


def loss_of(p, tokens, targets):
    return forward(p, tokens, targets)[0]


def gradient_of(d_loss, p, tokens, targets):
    g = backward(p, forward(p, tokens, targets)[1])
    return [{name: d_loss * value for name, value in g.items()}]


report = check(loss_of, gradient_of, [p, tokens, targets], rng=rng, elements=6)
worst = report.worst
print("passes:", report.passes(), "  largest relative error "
      f"{report.relative_error:.0e}, in {worst.name}")

# %% [markdown]
# Then against the package's Transformer, with the same parameters: the loss and all gradients.

# %%
parameters = model.initialize(rng).astype(np.float64)
for name in p:
    parameters[name][...] = p[name]
loss, _, cache = model.forward(parameters, tokens, targets, {})
gradients = parameters.zeros_like()
model.backward(1.0, {}, cache, gradients)
our_loss, our_cache = forward(p, tokens, targets)
ours = backward(p, our_cache)
print("loss:", loss, "and", our_loss)
print("largest difference of a gradient:",
      max(np.abs(ours[name] - gradients[name]).max() for name in p))

# %% [markdown]
# ## 6 · It learns
#
# The text: the documentation that comes with Python, as single characters this time. Sixteen pieces of 32 characters a
# step. The update is Adam's: a gradient is averaged over some steps, and divided by the root of its averaged square. So
# each parameter moves by about the learning rate, however large or small its gradient is, and a bias of the embedding and
# a gain of a layer norm get on at the same pace. Both averages start at 0 and would be too small at first; they are
# divided by what they lack.
#
# What is in the model? In a block, attention has $D \times 3D$ and $D \times D$ weights and the feed-forward network
# $D \times 4D$ and $4D \times D$: together $12 D^2$, which is 27,648 for $D = 48$, and two blocks of that. The table of
# 103 characters is small beside them. In a language model of words it is the other way round.

# %%
corpus = load_corpus("python-docs", level="character")
V, T, B = corpus.vocabulary.size, 32, 16
unigram = unigram_perplexity(corpus.train, corpus.valid, V)
print(f"{len(corpus.train):,} characters to train on, {V} different ones; "
      f"by their frequency alone: perplexity {unigram:.1f}")


def pieces(text, rng, count):
    starts = rng.integers(0, len(text) - T - 1, count)
    rows = np.stack([text[start:start + T + 1] for start in starts])
    return rows[:, :-1], rows[:, 1:]


def adam(p, g, moments, step, rate=3e-3):
    for name in p:
        mean, square = moments[name]
        mean += 0.1 * (g[name] - mean)
        square += 0.01 * (g[name] ** 2 - square)
        unbiased = mean / (1 - 0.9 ** step), square / (1 - 0.99 ** step)
        p[name] -= rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)

# %%
steps, every = (20, 10) if FAST else (600, 20)
_, p = smallest(V, width=48, length=T, rng=np.random.default_rng(0))
moments = {name: np.zeros((2, *value.shape)) for name, value in p.items()}
held_out = pieces(corpus.valid, np.random.default_rng(2), 64)
rng = np.random.default_rng(1)
curve = {"training": [], "validation": []}
for step in range(1, steps + 1):
    loss, cache = forward(p, *pieces(corpus.train, rng, B))
    adam(p, backward(p, cache), moments, step, 3e-3 * min(1, step / 50))
    if step % every == 0:
        curve["training"].append(np.exp(loss))
        curve["validation"].append(np.exp(forward(p, *held_out)[0]))
print(f"perplexity a character on validation text {curve['validation'][-1]:.2f}")
plotting.lines(every * np.arange(1, steps // every + 1), curve, "step",
               "perplexity a character", "A Transformer made of your functions learns",
               log="y", levels={"frequencies alone": unigram})

# %% [markdown]
# What does it write? One character at a time, each drawn from what the model gives, with the last 32 as its text:

# %%
text = list(corpus.vocabulary.encode(list("the value of ")))
rng = np.random.default_rng(3)
for _ in range(20 if FAST else 200):
    recent = np.array(text[-T:])[None]
    logits = forward(p, recent, recent)[1][-1]
    text.append(rng.choice(V, p=basics.softmax(logits[-1:] / 0.7)[0]))
written = corpus.vocabulary.join(text)
print("\n".join(written[k:k + 80] for k in range(0, len(written), 80)))

# %% [markdown]
# Half words, half noise, after a minute: and every gradient in it is yours. (Put your own functions in place of those of
# `parts`, `heads` and `basics`, run the section again, and compare the curve.)
#
# Look at the curve again. At the start the loss falls fast to that of the frequencies: which characters there are, is
# learned first, mostly by the output's bias. What follows takes longer, for now attention has to find out which of the
# characters before matter. The training line jumps up and down because each of its points is one step's sixteen pieces,
# while validation is always on the same 64.
#
# One thing it cannot do, however long you train: the 33rd character back is gone. To make $T$ larger costs $T^2$ in
# attention. The course's other half is about the alternative: a recurrent network that carries a memory from one piece to
# the next.
#
# ## I get this error
#
# - *My layer norm is right but for the last digits*: eps stands outside of the root. Off by some per cent: the variance is
#   divided by $D - 1$ (`np.var(..., ddof=1)`).
# - *`layer_norm_backward` is right for `d_y` = 1*: everything is, see chapter 01, section 5.1.
# - *The check says `forward does not take complex input`*: a maximum or `abs` of complex numbers, or an array made with
#   `np.zeros(shape)`, which is real. Use `np.zeros_like`, or give the `dtype`.
# - *The loss is `nan` after some steps*: the learning rate is too high at the start, or a gradient has the wrong sign and
#   the step goes uphill. Check the gradient first.
# - *The loss falls, but slower than in the figure*: a wrong gradient may still point downhill. That is why this course
#   checks to ten digits, and not "does it learn?".
#
# Next: [chapter 04](04_gru_through_time.ipynb), a recurrent network and its gradient through time.
