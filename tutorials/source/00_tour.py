# %% [markdown]
# # 00 · A tour
#
# A Transformer over a short segment of text sees nothing of what came before the segment. The **Compact Recurrent
# Transformer** (CRT, arXiv 2505.00929) hands it one vector, the *memory*, which a small recurrent network writes while
# it reads and which stands in front of the next segment like one more token.
#
# This chapter trains a small CRT on real text and then looks: at what it predicts, where its heads look, what its
# memory does, and what happens when the memory is taken away. The last part is a task that cannot be solved without
# one. You run cells, predict, and change lines; what makes it all learn, you write yourself in the chapters after.
#
# | | |
# |---|---|
# | you need | Python and a little NumPy; no machine learning |
# | you will be able to | say what a CRT carries from segment to segment, train one, cut its memory and say what that costs, and tell a fair comparison from an unfair one |
# | time | 60 minutes, three of them waiting |
#
# | exercise | difficulty | minutes |
# |---|---|---:|
# | two numbers on paper (section 1) | ●○○ | 5 |
# | one number on paper (section 8) | ●●○ | 5 |
# | what to break next (section 9) | ●●○ | 5 to 20 each |
#
# Every figure is measured when its cell runs, with fixed seeds and on one thread, so that yours come out as they are
# printed here or very nearly so. Nothing is downloaded.

# %%
import os

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"      # one thread: other numbers of threads round otherwise

import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

from minicrt import plotting, teach
from minicrt.data import RecallTask, TokenStream, load_corpus, unigram_perplexity
from minicrt.inference import generate
from minicrt.models import create_model
from minicrt.training import (CUTS, AdamW, Lines, TrainingConfig, evaluate,
                              recall_accuracy, train, train_step)

FAST = bool(os.environ.get("MINICRT_FAST"))     # tiny budgets, to see that it runs

# %% [markdown]
# ## 1 · Text
#
# The default corpus comes with Python itself: the documentation topics behind `help()`. Words are lower-cased,
# punctuation marks are words too, and words seen only once become `<unk>`, "unknown". Such a piece of text is a
# **token**. (Another version of Python has a slightly different text, and then all figures below change a little.)

# %%
corpus = load_corpus("python-docs")
vocabulary = corpus.vocabulary
for part in "train", "valid", "test":
    print(f"{part}: {len(getattr(corpus, part)):,} tokens")
print(f"{vocabulary.size:,} kinds of token, the most frequent:",
      " ".join(vocabulary.tokens[:12]))
print("\nvalidation begins:")
print(textwrap.fill(vocabulary.join(corpus.valid[:60]), 88))

# %% [markdown]
# The model learns from the first part, is watched on the second and judged on the third.
#
# A **language model** gives a probability to every next token. Its **loss** is the mean of $-\ln p$ over the tokens
# that really came, $p$ being the probability that it gave them; with the natural logarithm its unit is the **nat**.
# **Perplexity** is $e^{\text{loss}}$: as if the model had been choosing among so many equally likely tokens.
#
# Predict: a model always gives the token that comes the probability $\tfrac18$. What are its loss and its perplexity?
# Put your two numbers in place of the dots. (Run a cell with shift and enter.)

# %% answer="2.079, 8"
teach.answer("00.eighth", ..., ...)      # loss, perplexity

# %% [markdown]
# Two models to beat, before there is any:

# %%
unigram = unigram_perplexity(corpus.train, corpus.valid, vocabulary.size)
print(f"knows nothing, all tokens equally likely: perplexity {vocabulary.size}")
print(f"knows how frequent each token is (unigram): perplexity {unigram:.1f}")

# %% [markdown]
# ## 2 · The model
#
# ![A segment of the CRT: the memory stands in front of the tokens, a recurrent network writes the next one](pictures/architecture.svg)
#
# From the bottom to the top of the drawing, and in the words of this field:
#
# - **Embedding.** Each token is looked up in a table: a row of $D$ numbers, its vector.
# - **Recurrent positions.** A *GRU* (gated recurrent unit) is a small network that reads vectors one after the other
#   and keeps one of its own, its state; chapter 04 takes it apart. Here its state is added to each token's vector, so
#   that the same word is another vector at another place.
# - **Transformer blocks.** In *attention* each row takes a weighted mean of the rows before it and of itself; the
#   weights are probabilities, computed from the vectors (chapter 02). It is done several times side by side, on a part
#   of the vector each: the **heads**. A *feed-forward* network then works on each row alone (chapter 03).
# - **Memory.** A second GRU, the writer, reads what comes out of the blocks. Its last state is the memory $m_N$ of
#   this segment $N$, and stands in front of the next one's tokens, where every head can look at it.
# - **Readout.** The next token is predicted from the blocks' output $y_t$, the writer's state $h_t$ and the memory
#   $m_{N-1}$ that the segment began with, through a matrix of its own: $z_t = y_t + h_t + (1 + y_t) \odot m_{N-1} W_r$
#   ($\odot$ multiplies entry by entry). The scores of all words are $z_t$ times the embedding table.
#
# A model in this package is a function of one segment and a state:
#
# $$(\text{tokens},\ \text{targets},\ \text{state}) \;\longmapsto\; (\text{loss},\ \text{state}')$$
#
# The state is an argument and a result, never hidden in an object. For the CRT it holds two things: the memory, and
# the last state of the recurrent positions. An empty state is the start of a text.

# %%
model = create_model(vocabulary=vocabulary.size, width=96, layers=2, heads=4, inner=384,
                     segment_length=35, memory_span=1, dropout=0.1,
                     embedding_dropout=0.1)
config = model.config
untrained = model.initialize(np.random.default_rng(0))
print(f"{untrained.size:,} parameters, {untrained['embedding'].size:,} of them in the "
      "embedding table")

stream = TokenStream(corpus.valid, batch=1, segment_length=config.segment_length)
tokens, targets = stream.segment(0)
loss, state, cache = model.forward(untrained, tokens, targets, {})
print(f"tokens {tokens.shape}, loss {loss:.3f} "
      f"(all tokens equally likely: {np.log(vocabulary.size):.3f})")
print("state:", {name: array.shape for name, array in state.items()})

logits, _ = model.logits(untrained, tokens, {})
same = logits.argmax(-1) == tokens
print(f"bets on the word just read: {same.mean():.0%} of the time")

# %% [markdown]
# Untrained, it is worse than knowing nothing. The output matrix is the embedding table once more, and what the layers
# pass on is still mostly the embedding of the word just read: so that is its bet for the next one, and a confident
# one. Unlearning this is the first thing that training does.

# %% [markdown]
# ## 3 · Train
#
# Training takes a few segments, computes how the loss changes with every parameter (the **gradient**: all of the next
# chapters), and moves each parameter a little against it. How far, is decided by **AdamW**, which divides a gradient
# by its usual size, and by the **learning rate**, which here rises over the first 50 steps (**warm-up**: at the start
# AdamW does not know the usual sizes yet) and then falls. **Dropout** sets some numbers to zero at random, so that the
# model relies on no single one.
#
# `train` cuts the training text into 20 streams that are read side by side, 35 tokens at a time, and carries a state
# along each. The gradient crosses one segment boundary (`bptt_segments=2`): that is how the memory learns to be useful
# for the segment after. One step in fifty, drawn, begins with no state, so that the memory learns what to be where a text
# begins. An **epoch** is one pass over the text. What a run leaves goes to a folder, here a temporary
# one. It takes about a minute.

# %%
budget = {"steps": 12} if FAST else {"epochs": 4}
training = TrainingConfig(**budget, learning_rate=3e-3, warmup_steps=50,
                          final_learning_rate=0.1, weight_decay=0.1, batch=20,
                          bptt_segments=2, evaluations=2 if FAST else 10, seed=0)
folder = tempfile.TemporaryDirectory()
trained = train(Path(folder.name) / "run", model, corpus, training,
                progress=Lines(sys.stdout))
parameters, summary = trained.parameters, trained.summary

# %%
plotting.learning_curves(trained.metrics, unigram,
                         "A small CRT on the documentation of Python")

# %%
valid_share = summary["valid_perplexity"] / unigram
test_share = summary["test_perplexity"] / summary["unigram_perplexity_test"]
print(f"perplexity {summary['valid_perplexity']:.1f} on validation, "
      f"{summary['test_perplexity']:.1f} on test text")
print(f"of the unigram model's: {valid_share:.2f}, {test_share:.2f}")
print(f"trained for {summary['epochs']:.1f} epochs, {summary['seconds']:.0f} s in all")

# %% [markdown]
# This is a tiny model after a short training on a small text, and its perplexity says nothing about other texts. It
# has learned far more than word frequencies. In the right-hand figure the training loss starts above the validation
# loss, because it is measured with dropout and as a mean since the point before, and falls below it in the end.
#
# ## 4 · Where the heads look
#
# `model.inspect` runs one segment and shows what happened inside. Read on for a few segments first, so that there is
# a memory to look at. Row: the token that looks. Column: what it looks at. The first column is the memory; the upper
# right is white, since nobody may look into the future.

# %%
state = {}
for index in range(8):
    _, state = model.logits(parameters, stream.segment(index)[0], state)

tokens, _ = stream.segment(8)
seen = model.inspect(parameters, tokens[:, :18], state)
names = vocabulary.decode(tokens[0, :18])
plotting.attention_map(seen["attention"][0][0], names, title="Attention in layer 1")

# %%
plotting.attention_map(seen["attention"][1][0], names, title="Attention in layer 2")

# %% [markdown]
# One text proves little. How much of their attention do the tokens give to the memory on average, over the whole of
# the validation text? A head that spread its attention evenly would give row $t$'s memory $1/(t+1)$.

# %%
T, shares, memories, walk = config.segment_length, [], [], {}
for index in range(len(stream) - 1):            # the last one is shorter
    seen = model.inspect(parameters, stream.segment(index)[0], walk)
    shares.append([layer[0, :, 1:, 0].mean(1) for layer in seen["attention"]])
    memories.append(seen["memory"][0, 0])       # (T, D): stream 0, memory vector 0
    walk = seen["state"]
print(f"attention that goes to the memory, mean of {len(shares)} segments; "
      f"spread evenly it would be {np.mean(1 / np.arange(2, T + 2)):.3f}")
for layer, heads in enumerate(np.mean(shares, axis=0)):
    print(f"  layer {layer + 1}: "
          + "  ".join(f"head {h + 1} {share:.3f}" for h, share in enumerate(heads)))

# %% [markdown]
# ## 5 · The memory over time
#
# The memory after every token of three segments in a row. Each row of the picture is one of the vector's units: twelve
# of them, from the one that changes least (top) to the one that changes most. At a white line the memory of that
# moment is handed to the next segment.

# %%
piece = np.concatenate(memories[8:11])          # (3 T, D)
slowest_first = np.abs(np.diff(piece, axis=0)).mean(0).argsort()
plotting.vector_over_time(piece[:, slowest_first], segment_length=T,
                          title="The memory while reading, slow units at the top")

# %% [markdown]
# Some units flicker with every word, others keep their value for a while. How long? The correlation of the whole
# vector (its mean over time taken off) with itself some tokens later:

# %%
m = np.concatenate(memories)
m = m - m.mean(0)
for lag in [1, 2, 5, 10, 20, 35, 70, 140]:
    correlation = (m[lag:] * m[:-lag]).mean() / (m * m).mean()
    print(f"{lag:>4} tokens later: {correlation:+.3f}  "
          + "#" * round(40 * max(correlation, 0)))

# %% [markdown]
# A correlation is not yet a memory. A text that stays with its subject keeps using the same words, and a vector that
# showed nothing but the present word would be correlated over long stretches, too. Only taking the memory away shows
# what it is good for (section 7).

# %% [markdown]
# ## 6 · Write something
#
# Text is made token by token, the state carried on. Always taking the likeliest token soon goes in circles, so the
# next one is drawn at random, here from the likeliest ones that hold 90 % of the probability. The **temperature**
# divides all scores before: below 1 it makes the model bolder about what it thinks likely.

# %%
prompt = vocabulary.encode(vocabulary.split("the value of the"))
unknown = vocabulary.encode(["<unk>"])
for temperature in 0.7, 1.0:
    ids = generate(model, parameters, prompt, 60, np.random.default_rng(1), temperature,
                   top_p=0.9, exclude=unknown)
    text = vocabulary.join([*prompt, *ids])
    print(textwrap.fill(f"(temperature {temperature}) {text}", 88), end="\n\n")

# %% [markdown]
# It has the sound of the documentation and none of its sense. Now you know what a perplexity of this size looks like.
#
# ## 7 · Turn the memory off
#
# The state is a plain dictionary. To cut the memory, drop its entry between two segments, and the next one starts with
# that of a text's beginning. The same for the carried positions, which cross the boundary too and so are a second memory,
# of the same size. The weights stay as they are.

# %%
valid = TokenStream(corpus.valid, training.evaluation_batch, config.segment_length)
whole = evaluate(model, parameters, valid).perplexity
print(f"all carried:    perplexity {whole:.2f}")
for what in CUTS:
    cut = evaluate(model, parameters, valid, cut=what)
    dropped = ", ".join(sorted(set(state) - cut.carried))
    print(f"cut {what + ':':<11} perplexity {cut.perplexity:.2f}, "
          f"{100 * (cut.perplexity / whole - 1):+.1f} %   drops {dropped}")

# %%
plotting.cut_bars(summary, "What the carried state is worth to these weights")

# %% [markdown]
# Not much, on average. But an average over all tokens hides where the state matters. Split the loss by the token's
# place in its segment, on validation and test text together: by how much is a token's $-\ln p$ higher *with the state
# cut*?

# %%
def token_losses(stream, cut):                  # -> (segments, B, T), NaN: not scored
    state, losses = {}, []
    for index in range(len(stream) - 1):
        tokens, targets = stream.segment(index)
        logits, state = model.logits(parameters, tokens, state)
        right = np.maximum(targets, 0)[..., None]
        log_p = np.take_along_axis(log_softmax(logits, -1), right, -1)[..., 0]
        losses.append(np.where(targets >= 0, -log_p, np.nan))
        state = {name: value for name, value in state.items() if name not in cut}
    return np.stack(losses)


unseen = np.concatenate([corpus.valid, corpus.test])
both = TokenStream(unseen, batch=4, segment_length=T)
carried = token_losses(both, cut=set())
extra = (token_losses(both, cut={"memory", "positions"}) - carried)[1:].reshape(-1, T)

# %%
edges = [0, 1, 2, 4, 8, 16, T]
pairs = list(zip(edges, edges[1:]))
names = [f"{a + 1}" if last == a + 1 else f"{a + 1} to {last}" for a, last in pairs]
groups = [extra[:, a:last] for a, last in pairs]
mean = [np.nanmean(group) for group in groups]
error = [np.nanstd(group) / np.sqrt(np.isfinite(group).sum()) for group in groups]
for name, mu, se in zip(names, mean, error):
    print(f"place {name:<9} {mu:+.3f} ± {se:.3f} nats")
plotting.by_group(names, mean, error, "place of the predicted token in its segment",
                  "extra loss (nats per token)",
                  "What cutting memory and positions costs (bars: standard error)")

# %% [markdown]
# So the state matters most where a segment begins. With nothing carried, the first prediction of a segment has a
# single word to go on; a few words later the Transformer has read enough of its own. What is lost at the start need be
# no more than the last few words before the boundary. Far into the segment about a tenth of it is left, small and yet
# many times its error bar: is that something older in the memory, the topic of a page, or are the weights only thrown
# off by a cut? This figure cannot tell. How would you find out?
#
# One caution. These weights were trained *with* a state, in all but one step of fifty, so a cut also shows them
# something that they have hardly met: a text that seems to begin every 35 tokens. What a memory is worth is what a
# model gains over one **trained** without it. That is the first thing to try in section 9.
#
# ## 8 · Where memory is necessary
#
# Language rewards memory a little, almost everywhere. A synthetic task can ask for nothing else. In the first segment
# a key and its value stand somewhere among filler. In the second, after more filler, the key is asked for, and the
# model must name the value. The values are drawn at random, so whoever sees the second segment alone is right in one
# case of eight: **chance**.

# %%
task = RecallTask(pairs=1)                      # 8 values, 4 keys, 4 fillers


def shown(token):
    if token < task.values:
        return f"value{token}"
    key = token - task.values
    return f"key{key}" if key < task.keys else "."


for episode in range(3):
    window = task.window(np.random.default_rng(episode), batch=1)
    (first, _), (last, targets) = window
    print(" ".join(map(shown, first[0])), " | ", " ".join(map(shown, last[0])), " -> ",
          shown(targets[0, -1]))

# %% [markdown]
# Here is a whole training loop. `train_step` runs the window's segments forwards, runs them backwards (the gradient of
# the memory crossing from the second segment into the first), and updates the parameters.

# %%
def train_recall(memory, positions, steps=20 if FAST else 150):
    model = create_model(vocabulary=task.vocabulary_size, width=32, layers=2, heads=4,
                         inner=64, memory=memory, positions=positions,
                         segment_length=task.segment_length)
    parameters = model.initialize(np.random.default_rng(0))
    optimizer = AdamW(parameters, learning_rate=3e-3)
    gradients = parameters.zeros_like()
    rng, curve = np.random.default_rng(1), []

    def accuracy():
        return recall_accuracy(model, parameters, task, np.random.default_rng(2))

    for step in range(steps):
        if step % 10 == 0:
            curve.append(accuracy())
        window = task.window(rng, batch=64)
        train_step(model, parameters, gradients, optimizer, window, state={})
    return model, parameters, [*curve, accuracy()]

# %%
arms = {"memory (GRU), positions learned": ("gru", "learned"),
        "no memory, positions learned": ("none", "learned"),
        "no memory, positions recurrent and carried": ("none", "recurrent")}
runs = {name: train_recall(*arm) for name, arm in arms.items()}
curves = {name: curve for name, (_, _, curve) in runs.items()}
steps = 10 * np.arange(3 if FAST else 16)
plotting.lines(steps, curves, "training steps (64 episodes each)",
               "accuracy on 1000 new episodes",
               "Recalling a value from the segment before",
               levels={"chance": task.chance})

# %%
print(f"chance {task.chance:.3f}")
for name, (recall_model, recall_parameters, curve) in runs.items():
    cut = recall_accuracy(recall_model, recall_parameters, task,
                          np.random.default_rng(2), cut="state")
    print(f"{name:<44} accuracy {curve[-1]:.3f}, with the state cut {cut:.3f}")

# %% [markdown]
# Two lessons in one figure. Without anything carried nothing can do better than chance, by the way the task is made,
# and nothing does; and with the state cut the others fall back to it: something carried is necessary. But "no memory"
# is not the same as "nothing carried". Recurrent positions that are carried across the boundary are a recurrent
# network over the text like any other, and they can learn to serve as a memory. An ablation that removes the one and
# forgets the other measures nothing.
#
# Now with two keys in the first segment, `RecallTask(pairs=2)`: the value belongs to one of them. Predict: a model
# remembers which two values it saw, but not which belongs to which key, and guesses one of the two. What is its
# accuracy? (The two values are drawn independently, so that they may be the same.)

# %% answer="0.5625"
teach.answer("00.two_pairs", ...)

# %% [markdown]
# ## 9 · What to break next
#
# Each of these is a line or two in the cells above. Write down what you expect before you run it.
#
# 1. **Train without** (●●○, 10 minutes). Set `memory="none"` in section 2 and train again, then
#    `memory="none", positions="learned"`, which is a plain Transformer. Compare with the *cut* figures of section 7.
#    Which of the two comparisons says what a memory is worth? Repeat with another `seed` before you believe a
#    difference.
# 2. **Do not let the gradient across** (●●○, 10 minutes). `bptt_segments=1` in section 3; in section 8 hand
#    `train_step` the two segments one at a time, with the state carried between (`train_step` returns it). What does
#    the memory learn when nobody downstream can tell it what was needed?
# 3. **A longer way** (●○○, 5 minutes). `RecallTask(pairs=1, distance=2)` puts a whole segment of filler between the
#    two. How many steps does it take? If an arm is still at chance after `steps=600`, that is an answer, too: nothing
#    guarantees that a path through several segments is found.
# 4. **Two at once** (●●●, 20 minutes). `RecallTask(pairs=2)`. Compare the accuracy after 150 and after 1,500 steps
#    with your number above. Does `memory_vectors=2` help?
# 5. **Shorter segments** (●○○, 5 minutes). `segment_length=10` in section 2. The Transformer sees less, so the memory
#    should be worth more. Is it, by the cut and by training without?
# 6. **Look inside** (●○○, 5 minutes). Plot `seen["positions"][0]` with `plotting.vector_over_time`. Does it count?
#
# ## I get this error
#
# - *`ModuleNotFoundError: No module named 'minicrt'`*: the notebook runs in another Python than the one you installed
#   into. In the environment of the notebook: `pip install ".[notebooks]"`, in the project's folder, then restart the
#   kernel. `python -m minicrt.teach` looks whether all is there.
# - *The first cell takes long, or the first training step does*: Numba compiles the kernels, once per installation.
# - *`NameError: name 'parameters' is not defined`*: a cell above was not run. In the menu: Run, Run All Above Selected
#   Cell.
# - *My figures differ a little*: another version of Python (another text), or another processor. Beyond a few percent,
#   restart the kernel and run all cells from the top: a cell that was run twice has changed what follows.
#
# [Chapter 01](01_gradients_by_hand.ipynb) goes on with what made all of this learn: gradients, derived by hand.

# %%
folder.cleanup()
