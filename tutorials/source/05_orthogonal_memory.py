# %% [markdown]
# # 05 · Orthogonal memory
#
# In chapter 04 a gradient walked back through a GRU, and three of its four ways went through a matrix at every step.
# They were gone after a few. What if the matrix neither shrank nor stretched anything, however often it is applied?
# Such matrices are called orthogonal. This chapter builds one from free numbers, so that training can move it and it
# stays orthogonal, puts it into a GRU, and asks on a task whether that helps.
#
# | | |
# |---|---|
# | you need | chapter 04; the inverse of a matrix; what $Q^\top Q = I$ says |
# | you will be able to | make an orthogonal matrix from any numbers and send a gradient through it; follow an inverse by a few products; write a step back of the NC-GRU; say when orthogonality helps and what it costs |
# | time | 80 minutes |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | nine numbers on paper | ●○○ | 10 |
# | `scaled_cayley`: an orthogonal matrix from free numbers | ●●○ | 10 |
# | `scaled_cayley_backward`: its gradient | ●●● | 20 |
# | `neumann_inverse`: an inverse that follows a step | ●●○ | 10 |
# | `ncgru_step_backward`: one step back | ●●● | 15 |

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from minicrt import ops, teach
from minicrt.plotting import BLUE, GREEN, GREY, ORANGE

FAST = bool(os.environ.get("MINICRT_FAST"))     # small sizes, to see that it runs
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · Round and round
#
# Take a vector and multiply it by the same matrix again and again. **Predict:** a fresh GRU draws its matrices evenly
# from $\pm 1/\sqrt D$. Will the vector's length stay, shrink or grow?

# %%
D, rounds = 48, 60
rng = np.random.default_rng(0)
fresh = rng.uniform(-D ** -0.5, D ** -0.5, (D, D))
orthogonal, _ = np.linalg.qr(rng.standard_normal((D, D)))

figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
for matrix, name, colour, line in [(fresh, "as a GRU starts", BLUE, "-"),
                                   (2 * fresh, "twice that", ORANGE, "--"),
                                   (orthogonal, "orthogonal", GREEN, "-.")]:
    x, lengths = np.ones(D) / np.sqrt(D), [1.0]
    for _ in range(rounds):
        x = x @ matrix
        lengths.append(np.sqrt(x @ x))
    axes.semilogy(lengths, line, color=colour, label=f"{name}: {lengths[-1]:.1e}")
axes.set(xlabel="how often the matrix was applied", ylabel="length of the vector",
         title="A matrix is stable for one choice of size, and for every rotation")
axes.legend(frameon=False, title=f"after {rounds} rounds", loc="lower left")
axes.grid(alpha=0.25)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The length is changed by a nearly constant factor a round, and any factor but 1 is fatal in the long run. One could
# look for the right size, but a general matrix stretches some directions and shrinks others. An **orthogonal**
# matrix, $U^\top U = I$, keeps all lengths: $(xU)(xU)^\top = x\,UU^\top x^\top = xx^\top$. A gradient goes back
# through $U^\top$, which is orthogonal as well, and keeps its length too.
#
# The trouble: add a step of gradient descent to $U$ and it is no longer orthogonal.
#
# ## 2 · An orthogonal matrix from free numbers
#
# So do not train $U$. Train other numbers, from which $U$ is made, in such a way that *every* choice of them gives an
# orthogonal matrix. The **scaled Cayley transform** is such a recipe (Helfrich, Willmott and Ye, 2018). For $n$ units
# it takes $n(n-1)/2$ numbers $a$:
#
# $$
# A = \begin{pmatrix} 0 & a_1 & a_2 \\ -a_1 & 0 & a_3 \\ -a_2 & -a_3 & 0 \end{pmatrix}, \qquad A^\top = -A, \qquad U = (I + A)^{-1}(I - A)\,S .
# $$
#
# The numbers stand above the diagonal, row by row, and with a minus below it: $A$ is *skew-symmetric*. $S$ is a
# diagonal of ones, of which the last few are $-1$; how many, `negatives`, is fixed before training. Why it works:
# $I + A$ and $I - A$ are transposes of each other, and they commute, so
#
# $$U^\top U = S\,(I + A)(I - A)^{-1}\,(I + A)^{-1}(I - A)\,S = S\,S = I .$$
#
# The inverse always exists: $x A x^\top = 0$ for every $x$, so $x(I + A) = 0$ would say $xx^\top = 0$.
#
# ### Small enough for paper
#
# For $n = 2$ there is one number. Let $a = \tfrac12$ and `negatives` $= 0$. Remember
# $\begin{pmatrix} 1 & a \\ -a & 1 \end{pmatrix}^{-1} = \frac{1}{1 + a^2}\begin{pmatrix} 1 & -a \\ a & 1 \end{pmatrix}$.
# **On paper:** what is the first row of $U$?

# %% answer="0.6, -0.8"
teach.answer("05.row", ..., ...)

# %% [markdown]
# In general the result is $\frac{1}{1+a^2}\begin{pmatrix} 1 - a^2 & -2a \\ 2a & 1 - a^2 \end{pmatrix}$, a rotation by
# the angle $\theta = 2\arctan a$. As $a$ runs over all numbers, the angle runs from $-180°$ to $180°$, and only the
# half turn itself is never reached. With one `negatives` the last column changes its sign, and the rotation becomes a
# reflection: that is what $S$ is for. No $A$ alone gives $\det U = -1$.
#
# Now write it for any $n$. `np.triu_indices(n, 1)` lists the places above the diagonal, row by row:
# `A[np.triu_indices(n, 1)] = a` fills them.

# %% exercise="scaled_cayley"
def scaled_cayley(a, negatives, n):             # (n(n-1)/2,), how many -1, n -> (n, n)
    """U = (I + A)^-1 (I - A) S, with A skew-symmetric, a above its diagonal.

    S is diagonal; its last `negatives` entries are -1, the others 1
    """
    ...


teach.grade("scaled_cayley", scaled_cayley)

# %% [markdown]
# The naive way for comparison: fill $A$ entry by entry, and solve for one column of $U$ at a time. And the package's
# function, which also returns a cache.

# %%
def naive_cayley(a, negatives, n):
    A, k = [[0.0] * n for _ in range(n)], 0
    for i in range(n):
        for j in range(i + 1, n):
            A[i][j], A[j][i] = a[k], -a[k]
            k += 1
    columns = []
    for j in range(n):
        right = [float(i == j) - A[i][j] for i in range(n)]
        sign = -1.0 if j >= n - negatives else 1.0
        columns.append(sign * np.linalg.solve(np.eye(n) + np.array(A), right))
    return np.array(columns).T


a_five = np.random.default_rng(1).standard_normal(10)       # n = 5
U_five, cache_five = ops.scaled_cayley(a_five, 2, 5)
difference = np.abs(U_five - naive_cayley(a_five, 2, 5)).max()
print(f"package − naive: {difference:.0e}")
print(f"U'U − I:         {np.abs(U_five.T @ U_five - np.eye(5)).max():.0e}")
U_two, _ = ops.scaled_cayley(np.array([0.5]), 0, 2)
print("n = 2, a = 1/2: ", U_two.round(12).tolist())

# %% [markdown]
# ## 3 · Its gradient
#
# Somebody hands back $G_U$. What is the gradient of $a$? On paper first, for $n = 2$ and $a = \tfrac12$. Let $L$ be
# one entry of $U$. **Predict** $dL/da$ for $L = U_{11} = \cos\theta$, and for $L = U_{21} = \sin\theta$. (By
# $\theta = 2 \arctan a$, or from the fractions above.)

# %% answer="-1.28, 0.96"
teach.answer("05.slope", ..., ...)

# %% [markdown]
# For any $n$, differentiate $(I + A)\,U = (I - A)\,S$ as a product: $dA\,U + (I + A)\,dU = -dA\,S$, hence
#
# $$dU = -(I + A)^{-1}\, dA\, (U + S) .$$
#
# This says what a small change of $A$ does to $U$. The gradient is the same read backwards: from $\sum G_U \odot dU$
# move each factor to the other side, transposed, until $dA$ stands alone. Call what is left $-Q$: it would be the
# gradient of $A$'s entries, were they all free.
#
# They are not. Each $a_k$ stands in two places: at $(i, j)$ with a plus and at $(j, i)$ with a minus. So its gradient
# has two terms. As always: used twice, two gradients add up, each with its sign.
#
# The cache has `U`, `inverse` $= (I + A)^{-1}$, and `sign`, the diagonal of $S$.

# %% exercise="scaled_cayley_backward"
def scaled_cayley_backward(d_U, U, inverse, sign):      # (n, n) -> (n(n-1)/2,)
    """The gradient of a. inverse is (I + A)^-1; sign (n,) is the diagonal of S."""
    ...


teach.grade("scaled_cayley_backward", scaled_cayley_backward)

# %% [markdown]
# What it buys: take a rotation, spoil it with noise, and look for it by gradient descent, once in $U$ itself and once
# in $a$. The loss is the sum of the squared differences.

# %%
def distance(U):                                # from U'U to I
    return np.abs(U.T @ U - np.eye(len(U))).max()


n = 8
rng = np.random.default_rng(2)
rotation, _ = ops.scaled_cayley(0.4 * rng.standard_normal(n * (n - 1) // 2), 0, n)
target = rotation + 0.1 * rng.standard_normal((n, n))
a = np.zeros(n * (n - 1) // 2)
U_free = np.eye(n)                              # what a = 0 makes
rows = []
for _ in range(30 if FAST else 150):
    U, cache = ops.scaled_cayley(a, 0, n)
    rows.append((((U - target) ** 2).sum(), distance(U),
                 ((U_free - target) ** 2).sum(), distance(U_free)))
    a = a - 0.1 * ops.scaled_cayley_backward(2 * (U - target), cache)
    U_free = U_free - 0.1 * 2 * (U_free - target)
rows = np.array(rows)
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for panel, columns, label in [(panels[0], (0, 2), "loss"),
                              (panels[1], (1, 3), "largest entry of $U^T U - I$")]:
    panel.plot(rows[:, columns[0]], color=GREEN, label="steps in $a$")
    panel.plot(rows[:, columns[1]], "--", color=ORANGE, label="steps in $U$")
    panel.set(xlabel="step of gradient descent", ylabel=label)
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
panels[1].legend(frameon=False)
plt.show()

# %% [markdown]
# The free descent finds the target, noise and all, and is no longer orthogonal. The descent in $a$ cannot follow the
# noise: it stops at a rotation nearby, and was orthogonal to rounding at every step on the way.
#
# ## 4 · An inverse that follows
#
# Each step of training moves $a$, and $(I + A)^{-1}$ is needed anew. An inverse costs some $n^3$ operations. But the
# step is small, and the old inverse is at hand. Write $\Delta A = A_{\text{old}} - A_{\text{new}}$; then
#
# $$(I + A_{\text{new}})^{-1} = \big((I + A)\,(I - X)\big)^{-1} = (I - X)^{-1}(I + A)^{-1}, \qquad X = (I + A)^{-1}\Delta A,$$
#
# with $A$ the old one. And $(I - X)^{-1} = I + X + X^2 + \dots$, as $1/(1 - x) = 1 + x + x^2 + \dots$ for numbers:
# the **Neumann series**. Stopped after $X^k$ it leaves an error of order $\|X\|^{k+1}$.
#
# For $n = 2$, $a = \tfrac12$ going to $0.4$, so that $\Delta A$ has $0.1$ above its diagonal. **On paper:** the first
# row of $X$. (The old inverse is $\begin{pmatrix} 0.8 & -0.4 \\ 0.4 & 0.8 \end{pmatrix}$.)

# %% answer="0.04, 0.08"
teach.answer("05.x", ..., ...)

# %% exercise="neumann_inverse"
def neumann_inverse(inverse, delta_A, order):   # (n, n), (n, n), 1 or more -> (n, n)
    """(I + X + ... + X^order) inverse, with X = inverse delta_A."""
    ...


teach.grade("neumann_inverse", neumann_inverse)

# %%
sizes = np.logspace(-4, -0.5, 15)
direction = rng.standard_normal(10)
inverse = ops.cayley_inverse(a_five, 5)
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for order, colour, style in [(1, BLUE, "o-"), (2, GREEN, "s--"), (3, ORANGE, "^:")]:
    errors = []
    for size in sizes:
        exact = ops.cayley_inverse(a_five - size * direction, 5)
        followed = ops.neumann_inverse(inverse, size * direction, order)
        errors.append(np.abs(followed - exact).max())
    slope = np.polyfit(np.log(sizes[4:10]), np.log(errors[4:10]), 1)[0]
    axes.loglog(sizes, errors, style, color=colour, markersize=4,
                label=f"up to $X^{order}$: slope {slope:.1f}")
axes.set(xlabel="size of the step in $a$", ylabel="largest error of the inverse",
         title="Each further product gains one power of the step")
axes.legend(frameon=False)
axes.grid(alpha=0.25)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The errors add up from step to step, so now and then an exact inverse must be taken. And $\Delta A$ must be the step
# that was *really taken*, $a_{\text{old}} - a_{\text{new}}$. If the optimiser is Adam, the learning rate times the
# gradient is another step, and the inverse would follow another matrix. At the sizes of this course an exact inverse
# costs little, and the package's models always take it.
#
# ## 5 · The NC-GRU
#
# The **NC-GRU** (Mucllari et al., 2022; N for Neumann, C for Cayley) is a GRU with three changes:
#
# $$
# \begin{aligned}
# r &= \sigma(x W_r + h U_r + b_r), \qquad z = \sigma(x W_z + h U_z + b_z) \\
# v &= x W_n + (r \odot h)\, U_n, \qquad U_n \text{ orthogonal} \\
# n &= \operatorname{modrelu}(v, b_n) = \operatorname{relu}(|v| + b_n)\operatorname{sign}(v) \\
# h' &= (1 - z) \odot n + z \odot h
# \end{aligned}
# $$
#
# * $U_n$ is made by the Cayley transform.
# * The reset gate acts on $h$ *before* the product, not on the product after it. (This is the second form of the
#   candidate that chapter 04 promised.)
# * The candidate is no tanh. **modReLU** keeps the sign of $v$ and moves its size by $b_n$; where nothing is left, it
#   gives 0. With $b_n = 0$ it is the identity. Unlike tanh it does not squeeze, so it does not spoil what the
#   orthogonal matrix preserves.
#
# **On paper:** $\operatorname{modrelu}(-2, -\tfrac12)$, and its derivatives with respect to $v$ and to $b$.

# %% answer="-1.5, 1, -1"
teach.answer("05.modrelu", ..., ..., ...)

# %% [markdown]
# One step back, then. The direct way and the update gate's are those of chapter 04. The other two now meet in
# $r \odot h$: first get the gradient of that product, `d_rh`, then split it between its two factors.

# %% exercise="ncgru_step_backward"
def ncgru_step_backward(g, h, u, r, z, n, v, b_n):      # -> (B, D)
    """The gradient of h, the state before the step, given g, that of the state after.

    g, h, r, z, n, v are (B, D); v = x @ w_n + (r * h) @ u_n is the argument of
    modrelu, b_n (D,) its bias; u (D, 3D) holds the blocks of r, z, n
    """
    ...


teach.grade("ncgru_step_backward", ncgru_step_backward)

# %% [markdown]
# ## 6 · A task that needs it
#
# Which task would show the difference? Not holding a word for long: the update gate does that, by keeping a unit
# still, and a plain GRU has that gate too. Take an **echo**: at every step, say which symbol was read `DELAY` steps
# ago, sixteen here. Now a new symbol comes in at every step and all of the last sixteen must be kept apart. What is
# kept has to *move*, as on a conveyor belt, and what moves goes through the candidate and its matrix at every step.
# Whoever guesses is right in one case of eight.
#
# Both networks get the same inputs (the symbol as a row of the identity matrix), the same output layer and the same
# optimiser. The gates are part of the question, so there are two starts: **closed halfway**, all biases 0; and
# **open**, with $b_r = 3$ and $b_z = -2$, so that nearly all of the state goes through the candidate.
#
# **Predict** the order of the four before you run them.

# %%
from minicrt import engines
from minicrt.models import initialisers
from minicrt.models.cells import GRU, NCGRU
from minicrt.models.parameters import Parameters, ParameterSpec
from minicrt.training import AdamW

SYMBOLS, DELAY, LENGTH, ROWS = 8, 16, 48, 32
STEPS = 20 if FAST else 500
engine = engines.get()                          # compiled operations, if there are


def echo(rng):                                  # -> inputs (B, T, V), targets (B, T)
    symbols = rng.integers(0, SYMBOLS, (ROWS, LENGTH))
    targets = np.full_like(symbols, -1)         # −1: nothing is asked
    targets[:, DELAY:] = symbols[:, :-DELAY]
    return np.eye(SYMBOLS, dtype=np.float32)[symbols], targets


def start(cell, opened, rng):
    specs = cell.specs("cell.", SYMBOLS, D)
    specs += [ParameterSpec("out.w", (SYMBOLS, D), initialisers.normal(D ** -0.5)),
              ParameterSpec("out.b", (SYMBOLS,), initialisers.zeros, decay=False)]
    parameters = Parameters(specs)
    for spec in specs:
        parameters[spec.name] = spec.initial(rng, spec.shape)
    if opened:
        parameters["cell.b"][:D], parameters["cell.b"][D:2 * D] = 3, -2     # r, z
    return parameters


def one_step(cell, p, g, optimizer, rng):       # -> the share of right answers
    inputs, targets = echo(rng)
    zeros = np.zeros((ROWS, D), np.float32)
    states, cache = cell.run(engine, p.scope("cell."), inputs, zeros)
    rows, asked = np.ascontiguousarray(states).reshape(-1, D), targets.reshape(-1)
    _, of_loss = engine.linear_cross_entropy(rows, p["out.w"], p["out.b"], asked)
    g.flat[:] = 0
    d_rows, g["out.w"], g["out.b"] = engine.linear_cross_entropy_backward(1.0, of_loss)
    cell.run_backward(engine, d_rows.reshape(states.shape), cache, None,
                      g.scope("cell."))
    norm = np.sqrt((g.flat * g.flat).sum())
    optimizer.step(p, g, scale=min(1.0, 1.0 / norm))        # clipped at 1
    said = (rows @ p["out.w"].T + p["out.b"]).argmax(1)
    return (said == asked)[asked >= 0].mean()


def train_echo(cell, opened, seed=0):
    rng = np.random.default_rng(seed)
    parameters = start(cell, opened, rng)
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, 3e-3, 0.0)
    return [one_step(cell, parameters, gradients, optimizer, rng) for _ in range(STEPS)]


# %%
curves = {}
for name, cell in [("GRU", GRU()), ("NC-GRU", NCGRU())]:
    for opened in False, True:
        curves[name, opened] = train_echo(cell, opened)
        accuracy = np.mean(curves[name, opened][-20:])
        gates = "open" if opened else "halfway"
        print(f"{name:<7} gates {gates:<8} right {accuracy:.2f}")

# %%
figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
lines = {("GRU", False): (BLUE, ":"), ("GRU", True): (BLUE, "-."),
         ("NC-GRU", False): (ORANGE, "--"), ("NC-GRU", True): (ORANGE, "-")}
for (name, opened), curve in curves.items():
    colour, line = lines[name, opened]
    smooth = np.convolve(curve, np.ones(20) / 20, "valid")
    axes.plot(smooth, line, color=colour, linewidth=2,
              label=f"{name}, gates {'open' if opened else 'halfway'}")
axes.axhline(1 / SYMBOLS, color=GREY, linewidth=0.8)
axes.set(xlabel="step of training", ylabel="share of right answers", ylim=(0, 1.02),
         title=f"Echo of {DELAY} steps ago (means of 20 steps; thin: guessing)")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# With open gates the GRU does not get off the ground: what its fresh matrix does to a vector in sixteen rounds you
# saw in section 1, and the gradient fares alike. The NC-GRU's rotation carries both. With the gates halfway the
# difference is small: each step leaves half of the state where it is and passes only half of it on, by a reset gate
# that halves it once more. No rotation helps against that.
#
# (One seed proves little. `train_echo(NCGRU(), True, seed=1)` ends at 0.70, `train_echo(GRU(), True, seed=1)` at
# 0.13, as means of the last 20 steps.)
#
# So the honest summary has two halves. Orthogonality pays where the state has to *go through the matrix* many times.
# Where it only has to be kept, the update gate does it, and the matrix hardly matters. Which of the two a task needs,
# nobody tells you beforehand.
#
# modReLU has a price too: it is not bounded, and neither is the state. In the CRT a layer norm therefore stands on
# the memory token of an NC-GRU, and on the writer's states that are added to the outputs; $W_r$ reads the memory as it
# is carried.
#
# ## 7 · Go on
#
# * Set `DELAY = 4`. Is the GRU with open gates still lost?
# * Change the task to holding: a symbol at the start, filler, and the question at the end. Which of the four learns
#   it first now? And which if the update gates start at $b_z = 3$?
# * Replace the orthogonal matrix's start, a set of rotations, by $a = 0$: `parameters["cell.skew_candidate"][:] = 0`.
#   Then $U = S$ turns nothing. Is the echo still learned?
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `NumPy boolean array indexing assignment cannot assign …`, or shapes that do not fit in `A[...] = a` | $a$ has $n(n-1)/2$ numbers, and `np.triu_indices(n, 1)` (with the 1) as many places |
# | $-0.6$, $0.8$ for the row | the diagonal of $I - A$ is positive |
# | $U^\top U \ne I$ | $A^\top = -A$? For `A + A.T` the transform gives no orthogonal matrix |
# | the gradient of $a$ is half of what is expected | each $a_k$ stands in two places |
# | right for `negatives` = 0 alone | $S$ stands in the formula of $Q$ as well |
# | `Singular matrix` | $I + A$ can always be inverted, $I - X$ cannot: is a Neumann series an inverse of the right thing? |
# | a loss of `nan` in section 6 | modReLU has no bound: is the gradient still clipped? |
#
# **Next:** [chapter 06](06_where_a_token_stands.ipynb) uses a GRU for something else: to tell a Transformer where in the
# text it is.
