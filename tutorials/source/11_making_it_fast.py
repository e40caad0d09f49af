# %% [markdown]
# # 11 · Making it fast
#
# Is your softmax fast? Fast compared with what? A faster laptop makes any program faster, so seconds alone say little.
# The question that has an answer is: *how much of what this machine can do does it reach?*
#
# So this chapter begins with the machine. You measure two numbers of it and count what an operation must do at least:
# together they say how fast it could be. Then you go the way that every kernel of the package has gone: a loop, arrays,
# compiled loops, the right number type, fewer passes, threads. At each step the same question: what is in the way now?
#
# **All times here are measured by the notebook, on the machine that runs it.** What you see before you run it comes from
# a machine with two cores on which other work was going on: times there are longer and less even than on an idle one,
# and a second thread found its core busy. The text says what to look for, and not what comes out.
#
# | | |
# |---|---|
# | you need | softmax and cross-entropy (chapter 01), layer norm and GELU (03), the GRU's step (04); Numba |
# | you will be able to | measure honestly; count operations and bytes; draw a roofline and say what limits an operation; write a compiled kernel with the right types; fuse passes; say what threads can bring |
# | time | 80 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | four predictions on paper | ●○○ | 15 |
# | `product_work`: operations and bytes of a matrix product | ●○○ | 5 |
# | `attainable`: what the roofline allows | ●○○ | 5 |
# | `one_pass_softmax`: largest and sum in one pass | ●●● | 15 |
# | `loss_and_gradient`: both from one exp | ●●○ | 10 |
# | `serial_share`: what did not get faster | ●●○ | 5 |

# %%
import math
import os
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from numba import njit

from minicrt import kernels, ops, teach
from minicrt.data import RecallTask
from minicrt.kernels import vector_math
from minicrt.models import create_model
from minicrt.parallel import threads, workers
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE, roofline
from minicrt.teach.solutions import gradients, speed
from minicrt.training import AdamW, train_step

FAST = bool(os.environ.get("MINICRT_FAST"))     # small sizes, to see that it runs
REPEATS = 3 if FAST else 21
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1 · An honest measure
#
# A computer does other things besides, its clock goes up and down, and the first call of a function is unlike all
# others: memory is fetched, code is compiled. So:
#
# * **warm up**: the first call is not counted (and where it compiles, its time is told apart);
# * **take turns**: A, B, A, B, … so that a slow moment meets all alike;
# * take the **median**, and show the spread. A mean is at the mercy of one interruption.

# %%
def times_of(candidates, repeats=REPEATS):      # name: call -> name: seconds, an array
    for call in candidates.values():            # warm up
        call()
    times = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, call in candidates.items():   # in turns
            start = perf_counter()
            call()
            times[name].append(perf_counter() - start)
    return {name: np.array(values) for name, values in times.items()}


def draw_bars(times, unit, per, title, scale="linear"):
    """A bar for each median, a line from the first to the third quartile."""
    colours = [GREY, ORANGE, GREEN, BLUE]
    figure, axes = plt.subplots(figsize=(7.5, 0.7 + 0.5 * len(times)),
                                layout="constrained")
    for row, values in enumerate(times.values()):
        low, middle, high = np.percentile(values / per, [25, 50, 75])
        axes.barh(row, middle, height=0.65, color=colours[row % 4],
                  hatch=["//", "..", "xx", ""][row % 4], edgecolor="white")
        axes.plot([low, high], [row, row], color="black", linewidth=1.5)
        axes.annotate(f"{middle:.3g}" if middle < 1000 else f"{middle:,.0f}",
                      (high, row), xytext=(5, 0), textcoords="offset points",
                      va="center")
    axes.set_yticks(range(len(times)), times)
    axes.invert_yaxis()
    axes.set(xlabel=unit, title=title, xscale=scale)
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    plt.show()


# %% [markdown]
# Here is why. A small loop is compiled by Numba, and its calls are timed from the very first.

# %%
@njit
def sum_of_squares(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


some = rng.standard_normal(10_000)
calls = []
for _ in range(20 if FAST else 200):
    start = perf_counter()
    sum_of_squares(some)
    calls.append(1e6 * (perf_counter() - start))
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.plot(range(1, len(calls) + 1), calls, "o", color=BLUE, markersize=4)
axes.axhline(np.median(calls), color=ORANGE, label=f"median {np.median(calls):.3g} µs")
axes.axhline(np.mean(calls), color=GREY, linestyle="--",
             label=f"mean {np.mean(calls):.3g} µs")
axes.set(xlabel="call", ylabel="time (µs)", yscale="log", xscale="log",
         title="The same call again and again; the first one compiles")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The mean is the time of nothing that ever happened: it is the compilation, spread over all calls.
#
# ## 2 · Two numbers of a machine
#
# For now two things about a processor are enough. How many operations on numbers can it do in a second (FLOP/s, an
# addition or a multiplication each)? And how many bytes can it fetch from memory, or write to it, in a second?
#
# The first: a product of matrices, by the BLAS that NumPy calls, comes near to what there is. The second: copy an array
# that is larger than the caches. The limits of the machine are wanted, and whatever disturbs makes it only slower; so
# here the *fastest* call counts. The array is copied in pieces, each so short that most of them are not disturbed at
# all; of these times the lower quartile is taken, since the very fastest pieces may have been in a cache.

# %%
n = 256 if FAST else 512
a, b = rng.standard_normal((2, n, n), dtype=np.float32)
c = np.empty_like(a)
with threads.limit(1):
    times = times_of({"product": lambda: np.matmul(a, b, out=c)}, 4 * REPEATS)
peak = 2 * n ** 3 / times["product"].min()      # FLOP/s

source = np.ones(2 ** (22 if FAST else 24), np.float32)
target, piece = np.zeros_like(source), 2 ** 17  # half a megabyte
copies = []
for _ in range(REPEATS):
    for first in range(0, source.size, piece):
        here = slice(first, first + piece)
        start = perf_counter()
        target[here] = source[here]
        copies.append(perf_counter() - start)
bandwidth = 2 * 4 * piece / np.percentile(copies, 25)       # read and written
print(f"one thread: {peak / 1e9:.3g} GFLOP/s in float32, {bandwidth / 1e9:.3g} GB/s")
print(f"in the time of one float32 from memory: {4 * peak / bandwidth:.0f} operations")

# %% [markdown]
# Look at the last line. Arithmetic is cheap, and memory is far away. Most of what follows is about not going there.
#
# ## 3 · Counting
#
# The **arithmetic intensity** of an operation is its number of operations divided by the bytes that it has to move,
# if everything is read once and written once. For a float32 that is 4 bytes a number.
#
# **On paper:** the sum of two arrays, `x + y`, in float32. How many operations per byte?

# %% answer="0.0833"
teach.answer("11.sum", ...)

# %% [markdown]
# A product of matrices is another matter. $(n, k) \times (k, m)$: each entry of the result takes $k$ products and $k$
# sums, but the arrays have only $nk$, $km$ and $nm$ entries. Each number that has been fetched is used many times.

# %% exercise="product_work"
def product_work(n, k, m, size):                # (n, k) @ (k, m), `size` bytes a number
    """Operations, bytes, and operations per byte, if each array moves only once."""
    ...


teach.grade("product_work", product_work)

# %% [markdown]
# A step of a GRU with $D$ units is the product $h\,U$ of a $(B, D)$ with a $(D, 3D)$ array, and a little more. For
# small $B$ what moves is almost nothing but the weights. **On paper:** count the weights alone, in float32. How many
# operations per byte are there for one text ($B = 1$), and for 64 texts side by side?

# %% answer="0.5, 32"
teach.answer("11.gru", ..., ...)

# %% [markdown]
# That is why batches exist: as long as memory is the limit, a second text costs next to nothing. And it is why a model
# that writes one token after the other for one reader cannot be fast, however good the processor: it goes through all
# of its weights for each token.
#
# For the rest a rough count will do. Layer norm: one addition for the mean; a subtraction, a product and a sum for the
# variance; four more for the result. That is 8 for each entry, which is read (4 bytes) and written (4 bytes): 1 FLOP
# per byte. Softmax: a comparison, a subtraction, a sum, a division, and exp, which is a polynomial of about ten
# operations: about 14 for 8 bytes.
#
# ## 4 · The roofline
#
# Two limits hold at once. Arithmetic: not more than the peak. Memory: bandwidth bytes come in a second, and with each of
# them $I$ operations, if $I$ is the intensity. Whichever is smaller is the **roofline** (Williams, Waterman and
# Patterson, 2009).
#
# **On paper:** a machine does 100 GFLOP/s and moves 20 GB/s. From which intensity on is arithmetic the limit? And how
# many GFLOP/s can a layer norm reach, with 1 FLOP per byte?

# %% answer="5, 20"
teach.answer("11.ridge", ..., ...)

# %% exercise="attainable"
def attainable(peak, bandwidth, intensity):     # FLOP/s, bytes/s, (N,) -> (N,)
    """The FLOP/s that the roofline allows at each arithmetic intensity."""
    ...


teach.grade("attainable", attainable)

# %% [markdown]
# Now yours. Six operations in float32 on one thread, by NumPy, by the package, and the softmax of chapter 01, each with
# its intensity by the counts above. The fastest call counts again: the limits were measured so, too. **Predict:** which
# of them are under the slope, which under the roof?

# %%
N, D = (500, 256) if FAST else (2000, 1024)
x, y = rng.standard_normal((2, N, D), dtype=np.float32)
gain, bias = np.ones(D, np.float32), np.zeros(D, np.float32)
u = rng.standard_normal((D, 3 * D), dtype=np.float32)
out, z = np.empty_like(x), np.empty((64, 3 * D), np.float32)

work = {                                        # a call, operations, bytes
    "x + y": (lambda: np.add(x, y, out=out), x.size, 3 * x.nbytes),
    "layer norm": (lambda: kernels.layer_norm(x, gain, bias), 8 * x.size, 2 * x.nbytes),
    "softmax (NumPy)": (lambda: gradients.softmax(x), 14 * x.size, 2 * x.nbytes),
    "GRU step, B = 1": (lambda: np.matmul(x[:1], u, out=z[:1]),
                        2 * u.size, u.nbytes + 4 * 4 * D),
    "GRU step, B = 64": (lambda: np.matmul(x[:64], u, out=z),
                         64 * 2 * u.size, u.nbytes + 64 * 4 * 4 * D),
    "matrix product": (lambda: np.matmul(a, b, out=c), 2 * n ** 3, 3 * a.nbytes)}
with threads.limit(1):
    times = times_of({name: call for name, (call, _, _) in work.items()}, 2 * REPEATS)
points = {name: (flops / moved, flops / times[name].min())
          for name, (_, flops, moved) in work.items()}
for name, (intensity, reached) in points.items():
    share = reached / min(peak, intensity * bandwidth)
    print(f"{name:<17} {intensity:8.3g} FLOP/byte {reached / 1e9:8.3g} GFLOP/s, "
          f"{share:4.0%} of what is attainable")
roofline(peak, bandwidth, points, "Six operations under the roofline of this machine")

# %% [markdown]
# Read it from left to right.
#
# * Where a point lies **on the slope**, memory is the limit. A cleverer formula with fewer operations changes nothing;
#   fewer bytes do: narrower numbers, or fewer passes.
# * A point **well under** both limits wastes something. NumPy's softmax goes over the array about five times: largest,
#   difference, exp, sum, quotient, each from memory and back. The count assumed one.
# * A point **above the slope** is no mistake. Its arrays fitted into a cache, which is faster than memory. The slope is
#   that of the slowest step.
# * Matrix products of many rows are near the roof; one of them made it.
#
# ## 5 · A loop, arrays, a compiled loop
#
# The softmax of each row, in the plainest way:

# %%
def softmax_loops(y):                           # (N, V) -> (N, V)
    p = np.empty_like(y)
    for i in range(y.shape[0]):
        largest = y[i, 0]
        for j in range(y.shape[1]):
            if y[i, j] > largest:
                largest = y[i, j]
        total = 0.0
        for j in range(y.shape[1]):
            p[i, j] = np.exp(y[i, j] - largest)
            total += p[i, j]
        for j in range(y.shape[1]):
            p[i, j] /= total
    return p


softmax_compiled = njit(softmax_loops)          # the same lines, compiled

few = x[:2]
start = perf_counter()
softmax_compiled(few)
first = perf_counter() - start
print(f"first call: {first:.2g} s, nearly all of it the compiler")
for name, other in [("compiled", softmax_compiled(few)),
                    ("NumPy", gradients.softmax(few))]:
    print(f"loops − {name}: {np.abs(softmax_loops(few) - other).max():.0e}")

# %% [markdown]
# `njit` turns the loops into machine code, once for each combination of argument types. Three ways, per entry:

# %%
times = times_of({"loops in Python": lambda: softmax_loops(few)}, 3)
times["loops in Python"] *= x.size / few.size   # two rows only, scaled to all
times |= times_of({"NumPy": lambda: gradients.softmax(x),
                   "Numba, same loops": lambda: softmax_compiled(x)})
draw_bars(times, "nanoseconds per entry (log scale)", 1e-9 * x.size,
          "Softmax of each row", scale="log")

# %% [markdown]
# In Python each addition is a small expedition: fetch an object, look up its type, make a new object. NumPy does that
# once for an array. But the compiled loops, which go over a row while it is in the cache, may be *no better* than
# NumPy's five passes. What is in the way now? Not memory.
#
# ## 6 · Types, and exp
#
# Modern processors have **vector instructions**: 4, 8 or 16 float32 at once, and half as many float64. Two things in
# the loop keep the compiler from using them.
#
# **Literals.** In Numba `0.5` is a float64, and float32 × float64 is float64. One such number turns a whole formula into
# the wide type: half as many at once, and conversions on the way in and out. (NumPy is kinder: there a Python number
# takes the array's type.) The cure is to make literals of the array's own type, `x.dtype.type(0.5)`.
#
# **exp.** A call of the C library works on one number. No loop with such a call becomes a vector loop. The cure is an
# exp of plain arithmetic: $e^x = 2^n e^r$ with $n$ the nearest integer to $x/\ln 2$; a polynomial for $e^r$, and $2^n$
# put together in the bits of a float. `vector_math.exp` of the package is that, for use inside compiled loops; its tanh
# likewise.
#
# GELU in its tanh form shows both, with the bias that comes before it:

# %%
def bias_gelu_wide(x, b, y):                    # (N, D), (D,) -> into y
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            v = x[i, j] + b[j]
            t = vector_math.tanh(0.7978845608 * (v + 0.044715 * v * v * v))
            y[i, j] = 0.5 * v * (1.0 + t)


def bias_gelu_call(start, stop, x, b, y):
    number = x.dtype.type
    half, one, three = number(0.5), number(1), number(0.044715)
    outer = number(0.7978845608)
    for i in range(start, stop):
        for j in range(x.shape[1]):
            v = x[i, j] + b[j]
            y[i, j] = half * v * (one + math.tanh(outer * (v + three * v * v * v)))


def bias_gelu(start, stop, x, b, y):            # rows start … stop
    number = x.dtype.type
    half, one, three = number(0.5), number(1), number(0.044715)
    outer = number(0.7978845608)
    for i in range(start, stop):
        for j in range(x.shape[1]):
            v = x[i, j] + b[j]
            t = vector_math.tanh(outer * (v + three * v * v * v))
            y[i, j] = half * v * (one + t)


options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
bias_gelu_wide = njit(bias_gelu_wide, **options)
bias_gelu_call = njit(bias_gelu_call, **options)
bias_gelu = njit(bias_gelu, **options)


def bias_gelu_numpy(x, b):
    v = x + b
    return 0.5 * v * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v * v * v)))


bias = rng.standard_normal(D, dtype=np.float32)
right = bias_gelu_numpy(x.astype(float), bias.astype(float))
results = {}
for name, call in [("wide", lambda: bias_gelu_wide(x, bias, out)),
                   ("call", lambda: bias_gelu_call(0, N, x, bias, out)),
                   ("float32", lambda: bias_gelu(0, N, x, bias, out))]:
    call()
    results[name] = np.abs(out - right).max()
print("largest error:", {name: f"{error:.0e}" for name, error in results.items()})

# %%
gelu_times = times_of({
    "NumPy": lambda: bias_gelu_numpy(x, bias),
    "Numba, tanh is a call": lambda: bias_gelu_call(0, N, x, bias, out),
    "Numba, float64 literals": lambda: bias_gelu_wide(x, bias, out),
    "Numba, float32 throughout": lambda: bias_gelu(0, N, x, bias, out)})
draw_bars(gelu_times, "nanoseconds per entry", 1e-9 * x.size,
          "Bias and GELU, one pass in the last three")

# %% [markdown]
# Compare the second bar with the fourth, and the third with the fourth. (The result of the third is float32, too: the
# wide numbers have only been passed through.) Two more rules for loops that the compiler is to turn into vector code:
# run from 0 over whole rows, so that no index could be negative; and let the order of a *sum* be free
# (`fastmath={"reassoc"}`), or each addition has to wait for the one before.
#
# ## 7 · Fewer passes
#
# The NumPy version reads and writes the array in each of its operations, some ten times; the compiled one reads each
# entry once and writes it once. Putting what is done one after the other into one pass is called **fusing**. Where memory
# is the limit, it is the whole game.
#
# The softmax's first two passes look as if they could not be fused: for the sum of $e^{y - m}$ one must know the largest
# $m$ first. They can. Go over the row once and keep the largest *so far*, and the sum relative to it. When a larger one
# comes, the old sum is too large by a known factor. This is how attention over long texts is computed without ever
# writing the scores down.
#
# Write it for all rows at once, column by column.

# %% exercise="one_pass_softmax"
def one_pass_softmax(y):                        # (N, V) -> m (N,), s (N,)
    """The largest entry m of each row and s = Σ e^(y - m), going over y once."""
    ...


teach.grade("one_pass_softmax", one_pass_softmax)

# %% [markdown]
# By hand: the row $(0, \ln 2, 0)$. After the first entry $m = 0$, $s = 1$. Then $m = \ln 2$ and
# $s = 1 \cdot e^{0 - \ln 2} + 1 = \tfrac32$. Then $s = \tfrac32 + e^{-\ln 2} = 2$. And indeed
# $e^0 + e^{\ln 2} + e^0 = 4 = 2 \cdot e^{\ln 2}$.
#
# A second fusion: the loss at the end of a model, and its gradient. In chapter 01 each of the two functions computed
# the softmax for itself. The largest array of the whole model, (tokens × vocabulary), was gone over twice as often as
# needed, and exp is not cheap.

# %% exercise="loss_and_gradient"
def loss_and_gradient(y, classes):              # (N, V), (N,) -> one number, (N, V)
    """The mean of −ln p at the right classes, and its gradient: one exp an entry."""
    ...


teach.grade("loss_and_gradient", loss_and_gradient)

# %%
classes = rng.integers(0, D, N)
zero_bias = np.zeros(D, np.float32)
small = rng.standard_normal((N, 32), dtype=np.float32)
table = rng.standard_normal((D, 32), dtype=np.float32)


def apart():
    scores = small @ table.T
    loss = gradients.cross_entropy(scores, classes)
    d = gradients.cross_entropy_backward(1.0, scores, classes)
    return loss, d @ table, d.T @ small


def together():
    loss, d = speed.loss_and_gradient(small @ table.T, classes)
    return loss, d @ table, d.T @ small


def the_packages():
    loss, cache = kernels.linear_cross_entropy(small, table, zero_bias, classes)
    return loss, *kernels.linear_cross_entropy_backward(1.0, cache)[:2]


for one, other in zip(apart(), the_packages()):
    assert np.allclose(one, other, rtol=1e-3, atol=1e-4)
with threads.limit(1):
    times = times_of({"two functions": apart, "one, by NumPy": together,
                      "the package's kernel": the_packages})
draw_bars(times, "milliseconds", 1e-3, f"Loss and gradients, {N} tokens, {D} words")

# %% [markdown]
# The kernel goes one step further: it never divides the exponentials by their sum, but lets the products of matrices,
# which come next anyway, take the factor along on their narrow side.
#
# ## 8 · Threads
#
# Rows do not know of each other (chapter 10 has the test), so they can be shared out. `workers.run(function, parts)`
# calls `function(part, start, stop)` for each range of rows on a thread of its own. Plain Python threads will do, since
# compiled code with `nogil` and NumPy's products let go of the interpreter's lock.
#
# What can it bring? If a share $s$ of the work stays on one thread, $n$ threads take the time $s + (1 - s)/n$. That is
# **Amdahl's law**. **On paper:** a fifth of the work cannot be shared out. How many times as fast is it with 4 threads,
# and with any number of them?

# %% answer="2.5, 5"
teach.answer("11.amdahl", ..., ...)

# %% [markdown]
# And backwards: from a speedup that was measured, find the share that did not get faster.

# %% exercise="serial_share"
def serial_share(speedup, threads):             # two numbers -> one
    """The share of the work that did not get faster, by Amdahl's law."""
    ...


teach.grade("serial_share", serial_share)

# %%
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
    os.cpu_count() or 1)
counts = sorted({1, 2, 4, cores} & set(range(1, max(cores, 2) + 1)))


def shared_out(function):
    def call(count):
        with threads.limit(count):
            workers.run(function, workers.ranges(N, 64))
    return call


arithmetic = shared_out(lambda _, start, stop: bias_gelu(start, stop, x, bias, out))
memory = shared_out(lambda _, start, stop: np.add(x[start:stop], y[start:stop],
                                                 out=out[start:stop]))
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for offset, name, call, colour, hatch in [(-0.2, "bias and GELU", arithmetic, BLUE, ""),
                                          (0.2, "x + y", memory, ORANGE, "//")]:
    times = times_of({count: lambda count=count: call(count) for count in counts})
    speedups = [np.median(times[1] / times[count]) for count in counts]
    axes.bar(np.arange(len(counts)) + offset, speedups, 0.38, color=colour,
             hatch=hatch, edgecolor="white", label=name)
    print(f"{name}: {speedups[-1]:.2f} times as fast on {counts[-1]} threads", end="")
    if 1 < speedups[-1] < counts[-1]:
        share = speed.serial_share(speedups[-1], counts[-1])
        print(f", as if {share:.0%} of the work stayed on one", end="")
    print()
axes.plot(range(len(counts)), counts, "v", color=GREY, label="as many times as threads")
axes.set_xticks(range(len(counts)), counts)
axes.set(xlabel=f"threads ({cores} cores may be used)", ylim=(0, None),
         ylabel="speed, in units of that of one thread",
         title="What threads bring (medians of calls in turns)")
axes.legend(frameon=False, loc="upper left")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# Two things hold it back that are not in Amdahl's law. All cores share the way to memory, so what lies on the slope of
# the roofline gains less than what is limited by arithmetic. And cores that are busy with something else help nobody:
# if this machine has other work, you see it here first.
#
# ## 9 · The package
#
# `minicrt.ops` is the specification, written to be read. `minicrt.kernels` has the same functions, done by the rules of
# this chapter. Before and after:

# %%
B, T, W = (8, 16, 32) if FAST else (16, 64, 64)
tokens, classes = rng.standard_normal((B, T, W), dtype=np.float32), rng.integers(
    0, 2000, (B, T))
h0 = np.zeros((B, W), np.float32)
w, u = rng.standard_normal((2, W, 3 * W), dtype=np.float32) / 8
b, b_hn = np.zeros(3 * W, np.float32), np.zeros(W, np.float32)
gain, words = np.ones(W, np.float32), rng.standard_normal((2000, W), dtype=np.float32)
zeros = np.zeros(2000, np.float32)
CALLS = {"layer norm": lambda engine: engine.layer_norm(tokens, gain, b_hn),
         "GELU": lambda engine: engine.gelu(tokens),
         "GRU": lambda engine: engine.gru(tokens, h0, w, u, b, b_hn),
         "loss": lambda engine: engine.linear_cross_entropy(tokens, words, zeros,
                                                           classes)}
with threads.limit(1):
    times = times_of({(name, engine): lambda call=call, engine=engine: call(engine)
                      for name, call in CALLS.items() for engine in (ops, kernels)})
figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
for offset, engine, colour, hatch, label in [
        (-0.2, ops, GREY, "//", "ops (NumPy)"),
        (0.2, kernels, BLUE, "", "kernels (Numba)")]:
    medians = [1e3 * np.median(times[name, engine]) for name in CALLS]
    axes.bar(np.arange(len(CALLS)) + offset, medians, 0.38, color=colour, hatch=hatch,
             edgecolor="white", label=label)
for place, name in enumerate(CALLS):
    ratio = np.median(times[name, ops] / times[name, kernels])
    axes.annotate(f"×{ratio:.1f}", (place, 1e3 * np.median(times[name, ops])),
                  xytext=(0, 4), textcoords="offset points", ha="center")
axes.set_xticks(range(len(CALLS)), CALLS)
axes.set(yscale="log", ylabel="milliseconds (log scale)",
         title=f"One thread, B = {B}, T = {T}, D = {W}")
axes.margins(y=0.15)
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# And a whole training step of a CRT: forward, backward, AdamW. **Predict** the ratio before you run it. By Amdahl's
# law the matrix products, which are NumPy's in both engines, are the share that does not get faster.

# %%
task = RecallTask(pairs=1, distance=1)
window = task.window(np.random.default_rng(0), 16 if FAST else 32)
steps = {}
for engine in ("numpy", "numba"):
    model = create_model(vocabulary=task.vocabulary_size, width=W, inner=2 * W,
                         layers=2, heads=2, segment_length=task.segment_length,
                         engine=engine)
    parameters = model.initialize(np.random.default_rng(0))
    gradients_of, optimizer = parameters.zeros_like(), AdamW(parameters, 1e-3)
    steps[engine] = lambda model=model, parameters=parameters, g=gradients_of, \
        optimizer=optimizer: train_step(model, parameters, g, optimizer, window, {})
with threads.limit(1):
    times = times_of(steps, 2 if FAST else 11)
draw_bars(times, "milliseconds", 1e-3, "A training step of a small CRT, one thread")

# %% [markdown]
# `docs/speed.md` has the same for larger models, with PyTorch and JAX beside it.
#
# Where to stop? When the point is on the roofline. Until then: measure, find what is in the way, take that away, and
# check the result against the slow version each time. A kernel of the package stays only where it wins, and is held to
# its specification to the last digits. A fast function that is wrong is of no use; chapter 10 stands in front of this
# one on purpose.
#
# ## 10 · Go on
#
# * Repeat section 4 in float64. Which of the two limits moves, and by how much?
# * Make `N` smaller, until x fits into a cache. What happens to the point of `x + y`?
# * Write `one_pass_softmax` as a compiled loop over rows, with `vector_math.exp`. Is one pass faster than two, when the
#   row is in the cache? Count the exps.
# * Take `"error_model": "numpy"` out of the options in section 6. Numba then checks each division for zero.
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `TypingError: … non-precise type pyobject` | a compiled function was given something that is no array or number: a list, a dictionary, `None` |
# | the first call takes a second | the compiler; call it once before you measure |
# | the compiled function is still slow | a literal in float64, a call of `math.…` in the loop, or an index from the end |
# | more than 100 % of what is attainable | the data was in a cache, or the machine was disturbed while its limits were measured: run section 2 again |
# | two threads are slower than one | other work on the machine, or so little work that sharing out costs more |
# | results differ in the last digit | the order of a sum; that is what `reassoc` allows |
# | inf or nan in `one_pass_softmax` | exp of a difference with the wrong sign: what is subtracted must be the larger |
#
# **Next:** [chapter 12](12_porting.ipynb) has the same model in other languages, and checked there.
