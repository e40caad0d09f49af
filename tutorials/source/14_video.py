# %% [markdown]
# # 14 · Video
#
# Somebody takes a cup from a shelf, talks, walks about, sits down and drinks. What did they drink, and where was the
# cup? A model that sees two seconds at a time cannot say. One that looks at all frames at once pays for every frame
# that it looks back to. This is the place for a memory, and the memory is the one of chapter 07, to the line.
#
# In this chapter frames become words, a Transformer learns to look at clips, a vector goes from clip to clip, and in
# the end the frames come in one by one, for as long as you like, in constant memory.
#
# | | |
# |---|---|
# | you need | chapters 01 and 02 for linear layers, cross-entropy and attention; chapter 07 for the memory |
# | you will be able to | turn a clip into rows and write the gradient; say what joint and divided attention cost; train a model of video whose memory goes from clip to clip, and prove that it is the memory that knows; measure classes of unequal size fairly |
# | time | 85 minutes, a few of them waiting |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | eleven numbers on paper | ●○○ | 15 |
# | `cut_patches` | ●○○ | 5 |
# | `patch_gradient` | ●●○ | 15 |
# | `divide_rows` | ●●○ | 10 |
# | `attention_pairs` | ●○○ | 5 |
# | `accuracies` | ●○○ | 5 |
# | `weighted_gradient` | ●●○ | 10 |

# %%
import os

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"      # one thread: other numbers of threads round otherwise

import matplotlib.pyplot as plt
import numpy as np

from minicrt import ops, plotting, teach
from minicrt.accounting import clip_flops, video_costs
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.inference import VideoStream
from minicrt.models.video import create_video_model, run_video
from minicrt.plotting import BLUE, GREY, ORANGE
from minicrt.training import (accuracy, evaluate_video, mean_class_accuracy,
                              train_on_batches)

FAST = bool(os.environ.get("MINICRT_FAST"))     # small budgets, to see that it runs
np.set_printoptions(precision=4, suppress=True)
plt.rcParams.update({"figure.dpi": 100, "font.size": 10})

# %% [markdown]
# ## 1 · What is to be told
#
# Real videos of people at home are lent to researchers, and not to a notebook. So here is a task that asks for the
# same, drawn anew for every batch. The class is a **pair**: a *cue*, one of four signs that is shown in the first
# clip alone (each has a form and a colour of its own), and a *motion*, arms that go up or down in the last clip.
# Between them other motions are made, and a disc in the colour of some cue may lie about, which means nothing.

# %%
task = SyntheticVideo(cues=4, motions=2, clips=4, shortest=2, frames=4, size=24, skew=1)
shown = task.batch(np.random.default_rng(29), 1)
print(f"{len(task.classes)} classes; this is: {task.classes[shown.labels[0]]}")
plotting.film_strip(shown.clips[:int(shown.lengths[0]), 0],
                    [f"clip {n + 1}" for n in range(int(shown.lengths[0]))])

# %% [markdown]
# (24 × 24 pixels: small enough to learn while you wait, and not nice to look at. `SyntheticVideo(size=128)` is.)
#
# Arms that go up and arms that go down have the same frames, in another order. And the cue is drawn without a look at
# anything that the last clip shows. **Predict:** how many of the four cues will the best model of the last clip get
# right, on the mean over the cues?
#
# ## 2 · From a frame to words
#
# A Transformer reads rows of $D$ numbers. A word has its row in a table. A frame is *cut*: squares of $s \times s$
# pixels, called **patches**, do not overlap, and each becomes a row by one and the same linear layer,
#
# $$e_{t,n} = \operatorname{vec}(\text{patch}_{t,n})\, W + b .$$
#
# $t$ counts frames, $n$ counts the patches of a frame row by row, and $\operatorname{vec}$ lists a patch's numbers
# row by row, with the channels of a pixel side by side.
#
# **On paper:** two frames of 2 × 4 pixels in grey, and $s = 2$. A sign moves from the left to the right:
#
# $$
# \text{frame 1} = \begin{pmatrix} 1&0&0&0\\0&1&0&0 \end{pmatrix}, \quad
# \text{frame 2} = \begin{pmatrix} 0&0&1&0\\0&0&0&1 \end{pmatrix}, \quad
# W = \begin{pmatrix} 1&0\\0&1\\0&1\\1&0 \end{pmatrix}, \quad b = 0 .
# $$
#
# The first column of $W$ likes `\`, the second `/`. What is the *first* number of $e_{1,1}$, $e_{1,2}$, $e_{2,1}$ and
# $e_{2,2}$?

# %% answer="2, 0, 0, 2"
teach.answer("14.patches", ..., ..., ..., ...)

# %% [markdown]
# The sign is told by the first number, wherever it is; where it is, is told by the row that says so. Now cut. A
# `reshape` alone cannot do it: pixels that are below each other are far apart in memory.

# %% exercise="cut_patches"
def cut_patches(x, s):                          # (F, Y, X, C) -> (F, N, s s C)
    """Squares of s x s pixels, counted row by row; a square's numbers: the same way."""
    ...


teach.grade("cut_patches", cut_patches)

# %% [markdown]
# A naive loop, and the package's function, on the example and on random clips:

# %%
film = np.zeros((2, 2, 4, 1))
film[0, [0, 1], [0, 1]] = film[1, [0, 1], [2, 3]] = 1
W_film = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], float)


def naive_embedding(x, W, b, s):
    F, Y, X, C = x.shape
    e = np.zeros((F, (Y // s) * (X // s), W.shape[1])) + b
    for t in range(F):
        for i in range(Y):
            for j in range(X):
                for c in range(C):              # which patch, and which of its numbers
                    n = (i // s) * (X // s) + j // s
                    k = ((i % s) * s + j % s) * C + c
                    e[t, n] += x[t, i, j, c] * W[k]
    return e


print(naive_embedding(film, W_film, 0, 2)[..., 0])
rng = np.random.default_rng(0)
s, x = 3, rng.standard_normal((4, 6, 9, 2))
W, b = rng.standard_normal((18, 5)), rng.standard_normal(5)
e, kept = ops.patch_embedding(x[None], W, b, s)
print(f"loop − package: {np.abs(naive_embedding(x, W, b, s) - e[0]).max():.0e}")

# %% [markdown]
# ### And back
#
# The loop says what the gradient is. In its innermost line `x[t, i, j, c]` and `W[k]` meet once, in `e[t, n]`. So what
# comes back to `e[t, n]` goes to both, each times the other: to *one* pixel, for no pixel is in two patches, and to a
# row of $W$ that *every* patch uses.

# %%
def naive_gradient(d_e, x, W, s):
    F, Y, X, C = x.shape
    d_x, d_W, d_b = np.zeros_like(x), np.zeros_like(W), d_e.sum((0, 1))
    for t in range(F):
        for i in range(Y):
            for j in range(X):
                for c in range(C):
                    n = (i // s) * (X // s) + j // s
                    k = ((i % s) * s + j % s) * C + c
                    d_x[t, i, j, c] = d_e[t, n] @ W[k]
                    d_W[k] += d_e[t, n] * x[t, i, j, c]
    return d_x, d_W, d_b


# %% [markdown]
# Now without a loop over pixels. $W$ meets rows, as in chapter 01; what is new is the way back to the places that the
# patches were cut from.

# %% exercise="patch_gradient"
def patch_gradient(d_e, patches, W, s, Y, X):   # (F, N, D), (F, N, P), (P, D)
    """d_x (F, Y, X, C), d_W and d_b of e = patches @ W + b.

    patches are those of x (F, Y, X, C), s x s pixels each, as in cut_patches
    """
    ...


teach.grade("patch_gradient", patch_gradient)

# %%
d_e = rng.standard_normal(e.shape)
package = ops.patch_embedding_backward(d_e, kept)
loops = naive_gradient(d_e[0], x, W, s)
apart = max(np.abs(ours - theirs).max()
            for ours, theirs in zip(loops, (package[0][0], *package[1:])))
print(f"loop − package, d_x, d_W and d_b: {apart:.0e}")

# %% [markdown]
# The pixels are centred and scaled first: $(x - \mu)/\sigma$ with the mean and the deviation of videos to train on.
# It sounds like housekeeping. Pixels from 0 to 1 that deviate by little from their mean all give nearly the same row,
# and what is in a patch is a small part of it.

# %%
sample = task.batch(np.random.default_rng(6), 64)
pixels = np.concatenate([clip.frames[clip.valid].ravel() for clip in sample])
pixel = {"pixel_mean": float(pixels.mean()), "pixel_deviation": float(pixels.std())}
print({name: round(value, 3) for name, value in pixel.items()})
sizes = {"frame_size": task.size, "patch_size": 8, "width": 48, "inner": 96,
         "layers": 2, "heads": 4}               # of all models of this chapter

# %% [markdown]
# ## 3 · Where, when, and what is classified
#
# Attention does not know order (chapter 06). So each row is told two things: *where*, a learned row $s_n$ for every
# place in the frame, and *when*, something for every frame $t$:
#
# $$x_{t,n} = e_{t,n} + s_n + p_t .$$
#
# For $p_t$ one may take a learned table again, or let a GRU count, as in the CRT: it reads the mean of a frame's
# patches, $p_t = \operatorname{GRU}(\bar e_t, p_{t-1})$, and its state goes on into the next clip.
#
# **On paper:** put $p_t = \tfrac12 p_{t-1} + \bar e_t$ in place of the GRU, $p_0 = 0$, and take the first numbers of
# the example above. What are $p_1$ and $p_2$? And $p_1$ of the next clip, if that shows the same frames?

# %% answer="1, 1.5, 1.75"
teach.answer("14.positions", ..., ..., ...)

# %% [markdown]
# The two frames have the same mean, so $p$ does not say where the sign is. It says *when*: $p_1$ and $p_2$ differ, and
# so do those of the next clip. Where and when come together in attention.
#
# At the end there are many rows and one question. Either the **mean** of all outputs is classified, or one row more
# is put in front, the **class token** $c$, learned and without a place, which gathers by attention what it needs. Its
# output is classified. The mean weighs all patches alike, the class token chooses, and that can be looked at.
#
# Does a model without $p_t$ know the order of frames? Turn a clip round and see, with fresh weights:

# %%
clip = shown.clips[0]
for positions in ("none", "learned"):
    for pooling in ("mean", "class"):
        blind = create_video_model(8, task.frames, "vit", positions=positions,
                                   pooling=pooling, **sizes, **pixel)
        weights = blind.initialize(np.random.default_rng(1))
        forward, _ = blind.logits(weights, clip, {})
        backward, _ = blind.logits(weights, clip[:, ::-1], {})
        print(f"positions {positions:<8} {pooling:<6}scores, forward − backward: "
              f"{np.abs(forward - backward).max():.0e}")

# %% [markdown]
# Without positions a film and the same film backwards are one, whatever the weights are. (What is left is rounding.)
# Nobody could tell arms that go up from arms that go down.
#
# ## 4 · Who looks at whom
#
# A clip is now $R + TN$ rows: $R$ of no place, such as the class token, then the $N$ patches of each of $T$ frames.
# In a text a word sees what is before it. A clip is there as a whole, and nothing is hidden. Two ways are common.
#
# * **Joint**: every row looks at every row.
# * **Divided**: first *over time*, each patch at the same place in all frames; then *in each frame*, its patches and
#   the $R$ rows. The $R$ rows look at every frame apart, and what they get is averaged.
#
# What one needs for divided attention is the same rows in other groups. Here is the trap of this chapter: `reshape`
# never moves a number.

# %% exercise="divide_rows"
def divide_rows(x, R, T):                       # (R + T N, D)
    """Who looks at whom: over time (N, T, D), and in each frame (T, R + N, D).

    x is R rows of no place, then the N patches of each of T frames, frame by frame;
    the R rows take part in every frame, and stand in front
    """
    ...


teach.grade("divide_rows", divide_rows)

# %% [markdown]
# A group of $n$ rows costs $n^2$ pairs of a query and a key. **On paper:** how many pairs have joint and divided
# attention for the example, $R = 1$, $T = 2$, $N = 2$?

# %% answer="25, 26"
teach.answer("14.pairs", ..., ...)

# %% [markdown]
# Divided attention costs *more* here. Is it a bad idea? Write it for any size.

# %% exercise="attention_pairs"
def attention_pairs(R, T, N):
    """How many pairs of a query and a key: joint attention, divided attention.

    R rows of no place, T frames of N patches
    """
    ...


teach.grade("attention_pairs", attention_pairs)

# %% [markdown]
# The package counts operations, and attention has $4D$ of them a pair and layer. Read the pairs off, and draw them
# against the length of a clip, for frames of 16 and of 196 patches (the size of the paper's models):

# %%
frames = np.array([1, 2, 4, 8, 16, 32])
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
for panel, side in zip(panels, (4, 14)):
    for way, colour, style in [("joint", ORANGE, "^--"), ("divided", BLUE, "o-")]:
        pairs = []
        for T in frames.tolist():
            sized = create_video_model(8, T, "vit", frame_size=4 * side, patch_size=4,
                                       width=16, heads=2, layers=1, attention=way)
            pairs.append(clip_flops(sized)["attention"] / (4 * 16))
        panel.loglog(frames, pairs, style, color=colour, linewidth=2, label=way)
        print(f"{side * side} patches a frame, 8 frames, {way}: {pairs[3]:,.0f} pairs")
    panel.set(xlabel="frames of a clip", title=f"{side * side} patches a frame")
    panel.set_xticks(frames, frames)
    panel.minorticks_off()
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_ylabel("pairs of a query and a key")
panels[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Joint attention grows with the square of the frames, divided attention hardly faster than with their number, as long
# as a frame has more patches than the clip has frames. Attention is not all that there is, though: divided attention
# has a second set of projections, $8D^2$ operations a row and layer more, and for short clips of small frames that is
# the larger part.

# %%
for way in ("joint", "divided"):
    sized = create_video_model(8, task.frames, "vit", attention=way, **sizes)
    parts = clip_flops(sized)
    total = sum(parts.values())
    print(f"{way:<8}{total:>11,} operations a clip: "
          + ", ".join(f"{part} {count / total:.0%}" for part, count in parts.items()
                      if part != "output"))

# %% [markdown]
# ## 5 · The memory between clips
#
# So far one clip. **CR-ViT** puts the memory of chapter 07 in front, one row more, $R = 2$:
#
# $$
# \begin{aligned}
# y &= \operatorname{norm}(\operatorname{blocks}([\,m_{N-1} ;\ c ;\ x_{1,1} \dots x_{T,N}\,])) \\
# h_t &= \operatorname{GRU}(\bar y_t, h_{t-1}), \quad h_0 = m_{N-1}, \quad m_N = h_{T+1} && \text{written} \\
# z &= y_c + m_N + (1 + y_c) \odot m_{N-1} W_r && \text{read}
# \end{aligned}
# $$
#
# (Outside of the brackets $N$ counts clips.) The writer takes a step for each frame, with the mean $\bar y_t$ of its
# outputs, and a last one with the class token's. The classes are scored from $z$. Recalling, writing and reading are
# not written again for video: the model calls the CRT's own stages, so that their gradients are those of chapter 07,
# the writer's start, the memory token and the reading.
#
# Two things can be tested before anything is trained. A change in the first clip must reach the scores of the last
# one; and with the state cut at every boundary, it must not.

# %%
model = create_video_model(len(task.classes), task.frames, "crvit",
                           positions="learned", **sizes, **pixel)
fresh = model.initialize(np.random.default_rng(0))
clips = task.batch(np.random.default_rng(7), 2, clips=4)
others = clips.clips.copy()
others[0] = others[0, ::-1]                     # two videos exchange first clips
for cut in ((), ("memory",)):
    one, two = (run_video(model, fresh, given, clips.labels, cut=cut).scores
                for given in (clips.clips, others))
    print(f"cut: {', '.join(cut) or 'nothing':<8} scores of the last clip change by "
          f"{np.abs(one - two).max():.0e}")
_, state = model.logits(fresh, clips.clips[0], {})
print("carried:", {name: array.shape for name, array in state.items()})

# %% [markdown]
# The positions here are a learned table and not the GRU, so that *one* vector of 48 numbers a video is all that
# crosses a boundary: whatever the last clip knows of the cue, the memory has told it.
#
# ## 6 · How often is it right?
#
# Classes are rarely of one size. People sit down more often than they take pills, and here sign 1 is more frequent
# than sign 4. Whoever always says the most frequent class is right surprisingly often, and knows nothing. So each
# class gets a share of its own, and the shares are averaged: **mean class accuracy**.

# %% exercise="accuracies"
def accuracies(labels, predicted, K):           # (V,) twice, of the classes 0 .. K - 1
    """The share of videos that are right, and the mean of the classes' shares.

    a class without a video does not count
    """
    ...


teach.grade("accuracies", accuracies)

# %% [markdown]
# And what one measures, one may train for. Give each class a weight $w_k$ and take a weighted mean,
#
# $$L = \frac{\sum_v w_{k_v}\,(-\ln p_{v,k_v})}{\sum_v w_{k_v}} ,$$
#
# $v$ counting videos and $k_v$ being the class of video $v$.
#
# **On paper:** four videos, two classes. Three videos are of the first class, one is of the second; the weights are 1
# and 3; all scores are 0. What is the gradient of $L$ at the *right* score of one of the three, and of the rare one?

# %% answer="-1/12, -1/4"
teach.answer("14.weights", ..., ...)

# %% [markdown]
# Three times the one is the other: together the classes now pull alike.

# %% exercise="weighted_gradient"
def weighted_gradient(d_loss, y, classes, w):   # one number, (V, K), (V,), (K,)
    """d_y of the loss Σ w[class] (−ln p[class]) / Σ w[class], sums over V videos."""
    ...


teach.grade("weighted_gradient", weighted_gradient)

# %% [markdown]
# ## 7 · With a memory and without
#
# First a plain Vision Transformer, which reads the last clip alone, with and without weights for the classes. Then the
# CR-ViT, which reads clip after clip. All are asked once a video, at its end. Videos have two to four clips: where
# little lies between, the cue is found sooner, and what is learned there helps with the longer ones.
#
# **Predict** three numbers each: accuracy, mean class accuracy, and that of the cue alone.

# %%
def parts_of(confusion):                        # (K, K) -> of the pair, cue and motion
    four = confusion.reshape(task.cues, task.motions, task.cues, task.motions)
    cue, motion = four.sum((1, 3)), four.sum((0, 2))
    return [accuracy(confusion), *(mean_class_accuracy(matrix).mean
                                   for matrix in (confusion, cue, motion))]


def tell(name, confusion):
    told = parts_of(confusion)
    print(f"{name:<24}" + "".join(f"{share:>10.3f}" for share in told))
    return told


HEAD = f"{'':<24}" + "".join(f"{name:>10}" for name in ("accuracy", "mean", "cue",
                                                         "motion"))
tested = list(task.fixed_set(0, 40 if FAST else 240, 40))
weights_of = (1 / task.shares) / (1 / task.shares).mean()


def learned(model, steps, reads):
    rng = np.random.default_rng(0)
    return train_on_batches(model, task.videos(np.random.default_rng(1), 32), steps,
                            rng=rng, learning_rate=3e-3, weight_decay=0.01, warmup=30,
                            reads=reads)


print(HEAD)
alone = {}
for name, class_weights in [("all videos alike", None),
                            ("all classes alike", weights_of)]:
    vit = create_video_model(len(task.classes), task.frames, "vit",
                             class_weights=class_weights, **sizes, **pixel)
    trained = learned(vit, 4 if FAST else 120, "last")
    alone[name] = tell(f"ViT, {name}", evaluate_video(vit, trained.parameters, tested,
                                                      reads="last"))
largest = task.shares.reshape(task.cues, -1).sum(1).max()
print(f"of {task.cues} cues the most frequent one has a share of {largest:.3f}")

# %% [markdown]
# The motion is in the last clip, and the first model has learned it. The cue is not there. Who guesses can do no better
# than one in four, *on the mean over the cues*: whatever is said more often for the one is said more often for the
# others, too. That is a ceiling for any model that sees the last clip alone, of any size, after any training (a sample
# may lie a little above it by luck). Accuracy hides it: the first model says the frequent sign, and is right in nearly
# half of all videos.
#
# Weights take that from it, and give nothing on the mean. They do not make knowledge, and they have a price: a video of
# the rarest class now weighs eight times one of the most frequent, and in the same 120 steps the second model has
# hardly found the motion.
#
# Now with a memory.

# %%
run = learned(model, 4 if FAST else 200, "clips")
print(HEAD)
confusion = evaluate_video(model, run.parameters, tested)
whole = tell("CR-ViT", confusion)
severed = tell("CR-ViT, memory cut", evaluate_video(model, run.parameters, tested,
                                                    cut=("memory",)))

# %%
figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
smooth = np.convolve(run.losses, np.ones(5) / 5, "valid")
panels[0].plot(smooth, color=BLUE, linewidth=2)
cue_shares = task.shares.reshape(task.cues, -1).sum(1)
guessed = -(cue_shares * np.log(cue_shares)).sum()
panels[0].axhline(guessed, color=GREY, linestyle="--", linewidth=1)
panels[0].annotate("motion known, cue guessed", (len(smooth), guessed), xytext=(0, 4),
                   textcoords="offset points", fontsize=9, ha="right")
panels[0].set(xlabel="step of training", ylabel="loss, nats a video", ylim=(0, None),
              title="CR-ViT learns")
where = np.arange(4)
arms = [("ViT, last clip", alone["all videos alike"], GREY, ""),
        ("CR-ViT, memory cut", severed, ORANGE, "//"), ("CR-ViT", whole, BLUE, "..")]
for k, (name, told, colour, hatch) in enumerate(arms):
    panels[1].bar(where + 0.27 * (k - 1), told, 0.27, color=colour, hatch=hatch,
                  edgecolor="white", label=name)
panels[1].axhline(task.ceiling, color="black", linestyle="--", linewidth=1)
panels[1].set_xticks(where, ("accuracy", "mean of\nclasses", "cue", "motion"))
panels[1].set(ylim=(0, 1.45), ylabel="share of videos that are right",
              title="dashed: 1/4, the ceiling without the cue")
panels[1].legend(frameon=False, fontsize=9, ncols=3, loc="upper center",
                 columnspacing=0.8, handlelength=1.2)
for panel in panels:
    panel.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
plotting.confusion_map(confusion, task.classes, "CR-ViT on people it has not seen")

# %% [markdown]
# The second line of that table is the proof. The *same* weights, with the memory dropped at each boundary, still know
# the motion and have no cue left. (A cut model may even fall under the ceiling: it was trained to trust a memory, and
# is handed the one of a video's start.) Does it keep the cue for longer than it was trained for?

# %%
lengths = [2, 3, 4] if FAST else [2, 4, 6, 8]
for clips_long in lengths:
    longer = SyntheticVideo(**{**vars(task), "clips": clips_long, "shortest": 0})
    told = parts_of(evaluate_video(model, run.parameters,
                                   longer.fixed_set(1, 40 if FAST else 80, 40)))
    print(f"{clips_long} clips: mean class accuracy {told[1]:.3f}, cue {told[2]:.3f}")

# %% [markdown]
# It was trained on two to four clips, and has the cue after eight, which nobody has asked of it. (80 videos a line, and
# three of them are all of the rarest class: one wrong answer there costs the mean some hundredths.)
#
# ## 8 · Where it looks
#
# The class token's attention in the last block, drawn over the frames, mean over the heads. The shares of a frame's
# patches, the memory and the class token itself add up to one.

# %%
batch = next(iter(task.fixed_set(2, 8, 8)))
video = int(np.argmax(batch.lengths))
frames_seen, looks, names, state = [], [], [], {}
for n in range(int(batch.lengths[video])):
    clip = batch.segment(n).frames[video:video + 1]
    seen = model.inspect(run.parameters, clip, state)
    state = seen["state"]
    for t in {0: [1], int(batch.lengths[video]) - 1: [0, 3]}.get(n, []):
        frames_seen.append(clip[0, t])
        looks.append(seen["token"][-1][0, t])
        names.append(f"clip {n + 1}, frame {t + 1}")
plotting.patch_attention(np.stack(frames_seen), np.stack(looks), names,
                         task.classes[batch.labels[video]])

# %% [markdown]
# In the first clip the corner with the sign is looked at no more than others, and yet the sign is known. The class token
# is not the only way into the memory: the writer reads the mean of each frame's outputs as well. And after a block a row
# holds more than its own patch. So take such pictures with care; what proves where knowledge comes from is a cut, as
# above.
#
# ## 9 · Frame by frame
#
# A camera has no clips, it has a next frame. `VideoStream` collects them; when a clip is full, the model runs, speaks,
# and keeps its memory. What is between two frames is the memory and the frames of the running clip, in a buffer that
# is made once.

# %%
endless = SyntheticVideo(**{**vars(task), "clips": 4 if FAST else 50, "shortest": 0})
long = endless.batch(np.random.default_rng(8), 1, "test")
film_of = long.frames[0]
stream = VideoStream(model, run.parameters)
kept_after = {}
for count, frame in enumerate(film_of, 1):
    told = stream.step(frame)                   # None, or the classes' probabilities
    if count in (5, len(film_of) - 3):          # one frame into a clip, both times
        kept_after[count] = len(stream.save())
print(f"{stream.frames} frames; bytes that are kept:", kept_after)

state = {}
for given in long:
    scores, state = model.logits(run.parameters, given.frames, state)
p = np.exp(scores[0] - scores[0].max())
print(f"stream − clip by clip: {np.abs(p / p.sum() - stream.probabilities).max():.0e}")

# %% [markdown]
# What is kept is as large after five frames as it is later, but for the digits of a count of frames. `save` makes bytes
# of it, and `restore` goes on from there to the same bits, as in chapter 13. On the command line that is
#
# ```sh
# minicrt train --task video --preset video-tiny --out runs/video
# minicrt watch runs/video film.mp4 --picture film.png
# ```
#
# where `film.mp4` may be `camera` as well. (Films need the extra: `pip install ".[video]"`.) Each clip is a line with
# the likeliest classes. The model was only ever asked at the end of a video. Before that it says what it would say
# if the video ended there.
#
# ## 10 · What it costs
#
# The other way to bring the first clip and the last together is to look at all frames at once. Counted, not measured:
# operations for each frame, and what is carried or kept.

# %%
costs = video_costs(len(task.classes), [task.frames], [1, 4, 16], **sizes)
print(f"{'clips':>5}  {'arm':<18}{'operations a frame':>19}{'state, bytes':>14}"
      f"{'kept to train, kB':>19}")
for cost in costs:
    if cost.arm in ("ViT, all frames", "CR-ViT"):
        print(f"{cost.clips:>5}  {cost.arm:<18}{cost.flops_per_frame:>19,.0f}"
              f"{cost.state_bytes:>14,}{cost.activation_bytes / 1000:>19,.0f}")
of_frame = model.config.frame_size ** 2 * model.config.channels * 4
print(f"one more frame, if frames are kept to be looked at again: {of_frame:,} bytes")

# %% [markdown]
# The CR-ViT's frame costs the same however long the video is, and its state does not grow. The model of all frames
# has no state, since it starts anew with all frames whenever it is asked; it must keep them, and over time every
# frame looks at every other. For few clips it is the cheaper one: the memory, its writer and the reading are not free.
# To *train*, both keep what the backward pass needs for all clips. `bptt_segments` cuts that, at the price that
# chapter 04 has shown.
#
# (This counts recurrent positions for the CR-ViT, whose state is then twice that of section 5.)
#
# ## 11 · Go on
#
# * Give the CR-ViT `positions="recurrent"` and train it for as long. Which of cue and motion does it learn first?
# * Train it with `reads="last"`. What has become of its memory?
# * Let the loss be asked at every clip: `when="every"`. What does that say to a clip in the middle, which cannot know
#   the motion?
# * Set `distractors=1` and `noise=0.15`. Which of the two hurts, the cue or the motion?
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `the clip holds a pixel that is not within 0 and 1` | bytes go from 0 to 255: divide; the model centres by itself |
# | `cannot reshape array of size …` | $s$ must divide the frame's height and width; rows of no place are no patches |
# | a cut frame looks like stripes | a reshape without a transpose |
# | 17 pairs, or 18 | divided attention is two attentions: $NT^2$ *and* $T(R+N)^2$ |
# | `Mean of empty slice`, and `nan` | a class without a video: leave it out |
# | −1/8 | the loss is divided by the weights of the videos, 6, and not by their number |
# | accuracy well above mean class accuracy | the frequent cue is told wherever it is not known |
# | motion at ½ | arms up or down, told by a coin: does the model know when a frame was? |
#
# **Go back** to the chapter list in the README for what you have not seen, or train on your own films:
# `minicrt train --task video --corpus FOLDER`, a folder of `CLASS/*.mp4`.
