"""What breaks when the text does: perplexity against the rate of damage, and how soon a memory is well again

Models of Penn Treebank's 2,000 most frequent words (benchmarks/token_models.py), trained in one pass over the text as
it is ("clean"), or damaged (`minicrt.data.token_damage.mixed`, at rates up to 0.3), and scored on the first
20,000 words of the test part with each damage at each rate. The targets are those of the text: perplexity is that of
the true next word after a damaged past.

Recovery: in 32 excerpts 16 tokens in the middle of a segment come wrong ("replaced") or are all the one before
("stuck"), or 35 are lost ("gap"; as many as a segment has, so that segments fall as before), or at the end of a
segment the memory starts anew ("memory reset"), or is that of another excerpt ("another's memory"). Counted are the
tokens after that until the predictions are again those without it: until their divergence, KL(without ‖ with), the mean
over excerpts, stays under 0.01 nats for 35 tokens or more. null: not within 175 tokens.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from benchmarks.token_models import ARMS, LENGTH, TRAINED, parser, text, trained
from minicrt.data import TokenStream
from minicrt.data.token_damage import DAMAGES, DamagedStream
from minicrt.models import Parameters, SegmentModel, State
from minicrt.parallel import threads
from minicrt.training import evaluate
from minicrt.training.progress import Progress, progress_for

Array = np.ndarray
RATES = (0.1, 0.2, 0.3)
SCORED, ROWS = 20_000, 10                                    # words of the test part, and the rows they are read in
EXCERPTS, BEFORE, AFTER = 32, 6, 6                           # segments before the burst's, and after
BURST = slice(BEFORE * LENGTH + 9, BEFORE * LENGTH + 25)
WITHIN = 0.01                                                # nats
# what happens -> where in its segment the last token is that is not yet one after it
FAULTS = {"replaced": BURST.stop % LENGTH - 1, "stuck": BURST.stop % LENGTH - 1, "gap": BURST.start % LENGTH - 1,
          "memory reset": LENGTH - 1, "another's memory": LENGTH - 1}
SHOWN = (1, 2, 4, 8, 16, 32, 64, 128)                        # tokens after the burst


def perplexities(model: SegmentModel, parameters: Parameters, words: Array, progress: Progress
                 ) -> dict[str, list[float]]:
    """Of each damage at the rates 0 and RATES"""
    streams = {(name, rate): DamagedStream(words, damage(words, rate, np.random.default_rng([2, number, k])), ROWS,
                                           LENGTH)
               for number, (name, damage) in enumerate(DAMAGES.items()) for k, rate in enumerate(RATES)}
    plain = TokenStream(words, ROWS, LENGTH)
    with progress.task("damaged texts", len(plain) + sum(map(len, streams.values()))) as advance:
        score = partial(evaluate, model, parameters, advance=advance)
        without = score(plain).perplexity
        return {name: [without, *(score(streams[name, rate]).perplexity for rate in RATES)] for name in DAMAGES}


def excerpts(words: Array, segments: int) -> Array:          # (N,) -> (EXCERPTS, segments · T)
    size = segments * LENGTH
    starts = np.linspace(0, words.size - size, EXCERPTS).astype(int)
    return words[starts[:, None] + np.arange(size)]


def with_fault(fault: str, tokens: Array) -> Array:
    """Excerpts in which something has happened to the tokens, or nothing; a gap makes them a segment shorter"""
    tokens, size = tokens.copy(), BURST.stop - BURST.start
    if fault == "replaced":
        tokens[:, BURST] = np.random.default_rng(3).choice(tokens.ravel(), (len(tokens), size))
    if fault == "stuck":
        tokens[:, BURST] = tokens[:, BURST.start - 1, None]
    return np.delete(tokens, slice(BURST.start, BURST.start + LENGTH), 1) if fault == "gap" else tokens


def faulty(fault: str, entries: frozenset[str], state: State) -> State:
    """A state whose memory is gone, or is another row's"""
    if fault == "memory reset":
        return {name: array for name, array in state.items() if name not in entries}
    if fault == "another's memory":
        return {name: np.roll(array, 1, 0) if name in entries else array for name, array in state.items()}
    return state


def read(model: SegmentModel, parameters: Parameters, tokens: Array, fault: str = "") -> Iterator[tuple[Array, State]]:
    """The logits (B, T, V) of each segment of excerpts, and the state after it"""
    state: State = {}
    for number in range(tokens.shape[1] // LENGTH):
        if number == BEFORE + 1:
            state = faulty(fault, model.memory_entries, state)
        logits, state = model.logits(parameters, tokens[:, number * LENGTH:(number + 1) * LENGTH], state)
        yield logits, state


def recovery(model: SegmentModel, parameters: Parameters, words: Array, progress: Progress) -> dict[str, Any]:
    """By fault: the tokens until the predictions are well again, the divergence at some of them, and how far the memory
    is from the one without at the end of each segment, from that of the fault on"""
    whole, found = excerpts(words, BEFORE + 2 + AFTER), {}   # the last segment takes the place of what a gap loses
    with progress.task("faults", len(FAULTS), "fault") as advance:
        for fault, start in FAULTS.items():
            right = islice(read(model, parameters, whole), BEFORE + (fault == "gap"), None)
            wrong = islice(read(model, parameters, with_fault(fault, whole), fault), BEFORE, None)
            off, away = list[Array](), list[float]()
            for (p, state), (q, other) in zip(right, wrong):
                off.append(divergence(p, q))
                away.append(distance(model.memory_entries, state, other))
            after = np.concatenate(off)[start:start + 1 + AFTER * LENGTH]
            found[fault] = {"tokens": tokens_until(after), "divergence": [float(after[k]) for k in SHOWN],
                            "memory": away[start == LENGTH - 1:][:AFTER + 1]}
            advance()
    return found


def divergence(p: Array, q: Array) -> Array:                 # (B, T, V) logits each -> (T,)
    """KL(p ‖ q) in nats, the mean over rows"""
    p, q = (z - z.max(-1, keepdims=True) for z in (p, q))
    p, q = (z - np.log(np.exp(z).sum(-1, keepdims=True)) for z in (p, q))
    return (np.exp(p) * (p - q)).sum(-1).mean(0)


def distance(entries: frozenset[str], state: State, other: State) -> float:
    """‖memory′ − memory‖ / ‖memory‖, the mean over rows"""
    m, m_other = (np.concatenate([of[name].reshape(len(of[name]), -1) for name in sorted(entries & state.keys())], 1)
                  for of in (state, other))
    return float((np.linalg.norm(m_other - m, axis=1) / np.linalg.norm(m, axis=1)).mean())


def tokens_until(off: Array) -> int | None:
    """After how many tokens `off`, whose first is before any, stays within WITHIN; None: not for LENGTH tokens"""
    far = np.flatnonzero(off > WITHIN)
    tokens = int(far[-1]) + 1 if far.size else 0
    return tokens if tokens <= len(off) - LENGTH else None


def measure(arm: str, on: str, seed: int, train_tokens: int | None, folder: Any, progress: Progress) -> dict[str, Any]:
    model, parameters, seconds = trained(arm, on, seed, train_tokens, folder, progress)
    start, words = time.perf_counter(), text().test[:SCORED]
    return {"arm": arm, "trained": on, "seed": seed, "train_tokens": text().train[:train_tokens].size,
            "parameters": parameters.size, "rates": [0.0, *RATES],
            "perplexity": perplexities(model, parameters, words, progress),
            "recovery": recovery(model, parameters, words, progress), "shown": list(SHOWN),
            "training_seconds": seconds, "seconds": time.perf_counter() - start}


def by_rate(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Head and lines of a table: a model and a damage a line, a rate a column; the mean over seeds and their range"""
    return ["model", "trained", "damage", "none", *map(str, RATES)], [
        [arm, on, name, *(shown([row["perplexity"][name][k] for row in found]) for k in range(1 + len(RATES)))]
        for (arm, on), found in groups(rows).items() for name in DAMAGES]


def by_fault(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Head and lines of a table: the tokens that each seed needs to be well again after each fault"""
    return ["model", "trained", *FAULTS], [
        [arm, on, *(", ".join("never" if row["recovery"][fault]["tokens"] is None else
                              str(row["recovery"][fault]["tokens"]) for row in found) for fault in FAULTS)]
        for (arm, on), found in groups(rows).items()]


def groups(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By model and training, in the order of the arms, the seeds in theirs"""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (list(ARMS).index(row["arm"]), TRAINED.index(row["trained"]), row["seed"])):
        found.setdefault((row["arm"], row["trained"]), []).append(row)
    return found


def shown(figures: Sequence[float]) -> str:
    """`61.2 (60.8–61.9)`"""
    mean = f"{np.mean(figures):.1f}"
    return mean if len(figures) == 1 else f"{mean} ({min(figures):.1f}–{max(figures):.1f})"


def plot(rows: Sequence[dict[str, Any]], path: Any) -> None:
    """Above, perplexity against the rate, a panel a damage; below, the divergence after each fault; means over seeds,
    the models that were trained on damaged texts in pale"""
    from minicrt.plotting import Picture
    from minicrt.plotting.style import look, quiet

    figure = Picture(figsize=(12, 6.2), dpi=100, layout="constrained")
    above, below = figure.subplots(2, len(DAMAGES), sharey="row")
    for (arm, on), found in groups(rows).items():
        style = look(list(ARMS).index(arm), 4) | {"alpha": 1.0 if on == "clean" else 0.4, "linewidth": 1.3}
        label = arm if on == "clean" else f"{arm}, trained on damage"
        for axes, name in zip(above, DAMAGES):
            axes.plot([0, *(100 * rate for rate in RATES)], np.mean([row["perplexity"][name] for row in found], 0),
                      label=label, **style)
            axes.set(title=name, xlabel="rate (% of tokens)", yscale="log")
        for axes, fault in zip(below, FAULTS):
            mean = np.mean([row["recovery"][fault]["divergence"] for row in found], 0)
            axes.plot(SHOWN, np.maximum(mean, 1e-6), **style)
            axes.set(title=fault, xlabel="tokens after it", xscale="log", yscale="log")
    for axes in below:
        axes.axhline(WITHIN, color="black", linestyle=":", linewidth=0.8)
    for axes in (*above, *below):
        quiet(axes)
    above[0].set_ylabel("perplexity of the true next word")
    below[0].set_ylabel("KL (nats); dotted: well again")
    figure.legend(*above[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    figure.savefig(path)


def main() -> None:
    made = parser(sys.modules[__name__])
    made.add_argument("--trained", type=report.one_of(TRAINED), default=list(TRAINED),
                      help="clean, damaged (default: both)")
    options = made.parse_args()
    rows, progress = KeptRows(options.json, "perplexity"), progress_for()
    before = len(rows.rows)
    with threads.limit(options.threads or threads.count()):
        for seed in options.seeds:
            for arm in options.arms or ARMS:
                for on in options.trained:
                    part = f" --train-tokens {options.train_tokens}" if options.train_tokens else ""
                    command = f"python -m benchmarks.token_damage --arms {arm} --trained {on} --seed {seed}{part}"
                    if rows.has(command):
                        continue
                    row = measure(arm, on, seed, options.train_tokens, options.weights, progress)
                    rows.add({**row, "command": command})
                    at = "  ".join(f"{name} {of[-1]:.1f}" for name, of in row["perplexity"].items())
                    print(f"{arm:<15} {on:<8} seed {seed}  none {row['perplexity']['gaps'][0]:.1f}  {at}  recovery "
                          f"{[of['tokens'] for of in row['recovery'].values()]}  {row['seconds']:.0f} s", flush=True)
    if options.json is not None and len(rows.rows) > before:
        plot(rows.rows, options.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
