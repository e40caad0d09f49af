"""Runs on sensor readings: their learning curve, forecasts beside what was read, and classes over time"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicrt.arguments import check_iterable, check_kind, check_number, shown
from minicrt.array_arguments import real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, in_own_style
from minicrt.plotting.style import BLUE, GREY, LONGEST_LABEL, ORANGE, as_label, plain_log_ticks, quiet, title_above

Array = np.ndarray
MEASURES = ("error", "perplexity")


@in_own_style
def sensor_curves(rows: Sequence[Mapping[str, Any]], measure: str, unit: str = "", baseline: float | None = None,
                  title: str = "") -> Picture:
    """The error of forecasts, in `unit`, or the perplexity of classes against epochs, from the rows of `metrics.jsonl`.

    Each row has `epoch`, `train_<measure>` and `valid_<measure>`, None for what was not finite; `measure` is "error" or
    "perplexity". `baseline` draws the figure of whoever has learned nothing.
    """
    check_kind("the list of rows", rows, Sequence, "the rows of metrics.jsonl, as run.metrics has them")
    check_kind("unit", unit, str, "a text")
    if not isinstance(measure, str) or measure not in MEASURES:
        raise InputError(f"measure is {shown(measure)}, expected error or perplexity")
    keys = ("epoch", f"train_{measure}", f"valid_{measure}")
    for row in rows:
        check_kind("a row", row, Mapping, "a row of metrics.jsonl")
        missing = [key for key in keys if key not in row]
        if missing:
            raise InputError(f"a row of the learning curves lacks {' and '.join(missing)}")
    figure = Picture(figsize=(8, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    epochs, train, valid = (np.array([_finite(row[key]) for row in rows]) for key in keys)
    marker = "o" if len(rows) <= 40 else None
    axes.plot(epochs, train, color=ORANGE, linestyle="--", marker=marker and "^", markersize=3.5,
              label="training (with dropout)")
    axes.plot(epochs, valid, color=BLUE, marker=marker, markersize=3.5, label="validation")
    levels = []
    if baseline is not None:
        levels = [check_number("baseline", baseline, 0)]
        axes.axhline(levels[0], color=GREY, linestyle=":", linewidth=1, label="nothing learned")
    axes.set_yscale("log")
    plain_log_ticks(axes, [value for value in (*train, *valid, *levels) if value > 0])
    axes.set_xlabel("epochs")
    axes.set_ylabel(as_label(f"{measure}{f', {unit}' if unit else ''}") + " (log scale)", parse_math=False)
    axes.legend(frameon=False)
    quiet(axes)
    title_above(figure, title)
    return figure


def _finite(value: float | None) -> float:
    return value if value is not None and abs(value) < 1e200 else np.nan


@in_own_style
def forecast(time: Array, readings: Array, forecasts: Array, xlabel: str, ylabel: str, title: str = "") -> Picture:
    """What was read and what had been forecast for the same moment, (N,) each; NaN, a missing reading, leaves a gap."""
    x, read, told = (real_array(name, array, "N") for name, array in (
        ("time", time), ("readings", readings), ("forecasts", forecasts)))
    if not len(x) == len(read) == len(told):
        raise InputError(f"got {len(x)} times, {len(read)} readings and {len(told)} forecasts, expected as many of "
                         "each")
    figure = Picture(figsize=(9, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot(x, read, color=GREY, linewidth=1, marker=".", markersize=3.5, label="read")
    axes.plot(x, told, color=BLUE, linestyle="--", linewidth=1.6, label="forecast")
    _labelled(figure, axes, xlabel, ylabel, title)
    quiet(axes)
    figure.legend(frameon=False, ncols=2, loc="outside upper right")
    return figure


@in_own_style
def class_probabilities(time: Array, probabilities: Array, classes: Sequence[str], right: Array, xlabel: str,
                        title: str = "") -> Picture:
    """The probability (N, K) of each class over time (N,), dark where it is high, with a mark on the right one.

    `right` (N,) holds the numbers of the right classes, −1 where nobody knows.
    """
    check_iterable("the list of classes", classes, "a text for each class")
    names = [as_label(name) for name in classes]
    x, p, known = real_array("time", time, "N"), real_array("probabilities", probabilities, "N K"), np.asarray(right)
    if p.shape != (len(x), len(names)) or known.shape != x.shape or known.dtype.kind not in "iu":
        raise InputError(f"got {len(x)} times, probabilities of shape {p.shape}, {len(names)} classes and right ones "
                         f"of shape {known.shape}, expected (N,), (N, K), K and N integers")
    figure = Picture(figsize=(9, 1.6 + 0.35 * min(len(names), 12)), dpi=120, layout="constrained")
    axes = figure.subplots()
    step = float(np.median(np.diff(x))) if len(x) > 1 else 1.0
    edges = np.concatenate([x - step / 2, [x[-1] + step / 2]])
    image = axes.pcolormesh(edges, np.arange(len(names) + 1) - 0.5, p.T, cmap="Blues", vmin=0, vmax=1)
    scored = known >= 0
    if scored.any():
        axes.plot(x[scored], known[scored], color="white", linestyle="", marker="o", markersize=4,
                  markeredgecolor="black", markeredgewidth=0.8, label="the right class")    # seen on white and on blue
        figure.legend(frameon=False, loc="outside lower right")
    if len(names) <= 30:
        axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    _labelled(figure, axes, xlabel, "class", title)
    figure.colorbar(image, ax=axes, label="probability")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _labelled(figure: Picture, axes: Any, xlabel: str, ylabel: str, title: str) -> None:
    axes.set_xlabel(as_label(xlabel, LONGEST_LABEL), parse_math=False)
    axes.set_ylabel(as_label(ylabel, LONGEST_LABEL), parse_math=False)
    title_above(figure, title)
