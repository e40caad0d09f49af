"""Why eight clients are behind a central training that reads as many tokens: one thing changed at a time

What is changed is the arm `by-article, 1/8 pass a round` of `benchmarks.federated_ptb`: FedAvg of eight clients'
stretches of Penn Treebank, --passes in all, each client's AdamW anew in every round. The mean is taken here, without
Flower.

    moments kept             each client keeps its AdamW's moments from round to round
    4 x the rounds           of a quarter of the steps
    rate x 2.83              the clients' learning rate by √8, as eight times the rows are said to want
    server's rate 2.83       the mean change taken 2.83 times
    rows of all              no clients: a central training with the rows of all in a step, as many steps as a client
    central                  no clients: the central training itself, at another rate

and together as named. `rows of all` has no averaging, nor AdamW anew, nor parts of the text: what it is behind
`central` of `benchmarks.federated_ptb` comes of fewer steps alone. Perplexity of the last weights; nothing is tuned.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.federated_ptb import CLIENTS, MODEL, ROWS, TRAINING, arguments_of, lacking, spread
from benchmarks.kept_rows import KeptRows
from minicrt import create_model, load_corpus
from minicrt.data import Corpus, TokenStream, largest_batch
from minicrt.federated import FederatedConfig, parts_of
from minicrt.training import TrainingConfig
from minicrt.training.evaluation import evaluate
from minicrt.training.schedules import warmup_cosine

SQRT8 = 2.83
UNCHANGED = "by-article, 1/8 pass a round"
ARMS: dict[str, dict[str, Any]] = {
    "moments kept": {"moments": "kept"},
    "4 x the rounds": {"local_epochs": 1 / 32},
    "4 x the rounds, moments kept": {"local_epochs": 1 / 32, "moments": "kept"},
    "rate x 2.83": {"rate": SQRT8},
    "rate x 8": {"rate": 8.0},
    "rate x 2.83, moments kept": {"rate": SQRT8, "moments": "kept"},
    "rate x 2.83, 4 x the rounds, moments kept": {"rate": SQRT8, "moments": "kept", "local_epochs": 1 / 32},
    "server's rate 2.83": {"server_rate": SQRT8},
    "rows of all, rate x 2.83": {"rate": SQRT8, "moments": "kept", "local_epochs": 1 / 32, "clients": 1,
                                 "rows": ROWS * CLIENTS},
    "central, rate x 2.83": {"rate": SQRT8, "moments": "kept", "local_epochs": 1 / 32, "clients": 1},
}


def measure(arm: str, seed: int, passes: int, corpus: Corpus) -> dict[str, Any]:
    """One run; `curve` has the validation perplexity halfway and at the end."""
    from flwr.app import RecordDict

    from minicrt.federated.client import Client

    settings: dict[str, Any] = {"moments": "new", "local_epochs": 0.125, "rate": 1.0, "server_rate": 1.0,
                                "clients": CLIENTS, "rows": ROWS, **ARMS[arm]}
    start, model = time.process_time(), create_model({**MODEL, "vocabulary": corpus.vocabulary.size})
    rounds = round(passes / settings["local_epochs"])
    config = TrainingConfig(**{**TRAINING, "learning_rate": settings["rate"] * TRAINING["learning_rate"],
                               "steps": rounds, "batch": settings["rows"], "seed": seed})
    clients, length = [], MODEL["segment_length"]
    parts = parts_of(corpus.train, corpus.vocabulary, CLIENTS) if settings["clients"] > 1 else [corpus.train]
    for number, part in enumerate(parts):
        stream = TokenStream(part, min(settings["rows"], largest_batch(part.size, length)), length, f"part {number}")
        clients.append(Client(number, model, stream, config, FederatedConfig(
            clients=CLIENTS, local_epochs=settings["local_epochs"], moments=settings["moments"])))
    weights, kept = model.initialize(np.random.default_rng([seed, 0]), np.float32), [RecordDict() for _ in clients]
    curve = []
    for number in range(rounds):
        change, tokens = np.zeros_like(weights.flat), 0
        for client, record in zip(clients, kept):
            own = weights.copy()
            scored = client.round(own, record, number + 1, warmup_cosine(number, rounds, 0, config.final_learning_rate),
                                  0.0)[1]
            change, tokens = change + scored * (own.flat - weights.flat), tokens + scored
        weights.flat += settings["server_rate"] * change / tokens
        if number + 1 in (rounds // 2, rounds):
            curve.append((number + 1, evaluate(model, weights, corpus.valid).perplexity))
    return {"arm": arm, "seed": seed, "passes": passes, "rounds": rounds, "curve": curve,
            "valid_perplexity": curve[-1][1], "seconds": time.process_time() - start}


def by_arm(rows: Sequence[dict[str, Any]], usual: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Each arm's validation perplexity, and by how much it is over that of `usual`, the rows of federated_ptb"""
    unchanged = {row["seed"]: row["valid_perplexity"] for row in usual if row["arm"] == UNCHANGED}
    lines = [["as it is", len(unchanged), 16, spread([*unchanged.values()]), "–"]] if unchanged else []
    for arm in ARMS:
        of = [row for row in rows if row["arm"] == arm]
        if of:
            over = [100 * (row["valid_perplexity"] / unchanged[row["seed"]] - 1) for row in of
                    if row["seed"] in unchanged]
            lines.append([arm, len(of), of[0]["rounds"], spread([row["valid_perplexity"] for row in of]),
                          f"{sum(over) / len(over):+.1f} %" if over else "–"])
    return ["changed", "seeds", "rounds", "valid", "over the first"], lines


def main() -> None:
    arguments = arguments_of(sys.modules[__name__], ARMS)
    rows, corpus = KeptRows(arguments.json, "arm"), load_corpus(arguments.corpus)
    for arm, seed, command in lacking(rows, "federated_causes", arguments, ARMS):
        found = measure(arm, seed, arguments.passes, corpus)
        rows.add({**found, "command": command})
        print(f"{arm:<45} seed {seed}   valid {found['valid_perplexity']:.1f}   {found['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    report.run(main)
