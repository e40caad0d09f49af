# %% [markdown]
# # 13 · On the edge
#
# A hearing aid, a sensor on a bridge, a machine in a factory: half a megabyte of flash for the program and its
# weights, 64 kB of memory for everything else, a battery, and no network. It reads one token after the other for
# months. Which model can do that, and what does it lose on the way there?
#
# In this chapter you train a small CRT, make it read token by token, count what it keeps and what it moves, press its
# weights into a byte and less, and in the end run it as a program in C.
#
# | | |
# |---|---|
# | you need | chapter 02 for attention, chapter 07 for the CRT's segments and what they carry |
# | you will be able to | run a model token by token and say what that costs in operations, bytes and memory; quantise a matrix and multiply in whole numbers; tell whether a model fits a device; stop a stream and go on to the same bits |
# | time | 75 minutes, one of them waiting |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | nine numbers on paper | ●○○ | 15 |
# | `attention_step` | ●●○ | 15 |
# | `state_bytes` | ●●○ | 15 |
# | `quantise_columns` | ●○○ | 10 |
# | `integer_product` | ●●○ | 10 |
#
# The last part compiles a C program. Without a compiler a line says so, and you have seen all but that.

# %%
import os

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"      # one thread: other numbers of threads round otherwise

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from minicrt import cli, ops, teach
from minicrt.accounting import (stream_memory, token_bytes, token_multiply_adds,
                                weight_bytes)
from minicrt.data import TokenStream, load_corpus
from minicrt.inference import Stream, surprisal
from minicrt.models import create_model
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE
from minicrt.quantisation import quantise
from minicrt.quantisation.forms import dense, quantised
from minicrt.training import Lines, TrainingConfig, evaluate, train

FAST = bool(os.environ.get("MINICRT_FAST"))     # small budgets, to see that it runs
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · A model to take along
#
# A CRT of two layers and width 64, on the text that comes with Python (chapter 00 has the details). It takes about a
# minute. What a run leaves goes into a temporary folder, the *workshop*; `minicrt(…)` is the command line there.

# %%
workshop = tempfile.TemporaryDirectory()        # gone when this notebook is closed


def minicrt(*arguments):
    with contextlib.chdir(workshop.name):
        return cli.main(list(arguments))


corpus = load_corpus("python-docs")
vocabulary = corpus.vocabulary
model = create_model(vocabulary=vocabulary.size, width=64, layers=2, heads=4, inner=256,
                     segment_length=35, memory_span=1, dropout=0.1,
                     embedding_dropout=0.1)
budget = {"steps": 10} if FAST else {"epochs": 4}
training = TrainingConfig(**budget, learning_rate=3e-3, warmup_steps=50,
                          final_learning_rate=0.1, weight_decay=0.1, batch=20,
                          evaluations=2, seed=0)
run = train(Path(workshop.name) / "edge", model, corpus, training,
            progress=Lines(sys.stdout))
parameters = run.parameters
print(f"{parameters.size:,} parameters, {weight_bytes(parameters):,} bytes in float32")

# %% [markdown]
# ## 2 · One token, one row
#
# In training a segment of 35 tokens goes through the blocks at once: many rows, one large product of matrices. A
# device gets its tokens one after the other. It could run the segment so far again for each; the 35th token would
# then cost 35 rows. It need not. In causal attention a row sees the keys and values of the rows *before*, and those
# do not change any more. So keep them, in a **key-value cache**, and send only the new row through the blocks.
#
# Write one head's step. `keys` and `values` hold what is kept of $n$ tokens before; $n$ may be 0. There is one query
# only, and no mask: what is in the cache may be seen, all of it, and the token sees itself as well.

# %% exercise="attention_step"
def attention_step(q, k, v, keys, values):      # (K,) each, (n, K) twice
    """One head of attention for one more token, with what is kept of those before.

    returns its output y (K,), and keys and values (n + 1, K), its own at the end
    """
    ...


teach.grade("attention_step", attention_step)

# %% [markdown]
# A loop with plain sums beside the package's attention over the whole sequence:

# %%
rng = np.random.default_rng(0)
T, K = 6, 4
q, k, v = rng.standard_normal((3, T, K))


def naive_steps():
    rows = []
    for t in range(T):                          # the cache is k[:t + 1], v[:t + 1]
        s = [sum(q[t, i] * k[j, i] for i in range(K)) / K ** 0.5 for j in range(t + 1)]
        e = [np.exp(one - max(s)) for one in s]
        rows.append([sum(e[j] * v[j, i] for j in range(t + 1)) / sum(e)
                     for i in range(K)])
    return np.array(rows)


whole, _ = ops.attention(q[None], k[None], v[None], 1)
print(f"all at once − step by step: {np.abs(whole[0] - naive_steps()).max():.0e}")

# %% [markdown]
# `Stream` does this for a whole model, compiled, in memory that it takes once. At the end of a segment it forgets the
# rows and keeps what the CRT carries on: the memory and the state of the positions. Its logits are those of the
# segments.

# %%
text = corpus.valid[:200 if FAST else 700]
stream = Stream(model, parameters)
one_by_one = np.array([stream.step(token).copy() for token in text.tolist()])

segments, state = [], {}
pieces = TokenStream(corpus.valid, 1, model.config.segment_length)
for index in range(len(text) // 35):
    logits, state = model.logits(parameters, pieces.segment(index)[0], state)
    segments.append(logits[0])
segments = np.concatenate(segments)
apart = np.abs(one_by_one[:len(segments)] - segments).max()
print(f"logits, token by token − in segments: {apart:.0e} (largest "
      f"{np.abs(segments).max():.0f})")


def seconds_again(count=35):                    # the segment so far, for each token
    start = time.perf_counter()
    for t in range(1, count + 1):
        model.logits(parameters, text[None, :t], {})
    return (time.perf_counter() - start) / count


def seconds_stream(count=350 if not FAST else 70):
    stream = Stream(model, parameters)
    start = time.perf_counter()
    for token in text[:count].tolist():
        stream.step(token)
    return (time.perf_counter() - start) / count


again, kept = (min(measure() for _ in range(3)) for measure in
               (seconds_again, seconds_stream))
print(f"a token takes {1e6 * again:.0f} µs with the segment run again, "
      f"{1e6 * kept:.0f} µs with a Stream")

# %% [markdown]
# ## 3 · What has to be kept
#
# A Transformer without segments keeps keys and values for ever: for each token, each layer, $D$ numbers of each. So
# its memory grows with the text.
#
# **On paper:** $L = 2$ layers, $D = 64$, four bytes a number. How many bytes are that after 10,000 tokens? And how
# many are the two vectors of $D$ numbers that a CRT carries from segment to segment?

# %% answer="10_240_000, 512"
teach.answer("13.bytes", ..., ...)

# %% [markdown]
# The CRT has a cache as well, but of the running segment alone. A segment's first row is the memory token, which has
# keys and values like any other. Write what both keep after $n$ tokens, for an array of $n$. Think of $n = T$: the
# segment is full, and its rows are still there; they go when the next token comes. (What $W_r$ reads of the memory, $D$
# numbers, is worked out anew in each segment and left out here.)

# %% exercise="state_bytes"
def state_bytes(n, L, D, T, item):              # n (N,) -> two arrays (N,)
    """Bytes that a Transformer and a CRT keep after n tokens: L layers of width D.

    The CRT has segments of T tokens, a memory token, and a GRU for its positions;
    a number takes `item` bytes
    """
    ...


teach.grade("state_bytes", state_bytes)

# %% [markdown]
# Counted row by row, as a loop would do it, for our model; and the most of it as `stream_memory` has it.

# %%
L, D, T = model.config.layers, model.config.width, model.config.segment_length
row = 2 * L * D * 4                             # bytes: a key and a value in each layer
lengths = np.unique(np.geomspace(1, 1e6, 200).astype(int))
counted, rows = [], 0
for n in range(1, 200):
    if (n - 1) % T == 0:
        rows = 1                                # a new segment: the memory token
    rows += 1
    counted.append(2 * D * 4 + row * rows)
parts = stream_memory(model)
most = parts["state"] + parts["keys and values"]
print(f"at most {max(counted):,} bytes; stream_memory: {most:,}")

figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
axes.loglog(lengths, row * lengths, "--", color=ORANGE, linewidth=2,
            label="Transformer, all keys and values")
axes.loglog(range(1, 200), counted, color=BLUE, linewidth=1.5, label="CRT")
axes.fill_between([199, 1e6], min(counted), max(counted), color=BLUE, alpha=0.35,
                  linewidth=0, label="CRT, from there on")
axes.plot(lengths, np.full(len(lengths), 2 * D * 4), ":", color=GREEN, linewidth=2,
          label="of it what outlives a segment")
axes.axhline(64_000, color=GREY, linewidth=0.8)
axes.annotate("64 kB of memory", (1, 75_000), fontsize=9)
axes.set(xlabel="tokens read", ylabel="bytes kept", ylim=(200, 2e9),
         title=f"State of a stream: {L} layers, width {D}, segments of {T}")
axes.legend(frameon=False, loc="upper left")
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# The CRT's line is a saw, up to the end of a segment and down again, and behind 200 tokens a band. The Transformer of
# this size has filled 64 kB after some sixty tokens. One may cut its cache to the last few rows; that is what a segment
# without a memory is, and chapter 00 has measured what a CRT loses by it.
#
# ## 4 · What has to be moved
#
# A token costs operations, and it costs *bytes*: every weight that takes part has to come from where it is kept, and
# so have the keys and values. In a batch of rows a weight is fetched once for many of them. In a stream it is fetched
# for one row, multiplied once, added once. So on most devices the memory is what is waited for:
#
# $$\text{time of a token} \;\ge\; \frac{\text{bytes that move}}{\text{bandwidth}} .$$
#
# **On paper:** 300,000 weights in float32 lie in a flash memory that gives 30 MB a second. How many tokens can be
# read in a second, at most? And how many if a weight takes one byte?

# %% answer="25, 100"
teach.answer("13.rate", ..., ...)

# %%
multiply_adds = token_multiply_adds(model)
print(f"{sum(multiply_adds.values()):,.0f} multiply-adds a token:")
for name, count in sorted(multiply_adds.items(), key=lambda pair: -pair[1]):
    print(f"    {name:<22}{count:>10,.0f}")

small = {bits: quantise(parameters, bits) for bits in (8, 4)}
moved = {"float32": token_bytes(model, parameters),
         "8 bits": token_bytes(model, small[8]), "4 bits": token_bytes(model, small[4])}
cache = np.array([0, 1000, 10_000])             # tokens in a Transformer's cache
figure, panels = plt.subplots(1, 2, figsize=(9.5, 2.8), layout="constrained")
for k, bytes_of in enumerate(moved.values()):
    left = 0
    for part, colour, hatch in [("weights", BLUE, ""),
                                ("keys and values", ORANGE, "//")]:
        panels[0].barh(k, bytes_of[part] / 1000, left=left / 1000, color=colour,
                       hatch=hatch, edgecolor="white", label=part if k == 0 else None)
        left += bytes_of[part]
    panels[0].annotate(f" {left / 1000:,.0f} kB", (left / 1000, k), va="center")
panels[0].set_yticks(range(3), moved)
panels[0].set(xlabel="kB that move for a token", title="This CRT", xlim=(0, 1900))
panels[0].legend(frameon=False, loc="lower right")
for k, n in enumerate(cache):
    panels[1].barh(k, row * n / 1000, color=ORANGE, hatch="//", edgecolor="white")
    panels[1].annotate(f" {row * n / 1000:,.0f} kB", (row * n / 1000, k), va="center")
panels[1].set_yticks(range(3), [f"{n:,} tokens back" for n in cache])
panels[1].set(xlabel="kB of keys and values that move for a token", xlim=(0, 13_500),
              title="A Transformer that looks back")
for panel in panels:
    panel.invert_yaxis()
    panel.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# On the left nearly all is weights: making *them* smaller is what helps, in flash and in time. On the right, a
# Transformer's cache soon takes more time than its weights.
#
# ## 5 · A byte for a weight
#
# **Quantise** means: write a weight as a whole number times a scale. With eight bits and a sign the numbers go from
# −127 to 127, if 0 is to be in the middle (*symmetric*). The largest weight becomes 127 or −127, and all others go
# to the nearest number.
#
# **On paper:** three weights, $(1.27,\ -0.5,\ 0.004)$. What is the scale, and what are the three numbers?

# %% answer="0.01, 127, -50, 0"
teach.answer("13.integers", ..., ..., ..., ...)     # the scale; three whole numbers

# %% [markdown]
# The third weight is gone: it was less than half of the scale. So one large weight makes all of its neighbours
# coarse, and one asks who shares a scale with whom. In $y = xW$, with $W$ as $(I, O)$, a *column* makes an output. A
# scale a column costs next to nothing, since it can be taken out of the sum:
#
# $$y_o = \sum_i x_i\, s_o\, q_{io} = s_o \sum_i x_i\, q_{io} .$$

# %% exercise="quantise_columns"
def quantise_columns(W):                        # (I, O) -> (I, O), (O,)
    """Whole numbers from -127 to 127, a scale a column: W is nearly values * scales."""
    ...


teach.grade("quantise_columns", quantise_columns)

# %% [markdown]
# A naive loop and the package's function, on a trained matrix:

# %%
W = parameters["blocks.0.feed_forward.w_in"]    # (64, 256)


def naive_columns(W):
    values = np.zeros(W.shape)
    for o in range(W.shape[1]):
        scale = max(abs(weight) for weight in W[:, o]) / 127
        for i in range(W.shape[0]):
            values[i, o] = round(W[i, o] / scale)
    return values


eight = quantised(W, 8)
print("values as in the package:", np.array_equal(eight.values, naive_columns(W)))
error = np.abs(dense(eight, len(W)) - W)
print(f"largest error: {(error / eight.scales).max():.3f} of the column's scale")

# %% [markdown]
# ### Fewer bits
#
# With four bits there are the numbers from −7 to 7. A column of 64 weights is then too many for one scale, and
# usually a **group** of 32 weights gets one of its own. The package keeps it in one byte, as a share of the column's
# (and clips the largest weight of a group a little where that brings the others nearer).
#
# **On paper:** four bits a weight and one byte for every 32 of them: how many bits are that a weight?

# %% answer="4.25"
teach.answer("13.bits", ...)

# %% [markdown]
# How much does it cost? Round *all* matrices of the model to fewer and fewer bits, with a scale for the whole matrix,
# a scale a column, or a scale for 32 weights of a column. On the left the error of a weight, on the right what counts:
# the perplexity on validation. **Predict:** at how many bits does each of the three fall apart?

# %%
def rounded(W, bits, group):                    # (I, O); how many inputs share a scale
    largest = 2 ** (bits - 1) - 1
    if group == "matrix":
        scale = np.abs(W).max() / largest
    else:
        I = len(W)
        starts = np.arange(0, I, 32 if group == "32 weights" else I)
        scale = np.maximum.reduceat(np.abs(W), starts, axis=0) / largest
        scale = np.repeat(scale, np.diff([*starts, I]), axis=0)
    return (np.rint(W / np.where(scale > 0, scale, 1)) * scale).astype(W.dtype)


matrices = [name for name in parameters
            if not isinstance(small[8].stored(name), np.ndarray)]
valid = TokenStream(corpus.valid[:1000 if FAST else None], 10, T)


def perplexity(given):
    return evaluate(model, given, valid).perplexity


def all_rounded(bits, group):                   # every matrix, the table by its rows
    copy, errors = parameters.copy(), []
    for name in matrices:
        W = copy[name].T if name == "embedding" else copy[name]
        new = rounded(W, bits, group)
        errors.append(np.linalg.norm(new - W) / np.linalg.norm(W))
        copy[name] = new.T if name == "embedding" else new
    return copy, np.mean(errors)


original = perplexity(parameters)
bit_counts = [8, 4] if FAST else [8, 6, 5, 4, 3, 2]
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.5), layout="constrained")
for group, colour, style in [("matrix", ORANGE, "^:"), ("column", GREEN, "s--"),
                             ("32 weights", BLUE, "o-")]:
    made = [all_rounded(bits, group) for bits in bit_counts]
    scores = [perplexity(given) for given, _ in made]
    panels[0].semilogy(bit_counts, [error for _, error in made], style, color=colour,
                       linewidth=2, label=f"a scale for a {group}"
                       if group != "32 weights" else "a scale for 32 weights")
    panels[1].semilogy(bit_counts, scores, style, color=colour, linewidth=2)
    print(f"{group:<12}", {bits: round(score, 1)
                           for bits, score in zip(bit_counts, scores)})
panels[1].axhline(original, color=GREY, linewidth=1)
panels[1].annotate("float32", (bit_counts[0], original), xytext=(0, 7),
                   textcoords="offset points", fontsize=9, ha="left")
ticks = [one for one in (70, 100, 150, 200, 300, 500, 1000, 2000, 5000)
         if one < panels[1].get_ylim()[1]]
panels[1].set_yticks(ticks, ticks)
panels[1].minorticks_off()
panels[0].set(xlabel="bits a weight", ylabel="error of the weights, relative",
              title="Weights")
panels[1].set(xlabel="bits a weight", ylabel="perplexity on validation", title="Model")
panels[0].legend(frameon=False, fontsize=9)
for panel in panels:
    panel.invert_xaxis()
    panel.set_xticks(bit_counts)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(alpha=0.25)
plt.show()

# %% [markdown]
# A bit less doubles the error of a weight, wherever one begins. The model does not mind for a while, since the errors
# of many weights average out in a sum; then it does. Read the left figure sideways: a scale a column in place of one
# for the matrix is worth most of a bit, and 32 weights in place of 64 or 256 a little more. (Between perplexities that
# differ by less than one, luck decides: rounding is a small random change of a model.)
#
# The two forms of the package, in numbers:

# %%
print(f"{'':<10}{'bytes':>12}{'perplexity':>12}")
forms = {"float32": parameters, "8 bits": small[8], "4 bits": small[4]}
for name, given in forms.items():
    print(f"{name:<10}{weight_bytes(given):>12,}{perplexity(given):>12.2f}")

# %% [markdown]
# ## 6 · Whole numbers all the way
#
# Weights of a byte save flash. If $x$ is quantised as well, a scale a row, then the products and sums are of whole
# numbers, which the smallest processor can do:
#
# $$y_{bo} = s_b\, s_o \sum_i p_{bi}\, q_{io} .$$
#
# Mind the sum. A product of two numbers up to 127 goes up to 16,129, and there are many of them. In NumPy, as in C,
# a byte times a byte is a byte again unless you say otherwise.

# %% exercise="integer_product"
def integer_product(x_values, x_scales, values, scales):
    """y = x @ W where x is x_scales[:, None] * x_values, and W is scales * values.

    x_values (B, I) and values (I, O) are int8, x_scales (B,), scales (O,);
    the sums are of whole numbers
    """
    ...


teach.grade("integer_product", integer_product)

# %% [markdown]
# What does quantising $x$ add to the error? The rows are drawn at random, three of their 64 numbers ten times as
# large as the others, as is common in trained networks.

# %%
x = rng.standard_normal((200, 64)).astype(np.float32)
x[:, [3, 17, 40]] *= 10
x_scales = np.abs(x).max(1) / 127
x_values = np.rint(x / x_scales[:, None]).astype(np.int8)
exact = x @ W
ways = {
    "W in 8 bits": x @ dense(eight, 64),
    "x and W in 8 bits": x_scales[:, None] * x_values @ dense(eight, 64),
    "W in 4 bits": x @ dense(quantised(W, 4), 64),
}
for name, y in ways.items():
    error = np.linalg.norm(y - exact) / np.linalg.norm(exact)
    print(f"{name:<18} error of y: {error:.2%}")
sums = x_values.astype(np.int32) @ eight.values.astype(np.int32)
print(f"sums of whole numbers: from {sums.min():,} to {sums.max():,}")

# %% [markdown]
# The largest number of a row sets its scale, and the others share what is left. (The package quantises weights alone
# and keeps $x$ in float32; the integers are widened as they are read.)
#
# ## 7 · Does it fit?
#
# `minicrt quantize` makes such a run in a folder, and `minicrt budget` counts what you have counted, against what a
# device has: here 1 MB of flash, 64 kB of memory, 30 MB a second, and ten tokens a second to be read.

# %%
minicrt("quantize", "edge", "--bits", "8", "--out", "edge-8")
device = ["--flash", "1MB", "--ram", "64kB", "--bandwidth", "30MB/s", "--rate", "10/s"]
for folder in "edge", "edge-8":
    print()
    code = minicrt("budget", folder, *device)
    print(f"exit code {code}")

# %% [markdown]
# (*Here* is this machine, whose cache holds either of them: what is small is not quicker where nothing is waited for.)
#
# ## 8 · Stopped and continued
#
# A device loses its power. What must be kept in order to go on as if nothing had happened? The state at the start of
# the running segment, and the tokens since: the rows can be made again from those. `save` gives it as bytes, with a
# fingerprint of the model and its weights, so that it cannot be continued with others.

# %%
stream = Stream(model, small[8])
for token in text[:100].tolist():
    stream.step(token)
saved = stream.save()                           # a file, or a page of flash
print(f"after 100 tokens: {len(saved):,} bytes")

later = Stream(model, small[8])                 # after the power is back
later.restore(saved)
same = all(np.array_equal(stream.step(token), later.step(token))
           for token in text[100:200].tolist())
print("100 tokens more, the same bits:", same)

# %% [markdown]
# **Predict:** how does the number of bytes change after 10,000 tokens more? And where within a segment is the best
# place to save?
#
# ## 9 · As a program
#
# `minicrt export --format c` writes the equations and the weights as C99 that includes `math.h` and `string.h` alone and
# allocates nothing. `main.c` is a small program around it: tokens in, and for each how much it surprised the model,
# in bits, and what is expected next.

# %%
minicrt("export", "edge-8", "--format", "c", "--out", "device")
source = (Path(workshop.name) / "device" / "model.c").read_text(encoding="utf-8")
start = source.index("int model_step")
print("\n" + source[start:source.index("\n}", start) + 2])

# %%
compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
sentence = "the with statement is used to wrap the execution of a block".split()
bits_of = surprisal(model, small[8], vocabulary.encode(sentence))
in_python = [0.0 if bits is None else bits for bits in bits_of]
if compiler is None:
    print("no C compiler: the program is there, and is not run")
else:
    folder = Path(workshop.name) / "device"
    subprocess.run([compiler, "-std=c99", "-O1", "-o", "stream", "main.c", "model.c",
                    "-lm"], cwd=folder, check=True)
    printed = subprocess.run([str(folder / "stream")], input=" ".join(sentence),
                             cwd=folder, check=True, capture_output=True, text=True)
    print(printed.stdout)
    in_c = [float(line.split("\t")[1]) for line in printed.stdout.splitlines()]
    apart = max(abs(a - b) for a, b in zip(in_c, in_python))
    print(f"surprisal in C and in Python: at most {apart:.3f} bits apart")

# %% [markdown]
# Three digits are printed, and they are the same. This is a port, as in chapter 12, and it is held to the reference
# in the same way: the project's tests compile every setting of the model and compare two hundred tokens.
#
# How much flash and memory it takes, and the size of the code for a Cortex-M4, is in the project's `docs/edge.md`, which
# goes this way with commands alone.
#
# ## 10 · Go on
#
# * A column of zeros: what do `quantise_columns` and the package make of it? What should its scale be?
# * Halve `segment_length` and train again. What becomes of the memory that is needed, and what of the perplexity?
# * Quantise the embedding alone, then everything but it. Which of the two does the model mind more?
# * Let `minicrt budget edge` tell for which bandwidth the float32 model reads ten tokens a second. Check it on paper.
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `all the input arrays must have same number of dimensions` | the new key is a row: `k[None]` |
# | `max() … zero-size array` | the first token of a text has an empty cache: put its own key in first |
# | 5,120,000 bytes | a key *and* a value |
# | right but where $n$ is a multiple of $T$ | a full segment is still there: `(n - 1) % T + 1` |
# | 50 for the second number | symmetric: the sign stays |
# | values up to 128 | an int8 ends at 127, and 128 becomes −128 |
# | sums between −128 and 127 | a byte times a byte is a byte: widen before the product |
# | `what is to be restored is of another model, or of other weights` | what it says: 8 bits and float32 are other weights |
# | `does not fit` and exit code 1 | no error: the answer |
#
# **Next:** [chapter 14](14_video.ipynb) carries the memory from clip to clip of a video. Or train the model that you
# need: `minicrt train --corpus FILE`.
