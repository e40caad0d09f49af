"""A million tokens without a reset: does the memory stay what it was trained to be, and do the models with it?

facts   recall of one pair (`minicrt.data.RecallTask`), trained on distances of 1 to 8 segments of 17 tokens as in
        benchmarks/memory_study.py, where each episode begins with no state ("anew"), or for all of --steps on episodes
        of which nine in ten go on with the state that the one before has left ("carried"). Then 8 streams of --tokens
        tokens each: filler, in which facts are planted, one after the other, and asked for 100, 1,000, 10,000 and
        100,000 tokens later. The state is never reset, so that each fact has to take the place of the one before. A
        question is asked aside: the stream goes on without it. By the compiled `Stream`.
text    the models of benchmarks/token_models.py, trained on words as they are, read the test part over and over, from
        4 places of it, to --tokens tokens each. Passes fall alike into segments, so the same text stands at many
        distances from the start: perplexity by pass, and of the first tokens beside that of the same text a pass later.

Of both: the mean size of the memory's units (root mean square), the share larger than 0.95, and how far the memory has
drifted: of facts, the cosine with what it was when the fact was planted; of text, the norm of the difference to the
memory at the same word a pass after the start, as a share of its norm.
"""

import sys
import time
from typing import Any

import numpy as np

from benchmarks import report, token_models
from benchmarks.kept_rows import KeptRows
from benchmarks.long_stream_tables import DISTANCES, FACTS, SATURATED, TRAINED, plot
from benchmarks.memory_study import BATCH, FURTHEST, is_recalled
from benchmarks.memory_tasks import learn, model_for, task_at
from benchmarks.token_models import LENGTH, text, trained
from minicrt.inference import Stream
from minicrt.inference.stream import FORM
from minicrt.models import Parameters, SegmentModel, State
from minicrt.parallel import threads
from minicrt.sealed import opened
from minicrt.training.progress import Progress, progress_for
from minicrt.training.window import segment_nll

Array = np.ndarray
SEGMENT, STREAMS = 17, 8
ROWS, FIRST = 4, (35, 70, 140, 350, 700, 3500, 35_000)       # tokens from the start: the ends of stretches


def figures(m: Array) -> dict[str, float]:
    return {"size": float(np.sqrt((m * m).mean())), "saturated": float((np.abs(m) > SATURATED).mean())}


def memory_of(entries: frozenset[str], state: State) -> Array:               # -> (B, all units)
    found = [state[name].reshape(len(state[name]), -1) for name in sorted(entries & state.keys())]
    return np.concatenate(found, 1).astype(float)


def cosine(first: Array, m: Array) -> float:                 # (B, N) each; the mean over rows
    return float(((first * m).sum(1) / (np.linalg.norm(first, axis=1) * np.linalg.norm(m, axis=1))).mean())


def measure_facts(arm: str, on: str, seed: int, steps: int, tokens: int, progress: Progress) -> dict[str, Any]:
    start, (k, configuration) = time.perf_counter(), FACTS[arm]
    model, parameters = model_for("recall", configuration, seed, SEGMENT)
    task, curve = task_at("recall", FURTHEST, SEGMENT), list[tuple[int, float]]()
    with progress.task("training", steps, "step") as advance:
        def after_step(step: int) -> bool:
            advance()
            return is_recalled(model, parameters, task, seed, step, curve) and on == "anew"

        taken = learn(model, parameters, "recall", k, steps, FURTHEST, seed, BATCH, SEGMENT, after_step=after_step,
                      carried=TRAINED[on])
    training = time.perf_counter() - start
    return {"part": "facts", "arm": arm, "trained": on, "seed": seed, "parameters": parameters.size, "taken": taken,
            "trained_to": curve[-1][1] if curve else None, "tokens": tokens, "streams": STREAMS,
            **facts(Reader(model, parameters), seed, tokens, progress), "training_seconds": training,
            "seconds": time.perf_counter() - start}


class Reader:
    """STREAMS streams side by side that read whole segments, and are asked aside"""

    def __init__(self, model: SegmentModel, parameters: Parameters) -> None:
        self._stream, self._entries = Stream(model, parameters, STREAMS), model.memory_entries

    def read(self, tokens: Array) -> None:                   # (STREAMS, n · T)
        self._stream.feed(tokens)

    def answers(self, asked: Array) -> Array:                # (STREAMS, T) -> (STREAMS,)
        """What is most likely to follow; afterwards the stream is as it was."""
        before = self._stream.save()
        found = self._stream.feed(asked).argmax(-1)
        self._stream.restore(before)
        return found

    def memory(self) -> Array:                               # -> (STREAMS, all units)
        """As it was before the last segment"""
        arrays, _ = opened(self._stream.save(), FORM, "what was saved", "a stream")
        return memory_of(self._entries, {name.removeprefix("state."): array for name, array in arrays.items()})


def facts(reader: Reader, seed: int, tokens: int, progress: Progress) -> dict[str, Any]:
    """`facts`: how many were planted. By distance: how many were asked for, the accuracy of all answers, of the first
    fact's and of the last's, and what the memory is; a distance that there was no room for has none"""
    T, rng, task = SEGMENT, np.random.default_rng([seed, 4]), task_at("recall", 1, SEGMENT)
    points: dict[int, list[dict[str, float]]] = {distance: [] for distance in DISTANCES}
    read = planted = 0

    def filler(segments: int) -> int:                        # -> tokens
        for start in range(0, segments, 50):
            count = min(50, segments - start)
            reader.read(rng.integers(task.values + task.keys, task.vocabulary_size, (STREAMS, count * T)))
            for _ in range(count):
                advance()
        return segments * T

    with progress.task("filler", tokens // T) as advance:
        while read + T + DISTANCES[0] <= tokens:
            (shown, _), (asked, targets) = task.window(rng, STREAMS)
            reader.read(shown)
            since, planted = filler(1), planted + 1
            first = reader.memory()
            for distance in DISTANCES:
                wait = -(-(distance - T - since) // T)       # segments, so that the question is `distance` tokens away
                if read + T + since + wait * T > tokens:
                    break
                since += filler(wait)
                m = reader.memory()
                points[distance].append({"accuracy": float((reader.answers(asked) == targets[:, -1]).mean()),
                                         "cosine": cosine(first, m), **figures(m)})
            read += T + since
    return {"facts": planted, "answers": [
        {"distance": distance, "asked": len(of), **{key: float(np.mean([point[key] for point in of]))
                                                   for key in (of[0] if of else ())},
         **({"first": of[0]["accuracy"], "last": of[-1]["accuracy"]} if of else {})}
        for distance, of in points.items()]}


def measure_text(arm: str, seed: int, train_tokens: int | None, tokens: int, folder: Any, progress: Progress
                 ) -> dict[str, Any]:
    model, parameters, seconds = trained(arm, "clean", seed, train_tokens, folder, progress)
    start = time.perf_counter()
    return {"part": "text", "arm": arm, "trained": "carried", "seed": seed, "parameters": parameters.size,
            "tokens": tokens, "rows": ROWS, "train_tokens": text().train[:train_tokens].size,
            **passes(model, parameters, text().test, tokens, progress), "training_seconds": seconds,
            "seconds": time.perf_counter() - start}


def passes(model: SegmentModel, parameters: Parameters, words: Array, tokens: int, progress: Progress
           ) -> dict[str, Any]:
    """Loss by segment and the memory by pass, over a text that is a circle of whole segments. `start`: perplexity of
    stretches of the first tokens, and of the same text a pass later; `passes`: perplexity and memory of each pass."""
    around = words.size // LENGTH                            # segments of a pass
    circle = words[:around * LENGTH]
    rows = np.arange(ROWS)[:, None] * (around // ROWS) * LENGTH
    loss, state, kept = list[float](), State(), list[dict[str, float]]()
    first: Array | None = None
    with progress.task("text", tokens // LENGTH) as advance:
        for number in range(tokens // LENGTH):
            places = rows + number * LENGTH + np.arange(LENGTH + 1)
            of = circle[places % circle.size]
            nll, state = segment_nll(model, parameters, (of[:, :-1], of[:, 1:]), state)
            loss.append(nll / (ROWS * LENGTH))
            if (number + 1) % around == 0:
                m = memory_of(model.memory_entries, state)
                first = m if first is None else first
                away = float((np.linalg.norm(m - first, axis=1) / np.linalg.norm(first, axis=1)).mean())
                kept.append({"tokens": (number + 1) * LENGTH, "drift": away,
                             **figures(m)})
            advance()
    losses = np.array(loss)
    edges = [0, *(end // LENGTH for end in FIRST)]
    stretches = [(edges[k], edges[k + 1]) for k in range(len(FIRST)) if around + edges[k + 1] <= losses.size]
    return {"start": [{"tokens": b * LENGTH, "perplexity": float(np.exp(losses[a:b].mean())),
                       "later": float(np.exp(losses[around + a:around + b].mean()))} for a, b in stretches],
            "passes": [{"perplexity": float(np.exp(losses[k * around:(k + 1) * around].mean())), **of_memory}
                       for k, of_memory in enumerate(kept)]}


def main() -> None:
    made = report.parser(sys.modules[__name__])
    made.add_argument("--parts", type=report.one_of(("facts", "text")), default=["facts", "text"],
                      help="facts, text (default: both)")
    made.add_argument("--arms", action="append", choices=list({**FACTS, **token_models.ARMS}),
                      help="may be given again (default: all)")
    made.add_argument("--trained", type=report.one_of(tuple(TRAINED)), default=list(TRAINED),
                      help="of facts: anew, carried (default: both)")
    made.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    made.add_argument("--steps", type=report.positive, default=1000, help="of recall, at most (default: 1000)")
    made.add_argument("--tokens", type=report.positive, default=10 ** 6, help="of each stream (default: 1000000)")
    made.add_argument("--train-tokens", type=report.positive, metavar="N",
                      help="of the text's training part, once (default: all)")
    made.add_argument("--weights", type=token_models.Path, metavar="FOLDER",
                      help="where the weights of models of text are kept, and found again")
    of = made.parse_args()
    rows, progress = KeptRows(of.json, "part"), progress_for()
    before = len(rows.rows)
    trained_on = f" --train-tokens {of.train_tokens}" if of.train_tokens else ""
    chosen: list[tuple[str, Any]] = []
    for seed in of.seeds:
        chosen += [(f'facts --arms "{arm}" --trained {on} --seed {seed} --steps {of.steps}',
                    (measure_facts, arm, on, seed, of.steps, of.tokens, progress))
                   for arm in FACTS for on in of.trained if "facts" in of.parts and arm in (of.arms or FACTS)]
        chosen += [(f'text --arms "{arm}" --seed {seed}{trained_on}',
                    (measure_text, arm, seed, of.train_tokens, of.tokens, of.weights, progress))
                   for arm in token_models.ARMS if "text" in of.parts and arm in (of.arms or token_models.ARMS)]
    with threads.limit(of.threads or threads.count()):
        for asked, (measure, *arguments) in chosen:
            command = f"python -m benchmarks.long_streams --parts {asked} --tokens {of.tokens}"
            if not rows.has(command):
                row = measure(*arguments)
                rows.add({**row, "command": command})
                print(f"{asked}   {row['answers'] if 'answers' in row else row['passes']}   {row['seconds']:.0f} s",
                      flush=True)
    if of.json is not None and len(rows.rows) > before:
        plot(rows.rows, of.json.with_suffix(".png"))


if __name__ == "__main__":
    report.run(main)
