"""Frames of a video side by side"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicrt.arguments import check_iterable
from minicrt.array_arguments import as_array, real_array
from minicrt.errors import InputError
from minicrt.picture import Picture, in_own_style
from minicrt.plotting.style import ORANGE, as_label, title_above

Array = np.ndarray
MOST_FRAMES = 16                                             # in a row: of smaller ones nobody sees anything
MOST_ROWS = 12


@in_own_style
def film_strip(frames: Array, names: Sequence[str] | None = None, joints: Array | None = None,
               visible: Array | None = None, title: str = "") -> Picture:
    """Clips as rows, their frames from left to right.

    `frames` (R, F, H, W, 3), or (R, F, H, W, 1) in grey, from 0 to 1. Of more than sixteen frames, sixteen are drawn,
    as far apart as they stand in the clip. `names` has a text for each row. `joints` (R, F, J, 2 or more), in pixels
    from the upper left corner, are drawn as points, those alone that `visible` (R, F, J) says where it is given.
    Raises InputError for shapes that do not fit.
    """
    frames = real_array("frames", frames, "R F H W C")
    R, F, H, W, C = frames.shape
    if C not in (1, 3) or R > MOST_ROWS:
        raise InputError(f"frames have shape {frames.shape}, expected (R, F, H, W, 3), or 1 in grey, and no more than "
                         f"{MOST_ROWS} rows")
    points = None if joints is None else shown_points(joints, visible, (R, F))
    if names is not None:
        check_iterable("the list of names", names, "a text for each row, or None")
        names = [*map(as_label, names)]
        if len(names) != R:
            raise InputError(f"there are {len(names)} names for {R} rows, expected as many")
    drawn = np.unique(np.linspace(0, F - 1, min(F, MOST_FRAMES)).round().astype(int))
    side = min(1.6, 10.0 / len(drawn))
    figure = Picture(figsize=(max(3.0, side * len(drawn) + 0.2), (side * H / W + 0.3) * R + 0.4), dpi=110,
                     layout="constrained")
    grid = figure.subplots(R, len(drawn), squeeze=False)
    for row in range(R):
        for axes, t in zip(grid[row], drawn):
            picture = np.clip(frames[row, t].astype(float), 0, 1)
            axes.imshow(np.repeat(picture, 3, -1) if C == 1 else picture, extent=(0, W, H, 0), interpolation="nearest")
            axes.set_axis_off()
            if points is not None:
                axes.plot(points[row, t, :, 0], points[row, t, :, 1], "o", color=ORANGE, markersize=2.5,
                          markeredgecolor="white", markeredgewidth=0.5)        # seen on dark and on bright pictures
                axes.set(xlim=(0, W), ylim=(H, 0))
            if row == 0:
                axes.set_title(f"{t}", fontsize=8)
        if names is not None:
            grid[row, 0].text(0, 1.25 if row == 0 else 1.05, names[row], transform=grid[row, 0].transAxes, fontsize=8,
                              parse_math=False)
    title_above(figure, title)
    return figure


def shown_points(joints: Any, visible: Any, rows: tuple[int, int]) -> Array:
    """(R, F, J, 2), NaN where a joint is not to be drawn"""
    joints = real_array("joints", joints, "R F J K").astype(float)
    if joints.shape[:2] != rows or joints.shape[3] < 2:
        raise InputError(f"joints have shape {joints.shape}, expected {(*rows, 'J', '2 or more')}".replace("'", ""))
    if visible is None:
        return joints[..., :2]
    visible = as_array("visible", visible)
    if visible.shape != joints.shape[:3] or visible.dtype != bool:
        raise InputError(f"visible is {visible.dtype} of shape {visible.shape}, expected truth values of shape "
                         f"{joints.shape[:3]}")
    return np.where(visible[..., None], joints[..., :2], np.nan)
