"""What all figures have in common. The colours are Okabe and Ito's, which the colour-blind tell apart."""

import matplotlib

from minicrt.picture import Picture, as_written

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6B6B6B"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def quiet(axes: "matplotlib.axes.Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def title_above(figure: Picture, title: str) -> None:
    if as_written(title):
        figure.suptitle(as_written(title), fontsize=11, parse_math=False)
