"""Runs on videos: their learning curves, and where in a frame a model looks"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicrt.arguments import check_iterable, check_kind
from minicrt.array_arguments import real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, in_own_style
from minicrt.plotting.style import BLUE, GREEN, ORANGE, as_label, quiet, title_above

Array = np.ndarray
KEYS = ("epoch", "train_loss", "valid_loss", "valid_mean_class_accuracy", "valid_accuracy")
MOST_FRAMES = 12


@in_own_style
def video_curves(rows: Sequence[Mapping[str, Any]], title: str = "") -> Picture:
    """Accuracy and loss against epochs, from the rows of `metrics.jsonl`.

    Each row has `epoch`, `train_loss`, `valid_loss` (nats a video), `valid_mean_class_accuracy` and `valid_accuracy`
    (from 0 to 1), None for what was not finite.
    """
    check_kind("the list of rows", rows, Sequence, "the rows of metrics.jsonl, as run.metrics has them")
    for row in rows:
        check_kind("a row", row, Mapping, "a row of metrics.jsonl")
        missing = [key for key in KEYS if key not in row]
        if missing:
            raise InputError(f"a row of the learning curves lacks {' and '.join(missing)}")
    figure = Picture(figsize=(9, 3.6), dpi=120, layout="constrained")
    right, loss = figure.subplots(1, 2)
    epochs, trained, valid, mean, all_alike = (
        np.array([np.nan if row[key] is None else row[key] for row in rows], float) for key in KEYS)
    marker = "o" if len(rows) <= 40 else None
    drawn, triangles = {"marker": marker, "markersize": 3.5}, {"marker": marker and "^"}
    right.plot(epochs, 100 * mean, color=BLUE, label="mean of the classes", **drawn)
    right.plot(epochs, 100 * all_alike, color=GREEN, linestyle="--", label="of all videos", **{**drawn, **triangles})
    right.set(xlabel="epochs", ylabel="validation accuracy, %", ylim=(0, 100))
    loss.plot(epochs, trained, color=ORANGE, linestyle="--", label="training (with dropout)", **{**drawn, **triangles})
    loss.plot(epochs, valid, color=BLUE, label="validation", **drawn)
    loss.set(xlabel="epochs", ylabel="loss (nats a video)")
    for axes in (right, loss):
        axes.legend(frameon=False)
        quiet(axes)
    title_above(figure, title)
    return figure


@in_own_style
def patch_attention(frames: Array, looks: Array, names: Sequence[str] | None = None, title: str = "") -> Picture:
    """Frames, and below each how much a row looks at its patches, the brighter the more.

    `frames` (R, H, W, 3), or (R, H, W, 1) in grey, from 0 to 1. `looks` (R, N) are the shares of the N patches of each
    frame, row by row, as `model.inspect(...)["token"]` has them; N is a square. The colours begin at 0 and have one
    scale in all frames. `names` has a text for each frame. Raises InputError for shapes that do not fit.
    """
    frames, looks = real_array("frames", frames, "R H W C"), real_array("looks", looks, "R N")
    R, H, W, C = frames.shape
    side = round(looks.shape[1] ** 0.5)
    if C not in (1, 3) or len(looks) != R or side * side != looks.shape[1] or R > MOST_FRAMES:
        raise InputError(f"frames have shape {frames.shape} and looks {looks.shape}, expected (R, H, W, 3), or 1 in "
                         f"grey, and (R, N), N a square, R at most {MOST_FRAMES}")
    if not (np.isfinite(looks).all() and looks.min() >= 0):
        raise InputError("looks hold a number that is below 0 or not finite, expected shares")
    if names is not None:
        check_iterable("the list of names", names, "a text for each frame, or None")
        names = [*map(as_label, names)]
        if len(names) != R:
            raise InputError(f"there are {len(names)} names for {R} frames, expected as many")
    figure = Picture(figsize=(max(3.5, 2.2 * R) + 0.8, 4.8), dpi=110, layout="constrained")
    grid = figure.subplots(2, R, squeeze=False)
    most, shown = float(looks.max()) or 1.0, np.clip(frames.astype(float), 0, 1)
    for k in range(R):
        grid[0, k].imshow(np.repeat(shown[k], 3, -1) if C == 1 else shown[k], extent=(0, W, H, 0),
                          interpolation="nearest")
        grid[1, k].imshow(shown[k].mean(-1), extent=(0, W, H, 0), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        image = grid[1, k].imshow(looks[k].reshape(side, side), extent=(0, W, H, 0), cmap="viridis", vmin=0, vmax=most,
                                  alpha=0.7, interpolation="nearest")
        if names is not None:
            grid[0, k].set_title(names[k], fontsize=9, parse_math=False)
        for axes in grid[:, k]:
            axes.set_axis_off()
    figure.colorbar(image, ax=grid[1], label="share of the attention", fraction=0.05, pad=0.02)
    title_above(figure, title)
    return figure
