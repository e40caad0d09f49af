"""Where a tensor is wrong, as a picture: log10 of the error of every element, in an SVG that needs no other file"""

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from html import escape

import numpy as np

from minicrt.conformance.checking.comparison import TensorComparison
from minicrt.conformance.checking.distance import differences, largest

Array = np.ndarray

MOST = 96                                                    # rows and columns; larger views show the worst of a group
GREY, CYAN = (232, 235, 238), (0, 158, 180)                  # agrees; not finite
RAMP = np.array([(255, 237, 160), (254, 178, 76), (240, 59, 32), (128, 0, 38), (40, 0, 30)], float)


def heat_map(row: TensorComparison, axes: Sequence[str]) -> str:
    """An SVG of |theirs - ours| / max|ours| per element, seen as (all axes but the last) x (the last).

    Grey agrees within the tolerance, from yellow to black the error grows to 1 and beyond, cyan is not finite. `axes`
    names the tensor's axes. Empty where the shapes differ, so that there is nothing to lay side by side.
    """
    ours, theirs = np.asarray(row.tensor.value), row.theirs
    if theirs is None or theirs.shape != ours.shape or ours.size == 0 or theirs.dtype.kind not in "fiubc":
        return ""
    relative = differences(ours, theirs) / (largest(ours) or 1.0)
    view = relative.reshape(-1, ours.shape[-1] if ours.ndim else 1)
    view, row_step, column_step = coarsened(view)
    cell = max(4, min(22, 420 // max(view.shape)))
    height, width = view.shape[0] * cell, view.shape[1] * cell
    left, top = 96, 22
    lines = [f'<svg class="map" role="img" width="{left + width + 12}" height="{top + height + 8}" '
             f'aria-label="errors of {escape(row.name, quote=True)}">',
             f'<image x="{left}" y="{top}" width="{width}" height="{height}" preserveAspectRatio="none" '
             f'style="image-rendering:pixelated" href="{png(coloured(view, row.tolerance))}"/>',
             f'<rect x="{left}" y="{top}" width="{width}" height="{height}" class="frame"/>']
    lines += [f'<text x="{left - 6}" y="{top + (k + 0.5) * cell + 4:.0f}" text-anchor="end">'
              f"{escape(row_label(k * row_step, ours.shape))}</text>" for k in ticks(view.shape[0], 14 // cell + 1)]
    lines += [f'<text x="{left + (k + 0.5) * cell:.0f}" y="{top - 6}" text-anchor="middle">{k * column_step}</text>'
              for k in ticks(view.shape[1], 28 // cell + 1)]
    rows, columns = " × ".join(axes[:-1]) or "one row", axes[-1] if axes else "the number"
    caption = f"rows: {rows}, columns: {columns}"
    if row_step * column_step > 1:
        caption += f"; a cell is the worst of {row_step} × {column_step} elements"
    return "\n".join([*lines, "</svg>", f'<p class="axes">{escape(caption)}</p>'])


def coarsened(view: Array) -> tuple[Array, int, int]:
    """At most MOST rows and columns, each the largest of a group; and how many went into a group."""
    steps = [math.ceil(size / MOST) for size in view.shape]
    padded = [math.ceil(size / step) * step - size for size, step in zip(view.shape, steps)]
    view = np.pad(view, [(0, more) for more in padded])
    blocks = view.reshape(view.shape[0] // steps[0], steps[0], view.shape[1] // steps[1], steps[1])
    return blocks.max(axis=(1, 3)), steps[0], steps[1]


def coloured(relative: Array, tolerance: float) -> Array:
    """(rows, columns) -> (rows, columns, 3) bytes"""
    low = math.log10(max(tolerance, 1e-16))
    finite = np.where(np.isfinite(relative) & (relative > 0), relative, 1.0)
    place = np.clip((np.log10(finite) - low) / max(-low, 1e-9), 0, 1) * (len(RAMP) - 1)
    colours = np.stack([np.interp(place, np.arange(len(RAMP)), RAMP[:, k]) for k in range(3)], axis=-1)
    colours[relative <= tolerance] = GREY
    colours[~np.isfinite(relative)] = CYAN
    return colours.round().astype(np.uint8)


def png(pixels: Array) -> str:
    """A data URI of (rows, columns, 3) bytes."""
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)                # filter 0 in front of every line
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)             # 8 bits, RGB
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def row_label(k: int, shape: tuple[int, ...]) -> str:
    """The index of row k of the view, in the tensor's own axes."""
    return str([int(i) for i in np.unravel_index(k, shape[:-1])]) if len(shape) > 1 else ""


def ticks(count: int, apart: int) -> range:
    """Which rows or columns have a label, with so many cells from one to the next."""
    return range(0, count, max(1, apart))


def legend(tolerance: float, case: str) -> str:
    """The colours' scale from the tolerance to 1; `case` makes its name the only one on the page."""
    stops = "".join(f'<stop offset="{k / (len(RAMP) - 1):.2f}" stop-color="rgb({r:.0f},{g:.0f},{b:.0f})"/>'
                    for k, (r, g, b) in enumerate(RAMP))
    ramp = f"ramp-{escape(case, quote=True)}"
    return "\n".join([
        '<svg class="legend" width="420" height="34" role="img" aria-label="colours">',
        f'<defs><linearGradient id="{ramp}">{stops}</linearGradient></defs>',
        f'<rect x="0" y="2" width="14" height="12" fill="rgb{GREY}"/><text x="18" y="13">agrees</text>',
        f'<rect x="70" y="2" width="200" height="12" fill="url(#{ramp})"/>',
        f'<text x="70" y="29">{tolerance:.0e}</text><text x="270" y="29" text-anchor="end">1</text>',
        '<text x="170" y="29" text-anchor="middle">relative error</text>',
        f'<rect x="290" y="2" width="14" height="12" fill="rgb{CYAN}"/><text x="308" y="13">not finite</text>',
        "</svg>"])
