# %% [markdown]
# # 12 · Porting
#
# One day the model has to run somewhere else: in PyTorch, to train it on a graphics card; in C, for a machine without
# an operating system. So somebody writes it again. The new program runs, it even learns. Is it the same model?
#
# Two programs can both be right and give different numbers, because they keep to different conventions. And a wrong
# one can look right for weeks. In this chapter you move weights from one convention to another, write ports of a GRU,
# plant mistakes in them, and have each named. At the end you know what a difference of $10^{-6}$ means.
#
# | | |
# |---|---|
# | you need | chapter 04 for the GRU, chapter 03 for layer norm |
# | you will be able to | read a golden case in any language; convert the weights of a GRU from PyTorch and others; port a layer and find out what is wrong with it; say how far a right port may be off |
# | time | 75 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | ten numbers on paper | ●○○ | 15 |
# | `gru_step_before` | ●○○ | 10 |
# | `read_tensor` | ●●○ | 10 |
# | `gru_from_torch` | ●●○ | 15 |
# | `blocks_in_order` | ●○○ | 5 |
# | `rounding_bound` | ●●○ | 10 |
#
# PyTorch and a C compiler are welcome and not necessary: where one is missing, a cell says so in a line and the
# chapter goes on.

# %%
import contextlib
import ctypes
import io
import json
import os
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from minicrt import cli, ops, teach
from minicrt.conformance import case_names, check_port, from_torch, to_torch
from minicrt.conformance.golden import case
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE

try:
    import torch
except ImportError:
    torch = None

FAST = bool(os.environ.get("MINICRT_FAST"))     # small sizes, to see that it runs
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})
compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
print("PyTorch is", "here" if torch else "missing: its port is left out")
print("a C compiler is", "here" if compiler else "missing: its port is left out")

# %% [markdown]
# ## 1 · Two right answers
#
# Take the GRU of chapter 04. Its candidate is
#
# $$n = \tanh\big(x W_n + b_n + r \odot (h\,U_n + b_{hn})\big),$$
#
# the reset gate acting *after* the product. That is how cuDNN and PyTorch have it. In the paper that invented the GRU
# (Cho et al., 2014) it acts *before* it, and there is no $b_{hn}$:
#
# $$n = \tanh\big(x W_n + b_n + (r \odot h)\,U_n\big).$$
#
# Both are good GRUs; weights learned by one are worth little to the other. **On paper:** two units, $h = (4, 8)$,
# $r = (\tfrac12, \tfrac14)$, no biases, and $U_n$ exchanges the two units, $h\,U_n = (8, 4)$. What does the recurrent
# part add to the argument of the tanh, in each form?

# %% answer="4, 1, 2, 2"
teach.answer("12.forms", ..., ..., ..., ...)      # after: two units; before: two units

# %% [markdown]
# With a single unit the two forms are one, and no test with $D = 1$ can tell them apart. Write a step of the second
# form. Everything but the candidate is as in chapter 04: $z$ keeps the old state, and the blocks stand in the order
# $r$, $z$, $n$.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# %% exercise="gru_step_before"
def gru_step_before(x_t, h, w, u, b):           # (B, I), (B, D), weights -> (B, D)
    """A step of the GRU whose reset gate acts before the product; z keeps the old.

    w (I, 3D), u (D, 3D) and b (3D,) hold the blocks of r, z, n in this order
    """
    ...


teach.grade("gru_step_before", gru_step_before)

# %% [markdown]
# The package has both, `ops.gru(…, reset_after=False)` being this one. Here is the loop over single numbers beside
# it, and then the same weights in the other form.

# %%
given = case("gru-before-T1").given()
x_t, h0, w, u, b = given["x"][:, 0], *(given[name] for name in ("h0", "w", "u", "b"))
B, D = h0.shape


def naive_step(x_row, h_row):                   # one row, one number at a time
    def side(row, matrix, k):
        return sum(row[i] * matrix[i, k] for i in range(len(row)))

    r = [sigmoid(side(x_row, w, j) + side(h_row, u, j) + b[j]) for j in range(D)]
    z = [sigmoid(side(x_row, w, D + j) + side(h_row, u, D + j) + b[D + j])
         for j in range(D)]
    kept = [r[j] * h_row[j] for j in range(D)]
    n = [np.tanh(side(x_row, w, 2 * D + j) + side(kept, u, 2 * D + j) + b[2 * D + j])
         for j in range(D)]
    return [(1 - z[j]) * n[j] + z[j] * h_row[j] for j in range(D)]


naive = np.array([naive_step(x_t[k], h0[k]) for k in range(B)])
before, _ = ops.gru(x_t[:, None], h0, w, u, b, reset_after=False)
after, _ = ops.gru(x_t[:, None], h0, w, u, b, np.zeros(D))
print(f"package − naive: {np.abs(before[:, 0] - naive).max():.0e}")
print(f"the other form:  {np.abs(before - after).max():.2f} away")

# %% [markdown]
# ## 2 · A golden case
#
# How does one compare a program in C with one in Python? Not by drawing the same random numbers, and not by looking
# at losses. One writes down inputs and *everything* that comes out of them, also on the way. That is a **golden
# case**. `minicrt golden write FOLDER` makes a folder for each, with two files: `case.json` says in one line a tensor
# what there is and where, `tensors.bin` has the numbers.

# %%
workshop = tempfile.TemporaryDirectory()        # gone when this notebook is closed


def minicrt(*arguments):                        # the command line, in the workshop
    with contextlib.chdir(workshop.name):
        return cli.main(list(arguments))


minicrt("golden", "write", "golden", "--case", "gru", "gru-T1")
folder = Path(workshop.name) / "golden" / "gru"
described = json.loads((folder / "case.json").read_text(encoding="utf-8"))
data = (folder / "tensors.bin").read_bytes()
print(f"tensors.bin has {len(data):,} bytes")
for line in described["tensors"]:
    print(f"{line['name']:<8}{line['role']:<13}{line['dtype']}  "
          f"{str(line['shape']):<11}at byte {line['offset']:>4}, {line['bytes']} long")

# %% [markdown]
# Roles: *input*, *parameter* and *upstream* are given to you. (The upstream gradient $d_h$ takes the place of a loss:
# a random number for each output, so that no two count alike.) The rest is asked for: *intermediate* and *output* of
# the forward pass, *backward* and *gradient* of the other one (`d_state` is the $g_t$ of chapter 04). You hand in what
# you have; the more there is, the nearer to the mistake is the first wrong tensor.
#
# Numbers are little-endian (the lowest byte of a number first) and the last index runs fastest. Each tensor begins at a
# multiple of 64 bytes, so there are gaps, and the offset has to be read and cannot be counted up. Write the reader: it
# is given the bytes of the file, and what the line says, such as `"float64"`, `[2, 5, 3]` and 0.

# %% exercise="read_tensor"
def read_tensor(data, dtype, shape, offset):    # the bytes of tensors.bin -> an array
    """A tensor of a golden case, by what its line in case.json says.

    Numbers are little-endian, the last index runs fastest; offset counts bytes
    """
    ...


teach.grade("read_tensor", read_tensor)

# %% [markdown]
# In a cell of your own, `read_tensor(data, "float64", (2, 5, 3), 0)` is now the input `x` of the case. From Python
# there is a shorter way, `case("gru")["x"].value`, which the next cells take.
#
# ## 3 · Other people's weights
#
# Say somebody has trained a GRU in PyTorch, and hands you its four arrays:
#
# | PyTorch | shape | ours | shape |
# |---|---|---|---|
# | `weight_ih` | $(3D, I)$, rows $r, z, n$ | `w` | $(I, 3D)$, columns $r, z, n$ |
# | `weight_hh` | $(3D, D)$ | `u` | $(D, 3D)$ |
# | `bias_ih`, `bias_hh` | $(3D,)$ each | `b` and `b_hn` | $(3D,)$ and $(D,)$ |
#
# (A `torch.nn.GRU` has a suffix at these names, `_l0` for its layer 0.) PyTorch stores a matrix as (out, in) and
# computes $x W^\top$. A square matrix, such as each block of `weight_hh`,
# fits either way, and nobody complains if you forget to turn it. And PyTorch adds two biases everywhere: for $r$ and
# $z$ their sum alone matters. For $n$ it does not: `bias_hh` stands inside, with the product that $r$ multiplies.
#
# **On paper:** $D = 1$, `bias_ih` $= (1, 2, 3)$ and `bias_hh` $= (10, 20, 30)$. What are $b_r$, $b_z$, $b_n$ and
# $b_{hn}$?

# %% answer="11, 22, 3, 30"
teach.answer("12.biases", ..., ..., ..., ...)

# %% exercise="gru_from_torch"
def gru_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """The weights of PyTorch's GRU as this package has them: w, u, b, b_hn.

    weight_ih (3D, I), weight_hh (3D, D), both biases (3D,); the order is r, z, n
    """
    ...


teach.grade("gru_from_torch", gru_from_torch)

# %% [markdown]
# ONNX and Keras go further: their blocks stand in the order $z, r, n$. An LSTM, another recurrent unit, has four of
# them ($i$ for the input gate, $f$ forget, $o$ output, $g$ the candidate), in ONNX in the order $i, o, f, g$ and here
# $i, f, g, o$. An exchange of two blocks is the same there and back; from one order of the LSTM to the other three
# blocks move in a round, and the way back is another one. It is easy to begin with the wrong one of the two. Put blocks
# of columns into another order.

# %% exercise="blocks_in_order"
def blocks_in_order(w, theirs, ours):           # (I, kD) -> (I, kD)
    """The k blocks of columns, which stand in the order `theirs`, in the order `ours`.

    Both are texts with a letter a block: "zrn" and "rzn", "iofg" and "ifgo"
    """
    ...


teach.grade("blocks_in_order", blocks_in_order)

# %% [markdown]
# The package's functions for this are `from_torch`, `to_torch`, and their like for JAX, Keras and ONNX. There and
# back again gives the same bits; and the GRU of PyTorch itself, with our weights, gives our states.

# %%
golden = case("gru").given()
ours = {name: golden[name] for name in ("w", "u", "b", "b_hn")}
theirs = to_torch("gru", ours)
print({name: value.shape for name, value in theirs.items()})
again = from_torch("gru", theirs)
print("there and back, the same bits:",
      all(np.array_equal(ours[name], again[name]) for name in ours))

if torch is None:
    print("torch.nn.GRU beside it: PyTorch is missing")
else:
    I, D = len(ours["w"]), len(ours["u"])
    net = torch.nn.GRU(I, D, batch_first=True, dtype=torch.float64)
    net.load_state_dict({name: torch.tensor(value) for name, value in theirs.items()})
    states, _ = net(torch.tensor(golden["x"]), torch.tensor(golden["h0"])[None])
    apart = np.abs(states.detach().numpy() - case("gru")["h"].value).max()
    print(f"torch.nn.GRU, largest difference: {apart:.0e}")

# %% [markdown]
# ## 4 · A port, and eight ways to get it wrong
#
# Now a port of our own: a GRU as one finds it in many PyTorch programs, with its names, its layout and a loop over
# time. It is written in NumPy, so that it runs everywhere. `check_port` calls it with the arrays of a golden case
# and compares what it hands back.
#
# For the experiment that follows, each of its lines can go wrong on purpose: `wrong` names how.

# %%
def gru_port(x, h0, w, u, b, b_hn, wrong=""):
    p = to_torch("gru", {"w": w, "u": u, "b": b, "b_hn": b_hn})
    weight_hh, bias_hh = p["weight_hh_l0"], p["bias_hh_l0"]
    D, h, steps = h0.shape[1], h0, []
    if wrong == "not turned":
        weight_hh = np.concatenate([block.T for block in np.split(weight_hh, 3)])
    if wrong == "no bias_hh":
        bias_hh = np.zeros_like(bias_hh)
    for x_t in x.swapaxes(0, 1):
        i_r, i_z, i_n = np.split(x_t @ p["weight_ih_l0"].T + p["bias_ih_l0"], 3, -1)
        h_r, h_z, h_n = np.split(h @ weight_hh.T + bias_hh, 3, -1)
        r, z = sigmoid(i_r + h_r), sigmoid(i_z + h_z)
        if wrong == "order":
            r, z = z, r
        if wrong == "before":
            h_n = (r * h) @ weight_hh[2 * D:].T + bias_hh[2 * D:]
        n = np.tanh(i_n + (h_n if wrong == "before" else r * h_n))
        if wrong == "no tanh":
            n = i_n + r * h_n
        kept = 1 - z if wrong == "z" else z
        h = (1 - kept) * n + kept * (h0 if wrong == "h0" else h)
        if wrong == "bfloat16":                 # 8 bits of every number are kept
            h = (h.astype(np.float32).view(np.int32) + 0x8000 & -0x10000).view(
                np.float32).astype(h.dtype)
        steps.append({"r": r, "z": z, "c": h_n, "n": n, "h": h})
    return {name: np.stack([step[name] for step in steps], 1) for name in steps[0]}


print(check_port(gru_port, "gru"))

# %% [markdown]
# *Not handed in* are the gradients, for this port has none. **Predict** before you run the next cell, for each of the
# eight mistakes: which is the first wrong tensor, $r$, $z$, $c$, $n$ or $h$, in a case of a single step? And which
# mistake does such a case let pass?

# %%
mistakes = ["order", "z", "before", "not turned", "no bias_hh", "no tanh", "h0",
            "bfloat16"]


def wrong_port(wrong):                          # its arguments are those of the case
    return lambda x, h0, w, u, b, b_hn: gru_port(x, h0, w, u, b, b_hn, wrong)


for wrong in mistakes:
    first = check_port(wrong_port(wrong), "gru-T1").comparison.first_forward
    told = check_port(wrong_port(wrong), "gru").diagnosis.sentences[0]
    print(f"{wrong}: first wrong in one step is {first.name if first else 'nothing'}")
    print(textwrap.fill(told, 84, initial_indent="    ", subsequent_indent="    "))

# %% [markdown]
# In a single step the first wrong tensor is the one of the wrong line; later steps are made of a wrong state, and there
# all is wrong. But a single step has only one state before it, and "h0" passes. If that state were 0, "not turned" would
# pass as well: there is nothing to turn. So cases are random, unequal, not symmetric, and there are several.
#
# The sentences come from running the package's own equations with each mistake that is known, or with one small change
# of a line. They are flat ("has the mistake") only where *all* numbers agree. A training curve would not have told:
# each of the eight is a network that can learn.
#
# How large are such errors, step by step? Beside two mistakes and the state in bfloat16 there is the right port in
# float32, which is what you will hand in from most devices.

# %%
figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
right = case("gru-long")["h"].value             # (B, T, D), 40 steps
styles = [("z", BLUE, "-"), ("before", ORANGE, "--"), ("bfloat16", GREEN, "-."),
          ("float32", GREY, ":")]
for wrong, colour, line in styles:
    dtype = np.float32 if wrong == "float32" else np.float64
    arrays = {name: case("gru-long")[name].value.astype(dtype)
              for name in ("x", "h0", "w", "u", "b", "b_hn")}
    h = gru_port(**arrays, wrong="" if wrong == "float32" else wrong)["h"]
    error = np.abs(h - right).max((0, 2)) / np.abs(right).max()
    axes.semilogy(range(1, 41), error, line, color=colour, linewidth=2, label=wrong)
steps = np.arange(1, 41)
axes.semilogy(steps, 2e-5 * np.sqrt(steps), color="black", linewidth=0.8)
axes.annotate("tolerance in float32", (40, 2.4e-4), ha="right", fontsize=9)
axes.set(xlabel="step of the sequence", ylabel="error, relative to the largest |h|",
         title="What is a mistake and what is rounding", ylim=(1e-9, 30))
axes.legend(frameon=False, ncols=4, loc="upper center", fontsize=9)
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# A mistake is large from the first step on. Rounding in float32 stays far below the tolerance, and hardly grows: a GRU
# forgets old errors as it forgets all else. Keeping the state in bfloat16 is in between, and no accident: somebody has
# to decide whether the model may lose so much.
#
# ## 5 · The same with gradients
#
# A port in PyTorch brings gradients along. Load the weights, run the loop, start the backward pass from the case's
# upstream gradient, and turn what autograd has found into our names. The second port differs by one word that hides
# in many training programs, `detach`.

# %%
def torch_port(x, h0, w, u, b, b_hn, d_h, detach=False):
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, h0, w, u, b, b_hn)]
    x, h0, w, u, b, b_hn = tensors
    D, h, states = h0.shape[1], h0, []
    for x_t in x.unbind(1):
        i_r, i_z, i_n = (x_t @ w + b).chunk(3, -1)
        h_r, h_z, h_n = (h @ u).chunk(3, -1)
        r, z = torch.sigmoid(i_r + h_r), torch.sigmoid(i_z + h_z)
        n = torch.tanh(i_n + r * (h_n + b_hn))
        h = (1 - z) * n + z * h
        states.append(h)
        h = h.detach() if detach else h
    torch.stack(states, 1).backward(torch.tensor(d_h))
    names = "d_x", "d_h0", "d_w", "d_u", "d_b", "d_b_hn"
    return {"h": torch.stack(states, 1)} | {
        name: tensor.grad for name, tensor in zip(names, tensors)}


def detached_port(x, h0, w, u, b, b_hn, d_h):
    return torch_port(x, h0, w, u, b, b_hn, d_h, detach=True)


if torch is None:
    print("PyTorch is missing: without autograd the forward pass above was the port")
else:
    print(check_port(torch_port, "gru"))
    report = check_port(detached_port, "gru")
    print(f"with detach: {len(report.comparison.wrong)} tensors are wrong, h is",
          report.comparison["h"].verdict)
    print(textwrap.fill(report.diagnosis.sentences[0], 84))

# %% [markdown]
# The states are right to the last digit, the loss is right, the training runs. Only the gradients know that nothing
# comes back from the step after.
#
# ## 6 · Small differences that hide
#
# Some conventions differ by little. Layer norm, $y = \text{gain} \odot (x - \mu)\,r + \text{bias}$ with
# $r = 1/\sqrt{v + \varepsilon}$, is written in at least five ways: $\varepsilon = 10^{-5}$ here and in PyTorch,
# $10^{-6}$ in Flax; inside of the root or outside; the variance $v$ over $D$ or over $D - 1$; in two passes or as
# $E[x^2] - E[x]^2$ in one.
#
# Each is run on three golden cases in float32: an ordinary one, one whose values are small, and one whose mean is far
# from 0. **Predict:** which of the four does the ordinary case let pass?

# %%
def norm_port(x, gain, bias, way="right"):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    if way == "over D − 1":
        variance = variance * (x.shape[-1] / (x.shape[-1] - 1))
    if way == "in one pass":
        variance = np.maximum((x * x).mean(-1, keepdims=True) - mean * mean, 0)
    r = 1 / np.sqrt(variance + (1e-6 if way == "eps 1e-6" else 1e-5))
    if way == "eps outside":
        r = 1 / (np.sqrt(variance) + 1e-5)
    return {"y": (x - mean) * r * gain + bias}


def as_port(way):
    return lambda x, gain, bias: norm_port(x, gain, bias, way)


ways = ["right", "eps 1e-6", "eps outside", "in one pass", "over D − 1"]
cases = [("layer_norm", "ordinary", BLUE, "o"),
         ("layer_norm-small", "small", ORANGE, "^"),
         ("layer_norm-far", "far from 0", GREEN, "s")]
figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
for k, (name, label, colour, marker) in enumerate(cases):
    errors = [check_port(as_port(way), name, dtype="float32").comparison["y"]
              .distance.relative for way in ways]
    axes.semilogx(errors, np.arange(len(ways)) + 0.18 * (k - 1), marker, color=colour,
                  markersize=8, label=label)
axes.axvline(2e-5, color="black", linewidth=1)
axes.annotate("tolerance\nin float32", (2.6e-5, -0.35), fontsize=9, va="center")
axes.set_yticks(range(len(ways)), ways)
axes.invert_yaxis()
axes.set(xlabel="error, relative to the largest |y|", ylim=(4.6, -0.7),
         title="Five ways to write a layer norm, in float32")
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), title="case")
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# Another $\varepsilon$, or another place for it, passes the ordinary case: with a variance near 1 it moves the sixth
# digit. It fails where values are small. The variance in one pass is right everywhere but far from 0, and there
# nothing of it is left. So each has its own case, and `case_names("layer_norm")` lists them all. In float64, with a tolerance
# of $10^{-10}$, nothing of this hides: check a port there first, even if it is to run in float32.

# %%
for way in ways:
    wrong = [name for name in case_names("layer_norm")
             if not check_port(as_port(way), name).ok]
    print(f"{way}: wrong in {len(wrong)} of {len(case_names('layer_norm'))} cases")
    if wrong:
        told = check_port(as_port(way), wrong[0]).diagnosis.sentences[0]
        print(textwrap.fill(told, 84, initial_indent="    ", subsequent_indent="    "))

# %% [markdown]
# Two more of this kind. **GELU** is $x\,\Phi(x)$ with the normal distribution's $\Phi$, and exact with erf; a
# formula with tanh is quicker and nearly the same. **Softmax** may subtract the largest score first, or not: on
# paper that changes nothing.

# %%
def tanh_gelu(x):
    return {"y": x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))}


print(textwrap.fill(check_port(tanh_gelu, "gelu").diagnosis.sentences[0], 84))

scores = np.array([60.0, 80.0, 100.0])
for dtype in np.float64, np.float32:
    s = scores.astype(dtype)
    with np.errstate(all="ignore"):
        plain = np.exp(s) / np.exp(s).sum()
    shifted = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
    print(f"{np.dtype(dtype).name}: plainly {plain}, the maximum taken off {shifted}")

# %% [markdown]
# $e^{89}$ is more than float32 can hold. So a port to float32 may fail where the reference in float64 does not, and
# golden cases with large scores exist for that.
#
# ## 7 · How far may it be off?
#
# Numbers in float32 have 24 binary digits. Between 1 and 2 they stand evenly, $2^{-23}$ apart; between 2 and 4 twice
# as far, and so on. **On paper:** how far is the number after 1 from 1, and the number after 1000 from 1000, in
# millionths? (Three digits will do; in Python, `2 ** -23 * 1e6` is the first.)

# %% answer="0.119, 61.04"
teach.answer("12.spacing", ..., ...)            # in millionths

# %% [markdown]
# That distance is called an **ulp**, a unit in the last place. A result that is rounded well is at most half an ulp
# off. In a sum of $I$ products, each term is rounded as a product and then as a part of up to $I - 1$ sums: at most
# $I$ times. Each rounding errs by a share of at most $u = \text{eps}/2$ of what is there at that moment ($u$ is the
# *unit roundoff* here, and no weight). So, up to terms in $u^2$,
#
# $$|\hat y - y| \;\le\; I\,u \sum_i |x_i|\,|w_i| .$$
#
# Mind what stands on the right: the size of *what is summed*. If terms cancel, $y$ is small and the error is not.

# %% exercise="rounding_bound"
def rounding_bound(x, w, eps):                  # (B, I), (I, O), a number -> (B, O)
    """How far x @ w may be from the truth where it is computed with rounding.

    eps is the distance from 1 to the next number: np.finfo(dtype).eps
    """
    ...


teach.grade("rounding_bound", rounding_bound)

# %% [markdown]
# To see it, products of float32 numbers whose sums cancel more and less. Each dot is an entry of $xW$. On the left
# the error is divided by the entry itself, on the right by the sum of sizes.

# %%
rng = np.random.default_rng(0)
I = 256
x = rng.standard_normal((20, I)).astype(np.float32)
w = rng.standard_normal((I, 60)).astype(np.float32) + (
    rng.random(60) < 0.3).astype(np.float32) * np.sign(x[0])[:, None]
exact = x.astype(float) @ w.astype(float)


def summed_in_order(x, w):                      # in float32, one term after another
    total = np.zeros((len(x), w.shape[1]), np.float32)
    for i in range(len(w)):
        total += x[:, i, None] * w[i]
    return total


error = np.abs(summed_in_order(x, w) - exact)
size = np.abs(x.astype(float)) @ np.abs(w.astype(float))
unit = np.finfo(np.float32).eps / 2
figure, panels = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True,
                              layout="constrained")
for panel, by, name in [(panels[0], np.abs(exact), "|y|"),
                        (panels[1], size, "Σ |x||w|")]:
    panel.loglog((size / np.abs(exact)).ravel(), (error / by).ravel(), ".", color=BLUE,
                 markersize=4, alpha=0.6)
    panel.axhline(I * unit, color="black", linewidth=1, label="I u")
    panel.axhline(np.sqrt(I) * unit, color=ORANGE, linestyle="--", label="√I u")
    panel.set(xlabel="cancellation, Σ |x||w| / |y|", title=f"error / {name}",
              ylim=(1e-10, 1e-2))
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(alpha=0.25)
panels[0].set_ylabel("relative error")
panels[0].legend(frameon=False, loc="upper left")
plt.show()
print(f"largest error / |y|: {(error / np.abs(exact)).max():.0e}, "
      f"largest error / Σ |x||w|: {(error / size).max():.0e}, bound {I * unit:.0e}")

# %% [markdown]
# Divided by itself, an entry that cancels is as wrong as it likes, and no tolerance would be right. Divided by the
# size of its terms, every entry stays below the bound $I\,u$, and here even below $\sqrt I\,u$, since roundings cancel
# as well. That is why the checker divides the error of a tensor by the largest entry of the *tensor*, why it has no
# absolute floor, and why its tolerances (float64: $10^{-10}$; float32: $2 \cdot 10^{-5}$, times $\sqrt T$ in a
# recurrence) are wide: a right port may sum in another order, a wrong one is hardly ever that near.
#
# ## 8 · In C
#
# C has no arrays with shapes and no broadcasting, so every convention is written out: `w[i * 3 * D + k]` is row $i$,
# column $k$. Here is the forward pass of the GRU for one text. It allocates nothing and calls exp and tanh alone.
# Where `REAL` is defined as float, it computes in float (`tgmath.h` takes care of exp and tanh).

# %%
C_SOURCE = r"""
#include <tgmath.h>
#undef I                                        /* of complex.h */
#ifndef REAL
#define REAL double
#endif
typedef REAL real;

#ifdef QUICK_TANH                               /* a well-known approximation */
static real squash(real a) { return a > 3 ? 1 : a < -3 ? -1
                                    : a * (27 + a * a) / (27 + 9 * a * a); }
#else
static real squash(real a) { return tanh(a); }
#endif

#ifdef WRONG_ORDER
enum { Z, R, N };
#else
enum { R, Z, N };                               /* the blocks, each D wide */
#endif

static real logistic(real a) { return 1 / (1 + exp(-a)); }

/* row times column k of a matrix that is stored row after row */
static real dot(const real *row, const real *matrix, int rows, int columns, int k)
{
    real sum = 0;
    for (int i = 0; i < rows; i++)
        sum += row[i] * matrix[i * columns + k];
    return sum;
}

/* h (T + 1, D) begins with h_0; x (T, I), w (I, 3D), u (D, 3D), b (3D), b_hn (D) */
void gru(int T, int I, int D, const real *x, const real *w, const real *u,
         const real *b, const real *b_hn, real *h)
{
    for (int t = 0; t < T; t++, x += I, h += D)
        for (int j = 0; j < D; j++) {
            real a[3], s[3];                    /* x W + b and h U, by gate */
            for (int gate = 0; gate < 3; gate++) {
                a[gate] = dot(x, w, I, 3 * D, gate * D + j) + b[gate * D + j];
                s[gate] = dot(h, u, D, 3 * D, gate * D + j);
            }
            real r = logistic(a[R] + s[R]), z = logistic(a[Z] + s[Z]);
            real n = squash(a[N] + r * (s[N] + b_hn[j]));
            h[D + j] = (1 - z) * n + z * h[j];
        }
}
"""


def compiled(name, *flags):                     # -> the library, loaded
    source, library = (Path(workshop.name) / f"{name}.{end}" for end in ("c", "so"))
    source.write_text(C_SOURCE, encoding="utf-8")
    subprocess.run([compiler, "-std=c99", "-O2", "-shared", "-fPIC", *flags, "-o",
                    str(library), str(source), "-lm"], check=True)
    return ctypes.CDLL(str(library)).gru


def c_port(function, dtype):                    # its arrays, row by row of the batch
    def port(x, h0, w, u, b, b_hn):
        (B, T, I), D = x.shape, h0.shape[1]
        h = np.zeros((B, T + 1, D), dtype)
        h[:, 0] = h0
        x, *weights = (np.ascontiguousarray(a, dtype) for a in (x, w, u, b, b_hn))
        for k in range(B):
            function(T, I, D, *(a.ctypes.data_as(ctypes.c_void_p)
                                for a in (x[k], *weights, h[k])))
        return {"h": h[:, 1:]}
    return port


if compiler is None:
    print("no C compiler: the rest of this section is for reading")
else:
    exact_c = c_port(compiled("gru64"), np.float64)
    print(check_port(exact_c, "gru"))
    single_c = c_port(compiled("gru32", "-DREAL=float"), np.float32)
    report = check_port(single_c, "gru", dtype="float32")
    print(f"in float: {'right' if report.ok else 'wrong'}, off by "
          f"{report.comparison['h'].distance.relative:.0e}")
    for name, flag in [("another order", "-DWRONG_ORDER"),
                       ("a quick tanh", "-DQUICK_TANH")]:
        report = check_port(c_port(compiled(flag[2:], flag), np.float64), "gru")
        print(f"{name}:")
        print(textwrap.fill(report.diagnosis.sentences[0], 84,
                            initial_indent="    ", subsequent_indent="    "))

# %% [markdown]
# The quick tanh is no slip, somebody meant well; and the checker says so: not *wrong gate*, but how large the error
# of the approximation is and where. Whether the model can live with it is for you to decide.
#
# ## 9 · In any language
#
# Where nothing can be called from Python, a program reads a case's folder and writes one of its own, under the same
# names: as `case.json` and `tensors.bin`, as safetensors, or simply a `.npy` file a tensor. `minicrt golden check`
# compares the two. Here the files are written with NumPy, once right and once with the update gate the other way
# round; your program in Rust or on a microcontroller would write them.

# %%
def hand_in(wrong, name="gru"):
    target = Path(workshop.name) / "theirs" / name
    target.mkdir(parents=True, exist_ok=True)
    arrays = {key: case(name)[key].value for key in ("x", "h0", "w", "u", "b", "b_hn")}
    for key, value in gru_port(**arrays, wrong=wrong).items():
        np.save(target / f"{key}.npy", value)


for wrong in "", "z":
    hand_in(wrong)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = minicrt("golden", "check", "golden", "--against", "theirs",
                       "--case", "gru")
    told = printed.getvalue().split("\n\n")[0]      # then a table, wider than a page
    print(*(textwrap.fill(line, 84, subsequent_indent="    ")
            for line in told.splitlines()), f"exit code {code}\n", sep="\n")

# %% [markdown]
# The exit code makes it a test: put the line into whatever runs your tests. `minicrt golden list` shows what there
# is: every operation, the optimizer, and whole models, the CRT with four segments forwards and backwards among them.
#
# ## 10 · Go on
#
# * Port the reading of the memory, $z = y + h + (1 + y) \odot m W_r$, and find `segment0/z` in `case("crt-gru")`. With
#   which tensors of the case can you check it alone?
# * Add a mistake of your own to `gru_port`, one that you would find hard to see. Is it named? If not, what does the
#   checker say that leads there?
# * Give `c_port` the case `gru-saturated`, in float. Why does `logistic` survive $e^{-a}$ for $a = -100$?
# * Write the backward pass in C. In the project's folder, `tests/ports/c/gru.c` has one to compare with.
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `buffer is smaller than requested size` | the offset counts bytes, and the count counts numbers |
# | values of 1e-310, or of 1e300 | bytes in the other order, or float32 read as float64 |
# | 33 for $b_n$ | the candidate's two biases are not added: one of them stands inside of the reset gate |
# | right for $r, z, n$, wrong for the LSTM | the round goes the other way: letters of `ours` are looked up in `theirs` |
# | `array split does not result in an equal division` | blocks of columns: `axis=1` |
# | right for D = 1, wrong for D = 2 | with one unit the reset gate's two places are one, and a matrix cannot be turned |
# | a bound that is smaller than the error | $\lvert x\rvert\,\lvert W\rvert$ is not $\lvert xW\rvert$ |
# | `the port raised TypeError: … unexpected keyword argument` | the port's arguments have the names of the case's tensors |
# | *not handed in* | no mistake: tensors that the port does not return are not compared |
# | `nothing could be compared` | the names of what is returned are not those of the case |
#
# **Next:** [chapter 13](13_edge.ipynb) takes the model to a small device: a token at a time, in constant memory, with
# weights of a byte or half a byte.
