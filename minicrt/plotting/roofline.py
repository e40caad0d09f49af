"""What a machine can do at most, and what operations reach of it"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt.arguments import check_kind, check_number
from minicrt.errors import InputError
from minicrt.picture import Picture, as_written, in_own_style
from minicrt.plotting.style import BLUE, COLOURS, GREY, MARKS, quiet, title_above


@in_own_style
def roofline(peak: float, bandwidth: float, points: Mapping[str, tuple[float, float]], title: str = "") -> Picture:
    """The roofline min(peak, intensity · bandwidth), and a point for each operation (Williams et al., 2009).

    `peak` is in FLOP/s and `bandwidth` in bytes/s; `points` has an operation's arithmetic intensity in FLOP/byte and
    the FLOP/s that it reaches. Drawn in GFLOP/s, both axes logarithmic. Raises InputError for what is not above 0.
    """
    peak, bandwidth = above_zero("peak", peak), above_zero("bandwidth", bandwidth)
    check_kind("points", points, Mapping, "a mapping from an operation to (intensity, FLOP/s)")
    placed = dict[str, tuple[float, float]]()
    for name, point in points.items():
        check_kind(as_written(name), point, tuple, "(intensity, FLOP/s)")
        if len(point) != 2:
            raise InputError(f"{as_written(name)} has {len(point)} numbers, expected 2: intensity and FLOP/s")
        placed[as_written(name)] = (above_zero("an intensity", point[0]), above_zero("a number of FLOP/s", point[1]))
    ridge = peak / bandwidth
    intensities = [ridge, *(intensity for intensity, _ in placed.values())]
    low, high = min(intensities) / 4, max(intensities) * 4
    figure = Picture(figsize=(8, 4.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.plot([low, ridge], [low * bandwidth / 1e9, peak / 1e9], color=BLUE, linewidth=2.2)
    axes.plot([ridge, high], [peak / 1e9, peak / 1e9], color="black", linewidth=2.2)
    axes.axvline(ridge, color=GREY, linewidth=0.8, linestyle=":")
    for number, (name, (intensity, flops)) in enumerate(placed.items()):
        axes.plot(intensity, flops / 1e9, MARKS[number % len(MARKS)], color=COLOURS[(number + 1) % len(COLOURS)],
                  markersize=8, linestyle="none", label=name)
    axes.set(xscale="log", yscale="log", xlim=(low, high), xlabel="arithmetic intensity (FLOP per byte)",
             ylabel="GFLOP/s (log scale)")
    axes.annotate(f"memory: {bandwidth / 1e9:.3g} GB/s", (np.sqrt(low * ridge), np.sqrt(low * ridge) * bandwidth / 1e9),
                  xytext=(-6, 6), textcoords="offset points", ha="right", va="bottom", color=BLUE)
    axes.annotate(f"arithmetic: {peak / 1e9:.3g} GFLOP/s", (high, peak / 1e9), xytext=(-4, 5),
                  textcoords="offset points", ha="right", va="bottom")
    if placed:
        for text in axes.legend(frameon=False, loc="lower right").get_texts():
            text.set_parse_math(False)
    quiet(axes)
    axes.margins(y=0.15)
    title_above(figure, title)
    return figure


def above_zero(name: str, value: Any) -> float:
    number = check_number(name, value)
    if number <= 0:
        raise InputError(f"{name} is {number:g}, expected more than 0")
    return number
