"""Penn Treebank cut into eight clients, against a central training that reads as many tokens

Every arm reads the training text --passes times in all, each client its part of it. `central` is a training in one
place with a client's own settings; `central, rows of all` has as many rows a step as all clients together, and so takes
as many steps one after the other as a client does. `by-article` gives a client a stretch of the text, `iid` lines at
random; a client takes half a pass or an eighth of one in a round. In the arm of 8 bits it sends changes in integers.
Bytes are those of the arrays, up and down, of all clients. A small CRT with an adaptive softmax, a row for each seed;
nothing is tuned. Seconds are the processor's.
"""

import json
import statistics
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from minicrt import create_model, load_corpus
from minicrt.data import Corpus
from minicrt.federated import FederatedConfig, train_federated
from minicrt.parallel import threads
from minicrt.training import Trained, TrainingConfig, train

CLIENTS, ROWS = 8, 8
MODEL = {"width": 32, "layers": 1, "heads": 2, "inner": 128, "segment_length": 35, "memory_span": 1, "dropout": 0.1,
         "output": "adaptive"}
TRAINING = {"learning_rate": 3e-3, "weight_decay": 0.01, "bptt_segments": 2, "final_learning_rate": 0.05,
            "restart_rate": 0.0, "checkpoint_seconds": 600.0}
CENTRAL = {"central": ROWS, "central, rows of all": ROWS * CLIENTS}              # rows a step
FEDERATED: dict[str, dict[str, Any]] = {
    "by-article, 1/8 pass a round": {"local_epochs": 0.125},
    "by-article, 1/2 pass a round": {"local_epochs": 0.5},
    "iid, 1/8 pass a round": {"split": "iid", "local_epochs": 0.125},
    "iid, 1/2 pass a round": {"split": "iid", "local_epochs": 0.5},
    "by-article, 1/8 pass a round, 8 bits": {"local_epochs": 0.125, "update_bits": 8},
}
ARMS = (*CENTRAL, *FEDERATED)


def measure(arm: str, seed: int, passes: int, corpus: Corpus) -> dict[str, Any]:
    """One run; `curve` has, for every evaluation, the tokens read until then, the megabytes and the perplexity."""
    start, model = time.process_time(), create_model({**MODEL, "vocabulary": corpus.vocabulary.size})
    with tempfile.TemporaryDirectory() as folder:
        if arm in CENTRAL:
            config = TrainingConfig(epochs=passes, batch=CENTRAL[arm], evaluations=4 * passes, seed=seed, **TRAINING)
            run = train(Path(folder) / "run", model, corpus, config, progress=False)
        else:
            settings = FEDERATED[arm]
            rounds = round(passes / settings["local_epochs"])
            config = TrainingConfig(steps=rounds, batch=ROWS, seed=seed, **TRAINING)
            run = train_federated(Path(folder) / "run", model, corpus,
                                  FederatedConfig(clients=CLIENTS, rounds=rounds, **settings), config, progress=False)
        return row(arm, seed, passes, run) | {"seconds": time.process_time() - start}


def row(arm: str, seed: int, passes: int, run: Trained) -> dict[str, Any]:
    assert run.summary is not None
    kept = ("valid_perplexity", "test_perplexity")
    up, down = (run.summary.get(f"bytes_{way}_a_client_each_round", 0) for way in ("from", "to"))
    curve = [(line["step"], line["tokens"], CLIENTS * line["step"] * (up + down) / 1e6, line["valid_perplexity"])
             for line in run.metrics]
    return {"arm": arm, "seed": seed, "passes": passes, "parameters": run.parameters.size,
            "rounds": run.summary.get("rounds", 0), "bytes_up": up, "bytes_down": down,
            **{key: run.summary[key] for key in kept}, "curve": curve}


def by_arm(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Perplexities of the best weights of each arm, the mean and the deviation over seeds, and by how much they are
    above the central training's of the same seeds"""
    found: dict[str, dict[int, dict[str, Any]]] = {arm: {} for arm in ARMS}
    for one in rows:
        found[one["arm"]][one["seed"]] = one
    lines = []
    for arm, of_arm in found.items():
        if not of_arm:
            continue
        one = next(iter(of_arm.values()))
        valid, test = ([of[f"{part}_perplexity"] for of in of_arm.values()] for part in ("valid", "test"))
        above = [100 * (of["valid_perplexity"] / found["central"][seed]["valid_perplexity"] - 1)
                 for seed, of in of_arm.items() if seed in found["central"]]
        sent = f"{one['curve'][-1][2]:,.0f}" if one["rounds"] else "–"
        lines.append([arm, len(of_arm), one["rounds"] or "–", sent, spread(valid), spread(test),
                      "–" if arm == "central" else f"{statistics.mean(above):+.1f} %" if above else "–"])
    return ["", "seeds", "rounds", "sent, MB", "valid", "test", "valid, over central"], lines


def spread(figures: Sequence[float]) -> str:
    return f"{statistics.mean(figures):.1f}" + (f" ± {statistics.stdev(figures):.1f}" if len(figures) > 1 else "")


def plot(rows: Sequence[dict[str, Any]], path: Any) -> None:
    """Validation perplexity of the lowest seed against tokens, rounds and bytes, a line for each arm"""
    from minicrt.plotting import Picture
    from minicrt.plotting.style import look, plain_log_ticks, quiet

    figure = Picture(figsize=(11, 4.6), dpi=110, layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    seed = min(one["seed"] for one in rows)
    for one in sorted(rows, key=lambda one: ARMS.index(one["arm"])):
        if one["seed"] != seed:
            continue
        style = {**look(ARMS.index(one["arm"]), len(one["curve"])), "linewidth": 1.2, "label": one["arm"]}
        steps, tokens, sent, perplexity = zip(*one["curve"])
        panels[0].plot([count / 1e6 for count in tokens], perplexity, **style)
        if one["arm"] not in CENTRAL:
            panels[1].plot(steps, perplexity, **style)
            panels[2].plot(sent, perplexity, **style)
    for axes, text in zip(panels, ("tokens read by all, millions", "rounds", "sent up and down by all clients, MB")):
        quiet(axes)
        axes.set(xlabel=text, yscale="log")
    plain_log_ticks(panels[0], [perplexity for one in rows for *_, perplexity in one["curve"]])
    panels[0].set_ylabel(f"validation perplexity, seed {seed}")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path)


def arguments_of(module: ModuleType, arms: Iterable[str]) -> Namespace:
    parser = report.parser(module)
    parser.add_argument("--corpus", default="ptb", metavar="NAME|PATH", help="(default: ptb)")
    parser.add_argument("--passes", type=report.positive, default=2, help="through the text (default: 2)")
    parser.add_argument("--seeds", type=report.numbers, default=[0, 1, 2], metavar="S,…", help="(default: 0,1,2)")
    parser.add_argument("--arms", action="append", choices=arms, help="may be given again (default: all)")
    return parser.parse_args()


def lacking(rows: KeptRows, name: str, arguments: Namespace, arms: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """(arm, seed, command) of what is asked of the benchmark `name` and not among the rows, each by itself"""
    count = arguments.threads or threads.count()
    with threads.limit(count):
        for seed in arguments.seeds:
            for arm in arguments.arms or arms:
                command = (f'python -m benchmarks.{name} --corpus {arguments.corpus} --arms "{arm}" --seeds {seed} '
                           f"--passes {arguments.passes} --threads {count}")
                if not rows.has(command):
                    yield arm, seed, command


def main() -> None:
    arguments = arguments_of(sys.modules[__name__], ARMS)
    rows, corpus = KeptRows(arguments.json, "arm"), load_corpus(arguments.corpus)
    for arm, seed, command in lacking(rows, "federated_ptb", arguments, ARMS):
        found = measure(arm, seed, arguments.passes, corpus)
        rows.add({**found, "command": command})
        print(f"{arm:<40} seed {seed}   valid {found['valid_perplexity']:.1f}   test {found['test_perplexity']:.1f}   "
              f"{found['seconds']:.0f} s", flush=True)
        if arguments.json is not None:
            plot(rows.rows, arguments.json.with_suffix(".png"))
    print(json.dumps(by_arm(rows.rows)[1], ensure_ascii=False))


if __name__ == "__main__":
    report.run(main)
