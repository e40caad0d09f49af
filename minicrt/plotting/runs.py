"""What a run measured: learning curves, the worth of the carried state, and models beside each other"""

import string
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from minicrt.arguments import check_kind, check_number, check_whole, shown
from minicrt.errors import InputError
from minicrt.picture import Picture, as_written, in_own_style, matplotlib
from minicrt.plotting.style import (
    BLUE,
    GREY,
    LONGEST_LABEL,
    LONGEST_LINE,
    ORANGE,
    as_label,
    plain_log_ticks,
    quiet,
    title_above,
)

TAB20 = matplotlib.colormaps["tab20"]                        # where there are more things than Okabe and Ito's colours
MARKERS = {17: "v", 35: "o", 70: "s", 150: "D"}


@in_own_style
def learning_curves(rows: Sequence[Mapping[str, Any]], unigram: float | None = None, title: str = "") -> Picture:
    """Perplexity and loss against epochs, from the rows of `metrics.jsonl`.

    Each row has `epoch`, `valid_perplexity` and `train_loss` (nats per token). `unigram` draws the perplexity of the
    model that knows only how frequent each token is: the line to be well under. Where a run has diverged and its
    perplexity is None, for infinite, or astronomical, the loss alone is drawn, from `valid_loss`.
    """
    check_kind("the list of rows", rows, Sequence, "the rows of metrics.jsonl, as run.metrics has them")
    for row in rows:
        check_kind("a row", row, Mapping, "a row of metrics.jsonl")
        missing = [key for key in ("epoch", "valid_perplexity", "train_loss") if key not in row]
        if missing:
            raise InputError(f"a row of the learning curves lacks {' and '.join(missing)}")
    if unigram is not None:
        unigram = check_number("unigram", unigram, 1)
    figure = Picture(figsize=(9, 3.6), dpi=120, layout="constrained")
    perplexity, loss = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    marker = "o" if len(rows) <= 40 else None
    valid = np.array([_on_an_axis(row["valid_perplexity"]) for row in rows])
    valid_loss = [row["valid_loss"] if np.isnan(value) else np.log(value) for row, value in zip(rows, valid)]
    perplexity.plot(epochs, valid, color=BLUE, marker=marker, markersize=3.5)
    if unigram is not None:
        perplexity.axhline(unigram, color=GREY, linestyle="--", linewidth=1)
        perplexity.annotate(f"unigram model {unigram:.0f}", (1, unigram), xycoords=("axes fraction", "data"),
                            xytext=(-4, 4), textcoords="offset points", ha="right", va="bottom", color=GREY)
    perplexity.set_yscale("log")
    plain_log_ticks(perplexity, [*valid, *([] if unigram is None else [unigram])])
    if np.isfinite(valid).any():
        best = int(np.nanargmin(valid))
        perplexity.annotate(f"{valid[best]:.1f}", (epochs[best], valid[best]), xytext=(0, -6),
                            textcoords="offset points", ha="center", va="top", color=BLUE)
    perplexity.set(xlabel="epochs", ylabel="validation perplexity (log scale)")
    loss.plot(epochs, [row["train_loss"] for row in rows], color=ORANGE, linestyle="--", marker=marker and "^",
              markersize=3.5, label="training (with dropout)")
    loss.plot(epochs, valid_loss, color=BLUE, marker=marker, markersize=3.5, label="validation")
    loss.set(xlabel="epochs", ylabel="loss (nats per token)")
    loss.legend(frameon=False)
    for axes in (perplexity, loss):
        quiet(axes)
    title_above(figure, title)
    return figure


@in_own_style
def cut_bars(summary: Mapping[str, Any], title: str = "") -> Picture:
    """What the carried state is worth: validation perplexity as trained, and with parts of the state cut.

    `summary` is that of `summary.json`: `valid_perplexity` and `valid_perplexity_{memory,positions,state}_cut`, of
    which those that are missing or not finite are left out.
    """
    check_kind("summary", summary, Mapping, "that of summary.json, as run.summary has it")
    bars = [("all carried", "valid_perplexity", BLUE),
            ("positions cut", "valid_perplexity_positions_cut", ORANGE),
            ("memory cut", "valid_perplexity_memory_cut", ORANGE),
            ("both cut", "valid_perplexity_state_cut", ORANGE)]
    bars = [bar for bar in bars if not np.isnan(_on_an_axis(summary.get(bar[1])))]
    figure = Picture(figsize=(6.5, 0.7 + 0.45 * len(bars)), dpi=120, layout="constrained")
    axes = figure.subplots()
    for row, (_, key, colour) in enumerate(bars):
        axes.barh(row, summary[key], color=colour, height=0.65)
        axes.annotate(f"{summary[key]:.1f}", (summary[key], row), xytext=(4, 0), textcoords="offset points",
                      va="center")
    axes.set_yticks(range(len(bars)), [label for label, _, _ in bars])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("validation perplexity (lower is better)")
    quiet(axes)
    axes.grid(False)
    if as_written(title):
        axes.set_title(as_label(title, LONGEST_LINE), fontsize=11, parse_math=False)
    return figure


def _on_an_axis(perplexity: float | None) -> float:
    """NaN, which matplotlib leaves out, for what a logarithmic axis with its margins has no place for."""
    return perplexity if perplexity is not None and perplexity < 1e200 else np.nan


def _check_compared(row: Mapping[str, Any], cost: str, length: str) -> None:
    """Raise InputError unless `row` has a place in a comparison: numbers, None or infinite where a model diverged."""
    missing = [key for key in ("label", length, cost, "valid", "valid_deviation") if key not in row]
    if missing:
        raise InputError(f"a row of the comparison lacks {' and '.join(missing)}")
    check_kind("a label of the comparison", row["label"], str, "a text")
    check_whole(length, row[length], 1)
    check_number(cost, row[cost], 0)
    for key in ("valid", "valid_deviation"):
        if row[key] is not None and not isinstance(row[key], Real):
            raise InputError(f"{key} is {shown(row[key])}, expected a number, or None")


@in_own_style
def comparison(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Validation perplexity against operations per token, a point for each model and segment length; of models of
    video mean class accuracy against operations per frame.

    The rows are those of `minicrt.comparison.collect`; bars show the standard deviation over seeds. A model that has
    diverged, to no finite perplexity, has no point. A point has its model's letter, for whom colours say nothing.
    Raises InputError for rows of another kind.
    """
    check_kind("the list of rows", rows, Sequence, "the rows of minicrt.comparison.collect")
    for row in rows:
        check_kind("a row", row, Mapping, "a row of minicrt.comparison.collect")
    of_videos = any("flops_per_frame" in row for row in rows)
    cost, length = ("flops_per_frame", "frames") if of_videos else ("flops_per_token", "segment_length")
    for row in rows:
        _check_compared(row, cost, length)
    labels = sorted({row["label"] for row in rows})
    figure = Picture(figsize=(8.5, max(5, 0.6 + 0.18 * len(labels))), dpi=120, layout="constrained")  # for the legend
    axes = figure.subplots()
    styles: dict[str, dict[str, Any]] = {                    # after 20 models the colours return, hollow
        label: {"color": TAB20(number % 20), "markerfacecolor": TAB20(number) if number < 20 else "none"}
        for number, label in enumerate(labels)}
    letters = {label: string.ascii_uppercase[number % 26] * (1 + number // 26) for number, label in enumerate(labels)}
    for row in rows:
        if np.isnan(_on_an_axis(row["valid"])):
            continue
        axes.errorbar(row[cost] / 1e6, row["valid"], yerr=row["valid_deviation"] or 0,
                      marker=MARKERS.get(row[length], "x"), capsize=3, **styles[row["label"]])
        axes.annotate(f"{letters[row['label']]} {row[length]}", (row[cost] / 1e6, row["valid"]), xytext=(5, 3),
                      textcoords="offset points", fontsize=7)
    handles = [axes.plot([], [], marker="o", linestyle="", **styles[label])[0] for label in labels]
    named = [f"{letters[label]}  {as_label(label, LONGEST_LABEL)}" for label in labels]
    legend = axes.legend(handles, named, frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    for text in legend.get_texts():
        text.set_parse_math(False)
    unit, number = ("frame", "the frames of a clip") if of_videos else ("token", "the segment's length")
    axes.set(xlabel=f"forward operations per {unit} (MFLOP; at a point: the model's letter, {number})",
             ylabel="validation mean class accuracy" if of_videos else "validation perplexity")
    quiet(axes)
    return figure
