"""What all figures have in common.

The colours are Okabe and Ito's, which the colour-blind tell apart. In grey several of them are alike, blue and orange
for two, so that lines differ in their strokes and marks as well.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicrt.picture import Picture, as_written, matplotlib

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6B6B6B"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKS = "osv^DPX*<>p"
LONGEST_NAME, LONGEST_LABEL, LONGEST_LINE = 24, 60, 160      # characters: at a tick, at an axis or in a legend, above
MARKED = 15                                                  # points of a line that have a mark, of many


def look(number: int, points: int) -> dict[str, Any]:
    """How the line `number` of a figure is drawn: no two of the first 44 have the same strokes and the same marks.

    Of many points some are marked, each line's at places of its own, so that lines upon each other both show.
    """
    every = max(1, -(-points // MARKED))
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)], "linewidth": 1.8,
            "marker": MARKS[number % len(MARKS)], "markersize": 4.5, "markevery": (number * every // 3 % every, every)}


def quiet(axes: matplotlib.axes.Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def as_label(text: str, longest: int = LONGEST_NAME) -> str:
    """`text` as it is written, each of its lines no longer than a figure has room for"""
    lines = as_written(text).split("\n")
    return "\n".join(line if len(line) <= longest else f"{line[:longest - 1]}…" for line in lines)


def title_above(figure: Picture, title: str) -> None:
    if as_written(title):
        figure.suptitle(as_label(title, LONGEST_LINE), fontsize=11, parse_math=False)


def legend_of(axes: matplotlib.axes.Axes, handles: Sequence[Any], names: Sequence[str]) -> None:
    """Each name as it is written, one that begins with `_` too, which matplotlib by itself leaves out.

    Where lines leave no room they go on behind it, pale.
    """
    legend = axes.legend(handles, [as_label(name, LONGEST_LABEL) for name in names], framealpha=0.85, edgecolor="none",
                         fancybox=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def plain_log_ticks(axes: matplotlib.axes.Axes, values: Sequence[float]) -> None:
    """Ticks at 1, 2 and 5 times a power of ten, written out: 50, 100, 200. Over many decades, matplotlib's own."""
    values = [value for value in values if np.isfinite(value)]
    if not values:
        return
    low, high = min(values) / 1.25, max(values) * 1.25
    if high / low > 1e5:
        return
    axes.set_ylim(low, high)
    ticks = [m * 10.0 ** e for e in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
             for m in (1, 2, 5)]
    shown = [t for t in ticks if low <= t <= high]
    axes.set_yticks(shown, [f"{t:g}" for t in shown])
    axes.minorticks_off()
