# %% [markdown]
# # 01 · Gradients by hand
#
# A network learns because somebody knows the derivative of its loss. Usually that somebody is an automatic
# differentiator. Here it is you: `minicrt` has none, and every backward pass in it was derived on paper, written in
# NumPy, and then *checked*. So is everything that you write in this course.
#
# | | |
# |---|---|
# | you need | the chain rule, matrix products, a little NumPy |
# | you will be able to | derive and write the backward passes of a linear layer and of softmax with cross-entropy; check any gradient by differences and by the complex step; say why a check that passes may prove nothing |
# | time | 90 minutes; nothing is trained |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | a row on paper | ●○○ | 5 |
# | `linear_backward` | ●●○ | 10 |
# | `softmax`, `cross_entropy` | ●○○ | 10 |
# | `cross_entropy_backward`, and a loss on paper | ●●○ | 10 |
# | `central_difference`, `complex_step` | ●○○ | 10 |
# | `tempered_backward` | ●●● | 15 |
# | `rms_norm_backward` | ●●● | 15 |
#
# How an exercise works: fill in the function in its cell and run the cell. `teach.grade` runs *your* function on
# random inputs and says in words what it finds; it never shows the answer. `teach.hint("softmax")` gives a nudge, and
# another one when you ask again; `teach.solution("softmax")` shows the code. No later cell uses what you wrote, so you
# can leave an exercise and come back.

# %%
import textwrap

import numpy as np

from minicrt import ops, plotting, teach
from minicrt.gradcheck import GradientError, check
from minicrt.teach.solutions import gradients as reference      # what later cells use

np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1 · One convention
#
# The loss $L$ is one number. For an array $y$ on the way to it, write
#
# $$G_y = \frac{\partial L}{\partial y}, \qquad (G_y)_{nj} = \frac{\partial L}{\partial y_{nj}} .$$
#
# $G_y$ has **the shape of $y$**, always. In code it is called `d_y`. The backward pass of $y = f(x)$ turns $G_y$, which
# somebody later in the network hands you, into $G_x$:
#
# $$(G_x)_{ni} = \sum_{mj} \frac{\partial y_{mj}}{\partial x_{ni}} \, (G_y)_{mj} .$$
#
# That is the chain rule, and the whole trade: *look for every place where $x_{ni}$ is used, and add up what comes back
# from there.* The Jacobian $\partial y/\partial x$ is never stored; for each operation one works out what the sum comes
# to.
#
# ## 2 · The linear layer
#
# $$y = xW + b, \qquad y_{nj} = \sum_i x_{ni} W_{ij} + b_j, \qquad x\ (N, I),\quad W\ (I, J),\quad b\ (J).$$
#
# ### The example for the rest of this chapter
#
# Two rows ($N = 2$), two inputs ($I = 2$), three classes ($J = 3$). With $\ell = \ln 2$:
#
# $$x = \begin{pmatrix} 1 & 2 \\ -1 & 1 \end{pmatrix}, \quad
# W = \ell\begin{pmatrix} 0 & 1 & -1 \\ 1 & -1 & 1 \end{pmatrix}, \quad
# b = \ell\begin{pmatrix} -1 & 2 & -1 \end{pmatrix}.$$
#
# On paper, the first row of $xW + b$ is $\ell\,(0 + 2 - 1,\; 1 - 2 + 2,\; -1 + 2 - 1) = \ell\,(1, 1, 0)$. Work out the
# second row, three numbers ($\ell$ is 0.6931), and put them in place of the dots.

# %% answer="0, 0, 0.6931"
teach.answer("01.y2", ..., ..., ...)

# %%
log2 = np.log(2)
x = np.array([[1.0, 2.0], [-1.0, 1.0]])
W = log2 * np.array([[0.0, 1.0, -1.0], [1.0, -1.0, 1.0]])
b = log2 * np.array([-1.0, 2.0, -1.0])


def linear(x, W, b):                                # (N, I), (I, J), (J,) -> (N, J)
    return x @ W + b


y = linear(x, W, b)
print("y / ln 2 =\n", y / log2)

# %% [markdown]
# ### Backward, as the definition has it
#
# Write the sum of the forward pass as loops, and the backward pass is the same loops once more. Wherever the forward
# pass *uses* a number, the backward pass *adds* to its gradient. `y[n, j]` uses `x[n, i]` times `W[i, j]`, so the
# gradient of the one gets `d_y[n, j]` times the other.

# %%
def linear_backward_loops(d_y, x, W, b):
    d_x, d_W, d_b = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for n in range(x.shape[0]):
        for j in range(W.shape[1]):
            d_b[j] += d_y[n, j]
            for i in range(x.shape[1]):             # y[n, j] += x[n, i] * W[i, j]
                d_x[n, i] += d_y[n, j] * W[i, j]
                d_W[i, j] += d_y[n, j] * x[n, i]
    return d_x, d_W, d_b

# %% [markdown]
# Now without loops. In $(G_W)_{ij} = \sum_n x_{ni} (G_y)_{nj}$ the sum runs over the rows $n$, the *first* index of both
# factors; in $(G_x)_{ni} = \sum_j (G_y)_{nj} W_{ij}$ over $j$. Each is one matrix product with something transposed.
# Shapes are the first check, and it is free: only one order of the factors gives the shape of $W$. And what was copied
# on the way forward, $b$ into every row, is summed on the way back.

# %% exercise="linear_backward"
def linear_backward(d_y, x, W, b):                  # (N, J) -> (N, I), (I, J), (J,)
    d_x = ...
    d_W = ...
    d_b = ...
    return d_x, d_W, d_b


teach.grade("linear_backward", linear_backward)

# %% [markdown]
# Three ways, the same numbers: the loops, the solution, and `ops.linear_backward`, which the models use. An operation
# of `minicrt.ops` returns its result and a *cache*, what the backward pass needs.

# %%
d_y = np.random.default_rng(0).standard_normal(y.shape)
loops = linear_backward_loops(d_y, x, W, b)
vectorised = reference.linear_backward(d_y, x, W, b)
_, cache = ops.linear(x, W, b)
package = ops.linear_backward(d_y, cache)
for name, one, two, three in zip(["d_x", "d_W", "d_b"], loops, vectorised, package):
    print(name, "largest difference",
          max(np.abs(one - two).max(), np.abs(two - three).max()))

# %% [markdown]
# ## 3 · Softmax and cross-entropy
#
# The scores $y$ become probabilities, and the loss is the mean negative log-probability of the right classes $c_n$:
#
# $$p_{nj} = \frac{e^{y_{nj}}}{\sum_k e^{y_{nk}}}, \qquad L = -\frac{1}{N} \sum_n \ln p_{n c_n} .$$
#
# Because the scores are multiples of $\ln 2$, the $e^{y}$ are powers of two and the probabilities can be had on paper:
# row 1 is $(2, 2, 1)/5 = (0.4, 0.4, 0.2)$, row 2 is $(1, 1, 2)/4 = (0.25, 0.25, 0.5)$.
#
# Write both. Subtract the largest score of each row before `np.exp`: that cancels in the quotient, and without it
# $e^{1000}$ overflows. (The solution writes `y.real.max`. Any shift cancels, so `.real` is there for the reader alone:
# section 4 will hand complex numbers in, and "the largest" is meant of their real parts.)

# %% exercise="softmax"
def softmax(y):                                     # (N, J) -> (N, J)
    """p = e^y / Σ e^y in every row"""
    ...


teach.grade("softmax", softmax)

# %% exercise="cross_entropy"
def cross_entropy(y, classes):                      # (N, J), (N,) -> one number
    """The mean over the rows of −ln p at the right class; use reference.softmax"""
    ...


teach.grade("cross_entropy", cross_entropy)

# %% [markdown]
# With the right classes $c = (0, 2)$ the loss is $\tfrac12(-\ln 0.4 - \ln 0.5) = \tfrac12 \ln 5 \approx 0.8047$. Predict:
# what is it with $c = (0, 0)$?

# %% answer="1.1513"
teach.answer("01.loss", ...)

# %% [markdown]
# **Backward.** Take one row. Since $\ln p_c = y_c - \ln \sum_k e^{y_k}$, and the derivative of the logarithm of the sum
# by $y_j$ is $e^{y_j} / \sum_k e^{y_k} = p_j$,
#
# $$\frac{\partial (-\ln p_c)}{\partial y_j} = p_j - [j = c]$$
#
# with $[j = c]$ being 1 for the right class and 0 otherwise: *what the model said, minus what was right*. Each row sums
# to zero, for adding a constant to all scores of a row changes nothing. That is one row of $N$, and $L$ is a mean; and
# whoever uses $L$ hands you its gradient `d_loss`, a number, which multiplies everything. (1 where the chain starts.)

# %% exercise="cross_entropy_backward"
def cross_entropy_backward(d_loss, y, classes):     # one number -> (N, J)
    one_hot = np.eye(y.shape[1])[classes]           # (N, J): 1 at the right class
    p = reference.softmax(y)
    return ...


teach.grade("cross_entropy_backward", cross_entropy_backward)

# %% [markdown]
# On paper, with $N = 2$ and $c = (0, 2)$:
#
# $$G_y = \frac12\begin{pmatrix} 0.4 - 1 & 0.4 & 0.2 \\ 0.25 & 0.25 & 0.5 - 1 \end{pmatrix}
# = \begin{pmatrix} -0.3 & 0.2 & 0.1 \\ 0.125 & 0.125 & -0.25 \end{pmatrix}$$
#
# $$G_W = x^\top G_y = \begin{pmatrix} 1 & -1 \\ 2 & 1 \end{pmatrix} G_y = \begin{pmatrix} -0.425 & 0.075 & 0.35 \\
# -0.475 & 0.525 & -0.05 \end{pmatrix}, \qquad
# G_b = \begin{pmatrix} -0.175 & 0.325 & -0.15 \end{pmatrix}$$

# %%
classes = np.array([0, 2])
print("p =\n", reference.softmax(y))
print("L =", reference.cross_entropy(y, classes), " and (ln 5)/2 =", np.log(5) / 2)

d_y = reference.cross_entropy_backward(1.0, y, classes)
d_x, d_W, d_b = reference.linear_backward(d_y, x, W, b)
print("G_y =\n", d_y)
print("G_W =\n", d_W)
print("G_b =", d_b)

# %% [markdown]
# The package does both at once, so that the scores of all words need not be kept (and keeps the table of a language
# model as $E = W^\top$):

# %%
loss, cache = ops.linear_cross_entropy(x, W.T, b, classes)
d_x_package, d_table, d_bias = ops.linear_cross_entropy_backward(1.0, cache)
print("loss", loss, " largest difference:",
      max(np.abs(d_x_package - d_x).max(), np.abs(d_table.T - d_W).max(),
          np.abs(d_bias - d_b).max()))

# %% [markdown]
# ## 4 · Is it right? Ask the forward pass
#
# The paper and the code agree, but both are yours. The forward pass is an independent witness: it contains the
# derivative, if one moves an input a little. Three ways to ask it, for one entry $w$ moved by a step $h$:
#
# | method | formula | error of the method | error of rounding |
# |---|---|---|---|
# | forward difference | $\dfrac{L(w + h) - L(w)}{h}$ | $\propto h$ | $\propto u / h$ |
# | central difference | $\dfrac{L(w + h) - L(w - h)}{2h}$ | $\propto h^2$ | $\propto u / h$ |
# | complex step | $\dfrac{\operatorname{Im} L(w + ih)}{h}$ | $\propto h^2$ | $\propto u$, whatever $h$ |
#
# Every stored number is off by up to $u \approx 1.1 \cdot 10^{-16}$ of itself. Differences subtract two numbers that are
# almost equal, and dividing by a small $h$ blows their rounding up. The complex step (Squire and Trapp, 1998) subtracts
# nothing. Taylor's series along the imaginary axis,
#
# $$L(w + ih) = L(w) + ih\,L'(w) - \tfrac{h^2}{2} L''(w) - \tfrac{ih^3}{6} L'''(w) + \dots,$$
#
# has the derivative alone in its imaginary part, up to $h^2$. With $h = 10^{-30}$ the rest is $10^{-60}$: gone. The
# price: the forward pass has to take complex numbers and be analytic. No `abs`; and where it branches or takes a
# maximum, it looks at real parts.
#
# `f` gives one number, and `unit` has the shape of `w` and a single 1: the entry that is moved.

# %% exercise="central_difference"
def central_difference(f, w, unit, h):
    """The derivative of f at w along unit: one step h forth, one back"""
    ...


teach.grade("central_difference", central_difference)

# %% exercise="complex_step"
def complex_step(f, w, unit, h):
    """The derivative of f at w along unit: one step h along the imaginary axis"""
    ...


teach.grade("complex_step", complex_step)

# %%
def forward_difference(f, w, unit, h):
    return (f(w + h * unit) - f(w)) / h


def gradient(derivative, f, w, h):                  # of f(w), one entry at a time
    g = np.empty(w.shape)
    for index in np.ndindex(w.shape):
        unit = np.zeros(w.shape)
        unit[index] = 1
        g[index] = derivative(f, w, unit, h)
    return g


def loss_of_W(W):
    return reference.cross_entropy(linear(x, W, b), classes)


def relative_error(a, right):                       # of a whole tensor, no floor
    return np.abs(a - right).max() / np.abs(right).max()


methods = {"forward difference": forward_difference,
           "central difference": reference.central_difference,
           "complex step": reference.complex_step}
for (name, method), h in zip(methods.items(), [1e-6, 1e-6, 1e-30]):
    error = relative_error(d_W, gradient(method, loss_of_W, W, h))
    print(f"{name:<20} h = {h:.0e}   relative error of G_W {error:.1e}")

# %% [markdown]
# ### The V
#
# One step each is an anecdote. Let $h$ run from 1 down to $10^{-25}$. Before you run the cell: where will each curve
# turn?

# %%
steps = 10.0 ** np.arange(0, -25.25, -0.25)
errors = {name: [relative_error(gradient(method, loss_of_W, W, h), d_W) for h in steps]
          for name, method in methods.items()}
for name, of_steps in errors.items():
    best = int(np.argmin(of_steps))
    print(f"{name:<20} smallest error {of_steps[best]:.0e}, at h = {steps[best]:.0e}")
shown = {name: np.maximum(of_steps, 1e-17) for name, of_steps in errors.items()}
plotting.lines(steps, shown, "step h", "relative error of G_W",
               "A difference has a best step; the complex step needs none", log="xy",
               levels={"rounding, 1.1e-16": 1.1e-16})

# %% [markdown]
# Read it from right to left. Each curve first falls with the slope of its method: one decade a decade for the forward
# difference, two for the others (which lie on one another there). Then the differences turn: rounding, divided by $h$,
# climbs one decade a decade until $w + h$ *is* $w$ and the "derivative" is 0, a relative error of 1. The complex step
# goes down to rounding and stays there. So a check by differences can demand a few digits, and a check by the complex
# step nearly all sixteen. The next section shows why that matters.
#
# ## 5 · Why tolerances fool you
#
# Three gradients that are wrong, each with a check that lets it pass. They are of operations of `minicrt.ops`. What
# all checks below have in common: the gradient of $\sum d_y \odot y$ by the complex step, for a chosen $d_y$.

# %%
def reference_gradient(operation, w, d_y):
    def loss(w):
        return (d_y * operation(w)).sum()
    return gradient(reference.complex_step, loss, w, 1e-30)


rng = np.random.default_rng(0)
x_norm = 3 * rng.standard_normal((4, 6))            # four rows to be normalised
gain, bias = np.ones(6), np.zeros(6)                # as a fresh layer norm has them


def normed(x):
    return ops.layer_norm(x, gain, bias)[0]

# %% [markdown]
# ### 5.1 A sum as the loss
#
# "Sum the outputs and compare the gradients" is the check one writes first. Take layer normalisation,
# $\hat x = (x - \mu)\, r$ with the mean $\mu$ of the row, its variance $v$, and $r = 1/\sqrt{v + \mathrm{eps}}$; and a
# backward pass that forgets that $r$ depends on $x$ as well (chapter 03 has the right one):

# %%
def forgets_the_variance(d_y, x):
    _, (x_hat, r, g) = ops.layer_norm(x, gain, bias)
    d_x_hat = d_y * g
    return r * (d_x_hat - d_x_hat.mean(-1, keepdims=True))


upstream = {"a sum": np.ones((4, 6)), "random weights": rng.standard_normal((4, 6))}
for name, d_y in upstream.items():
    wrong = forgets_the_variance(d_y, x_norm)
    right = reference_gradient(normed, x_norm, d_y)
    print(f"loss = {name + ':':<16} np.allclose {np.allclose(wrong, right)!s:<6}",
          f"largest gradient {np.abs(right).max():.0e},",
          f"largest difference {np.abs(wrong - right).max():.0e}")

# %% [markdown]
# A normalised row sums to zero whatever $x$ is. So the gradient of its sum is zero, and *any* backward pass that gives
# nothing for a constant $d_y$ passes: this one, half of it, minus a thousand times it. Softmax has the same blind spot,
# because its rows sum to one. **Use a random $d_y$.**
#
# ### 5.2 An absolute tolerance
#
# `np.allclose(a, b)` is true where $|a - b| \le 10^{-8} + 10^{-5}|b|$. The first term is an absolute floor. Now take
# what this package is about: a memory written by a recurrent network (a GRU, chapter 04) over 48 tokens, and the
# gradient of the last memory with respect to the first. Each step lets a part of it through, and it becomes tiny. Three
# "backward passes", two of them nonsense:

# %%
D, T = 4, 48
tokens_in = rng.standard_normal((1, T, D))
shapes = [(D, 3 * D), (D, 3 * D), (3 * D,), (D,)]
weights = [0.3 * rng.standard_normal(shape) for shape in shapes]
memory = rng.standard_normal((1, D))


def last_memory(m_0):
    return ops.gru(tokens_in, m_0, *weights)[0][:, -1]


def last_memory_backward(d_m, m_0):
    h, cache = ops.gru(tokens_in, m_0, *weights)
    d_h = np.zeros_like(h)
    d_h[:, -1] = d_m
    return ops.gru_backward(d_h, cache)[1]          # d_h0


def cuts_the_memory(d_m, m_0):                      # as if somebody had detached it
    return np.zeros_like(m_0)

# %%
d_m = rng.standard_normal((1, D))
right = reference_gradient(last_memory, memory, d_m)
central = gradient(reference.central_difference,
                   lambda m: (d_m * last_memory(m)).sum(), memory, 1e-6)
with np.printoptions(precision=2, suppress=False):
    print("complex step      ", right[0])
    print("central difference", central[0], "  <- not a digit of it")
ours = last_memory_backward(d_m, memory)
candidates = {"ours": ours, "cut to zero": 0 * ours,
              "minus 1000 times ours": -1000 * ours}
for name, found in candidates.items():
    error = relative_error(found, right)
    print(f"{name:<22} np.allclose {np.allclose(found, right)!s:<6} "
          f"relative error {error:.0e}")

# %% [markdown]
# `np.allclose` passes all three: below $10^{-8}$ everything is equal to it. A central difference is no help: what it
# should see is far smaller than the rounding of the memory itself. The complex step has the true value to full relative
# precision, since the imaginary part is a floating-point number of its own, and not the last digits of a large one.
# **Compare relative to the tensor's own size, with no floor.**
#
# ### 5.3 A loose relative tolerance
#
# A relative tolerance of 1e-5, that of `np.allclose`, looks strict. But there are mistakes of that size. Put eps outside
# the root, $1/(\sqrt{v} + \mathrm{eps})$ in place of $1/\sqrt{v + \mathrm{eps}}$, in the backward pass only:

# %%
def eps_outside_the_root(d_y, x):
    _, (x_hat, _, g) = ops.layer_norm(x, gain, bias)
    r = 1 / (x.std(-1, keepdims=True) + 1e-5)
    return ops.layer_norm_backward(d_y, (x_hat, r, g))[0]


d_y = rng.standard_normal((4, 6))
right = reference_gradient(normed, x_norm, d_y)
error = relative_error(eps_outside_the_root(d_y, x_norm), right)
print(f"relative error {error:.1e}: passes at 1e-5 {error <= 1e-5}, "
      f"passes at 1e-10 {error <= 1e-10}")

# %% [markdown]
# A small mistake, but a mistake: rows that hardly vary would be scaled quite differently. **Demand what the method can
# deliver**: with the complex step, 1e-10. All three together, each wrong gradient under three checks:

# %%
bugs = [("forgets the variance", normed, forgets_the_variance, x_norm),
        ("cuts the memory", last_memory, cuts_the_memory, memory),
        ("eps outside the root", normed, eps_outside_the_root, x_norm)]
print(f"{'':<24}{'sum, allclose':<18}{'random, allclose':<18}random, relative 1e-10")
for name, operation, backward, w in bugs:
    row = []
    for d_y in np.ones(operation(w).shape), rng.standard_normal(operation(w).shape):
        found, right = backward(d_y, w), reference_gradient(operation, w, d_y)
        row.append(np.allclose(found, right))
    row.append(relative_error(found, right) <= 1e-10)
    cells = "".join(f"{'passes' if passes else 'caught':<18}" for passes in row)
    print(f"{name:<24}{cells.rstrip()}")

# %% [markdown]
# ## 6 · `minicrt.gradcheck.check`
#
# The package's checker does what the last column does: a random $d_y$, the complex step, one relative error for each
# tensor, no floor. It takes plain functions: `forward(*inputs)` and `backward(d_y, *inputs)`, which returns one gradient
# for each floating-point input. Here it is on the two functions of above, joined into one. (Put your own in place of
# those of `reference`.)

# %%
def classifier(x, W, b, classes):
    return reference.cross_entropy(linear(x, W, b), classes)


def classifier_backward(d_loss, x, W, b, classes):
    d_y = reference.cross_entropy_backward(d_loss, linear(x, W, b), classes)
    return reference.linear_backward(d_y, x, W, b)


inputs = [x, W, b, classes]
report = check(classifier, classifier_backward, inputs, rng=np.random.default_rng(1))
print(report)
report.raise_if_wrong()

# %% [markdown]
# The whole numbers in `classes` are passed on and not differentiated. Now break it, and see what you are told. In a test
# you would let the error fly:

# %%
def forgets_the_mean(d_loss, x, W, b, classes):     # the 1/N is lost
    return [len(x) * d for d in classifier_backward(d_loss, x, W, b, classes)]


report = check(classifier, forgets_the_mean, inputs, rng=np.random.default_rng(1))
try:
    report.raise_if_wrong()
except GradientError as error:
    for part in str(error).split("; "):
        print(part)

# %% [markdown]
# A ratio of exactly 2 between the analytic value and the reference, with $N = 2$ rows, all but names the bug. Looking at
# such a ratio is the first step of debugging a gradient. Where there is none, look at *where* it is wrong. A matrix that
# was transposed by mistake is right on its diagonal:

# %%
square = np.random.default_rng(3).standard_normal((6, 6))
plotting.gradient_error(square.T, square, "The error of a transposed gradient")

# %% [markdown]
# For code that takes no complex numbers there is `method="central"`, with Richardson's extrapolation, and with the
# modest tolerance that differences allow. On the vanishing memory gradient it says that it cannot tell:

# %%
for method in "central", "complex":
    report = check(last_memory, last_memory_backward, [memory],
                   rng=np.random.default_rng(2), method=method)
    for line in str(report).splitlines():
        print(line if "  " in line else textwrap.fill(line, 88))
    print()

# %% [markdown]
# ## 7 · Two on your own
#
# **Temperature.** $p = \operatorname{softmax}(y / \tau)$ with one number $\tau$, and the output is $p$ itself, not a
# loss. For $p = \operatorname{softmax}(s)$, derive from $\partial p_k / \partial s_j = p_k([k = j] - p_j)$ what $G_s$ is
# for any $G_p$. Then $s = y/\tau$: what comes back to $y$, and what to $\tau$, which every entry uses?

# %% exercise="tempered_backward"
def tempered_backward(d_p, y, tau):                 # (N, J) -> (N, J), one number
    p = reference.softmax(y / tau)
    d_s = ...                                       # s = y / tau, p = softmax(s)
    d_y = ...
    d_tau = ...
    return d_y, d_tau


teach.grade("tempered_backward", tempered_backward)

# %% [markdown]
# **RMS normalisation.** $y = g \odot x\, r$ in each row, with $r = 1/\sqrt{\tfrac1D \sum_k x_k^2 + \mathrm{eps}}$ and a
# gain $g$ that all rows share. $x_i$ reaches $y_j$ on two ways: directly if $j = i$, and through $r$ for every $j$. First
# the derivative of $r$ by $x_i$ (it has an $r^3$ in it); then add the two ways up.

# %% exercise="rms_norm_backward"
def rms_norm_backward(d_y, x, gain, eps):           # (N, D) -> (N, D), (D,)
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    x_hat = x * r
    d_x_hat = d_y * gain
    d_x = ...
    d_gain = ...
    return d_x, d_gain


teach.grade("rms_norm_backward", rms_norm_backward)

# %% [markdown]
# Two more to think about, without a grade:
#
# - **A bug that hides in the data.** Somebody writes the backward pass of an embedding, `table[tokens]`, as
#   `d_table = np.zeros_like(table); d_table[tokens] += d_y`. Find tokens for which it passes the checker, and tokens for
#   which it is caught. (What does `a[[1, 1]] += 1` do to `a[1]`?)
# - **Not analytic.** Check $y = |x| w$, written with `np.abs`, in the default mode. What does the checker say? Repair the
#   forward pass so that the complex step works, and keep the values as they are: $|x| = x \operatorname{sign}(x)$, and
#   the sign is that of the real part.
#
# ## I get this error
#
# - *`matmul: Input operand 1 has a mismatch in its core dimension`*: two factors in the wrong order, or one not
#   transposed. Write the shapes above them: the inner two must be equal, the outer two are the result's.
# - *`operands could not be broadcast together`* in softmax: `.sum(-1)` gives $(N,)$; with `keepdims=True` it gives
#   $(N, 1)$, which divides a row by its own sum.
# - *`grade` says that each column adds up to 1, and not each row*: a sum over `axis=0` runs down the rows, one over
#   `axis=-1` along a row.
# - *`ComplexWarning: Casting complex values to real`*: somewhere a complex number was written into a real array. Make
#   arrays with `np.zeros_like` of what is to be stored in them.
# - *`not attempted`, but I have written something*: is there a `return` at the end?
#
# `minicrt gradcheck` on the command line runs the same check over every operation and over whole models.
# [Chapter 02](02_attention.ipynb) goes on with the operation that made Transformers: attention.
