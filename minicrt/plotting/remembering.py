"""What a memory does: the loss by place in a segment, recall by distance, and the way of a memory vector"""

from collections.abc import Mapping, Sequence

import numpy as np

from minicrt.arguments import check_iterable, check_kind, check_number, check_truth
from minicrt.array_arguments import real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, as_written, in_own_style, matplotlib
from minicrt.plotting.style import COLOURS, DASHES, GREY, MARKS, as_label, legend_of, look, quiet, title_above

Array = np.ndarray


@in_own_style
def loss_by_place(losses: Mapping[str, Array], title: str = "", ylabel: str = "loss (nats per token)", log: bool = True
                  ) -> Picture:
    """A line for each entry: the mean loss at each place of a segment, in a band of its standard error either way.

    Each entry is (N, T), the losses of N segments; NaN where nothing was scored. T may differ from entry to entry.
    `log` makes the axis of places logarithmic: what there is to see is mostly at the beginning.
    """
    check_truth("log", log)
    check_kind("losses", losses, Mapping, "a mapping from the name of a line to its losses (N, T)")
    figure = Picture(figsize=(8, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    longest = 1
    for number, (name, values) in enumerate(losses.items()):
        array = real_array(as_written(name), values, "N T").astype(float)
        counts = np.isfinite(array).sum(0)
        if not counts.all():
            raise InputError(f"{as_written(name)}: nothing is scored at place {int(counts.argmin()) + 1}")
        mean = np.nanmean(array, 0)
        error = np.nanstd(array, 0) / np.sqrt(counts)
        places = np.arange(1, array.shape[1] + 1)
        drawn = look(number, len(places))
        axes.fill_between(places, mean - error, mean + error, color=drawn["color"], alpha=0.2, linewidth=0)
        axes.plot(places, mean, **drawn)
        longest = max(longest, len(places))
    if log:
        ticks = [place for place in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if place <= longest]
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
    axes.set_xlabel("place of the predicted token in its segment" + (" (logarithmic)" if log else ""))
    axes.set_ylabel(as_written(ylabel), parse_math=False)
    legend_of(axes, axes.lines, list(losses))
    quiet(axes)
    title_above(figure, title)
    return figure


@in_own_style
def recall_by_distance(distances: Array, accuracy: Mapping[str, Array], chance: float | None = None, title: str = "",
                       xlabel: str = "segments between value and question") -> Picture:
    """A thin line for each seed, and a thick one with marks for their mean.

    `distances` (N,), on a logarithmic axis; each entry of `accuracy` is (S, N), a row a seed. `chance` is drawn dotted.
    """
    x = real_array("distances", distances, "N")
    check_kind("accuracy", accuracy, Mapping, "a mapping from the name of a line to accuracies (S, N), a row a seed")
    if (x <= 0).any():
        raise InputError(f"a distance is {x.min():g}, expected numbers above 0: the axis is logarithmic")
    figure = Picture(figsize=(8, 4), dpi=110, layout="constrained")
    axes, handles = figure.subplots(), list[matplotlib.lines.Line2D]()
    for number, (name, values) in enumerate(accuracy.items()):
        shares = real_array(as_written(name), values, "S N").astype(float)
        if shares.shape[1] != len(x):
            raise InputError(f"{as_written(name)} has {shares.shape[1]} columns and there are {len(x)} distances, "
                             "expected as many")
        drawn = look(number, len(x))
        axes.plot(x, shares.T, color=drawn["color"], linestyle=drawn["linestyle"], linewidth=0.7, alpha=0.6)
        handles += axes.plot(x, shares.mean(0), **{**drawn, "linewidth": 2.2})
    names = list(accuracy)
    if chance is not None:
        handles.append(axes.axhline(check_number("chance", chance, 0), color=GREY, linewidth=1, linestyle=":"))
        names.append("chance")
    axes.set_xscale("log")
    axes.set_xticks(x, [f"{value:,g}" for value in x])
    axes.minorticks_off()
    axes.set_ylim(0, 1.03)
    axes.set_xlabel(as_written(xlabel), parse_math=False)
    axes.set_ylabel("share of right answers (thin: one seed)")
    legend_of(axes, handles, names)
    quiet(axes)
    title_above(figure, title)
    return figure


@in_own_style
def memory_trajectory(paths: Array, names: Sequence[str], title: str = "") -> Picture:
    """P ways of a vector, (P, N, D), in the plane of their two principal components: a small dot at each of N times, a
    large mark at the end. Ways of one name have one colour and one mark, and the name beside their ends.

    The components are the directions in which all P N vectors differ most; each axis says how much of the variance.
    """
    array = real_array("paths", paths, "P N D").astype(float)
    check_iterable("the list of names", names, "a text for each way")
    labels = [as_written(name) for name in names]
    if len(labels) != len(array):
        raise InputError(f"there are {len(array)} ways and {len(labels)} names, expected as many")
    centred = (array - array.mean((0, 1))).reshape(-1, array.shape[2])
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((array.shape[2], 2))
    plane[:, :len(directions[:2])] = directions[:2].T
    shares = np.append(sizes ** 2, [0.0, 0.0])[:2] / (float((sizes ** 2).sum()) or 1.0)
    seen = (centred @ plane).reshape(*array.shape[:2], 2)
    figure = Picture(figsize=(7, 5.5), dpi=110, layout="constrained")
    axes = figure.subplots()
    for number, name in enumerate(dict.fromkeys(labels)):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        ways = seen[[label == name for label in labels]]
        for way in ways:
            axes.plot(*way.T, color=colour, linestyle=dash, linewidth=0.8, alpha=0.7, marker=".", markersize=3)
        axes.plot(*ways[:, -1].T, MARKS[number % len(MARKS)], color=colour, markersize=7)
        axes.annotate(as_label(name), ways[:, -1].mean(0), xytext=(9, 7), textcoords="offset points", fontsize=12,
                      fontweight="bold", parse_math=False)
    axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second principal component ({shares[1]:.0%})")
    quiet(axes)
    title_above(figure, title)
    return figure

