# %% [markdown]
# # 08 · Penn Treebank
#
# Until now the texts were small. Penn Treebank is the one on which word-level language models were compared for two
# decades: a million words from the Wall Street Journal, cut into sentences, numbers replaced by `N`, and all but the
# 10,000 most frequent words by `<unk>`. In this chapter you train two models on it, a Transformer with segments of 70
# tokens and a CRT with *half* of that, and find out what the one is worth against the other: by the token, by the
# second, and word by word.
#
# | | |
# |---|---|
# | you need | chapter 00 for the words, chapter 07 for the CRT; 04 for truncation |
# | you will be able to | cut a text so that a memory has something to remember; turn losses into perplexity and bits; compare two models fairly, with error bars; see which words a memory helps |
# | time | 90 minutes, ten of them computing |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | two numbers on paper (section 2) | ●○○ | 5 |
# | `perplexity` | ●○○ | 5 |
# | `surprisal_bits` | ●●○ | 10 |
# | which tokens? (section 3) | ●○○ | 5 |
# | `cut_into_segments` | ●●○ | 15 |
# | operations and bytes (section 4) | ●●○ | 10 |
# | `loss_by_place` | ●●○ | 10 |
#
# If Penn Treebank is not on this machine, `minicrt data get ptb` fetches it; without it the chapter runs on the default
# corpus, and says so. The six cells of section 5 train for a minute or two each, and while one does, no other cell
# runs. So read sections 1 to 4 while they work: *Run all* once (an exercise that is left open stops nothing), and
# interrupt the kernel when you want to try something. What was trained is kept, and the same cell goes on from there.

# %%
import os

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"      # one thread: other numbers of threads round otherwise
os.environ.update(COLUMNS="88", LINES="24")     # a bar of progress keeps to that width

import dataclasses
import signal
import sys
import textwrap
import time
from pathlib import Path

import numpy as np

from minicrt import plotting, teach
from minicrt.accounting import forward_flops, segment_flops, state_values
from minicrt.data import TokenStream, load_corpus, unigram_perplexity
from minicrt.errors import DataError
from minicrt.inference import generate, surprisal
from minicrt.models import create_model
from minicrt.training import (AdamW, Bar, Interrupted, Progress, TrainingConfig,
                              cut_entries, load_run, resume, train, train_step)

FAST = bool(os.environ.get("MINICRT_FAST"))     # tiny budgets, to see that it runs

# %% [markdown]
# ## 1 · The text

# %%
try:
    corpus, passes = load_corpus("ptb"), 3
except DataError:
    print("Penn Treebank is not here (minicrt data get ptb); this is another text.\n")
    corpus, passes = load_corpus("python-docs"), 12
if FAST:
    corpus = dataclasses.replace(corpus, train=corpus.train[:20 * 70 * 3 + 1],
                                 valid=corpus.valid[:1601], test=corpus.test[:1601])
vocabulary = corpus.vocabulary
for part in "train", "valid", "test":
    print(f"{part}: {len(getattr(corpus, part)):,} tokens")
unigram = unigram_perplexity(corpus.train, corpus.valid, vocabulary.size)
print(f"{corpus.name}: {vocabulary.size:,} words; perplexity of the unigram model "
      f"{unigram:.0f}\n")
print(textwrap.fill(" ".join(vocabulary.decode(corpus.valid[:70])), 88))

# %% [markdown]
# Sentence follows sentence, in the order of the newspaper, and `<eos>` ends each. So a sentence has a past: the article
# that it stands in. But nobody marked where one article ends and the next begins, and a model has to notice that by
# itself.
#
# ## 2 · Perplexity and bits
#
# Chapter 00 measured losses in nats. **Surprisal** is the same with the logarithm to base 2, in **bits**: a word that
# had $p = \tfrac12$ is worth one bit, and each halving of $p$ adds one. Perplexity is 2 to the mean of the bits, or $e$
# to the mean of the nats, which is the same number.
#
# **On paper.** A model gave the three words of a text the probabilities ½, ¼ and ⅛. How many bits is a word worth on
# average, and what is the perplexity?

# %% answer="2, 4"
teach.answer("08.perplexity", ..., ...)         # bits a word, perplexity

# %% [markdown]
# The mean has to be taken over *tokens*. A text is read in rows, side by side, and the last row is rarely full: what is
# left over is padding, whose target is −1, and it must not count. (A published perplexity that is off by a little is
# off by such things: padding that was counted, a first word that was not, a mean of the means of batches.)

# %% exercise="perplexity"
def perplexity(losses, targets):                # (B, T) twice -> one number
    """e to the mean loss of the tokens that count; a target of -1 is not scored"""
    ...


teach.grade("perplexity", perplexity)

# %% exercise="surprisal_bits"
def surprisal_bits(logits, targets):            # (T, V), (T,) -> (T,)
    """−log2 of the probability that the softmax of each row gives to its target."""
    ...


teach.grade("surprisal_bits", surprisal_bits)

# %% [markdown]
# ## 3 · Rows that read on
#
# A training step reads $B$ rows of $T$ tokens at a time. Where in the text are they taken from? For a Transformer it
# hardly matters: a segment is a world of its own. For a model with a memory it is everything. What row $b$ hands over
# at the end of a segment goes to row $b$ of the *next* one. So the text is first laid out in $B$ long rows, and then
# all rows are cut at the same places:
#
# | | segment 1 | segment 2 | segment 3 |
# |---|---|---|---|
# | row 1 | the first tokens | → what follows | → what follows |
# | row 2 | from 1/B of the text on | → | → |
#
# **On paper.** The tokens are 0, 1, …, 12: thirteen, of which the last has nothing to predict and is only a target.
# Three rows, segments of two. Which tokens does row 2 read in segment 2? (Counted from 1, as in the table.)

# %% answer="6, 7"
teach.answer("08.segment", ..., ...)

# %% [markdown]
# Write it for any text. The targets are the inputs, one token later, also where a segment ends.

# %% exercise="cut_into_segments"
def cut_into_segments(tokens, B, T):            # (n,) -> inputs, targets (N, B, T)
    """B rows that read on, each a piece of N T tokens, cut into its N segments.

    N is as large as the text allows (each token read has a target, the one after
    it). Row 0 begins at token 0, row 1 where row 0 ends; what is over is left out
    """
    ...


teach.grade("cut_into_segments", cut_into_segments)

# %% [markdown]
# The package's `TokenStream` does the same, and keeps the remainder: the last segment is shorter, and the last row is
# padded. A loop over rows and segments shows that it is what you think it is.

# %%
B, T = 20, 35
stream = TokenStream(corpus.train, B, T)
length = stream.row_length                      # tokens in a row
differ = 0
for n in range(3):
    tokens, targets = stream.segment(n)
    for b in range(B):
        for t in range(T):
            place = b * length + n * T + t
            differ += tokens[b, t] != corpus.train[place]
            differ += targets[b, t] != corpus.train[place + 1]
print(f"{stream}\n{differ} of {3 * 2 * B * T} tokens differ from the loop's")

# %% [markdown]
# ## 4 · Two models
#
# One block each, of width 64. The Transformer sees up to 70 tokens and learns a vector for each of the 70 places. The
# CRT sees up to 35, and carries two vectors to the next 35: its memory, and the state of its recurrent positions.
# Trained side by side they read the same number of tokens a step: 20 rows of one segment of 70, or of two of 35, with
# the gradient crossing the boundary between the two.

# %%
sizes = {"vocabulary": vocabulary.size, "width": 64, "layers": 1, "heads": 4,
         "inner": 256}
crt, transformer = "CRT, T = 35", "Transformer, T = 70"
models = {
    crt: create_model("crt", segment_length=35, memory_span=1, **sizes),
    transformer: create_model("transformer", segment_length=70, **sizes)}
bptt = {crt: 2, transformer: 1}                 # segments a gradient goes back through

# %% [markdown]
# What does a token cost? Most of it is the last line of the model: scores for all words of the vocabulary.
#
# **On paper**, with $D = 64$, $V = 10{,}000$ and float32: how many operations are the scores of one token (a
# multiplication and an addition are two), in millions? And how many bytes does a CRT carry from a segment to the next?

# %% answer="1.28, 512"
teach.answer("08.cost", ..., ...)               # million operations, bytes

# %% [markdown]
# Now all of it. A MFLOP is a million operations; *scores* is the share of them that the scores take; *state* is what a
# segment hands on. The last column is measured: seconds of the processor for a thousand tokens of training.

# %%
def seconds_per_token(name, steps=2 if FAST else 12):
    model = models[name]
    parameters = model.initialize(np.random.default_rng(0))
    optimizer, gradients = AdamW(parameters, 3e-3), parameters.zeros_like()
    stream = TokenStream(corpus.train, B, model.config.segment_length)
    window = [stream.segment(k) for k in range(bptt[name])]
    spent = []
    for _ in range(steps):
        start = time.process_time()
        train_step(model, parameters, gradients, optimizer, window, {})
        spent.append(time.process_time() - start)
    return np.median(spent) / (20 * 70)


costs = {name: seconds_per_token(name) for name in models}
print(f"{'':<21}{'parameters':>11}{'MFLOP/token':>13}{'scores':>8}"
      f"{'state, bytes':>14}{'s/1,000':>9}")
for name, model in models.items():
    T_of, parts = model.config.segment_length, forward_flops(model)
    size = model.initialize(np.random.default_rng(0)).size
    print(f"{name:<21}{size:>11,}{segment_flops(model) / T_of / 1e6:>13.2f}"
          f"{parts['output'] / segment_flops(model):>8.0%}{4 * state_values(model):>14}"
          f"{1000 * costs[name]:>9.3f}")

# %% [markdown]
# Half a segment is not half the work: per token the two are nearly alike, and attention over 70 tokens in place of 35
# is a small part. What the CRT saves is *per segment*: half as many keys, values and other numbers must be in memory at
# once. What it pays for are two recurrent networks, which read token by token and cannot be computed side by side.
#
# ## 5 · Train
#
# Three passes over the text, by a schedule that is fixed beforehand: the learning rate rises over 100 steps and then
# falls along a cosine. So the six cells below belong together. Each trains one model for one pass (a third of the way)
# and then stops the run exactly as Ctrl-C would: it is saved. The next cell resumes it, to the same bits as if it had
# never been stopped. You can interrupt a cell at any time, or restart the kernel; what is in `runs/` is not done again.
# (Delete the folder to begin anew.)

# %%
RUNS = Path("runs") / f"08-{corpus.name}{'-fast' if FAST else ''}"
folders = {crt: RUNS / "crt", transformer: RUNS / "transformer"}
THIRD = len(TokenStream(corpus.train, B, 70)) * passes // 3      # steps


class Until(Bar):                               # a bar that stops the run at a step
    task = Progress.task                        # no second bar while it evaluates

    def __init__(self, last):
        super().__init__(sys.stdout)
        self.last = last

    def evaluated(self, record):
        super().evaluated(record)
        if record["step"] >= self.last:
            signal.raise_signal(signal.SIGINT)  # Ctrl-C


def train_until(name, last):
    folder = folders[name]
    if (folder / "checkpoint.safetensors").exists():
        run = load_run(folder)
        if run.position.step >= last:
            return run
    config = TrainingConfig(
        epochs=passes, learning_rate=3e-3, warmup_steps=1 if FAST else 100,
        weight_decay=0.01, batch=B, bptt_segments=bptt[name], evaluations=6,
        evaluation_batch=B)
    try:
        if folder.exists():
            return resume(folder, corpus=corpus, progress=Until(last))
        return train(folder, models[name], corpus, config, progress=Until(last))
    except Interrupted:
        run = load_run(folder)
        if run.position.step < last:        # Ctrl-C by you: the next cells wait
            raise KeyboardInterrupt from None
        return run


runs = {}

# %%
runs[crt] = train_until(crt, THIRD)

# %%
runs[crt] = train_until(crt, 2 * THIRD)

# %%
runs[crt] = train_until(crt, 3 * THIRD)

# %%
runs[transformer] = train_until(transformer, THIRD)

# %%
runs[transformer] = train_until(transformer, 2 * THIRD)

# %%
runs[transformer] = train_until(transformer, 3 * THIRD)

# %% [markdown]
# What is left of each run is a summary: validation with everything carried, validation with parts of the state cut
# (section 7 draws it), and the test text, which nobody has looked at before.

# %%
for name in models:
    runs[name] = resume(folders[name], corpus=corpus, progress=False)
    summary = runs[name].summary
    print(f"{name:<21}valid {summary['valid_perplexity']:.1f}, "
          f"test {summary['test_perplexity']:.1f}")
print(f"unigram{'':<14}valid {unigram:.1f}")

# %% [markdown]
# ## 6 · Curves
#
# **Predict** before you look: which curve is lower after the first sixth of the way, when both have read the same
# tokens? And does the order change if the axis is time?

# %%
def draw_curves():
    figure = plotting.Picture(figsize=(9, 3.8), dpi=110, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    styles = {crt: (plotting.BLUE, "o-"), transformer: (plotting.ORANGE, "s--")}
    for name, run in runs.items():
        colour, style = styles[name]
        tokens = np.array([row["tokens"] for row in run.metrics])
        losses = [row["valid_loss"] for row in run.metrics]
        for panel, x in (panels[0], tokens / 1e6), (panels[1], tokens * costs[name]):
            panel.plot(x, losses, style, color=colour, label=name, linewidth=1.8)
    panels[0].set(xlabel="tokens read (millions)",
                  ylabel="validation loss (nats per token)")
    panels[1].set(xlabel="time of the processor (seconds)")
    for panel in panels:
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False)
    return figure


draw_curves()

# %% [markdown]
# In the run that is kept here the CRT's is the lower one from the first point on, and also against time, although its
# tokens cost more. (Time is counted as tokens times the cost that section 4 has measured, so that it does not matter
# what else your machine was doing.)
#
# Be careful with what this says. The two models differ in *three* things at once: the CRT sees half as far within a
# segment, it knows where a token stands from a recurrent network and not from a table, and it carries something over
# the boundary. The curves say what the three are worth together. Taken apart, in longer runs of larger models
# (`docs/results.md`, "Claim by claim"; three layers of width 128, two passes, $T = 35$, three seeds; test perplexity): a
# Transformer with learned positions 146.5; recurrent positions that start anew in each segment, and nothing carried,
# 129.1; the memory carried as well, 119.5; memory and positions, 117.7. So the larger part comes from *inside* the
# segment, and the smaller one, from 129.1 to 117.7, is what is carried.
#
# ## 7 · Cut
#
# The same weights, with the memory, the positions or both ("the state") taken away at every boundary:

# %%
plotting.cut_bars(runs[crt].summary, f"{crt}: what is carried is worth so much to it")

# %% [markdown]
# These weights have learned to rely on what they carry, so a cut also measures how much they are thrown off; a model
# that was *trained* without may do better than one that is cut (chapter 00, section 7, has more on it). The other
# question is where the cost falls. For that, losses are needed token by token.

# %%
def token_losses(name, text, rows, cut=None):   # -> (rows, tokens) in nats
    model, parameters = models[name], runs[name].parameters
    stream, state, losses = TokenStream(text, rows, model.config.segment_length), {}, []
    dropped = cut_entries(model, cut)
    for index in range(len(stream) - 1):        # the last one is shorter
        tokens, targets = stream.segment(index)
        logits, state = model.logits(parameters, tokens, state)
        logits = logits - logits.max(-1, keepdims=True)
        right = np.take_along_axis(logits, np.maximum(targets, 0)[..., None], -1)
        nats = np.log(np.exp(logits).sum(-1)) - right[..., 0]
        losses.append(np.where(targets >= 0, nats, np.nan))
        state = {key: value for key, value in state.items() if key not in dropped}
    return np.concatenate(losses, axis=1)


first = corpus.test[:20 if FAST else 141]       # the same, token by token
by_step = np.array(list(surprisal(models[crt], runs[crt].parameters, first))[1:])
# [1:]: nothing predicts the first token; + 70: the function leaves out the last segment
by_segment = token_losses(crt, corpus.test[:len(first) + 70], 1)[0] / np.log(2)
apart = np.abs(by_segment[:len(by_step)] - by_step).max()
print(f"bits by segments and by the package's surprisal: {apart:.0e} apart")

# %% [markdown]
# For a mean by place, and for its error: write the function that takes $N$ segments of losses and gives both. The
# standard error says how far the mean would move if other segments had been drawn: the standard deviation of the $N$
# losses (with $N - 1$ below, as their own mean was taken off) by $\sqrt N$. In the figure it is the band on either side.

# %% exercise="loss_by_place"
def loss_by_place(losses):                      # (N, T) -> two of (T,)
    """The mean loss at each place of N segments, and the standard error of that mean"""
    ...


teach.grade("loss_by_place", loss_by_place)

# %% [markdown]
# Now both models on the same tokens, in windows of 70: for the Transformer one segment, for the CRT two. So that words
# which are hard for everybody do not blur the picture, each token's loss is taken *against* that of the CRT with
# everything carried. **Predict** two curves: the Transformer's, and that of the CRT with its state cut. Where are they
# high, and how many times does each jump?

# %%
unseen = np.concatenate([corpus.valid, corpus.test])
rows = 40 if corpus.name == "ptb" and not FAST else 4
carried = token_losses(crt, unseen, rows)
others = {"CRT with its state cut": token_losses(crt, unseen, rows, cut="state"),
          transformer: token_losses(transformer, unseen, rows)}


def windows(losses, length=70):                 # (rows, tokens) -> (N, length)
    whole = losses.shape[1] // length * length
    # without a row's first window, before which nothing was carried
    return losses[:, length:whole].reshape(-1, length)


extra = {}
groups = [(1, 1), (2, 4), (5, 16), (17, 35), (36, 36), (37, 39), (40, 70)]
print(f"{'places':<24}" + "".join(f"{f'{a}–{b}' if a < b else a:>7}"
                                  for a, b in groups))
for name, losses in others.items():
    both = min(losses.shape[1], carried.shape[1])
    extra[name] = windows(losses[:, :both] - carried[:, :both])
    means = [np.nanmean(extra[name][:, a - 1:b]) for a, b in groups]
    print(f"{name:<24}" + "".join(f"{mean:>+7.2f}" for mean in means))
plotting.loss_by_place(extra, "Against the CRT with everything carried", log=False,
                       ylabel="extra loss (nats per token)")

# %% [markdown]
# The CRT with its state cut forgets twice in a window, once at each of its boundaries, and the Transformer once. Most
# of what it costs fades within the first third of a segment, as the segment's own words tell more; a little, some
# hundredths of a nat, stays to the end. And the Transformer's curve does not come down to 0 where it sees more than the
# CRT does, from place 36 on: seeing 70 tokens is one thing, making use of them with so little training another.
#
# ## 8 · Words
#
# A mean hides the words. Here is a piece of the test text, the darker the more a word surprised the CRT. (Rest the
# pointer on a word for its bits.)

# %%
stream, row = TokenStream(unseen, rows, 35), rows * 3 // 4
piece = slice(70, 175)                          # three segments
words = vocabulary.decode(unseen[row * stream.row_length + 1:][piece])
bits = carried[row, piece] / np.log(2)
plotting.tokens_by_surprisal(words, bits, title="Bits, everything carried")

# %% [markdown]
# And the same words again: blue where the CRT did *better for what it carries* (fewer bits, −), orange where it did
# worse. Three segments of 35 stand here one after the other, and a line ends where a sentence does. Can you see where
# the segments begin? The next cell tells.

# %%
cut = others["CRT with its state cut"][row, piece] / np.log(2)
plotting.tokens_by_surprisal(words, bits, beside=cut, title="Carried against cut")

# %% [markdown]
# One passage is an anecdote. Over the whole text: which words gain most from what is carried? Add up the bits that each
# word gains, wherever it stands.

# %%
print("A segment begins at the bar:", f"{words[34]} | {words[35]},",
      f"{words[69]} | {words[70]}", end="\n\n")
spared = (others["CRT with its state cut"] - carried) / np.log(2)
follows = np.concatenate([stream.segment(n)[1] for n in range(len(stream) - 1)], axis=1)
scored = follows >= 0
gained = np.bincount(follows[scored], weights=spared[scored], minlength=vocabulary.size)
count = np.bincount(follows[scored], minlength=vocabulary.size)
print(f"all words: {spared[scored].mean():.3f} bits a word")
print(f"{'word':<14}{'times':>7}{'bits in all':>13}{'a word':>8}")
for word in np.argsort(-gained)[:10]:
    print(f"{vocabulary.tokens[word]:<14}{count[word]:>7}{gained[word]:>13.0f}"
          f"{gained[word] / count[word]:>8.2f}")

# %% [markdown]
# Sort by `gained / count` with `count > 20` in place of the sum, and you see other words. Which of the two lists would
# you show to somebody who asks what a memory is good for?
#
# ## 9 · Samples

# %%
prompt = "the company said" if corpus.name == "ptb" else "the value of the"
ids = vocabulary.encode(vocabulary.split(prompt))
unknown = vocabulary.encode(["<unk>"])
for name in models:
    drawn = generate(models[name], runs[name].parameters, ids, 20 if FAST else 80,
                     np.random.default_rng(1), temperature=0.8, top_p=0.9,
                     exclude=unknown)
    text = vocabulary.join([*ids, *drawn])
    print(textwrap.fill(f"({name}) {text}", 88), end="\n\n")

# %% [markdown]
# (The wrapping has made a space of each line's end, which is `<eos>`: no output says where a sentence ends.) Each
# sentence sounds like the Journal; no two belong together. A model of this size has learned what follows a word,
# and a little of what a text is about. Its perplexity says no more than that, and a sample says less: it shows the
# likely, and the loss is about what really came.
#
# ## 10 · Go on
#
# * **Shuffle the past** (●●○). Evaluate the CRT on the test text with the order of the *segments* shuffled (lay the
#   text out by `cut_into_segments`, permute the first axis of inputs and targets alike, and go through them as the loop
#   in `token_losses` does). Is what it carries then worth nothing, or worse than nothing?
# * **Train without** (●●○, 5 minutes of computing). `memory="none"` at $T = 35$, then `memory="none",
#   position_carry=False`. Compare with the cut of section 7.
# * **A quarter** (●○○, 5 minutes). $T = 17$, `bptt_segments=4`, so that a step reads about as many tokens. What does
#   the shorter segment cost?
# * **Learn while reading** (●●●). `minicrt.training.dynamic_evaluate` goes on training on the test text as it reads it,
#   each word scored before it is learned from (`gradient_sizes`, beside it, gives the sizes that it asks for). That is a
#   memory, too, in the weights. Is it worth more than the vector?
#
# ## I get this error
#
# | message or number | what it says |
# |---|---|
# | `Penn Treebank is not here` | `minicrt data get ptb`, or put its three files into a folder `ptb` inside of `$MINICRT_DATA` |
# | `… is in use by another process` | another notebook trains in this folder: close it |
# | `… holds another run` or a model that does not fit | the run in `runs/` was made with other settings: delete that folder |
# | a training cell ends at once | it had been done before; that is what `runs/` is for |
# | my perplexity is too high by a factor | nats and bits: $e$ goes with the one, 2 with the other |
# | `shape (B, N, T), expected (N, B, T)` | rows first is how the text is laid out, segments first is how it is read |
# | the loss of the CRT jumps up at the start of each pass | each pass begins at the first sentence with an empty state, and so does, in between, one step of fifty |
# | my figures differ a little | another processor rounds otherwise, and training makes small differences grow: a perplexity may be off by one |
#
# **Next:** [chapter 09](09_what_the_memory_keeps.ipynb) asks what is *in* the vector that is carried.
