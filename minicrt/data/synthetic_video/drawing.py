"""Layers of a picture: how much of each pixel a body, a glyph or a ball covers

A sum of products of functions of x and y is a product of matrices: no picture is gone through point by point.
"""

import numpy as np

from minicrt.data.synthetic_video.body import BONES, JOINTS

Array = np.ndarray
THICKNESS = 0.04                                             # of a limb, σ, in parts of the body's height
DENSITY = 1.6
# Eight signs of 5 x 5 cells, in which no two agree in more than 19.
GLYPHS = np.array([[[cell == "#" for cell in row] for row in rows.split()] for rows in (
    ".###. #...# #...# #...# .###.", "..#.. ..#.. ##### ..#.. ..#..", "#...# .#.#. ..#.. .#.#. #...#",
    "##### ..... ##### ..... #####", "#.#.# #.#.# #.#.# #.#.# #.#.#", "..#.. .#.#. #...# .#.#. ..#..",
    "##### #.... #.... #.... #....", "....# ....# ....# ....# #####")], np.float32)


def points_on_bones(joints: Array) -> Array:                 # (..., J, 2) -> (..., P, 2)
    """The joints, and two points between the ends of every bone"""
    return ALONG @ joints


def _along() -> Array:
    rows = [np.eye(len(JOINTS))[j] for j in range(len(JOINTS))]
    for a, b in BONES:
        rows += [(1 - share) * rows[a] + share * rows[b] for share in (1 / 3, 2 / 3)]
    return np.array(rows, np.float32)


ALONG = _along()                                             # (P, J)


def body_cover(joints: Array, height: Array, size: int) -> Array:      # (B, T, J, 2), (B,) -> (B, T, H, W)
    """1 − exp(−DENSITY Σ_p g_p(x) g_p(y)) at the pixels' centres, g_p(x) = exp(−(x − x_p)²/(2σ_p²))

    over the points p of `points_on_bones`; `height` is the body's in pixels, σ its THICKNESS, twice that for the
    head.
    """
    points = points_on_bones(joints)
    widths = np.full(points.shape[-2], THICKNESS, np.float32)
    widths[0] *= 2
    precision = (1 / (2 * (widths * height[:, None]) ** 2)).astype(np.float32)[:, None, :, None]      # (B, 1, P, 1)
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    across, down = (np.exp(-precision * (points[..., k, None] - centres) ** 2) for k in (0, 1))      # (B, T, P, W)
    return -np.expm1(-DENSITY * (down.swapaxes(-1, -2) @ across))


def glyph_cover(glyph: Array, centre: Array, cell: float, size: int) -> Array:   # (B, 5, 5), (B, 2) -> (B, H, W)
    """Signs of cells of `cell` pixels about their centres, each cell's weight a triangle over its neighbours"""
    pixels = np.arange(size, dtype=np.float32) + np.float32(0.5)
    cells = np.arange(5, dtype=np.float32) - 2
    across, down = (np.maximum(0, 1 - np.abs((pixels[:, None] - centre[:, k, None, None]) / cell - cells))
                    for k in (0, 1))                                                         # (B, W, 5)
    return down @ glyph @ across.swapaxes(-1, -2)


def disc_cover(centre: Array, radius: float, size: int) -> Array:      # (..., 2) -> (..., H, W)
    """r + ½ − |pixel − centre|, held between 0 and 1"""
    pixels = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x, y = ((pixels - centre[..., k, None]) ** 2 for k in (0, 1))
    return np.clip(radius + 0.5 - np.sqrt(y[..., :, None] + x[..., None, :]), 0, 1)


def lay_over(pictures: Array, cover: Array, colour: Array) -> None:    # (..., 3, H, W), (..., H, W), (..., 3)
    """pictures ← pictures + cover (colour − pictures), in place"""
    difference = colour[..., None, None] - pictures
    difference *= cover[..., None, :, :]
    pictures += difference
