"""Which class is taken for which"""

from collections.abc import Sequence

import numpy as np

from minicrt.arguments import check_iterable
from minicrt.array_arguments import as_array
from minicrt.errors import InputError
from minicrt.picture import Picture, in_own_style
from minicrt.plotting.style import as_label, title_above

Array = np.ndarray
MOST_NUMBERED = 12                                           # classes whose cells show how many samples they hold


@in_own_style
def confusion_map(confusion: Array, names: Sequence[str] | None = None, title: str = "") -> Picture:
    """A confusion matrix (C, C), rows the true classes: the colour is the share of the row, so that rare classes are
    seen as well as frequent ones. Up to twelve classes, each cell shows its number of samples. A row without a sample
    is left white. Raises InputError for another shape, and for another number of names.
    """
    matrix = as_array("the confusion matrix", confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size or matrix.dtype.kind not in "iu":
        raise InputError(f"the confusion matrix is {matrix.dtype} of shape {matrix.shape}, expected numbers of samples "
                         "(C, C)")
    C = len(matrix)
    if names is not None:
        check_iterable("the list of names", names, "a text for each class, or None")
        names = [*map(as_label, names)]
        if len(names) != C:
            raise InputError(f"there are {len(names)} names for {C} classes, expected as many")
    shown = names if names is not None else [str(k) for k in range(C)]
    samples = matrix.sum(1, keepdims=True)
    share = np.ma.masked_invalid(np.divide(matrix, samples, out=np.full(matrix.shape, np.nan), where=samples > 0))
    side = min(9.0, 3.2 + 0.3 * C)
    figure = Picture(figsize=(side + 1.2, side), dpi=110, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(share, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
    if C <= MOST_NUMBERED:
        for row, column in zip(*np.nonzero(matrix)):
            axes.text(column, row, str(matrix[row, column]), ha="center", va="center", fontsize=7,
                      color="black" if share[row, column] > 0.6 else "white")
    every = -(-C // 60)                                      # of more classes nobody reads the names
    size = 8 if C <= 20 else 6
    axes.set_xticks(range(0, C, every), shown[::every], rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(range(0, C, every), shown[::every], fontsize=size, parse_math=False)
    axes.set(xlabel="taken for", ylabel="the class")
    figure.colorbar(image, ax=axes, label="share of the class's samples", fraction=0.04, pad=0.02)
    title_above(figure, title)
    return figure
