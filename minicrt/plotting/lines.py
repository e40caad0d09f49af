"""Lines over a common axis, and means with their errors by group"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from minicrt.arguments import check_iterable, check_kind, check_number, shown
from minicrt.array_arguments import real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, as_written, in_own_style
from minicrt.plotting.style import (
    BLUE,
    GREY,
    LONGEST_LABEL,
    as_label,
    legend_of,
    look,
    plain_log_ticks,
    quiet,
    title_above,
)

Array = np.ndarray
STROKES = (":", "--", "-.", "-")                             # of levels, which are thinner than lines and have no marks


@in_own_style
def lines(x: Array, ys: Mapping[str, Array], xlabel: str, ylabel: str, title: str = "",
          log: Literal["", "x", "y", "xy"] = "", levels: Mapping[str, float] = MappingProxyType({})) -> Picture:
    """A line for each entry of `ys`, its name in the legend, over the same x (N,).

    `log` names the axes that are logarithmic; `levels` are drawn as thin horizontal lines, chance for one.
    """
    x = real_array("x", x, "N")
    check_kind("ys", ys, Mapping, "a mapping from the name of a line to its values")
    check_kind("levels", levels, Mapping, "a mapping from the name of a level to its height")
    if not isinstance(log, str) or log not in ("", "x", "y", "xy"):
        raise InputError(f"log is {shown(log)}, expected '', 'x', 'y' or 'xy'")
    figure = Picture(figsize=(8, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    for number, (name, values) in enumerate(ys.items()):
        y = real_array(as_written(name), values, "N")
        if len(y) != len(x):
            raise InputError(f"{as_written(name)} has {len(y)} values and x has {len(x)}, expected as many")
        axes.plot(x, y, **look(number, len(x)))
    for number, (name, level) in enumerate(levels.items()):
        axes.axhline(check_number(as_written(name), level), color=GREY, linewidth=1,
                     linestyle=STROKES[number % len(STROKES)])
    axes.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
    if "y" in log:
        plain_log_ticks(axes, [value for line in axes.lines for value in np.ravel(line.get_ydata()) if value > 0])
    axes.set_xlabel(as_written(xlabel), parse_math=False)
    axes.set_ylabel(as_written(ylabel), parse_math=False)
    if len(ys) + len(levels) > 1:
        legend_of(axes, axes.lines, [*ys, *levels])
    quiet(axes)
    title_above(figure, title)
    return figure


@in_own_style
def by_group(names: Sequence[str], means: Array, errors: Array | None, xlabel: str, ylabel: str, title: str = ""
             ) -> Picture:
    """A point for each group with a bar of its standard error above and below: a loss by place in the segment, say.

    `means` and `errors` have a value for each name; a line marks 0.
    """
    check_iterable("the list of names", names, "a text for each group")
    labels = [as_label(name, LONGEST_LABEL) for name in names]
    values: list[Any] = [real_array("means", means, "N"), None if errors is None else real_array("errors", errors, "N")]
    if any(value is not None and len(value) != len(labels) for value in values):
        raise InputError(f"there are {len(labels)} names, {len(values[0])} means"
                         + ("" if errors is None else f" and {len(values[1])} errors") + "; expected as many of each")
    figure = Picture(figsize=(8, 3.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.errorbar(range(len(labels)), values[0], yerr=values[1], fmt="o", color=BLUE, capsize=4)
    axes.set_xticks(range(len(labels)), labels, parse_math=False)
    axes.set_xlabel(as_written(xlabel), parse_math=False)
    axes.set_ylabel(as_written(ylabel), parse_math=False)
    quiet(axes)
    title_above(figure, title)
    return figure
