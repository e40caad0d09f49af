"""The models of `python -m benchmarks.long_streams`, the tables of what it found, and the figure"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.memory_capacity import SATURATED
from benchmarks.memory_study import POSITIONS
from benchmarks.memory_tasks import STACK
from benchmarks.token_models import ARMS

TRAINED = {"anew": 0.0, "carried": 0.9}                      # the share of episodes of training that go on from another
DISTANCES = (100, 1000, 10_000, 100_000)                     # tokens after a fact
FACTS: dict[str, tuple[int, dict[str, Any]]] = {             # name -> (bptt_segments, the model)
    "CRT, memory alone": (2, {"model": "crt", **POSITIONS["reset"], **STACK}),
    "CRT": (2, {"model": "crt", **STACK}),
    "Transformer-XL": (1, {"model": "transformer_xl", **STACK}),
    "RMT": (4, {"model": "rmt", **STACK}),
    "GRU": (4, {"model": "recurrent", "cell": "gru", "layers": 1}),
    "minGRU": (4, {"model": "linear_recurrent", "cell": "mingru", **STACK}),
}


def recalled(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Head and lines of a table: the accuracy of answers by distance in tokens, the first fact's and all, each seed"""
    return ["model", "trained", "fact", *(f"{distance:,}" for distance in DISTANCES)], [
        [arm, on, which, *(", ".join(said(row["answers"][k].get(key), ".2f") for row in found)
                           for k in range(len(DISTANCES)))]
        for (arm, on), found in groups(rows, "facts").items()
        for which, key in (("the first", "first"), ("all", "accuracy"))]


def memories(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Head and lines of a table: what is left of the memory, the longest after a fact, each seed"""
    keys = {"cosine": "cosine with the first", "size": "size", "saturated": f"units over {SATURATED}"}
    lines = []
    for (arm, on), found in groups(rows, "facts").items():
        for k, distance in enumerate(DISTANCES):
            found_at = [row["answers"][k] for row in found]
            lines.append([arm, on, f"{distance:,}", *(", ".join(said(answer.get(key), ".2f") for answer in found_at)
                                                      for key in keys)])
    return ["model", "trained", "tokens after the fact", *keys.values()], lines


def starts(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Head and lines of a table: how much dearer the first tokens are than the same text a pass later, in percent of
    perplexity, each seed"""
    found = groups(rows, "text")
    ends = [point["tokens"] for point in next(iter(found.values()))[0]["start"]] if found else []
    return ["model", *(f"{a:,}–{b:,}" for a, b in zip([0, *ends], ends))], [
        [arm, *(", ".join(f"{100 * (row['start'][k]['perplexity'] / row['start'][k]['later'] - 1):+.1f}" for row in of)
                for k in range(len(ends)))] for (arm, _), of in found.items()]


def by_pass(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Head and lines of a table: perplexity in the first pass, the second and the last, and the memory at its end"""
    return ["model", "first pass", "second", "last", "memory's drift", "size", f"units over {SATURATED}"], [
        [arm, *(", ".join(f"{row['passes'][k]['perplexity']:.2f}" for row in found) for k in (0, 1, -1)),
         ", ".join(f"{row['passes'][-1]['drift']:.0e}" for row in found),
         *(", ".join(f"{row['passes'][-1][key]:.2f}" for row in found) for key in ("size", "saturated"))]
        for (arm, _), found in groups(rows, "text").items()]


def groups(rows: Sequence[dict[str, Any]], part: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of a part by model and training, in the order of its models, the seeds in theirs"""
    order = list(FACTS if part == "facts" else ARMS)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted((row for row in rows if row["part"] == part),
                      key=lambda row: (order.index(row["arm"]), list(TRAINED).index(row["trained"]), row["seed"])):
        found.setdefault((row["arm"], row["trained"]), []).append(row)
    return found


def said(figure: float | None, form: str) -> str:
    return "–" if figure is None else format(figure, form)


def plot(rows: Sequence[dict[str, Any]], path: Any) -> None:
    """Means over seeds, a line of panels a part: recall by distance and the memory's cosine with its first value;
    perplexity at the start against the same text later, and by pass"""
    from minicrt.plotting import Picture
    from minicrt.plotting.style import look, quiet

    parts = [part for part in ("facts", "text") if groups(rows, part)]
    figure = Picture(figsize=(11, 3.5 * len(parts)), dpi=100, layout="constrained")
    for (left, right), part in zip(figure.subplots(len(parts), 2, squeeze=False), parts):
        for number, ((arm, on), found) in enumerate(groups(rows, part).items()):
            if part == "facts":
                at = [k for k in range(len(DISTANCES)) if all(row["answers"][k]["asked"] for row in found)]
                x = later = [DISTANCES[k] for k in at]
                y, z = (np.mean([[row["answers"][k][key] for k in at] for row in found], 0)
                        for key in ("accuracy", "cosine"))
            else:
                x, later = ([point["tokens"] for point in found[0][key]] for key in ("start", "passes"))
                y = np.mean([[100 * (point["perplexity"] / point["later"] - 1) for point in row["start"]]
                             for row in found], 0)
                z = np.mean([[point["perplexity"] for point in row["passes"]] for row in found], 0)
            style = look(number, len(DISTANCES))
            left.plot(x, y, label=f"{arm}, {on}" if part == "facts" else arm, **style)
            right.plot(later, z, **style)
        left.legend(fontsize=8)
        for axes in (left, right):
            quiet(axes)
        left.set_xscale("log")
        if part == "facts":
            left.set(title="a fact, planted and asked for", ylabel="accuracy (share of answers)", ylim=(0, 1.03),
                     xlabel="tokens of filler since the fact")
            right.set(title="the memory after a fact", ylabel="cosine with what it was then", ylim=(-0.3, 1.03),
                      xlabel="tokens of filler since the fact", xscale="log")
        else:
            left.set(title="the first tokens of a stream", ylabel="perplexity over that a pass later (%)",
                     xlabel="tokens from the start (end of a stretch)")
            right.set(title="the same text, pass after pass", ylabel="perplexity", xlabel="tokens from the start")
    figure.savefig(path)
