# %% [markdown]
# # 04 · A GRU through time
#
# A recurrent network reads one token after the other and keeps a vector, its state. Each state is made from the one
# before. So a word at the start of a sentence can change what is said at its end, and a mistake at the end has to be
# answered for at the start: its gradient must walk back through every step between.
#
# In this chapter you walk with it. You write one step of a gated recurrent unit, find the four ways by which $h_1$
# acts on $h_2$, each as a number that you can work out on paper, and then the backward pass of the whole sequence.
#
# | | |
# |---|---|
# | you need | chapter 01: $G_y$ for a gradient, the linear layer's backward pass, the complex step |
# | you will be able to | write and check the backward pass of a GRU; say which path of a gradient is missing; tell what an update gate does to a gradient over many steps; cut a long sequence into segments without changing its gradient |
# | time | 90 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | `gru_step`: one step forward | ●○○ | 10 |
# | four terms on paper | ●●○ | 20 |
# | `gru_step_backward`: one step back | ●●○ | 15 |
# | `gru_backward`: all steps back | ●●● | 20 |
#
# `teach.grade("gru_step", gru_step)` tests what you wrote and says what it sees. `teach.hint("gru_step")` gives a
# nudge, and another one when you ask again. `teach.solution("gru_step")` shows code. Nothing later depends on your
# answers: you can leave an exercise and come back.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from minicrt import ops, teach
from minicrt.plotting import BLUE, GREEN, ORANGE

FAST = bool(os.environ.get("MINICRT_FAST"))     # small sizes, to see that it runs
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · One step
#
# A **gated recurrent unit** (GRU) with $D$ units turns its state $h$ and an input $x$ into the next state $h'$. Two
# gates decide how. A gate is a vector of numbers between 0 and 1, made by the logistic function
# $\sigma(a) = 1/(1 + e^{-a})$.
#
# $$
# \begin{aligned}
# r &= \sigma(a_r), & a_r &= x W_r + h U_r + b_r && \text{the reset gate} \\
# z &= \sigma(a_z), & a_z &= x W_z + h U_z + b_z && \text{the update gate} \\
# n &= \tanh(a_n), & a_n &= x W_n + b_n + r \odot c, \quad c = h U_n + b_{hn} && \text{the candidate} \\
# h' &= (1 - z) \odot n + z \odot h &&&& \text{the next state}
# \end{aligned}
# $$
#
# Vectors are rows and $\odot$ multiplies entry by entry. Read the last line first: every unit is a mixture of what it
# was, $h$, and of what is proposed, $n$. Where $z = 1$ it stays what it was: the update gate is **closed**, nothing
# new comes in. The reset gate decides how much of the old state the proposal may see; where $r = 0$ it is closed, and
# $n$ is made of $x$ and $b_n$ alone.
#
# (Some papers write $z$ for what is called $1 - z$ here, and there is a second form of the candidate, which you will
# meet in chapter 05. This is the one of PyTorch and cuDNN.)
#
# In the code the weights of the three stand side by side in one array, always in the order $r$, $z$, $n$:
#
# | array | shape | |
# |---|---|---|
# | `x_t` | $(B, I)$ | the input at step $t$, a row for each of $B$ sequences that are read side by side |
# | `h`, `r`, `z`, `n`, `c` | $(B, D)$ | the state and the parts of the step, likewise |
# | `w` | $(I, 3D)$ | $[W_r, W_z, W_n]$ |
# | `u` | $(D, 3D)$ | $[U_r, U_z, U_n]$ |
# | `b` | $(3D,)$ | $[b_r, b_z, b_n]$ |
# | `b_hn` | $(D,)$ | the bias inside $c$ |
#
# ## 2 · Small enough for paper
#
# One unit, two steps: $D = 1$, $T = 2$. There are three inputs, one for each of $r$, $z$ and $n$: $W$ is the
# $3 \times 3$ identity, so that $x$ *is* $[x W_r, x W_z, x W_n]$. All biases are 0. With
# $\ell = \ln 3 \approx 1.0986$, let
#
# $$U = 2\ell\,(1, 1, 1), \qquad x_1 = \ell\,(-2, -2, -1), \qquad x_2 = \ell\,(-1, -2, -1), \qquad h_0 = 1.$$
#
# The logarithm makes everything come out in fractions: $\sigma(0) = \tfrac12$, $\sigma(-\ell) = \tfrac14$,
# $\tanh 0 = 0$, $\tanh(-\ell/2) = -\tfrac12$.
#
# **On paper:** what are $h_1$ and $h_2$? Keep $r$, $z$, $n$ and $c$ of both steps: you will need them all the way.
# Put your two numbers in place of the dots.

# %% answer="0.5, -0.25"
teach.answer("04.h1", ..., ...)

# %% [markdown]
# ## 3 · The step in code
#
# Now the same for $B$ rows and $D$ units. `np.split(u, 3, axis=-1)` cuts an array into the three blocks. The logistic
# function is given; with `np.exp` it also takes complex numbers, which the complex step will need.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# %% exercise="gru_step"
def gru_step(x_t, h, w, u, b, b_hn):            # (B, I), (B, D), weights -> (B, D)
    """The state after one step.

    w (I, 3D), u (D, 3D) and b (3D,) hold the blocks of r, z, n in this order;
    b_hn (D,) belongs to c = h @ u_n + b_hn
    """
    ...


teach.grade("gru_step", gru_step)

# %% [markdown]
# To compare with, here is the slowest possible way to write it: one number at a time, with `math` and nothing else.
# It works for one unit only, so it has no chance to get an axis wrong.

# %%
from math import exp, log, tanh

ell = log(3)
u_tiny = 2 * ell                                # the same for r, z and n
x_tiny = [(-2 * ell, -2 * ell, -ell), (-ell, -2 * ell, -ell)]

h_naive = [1.0]
for x_r, x_z, x_n in x_tiny:
    h = h_naive[-1]
    r = 1 / (1 + exp(-(x_r + h * u_tiny)))
    z = 1 / (1 + exp(-(x_z + h * u_tiny)))
    n = tanh(x_n + r * (h * u_tiny))
    h_naive.append((1 - z) * n + z * h)
    print(f"r = {r:.4f}   z = {z:.4f}   n = {n:+.4f}   h = {h_naive[-1]:+.4f}")

# %% [markdown]
# The package's function does all steps and all rows: `ops.gru(x, h0, w, u, b, b_hn)` computes $xW + b$ for the whole
# sequence at once, since it does not depend on the state, and loops over the rest. It returns the states and a
# **cache**, which keeps what the backward pass will need: `rz` has $r$ and $z$ side by side, and `x` is in turn the
# cache of the product, with $x$ and $W$ in it.

# %%
x_all = np.array([x_tiny])                      # (B, T, I) = (1, 2, 3)
tiny = (np.eye(3), np.full((1, 3), u_tiny), np.zeros(3), np.zeros(1))    # w, u, b, b_hn

h_all, cache_tiny = ops.gru(x_all, np.ones((1, 1)), *tiny)
print("ops.gru:", h_all.ravel(), " one number at a time:", np.array(h_naive[1:]))
print("cache:", ", ".join(cache_tiny._fields))

# %% [markdown]
# ## 4 · Four ways from $h_1$ to $h_2$
#
# Let the loss look at the second state alone, $L = 4 h_2$. What is $\partial L/\partial h_1$? Count how often $h$
# occurs in the equations of one step: four times.

# %%
PURPLE = "#CC79A7"                              # as the others, of Okabe and Ito
PATHS = {"direct": (BLUE, "-", ""), "update gate": (ORANGE, "--", "//"),
         "candidate": (GREEN, "-.", ".."), "reset gate": (PURPLE, ":", "xx")}
stops = {"direct": [], "update gate": [(3, 1.5, "z")],
         "candidate": [(2, 3, "c"), (3.6, 3.7, "r ⊙ c"), (5.4, 3, "n")],
         "reset gate": [(2, 4.4, "r"), (3.6, 3.7, "r ⊙ c"), (5.4, 3, "n")]}
figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
spot = {"boxstyle": "circle,pad=0.35", "facecolor": "white", "edgecolor": "black"}
for name, (colour, line, _) in PATHS.items():
    way = [(0, 0, ""), *stops[name], (7, 0, "")]
    for (x0, y0, _), (x1, y1, label) in zip(way, way[1:]):
        arrow = {"arrowstyle": "-|>", "color": colour, "linestyle": line,
                 "linewidth": 2.2, "shrinkA": 17, "shrinkB": 17}
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
        axes.text(x1, y1, label, ha="center", va="center", bbox=spot if label else None)
    axes.plot([], [], color=colour, linestyle=line, linewidth=2.2, label=name)
for place, label in [(0, "$h_1$"), (7, "$h_2$")]:
    axes.text(place, 0, label, ha="center", va="center", fontsize=13, bbox=spot)
axes.set(xlim=(-0.6, 9.4), ylim=(-0.8, 5.2))
axes.set_title("Who uses $h_1$ in the second step: four arrows leave it")
axes.axis("off")
axes.legend(frameon=False, loc="center right")
plt.show()

# %% [markdown]
# Two of the ways meet in $r \odot c$ and go on together; they count as two, since they leave $h_1$ by two arrows. Each
# way is a chain of derivatives, and the gradient is the sum of the four. Take them one by one. Write
# $g = \partial L/\partial h_2 = 4$, and use your $r$, $z$, $n$, $c$ of the **second** step. $h$ is the state *before*
# the step, $h_1$.
#
# **Direct.** In $h' = (1 - z)\,n + z\,h$, hold the gates and the candidate still. The coefficient of $h$ is then the
# only thing that counts. What does this way bring back?

# %% answer="1"
teach.answer("04.direct", ...)

# %% [markdown]
# **Through the update gate.** Hold $n$ and the $h$ of the direct way still. Where $z$ rises, $h'$ moves away from the
# candidate and towards the old state: $\partial h'/\partial z = h - n$. Then comes the slope of the logistic
# function, $\partial z/\partial a_z = z(1 - z)$, and then $a_z$ depends on $h$ through $U_z$. So
#
# $$\frac{\partial L}{\partial a_z} = g\,(h - n)\,z\,(1 - z), \qquad\text{times } \frac{\partial a_z}{\partial h} = U_z .$$
#
# Give the number to three decimals.

# %% answer="1.648"
teach.answer("04.update", ...)

# %% [markdown]
# **Through the candidate.** $n$ enters $h'$ with the coefficient $1 - z$; the slope of tanh is $1 - n^2$. Inside,
# $a_n = \dots + r\,c$ with $c = h\,U_n$. For this way hold $r$ still. What stands between $c$ and the tanh?

# %% answer="2.472"
teach.answer("04.candidate", ...)

# %% [markdown]
# **Through the reset gate.** The same entrance, $\partial L/\partial a_n$. But now $c$ is held still and $r$ moves:
# $\partial a_n/\partial r = c$. Then the slope of the logistic function at $a_r$, then $U_r$. This way passes *two*
# of the matrices' entries (one is inside $c$), which shows: it is the only term with $\ell^2$.

# %% answer="1.358"
teach.answer("04.reset", ...)

# %% [markdown]
# ### Ask the forward pass
#
# The forward pass can be asked about each way alone. Give it **four copies** of $h_1$, one for each use, and move one
# copy at a time. With the complex step that is exact to rounding, and it knows nothing of your derivation.

# %%
def second_step(direct, update, candidate, reset):      # four copies of h_1
    x_r, x_z, x_n = x_tiny[1]
    r = sigmoid(x_r + reset * u_tiny)
    z = sigmoid(x_z + update * u_tiny)
    n = np.tanh(x_n + r * (candidate * u_tiny))
    return (1 - z) * n + z * direct


terms = {}
for moved, name in enumerate(PATHS):
    copies = [0.5 + 1e-30j * (which == moved) for which in range(4)]
    terms[name] = 4 * second_step(*copies).imag / 1e-30

figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
for row, (name, term) in enumerate(terms.items()):
    colour, _, hatch = PATHS[name]
    axes.barh(row, term, color=colour, hatch=hatch, edgecolor="white", height=0.7)
    axes.annotate(f"{term:.3f}", (term, row), xytext=(4, 0), va="center",
                  textcoords="offset points")
axes.set_yticks(range(4), terms)
axes.invert_yaxis()
axes.margins(x=0.12)
axes.set(xlabel="contribution to $\\partial L/\\partial h_1$, with $L = 4 h_2$",
         title=f"The four ways; together {sum(terms.values()):.3f}")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# In exact terms: $1 + \tfrac{3}{2}\ell + \tfrac{9}{4}\ell + \tfrac{9}{8}\ell^2$. A total that is off by exactly one
# of these is a total with that way forgotten. If you get 5.478, the memory itself is gone: nobody took the direct
# way.
#
# ## 5 · One step back
#
# Now for $B$ rows and $D$ units. $h$ is a row and stands on the left, $h\,U_z$; chapter 01 has the backward pass of
# such a product. The other operations work entry by entry, so your scalar terms carry over.
#
# A way to stay in order is to go back line by line, the last line of the step first, and to name each gradient after
# its array: `d_n`, `d_a_n`, `d_c`, `d_z`, `d_a_z`, `d_r`, `d_a_r`. Then collect: four ways, four terms.

# %% exercise="gru_step_backward"
def gru_step_backward(g, h, u, r, z, n, c):     # all (B, D) but u (D, 3D) -> (B, D)
    """The gradient of h, the state before the step.

    g is the gradient of the state after it; r, z, n, c belong to the step:
    c = h @ u_n + b_hn
    """
    ...


teach.grade("gru_step_backward", gru_step_backward)

# %% [markdown]
# If it passes, try it on the tiny example. The next cell has the numbers of its second step in the order of the
# arguments; `gru_step_backward(*second)`, in a cell of your own, must give 6.478. The grader uses several units on
# purpose. With one unit $U^\top = U$, and a whole family of mistakes cannot be seen.

# %%
r, z = np.split(cache_tiny.rz[:, 1], 2, axis=-1)        # of the second step, as n and c
second = (np.array([[4.0]]), h_all[:, 0], tiny[1], r, z,
          cache_tiny.n[:, 1], cache_tiny.c[:, 1])       # g, h, u, r, z, n, c
print(*(array.item() for array in (r, z, second[5], second[6])))

# %% [markdown]
# ## 6 · Why gradients add up
#
# Let the loss look at both states now, $L = 2 h_1 + 4 h_2$. Two parties have used $h_1$: the loss itself, which gives
# it the gradient 2, and step 2, which sends back what you have just computed. Both must reach step 1:
#
# $$g_t = \underbrace{G_{h_t}}_{\text{from the loss}} + \underbrace{g_{t+1}\,\frac{\partial h_{t+1}}{\partial h_t}}_{\text{from the step after}}$$
#
# Here $G_{h_t}$ is what the loss itself says of $h_t$, with all later states held still. The second part is what one
# step back makes of $g_{t+1}$, the four ways together; after the last state there is no step, and $g_T = G_{h_T}$.
#
# What is $g_1$, to three decimals?

# %% answer="8.478"
teach.answer("04.g1", ...)

# %% [markdown]
# So backpropagation through time is a loop from $T$ to 1 that carries one array, $g$. At each step: add what the loss
# says of $h_t$; go one step back; what comes out is carried on to $t - 1$. After the last turn $g$ is the gradient of
# $h_0$.
#
# The weights are used at every step too, so their gradients are sums over all steps and rows. They need no place in
# the loop: keep the gradients of $a_r$, $a_z$, $a_n$ and of $c$ for every step, and take one product at the end. With
# $G_a = [G_{a_r}, G_{a_z}, G_{a_n}]$,
#
# $$G_x = G_a W^\top, \qquad G_W = \sum x^\top G_a, \qquad G_b = \sum G_a .$$
#
# For $U$ two things differ. It multiplied the state *before* the step. And its last block did not make $a_n$ but $c$,
# behind the reset gate; so did $b_{hn}$.
#
# The arrays now have a time axis: `h` is $(B, T + 1, D)$ and starts with $h_0$, so `h[:, t]` is the state before step
# `t` of the loop (which counts from 0) and `h[:, t + 1]` the one after it. `r`, `z`, `n`, `c` are $(B, T, D)$. For a
# sum over $b$ and $t$ of products, `np.einsum("btd,btk->dk", p, q)` is convenient.

# %% exercise="gru_backward"
def gru_backward(d_h, x, h, w, u, r, z, n, c):
    """All gradients of a GRU over T steps.

    d_h (B, T, D) is what the loss says of h_1 .. h_T; x (B, T, I);
    h (B, T + 1, D) from h_0 on; r, z, n, c (B, T, D); w (I, 3D); u (D, 3D)
    returns d_x, d_h0, d_w, d_u, d_b, d_b_hn, each of the shape of what it is of
    """
    ...


teach.grade("gru_backward", gru_backward)

# %% [markdown]
# The package's function, `ops.gru_backward`, takes the cache instead of all those arrays. When you are done, open it
# (`ops.gru_backward??` in a cell of your own): its docstring has your equations. Find your lines in its loop. It
# takes the slopes out of the loop, for speed, and one product with $U^\top$ does three of the four ways: `d_h_side`
# is the gradient of $hU$, that is $[G_{a_r}, G_{a_z}, G_c]$, and `d_x_side` that of $xW + b$.
#
# On the tiny example with $L = 2h_1 + 4h_2$, step 1 has $r = z = \tfrac12$, $n = 0$, $c = 2\ell$, $h_0 = 1$. Its four
# ways together come to $\tfrac12 + \tfrac12\ell + \tfrac12\ell + \tfrac12\ell^2 = \tfrac12(1 + \ell)^2$: check it
# with your own formulas. So
#
# $$\frac{\partial L}{\partial h_0} = \tfrac12 (1 + \ell)^2 \left(3 + \tfrac{15}{4}\ell + \tfrac98 \ell^2\right).$$

# %%
d_h_tiny = np.array([[[2.0], [4.0]]])           # what the loss says of h_1 and of h_2
d_x, d_h0, d_w, d_u, d_b, d_b_hn = ops.gru_backward(d_h_tiny, cache_tiny)
on_paper = (1 + ell) ** 2 / 2 * (3 + 15 * ell / 4 + 9 * ell**2 / 8)
print(f"ops.gru_backward {d_h0.item():.10f}")
print(f"on paper         {on_paper:.10f}")

# %% [markdown]
# ## 7 · How far a gradient walks
#
# Over one step the tiny gradient grew, from 4 to 6.5. Over many steps something is multiplied again and again, and a
# product of many factors is hardly ever near 1: it explodes or it vanishes.
#
# The direct way contributes the factor $z$ a step. A fresh GRU with biases of zero has $z \approx \tfrac12$.
# **Predict:** what share of $h_0$ is kept on the direct way after 10 steps at $z = \tfrac12$, and what share at
# $z = \sigma(4) \approx 0.982$? Give three decimals.

# %% answer="0.001, 0.834"
teach.answer("04.kept", ..., ...)

# %% [markdown]
# Measure it. A GRU of 16 units with fresh weights reads noise; the update gate's bias is 0, 2 or 4. The loop below is
# the backward pass of the state alone, with a switch for each way; what is switched off is so in every step. It starts
# from the identity matrix, a row for each unit of $h_T$, so what it carries is the whole matrix
# $\partial h_T/\partial h_t$. Its size is the root of the mean square of its rows' lengths, which is 1 at the start.

# %%
D, T = 16, 12 if FAST else 60


def fresh_gru(rng, update_bias):
    bound = D ** -0.5
    w, u = (rng.uniform(-bound, bound, (D, 3 * D)) for _ in range(2))
    b = np.zeros(3 * D)
    b[D:2 * D] = update_bias                    # order r, z, n
    return w, u, b, np.zeros(D)


def sizes_back(cache, ways):                    # of the matrix from h_T to each h_t
    h, u, n, c = cache.h[0], cache.u, cache.n[0], cache.c[0]
    r, z = cache.rz[0, :, :D], cache.rz[0, :, D:]
    g, sizes = np.eye(D), [1.0]
    for t in reversed(range(T)):
        d_a_n = g * (1 - z[t]) * (1 - n[t] ** 2)
        d_a_z = g * (h[t] - n[t]) * z[t] * (1 - z[t])
        d_a_r = d_a_n * c[t] * r[t] * (1 - r[t])
        back = {"direct": g * z[t],
                "update gate": d_a_z @ u[:, D:2 * D].T,
                "candidate": (d_a_n * r[t]) @ u[:, 2 * D:].T,
                "reset gate": d_a_r @ u[:, :D].T}
        g = sum(back[way] for way in ways)
        sizes.append(np.sqrt((g * g).sum() / D))
    return np.array(sizes)


figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.3), sharey=True,
                              layout="constrained")
for panel, update_bias in zip(panels, [0, 2, 4]):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, T, D))
    _, cache = ops.gru(x, np.zeros((1, D)), *fresh_gru(rng, update_bias))
    every = sizes_back(cache, PATHS)
    panel.semilogy(every, color="black", linewidth=2, label="all four ways")
    panel.semilogy(sizes_back(cache, ["direct"]), color=BLUE, linestyle="--",
                   label="direct way alone")
    panel.semilogy(sizes_back(cache, list(PATHS)[1:]), color=ORANGE, linestyle=":",
                   linewidth=2, label="the other three")
    panel.set(title=f"update bias {update_bias}", xlabel="steps back from $h_T$")
    panel.set_ylim(1e-20, 10)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(alpha=0.25)
    print(f"bias {update_bias}: {every[-1]:.1e} is left after {T} steps")
panels[0].set_ylabel("size of $\\partial h_T/\\partial h_t$")
panels[0].legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# With a high bias the direct way carries nearly all. The other three alone are gone in a few steps; their matrices are
# too small. Yet they help: a gradient may go the direct way in one step and another way in the next, and of such mixed
# walks there are very many. At bias 0 they make the whole some four hundred times the direct way alone after 60 steps,
# and still next to nothing. So the update gate's bias decides how far a gradient walks, and therefore what can be learned
# at all: what a gradient does not reach, nobody can blame.
#
# This is why the CRT starts its memory's gates with biases spread over the distances that it is to bridge
# (specification, `docs/spec.md`, 2.2, part 4).
#
# ## 8 · Across a boundary, and where it is cut
#
# A text is longer than memory. So it is read in segments, and the state goes on from one to the next. If the gradient
# goes on as well, nothing has changed: run the last segment back first, and hand what it says of its first state to
# the segment before. There it is the gradient of $h_T$ from beyond the end, and $g$ starts with it in place of zero:
# the argument `d_last` of `ops.gru_backward`.

# %%
def gradients_in_segments(x, d_h, weights, length, cut):
    """d_u over a text read in segments; `cut` drops the gradient at each boundary."""
    starts = range(0, x.shape[1], length)
    h, caches = np.zeros((len(x), D)), []
    for start in starts:
        states, cache = ops.gru(x[:, start:start + length], h, *weights)
        caches.append(cache)
        h = states[:, -1]                       # the state goes on, cut or not
    d_u, d_last = 0.0, None
    for start, cache in zip(reversed(starts), reversed(caches)):
        d_segment = d_h[:, start:start + length]
        _, d_last, _, d, _, _ = ops.gru_backward(d_segment, cache, d_last)
        d_u = d_u + d
        d_last = None if cut else d_last
    return d_u


rng = np.random.default_rng(1)
weights = fresh_gru(rng, 2)
x, d_h = rng.standard_normal((2, 4, T, D))
whole = gradients_in_segments(x, d_h, weights, T, cut=False)
pieces = gradients_in_segments(x, d_h, weights, 5, cut=False)
difference = np.abs(pieces - whole).max()
print(f"in segments of 5 and at once: largest difference {difference:.0e}")

# %% [markdown]
# Handing `d_last` on has a price: the caches of all segments must be kept until the last one has been read.
# **Truncated** backpropagation drops it at the boundary. The states are still carried, so the forward pass is the
# same; but the gradient is now wrong, and deliberately so. How wrong?
#
# **Predict** before you run the cell: for which update bias does a cut hurt most, 0 or 4?

# %%
lengths = [1, 2, 4, 8, 16, 32]
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
styles = [(0, BLUE, "o-"), (2, GREEN, "s--"), (4, ORANGE, "^:")]
for update_bias, colour, style in styles:
    rng = np.random.default_rng(1)
    weights = fresh_gru(rng, update_bias)
    x, d_h = rng.standard_normal((2, 2 if FAST else 64, T, D))
    whole = gradients_in_segments(x, d_h, weights, T, cut=False)
    cuts = [gradients_in_segments(x, d_h, weights, K, cut=True) for K in lengths]
    errors = [np.linalg.norm(cut - whole) / np.linalg.norm(whole) for cut in cuts]
    axes.plot(lengths, errors, style, color=colour, label=f"update bias {update_bias}")
    print(f"bias {update_bias}:", np.round(errors, 2))
axes.set_xscale("log", base=2)
axes.set_xticks(lengths, lengths)
axes.set(xlabel="length of the segments, in steps", ylabel="relative error of $G_U$",
         title="What a cut at every boundary does to the gradient")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
axes.grid(alpha=0.25)
plt.show()

# %% [markdown]
# Where the state forgets quickly, little comes back anyway, and little is lost. Where it keeps, the cut removes just
# what made it worth keeping. That is the dilemma of a memory: the longer it lasts, the more a truncated gradient
# misses of it. The CRT lets the gradient cross at least one boundary, and chapter 07 draws it there.
#
# ## 9 · Go on
#
# * Put the loss on $h_1$ alone, $L = 2h_1$, in the tiny example. Which entries of `d_x` are zero, and why must they
#   be?
# * In section 7 multiply `u` by 8. At bias 0 the gradient explodes, and yet every way alone vanishes. How can that
#   be?
# * Close the update gate ($z = 1$): set its bias to 40. What are `d_h0`, `d_u` and `d_w` now? Could this network be
#   trained out of that state?
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `matmul: … mismatch in its core dimension` | rows are vectors here: $h\,U_z$ is $(B, D)(D, D)$, and going back keeps that order |
# | `operands could not be broadcast together` | one of the two is $3D$ wide, the other $D$: take one block, by `np.split(u, 3, axis=-1)` |
# | `array split does not result in an equal division` | `np.split` cuts the first axis unless it is told: `axis=-1` |
# | `index … is out of bounds for axis 1` | the loop runs over `reversed(range(T))`; only `h` has $T + 1$ entries |
# | 5.478 for 6.478 | the direct way is missing |
# | 3.182 | the update gate's way has the wrong sign: does raising $z$ move $h'$ to $h$ or to $n$? |
# | 8.949 | something is missing between $c$ and the tanh |
# | right for one unit, wrong for three | a scalar cannot be transposed |
# | right with the loss on the last state alone, wrong otherwise | who else has used $h_t$? |
# | *not attempted*, though you have written something | the function must return; and the cell with `def` must be run again after a change |
#
# **Next:** [chapter 05](05_orthogonal_memory.ipynb) asks for a matrix $U_n$ that neither shrinks nor stretches what goes
# round and round through it.
