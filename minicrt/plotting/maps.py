"""Arrays as pictures: attention, a vector over time, where a gradient is wrong

The colours grow lighter with the value, so that they can be told apart in print and by the colour-blind.
"""

from collections.abc import Sequence

import numpy as np

from minicrt.arguments import check_iterable, check_whole
from minicrt.array_arguments import real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, as_written, in_own_style
from minicrt.plotting.style import as_label, title_above

Array = np.ndarray
MOST_UNITS = 12                                              # of a vector: more rows than that nobody reads


@in_own_style
def attention_map(weights: Array, tokens: Sequence[str], memory_tokens: int = 1, title: str = "") -> Picture:
    """One panel per head: how much each token (row) looks at each row of the sequence (column).

    `weights` (H, Tq, Tk) are the attention probabilities of one layer for one stream; `tokens` name the segment's T
    tokens. The first `memory_tokens` rows and columns are the memory's, set apart by a line. What a row may not look
    at has the probability 0 exactly, and is left white.
    """
    weights = real_array("weights", weights, "H Tq Tk")
    H, Tq, Tk = weights.shape
    check_whole("memory_tokens", memory_tokens, 0)
    check_iterable("the list of tokens", tokens, "the segment's tokens, a text each")
    names = [f"m{i + 1}" if memory_tokens > 1 else "memory" for i in range(memory_tokens)] + [*map(as_label, tokens)]
    if not Tq <= Tk <= len(names):
        raise InputError(f"weights have shape {weights.shape}, and there are {len(names)} names for rows and columns; "
                         "expected Tq <= Tk <= memory_tokens + the number of tokens")
    side = min(5.0, 1.6 + 0.18 * Tk)
    columns = H if H <= 3 else -(-H // 2)
    rows = -(-H // columns)
    figure = Picture(figsize=(side * columns + 0.8, side * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for unused in grid.flat[H:]:
        unused.remove()
    panels = list(grid.flat[:H])
    for head, panel in enumerate(panels):
        image = panel.imshow(np.ma.masked_equal(weights[head], 0), cmap="viridis", vmin=0, vmax=1,
                             interpolation="nearest")
        panel.set_xticks(range(Tk), names[:Tk], rotation=90, fontsize=8, parse_math=False)
        panel.set_yticks(range(Tq), names[Tk - Tq:Tk], fontsize=8, parse_math=False)
        if memory_tokens:
            panel.axvline(memory_tokens - 0.5, color="white", linewidth=1)
        panel.tick_params(labelbottom=head + columns >= H)   # under the lowest panel of each column
        panel.set_title(f"head {head + 1}", fontsize=9)
    figure.supylabel("the row that looks", fontsize=10)
    figure.supxlabel("the row that is looked at", fontsize=10)
    figure.colorbar(image, ax=panels, label="attention probability", fraction=0.04, pad=0.02)
    title_above(figure, title)
    return figure


@in_own_style
def vector_over_time(values: Array, tokens: Sequence[str] | None = None, segment_length: int = 0,
                     name: str = "memory", label: str = "value", title: str = "") -> Picture:
    """A vector's units (rows) over time (columns): the memory, the positional state, or a gate.

    `values` (T, D). Of more than twelve units, twelve are drawn, as far apart as they stand in the vector. Values
    between 0 and 1 (a gate) get a scale from 0 to 1, others one that is symmetric about 0. A white line stands at every
    boundary of segments of `segment_length` tokens (0 = none).
    """
    values = real_array("values", values, "T D")
    T, D = values.shape
    check_whole("segment_length", segment_length, 0)
    if tokens is not None:
        check_iterable("the list of tokens", tokens, "a text for each of the values, or None")
        tokens = [*map(as_label, tokens)]
        if len(tokens) != T:
            raise InputError(f"there are {len(tokens)} tokens and values for {T}, expected as many")
    units = np.unique(np.linspace(0, D - 1, min(D, MOST_UNITS)).round().astype(int))
    drawn = values[:, units]
    figure = Picture(figsize=(min(10.5, max(5.0, 0.16 * T + 2)), 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    if drawn.min() >= 0 and drawn.max() <= 1:
        low, high, colours = 0.0, 1.0, "viridis"
    else:
        high = float(np.abs(drawn).max()) or 1.0
        low, colours = -high, "cividis"
    image = axes.imshow(drawn.T, aspect="auto", cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    if segment_length:
        for boundary in range(segment_length, T, segment_length):
            axes.axvline(boundary - 0.5, color="white", linewidth=2.5)
    axes.set_yticks(range(len(units)), units, fontsize=8)
    if tokens is not None and T <= 60:
        axes.set_xticks(range(T), tokens, rotation=90, fontsize=8, parse_math=False)
    axes.set_xlabel("tokens, in reading order" + (" (a white line starts a segment)" if segment_length else ""))
    some = f" ({len(units)} of {D})" if len(units) < D else ""
    axes.set_ylabel(as_written(f"unit of the {name} vector{some}"), parse_math=False)
    figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02).set_label(as_written(label), parse_math=False)
    title_above(figure, title)
    return figure


@in_own_style
def gradient_error(analytic: Array, reference: Array, title: str = "") -> Picture:
    """Where a gradient is wrong: |analytic − reference| / max |reference|, in decades, a cell an entry.

    Both (I, J). An entry that is right to rounding is dark, one that is off by as much as the largest entry is bright.
    """
    analytic, reference = real_array("analytic", analytic, "I J"), real_array("reference", reference, "I J")
    if analytic.shape != reference.shape:
        raise InputError(f"analytic has shape {analytic.shape} and reference {reference.shape}, expected the same")
    with np.errstate(all="ignore"):
        error = np.abs(analytic * 1.0 - reference) / (np.abs(reference).max() or 1)
    I, J = reference.shape
    figure = Picture(figsize=(min(9.0, 2.6 + 0.45 * J), min(7.0, 1.2 + 0.45 * I)), dpi=110, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(np.log10(np.maximum(error, 1e-17)), cmap="cividis", vmin=-17, vmax=0, interpolation="nearest")
    for axis, size in ((axes.xaxis, J), (axes.yaxis, I)):
        axis.set_ticks(range(size) if size <= MOST_UNITS else range(0, size, -(-size // MOST_UNITS)))
    axes.set(xlabel="axis 1", ylabel="axis 0")
    figure.colorbar(image, ax=axes, label="error, log10 (0: as large as the gradient)")
    title_above(figure, title)
    return figure
