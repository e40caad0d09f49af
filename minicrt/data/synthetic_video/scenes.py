"""Subjects and cameras: how tall, quick and bright a body is, and from where and before what it is seen

Their properties are spread evenly: number i has the fraction of i·√p, p a prime, so that every few neighbours cover the
whole range.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray
SUBJECTS, CAMERAS = 18, 7


class Subject(NamedTuple):
    """height (…,) in parts of the usual one, speed (…,), see `motions.progress`, colour (…, 3)"""

    height: Array
    speed: Array
    colour: Array


class Camera(NamedTuple):
    """yaw and elevation (…,) in radians, zoom (…,) of a usual body's height in parts of the picture's side, offset (…,)
    of its centre and ground (…,) in the same"""

    yaw: Array
    elevation: Array
    zoom: Array
    offset: Array
    ground: Array


def spread(number: Array, prime: int) -> Array:
    """The fraction of number·√prime, from 0 to 1"""
    return ((number * np.sqrt(prime)) % 1).astype(np.float32)


def rainbow(hue: Array) -> Array:                            # (...,) -> (..., 3)
    """½ + ½ cos 2π(hue − k/3) for red, green and blue, k = 0, 1, 2"""
    return (0.5 + 0.5 * np.cos(2 * np.pi * (hue[..., None] - np.arange(3) / 3))).astype(np.float32)


def subjects(number: Array) -> Subject:
    """height 0.85 to 1.1, speed 1 to 2, a light colour: 0.6 + 0.4 of the rainbow's"""
    return Subject(0.85 + 0.25 * spread(number, 2), 1 + spread(number, 3), 0.6 + 0.4 * rainbow(spread(number, 5)))


def cameras(number: Array) -> Camera:
    """yaw −45° to 45°, elevation 0° to 25°, zoom 0.58 to 0.68, offset ±0.06, ground 0.9 to 0.96"""
    return Camera(np.radians(90 * spread(number, 2) - 45), np.radians(25 * spread(number, 3)),
                  0.58 + 0.1 * spread(number, 5), 0.12 * spread(number, 7) - 0.06, 0.9 + 0.06 * spread(number, 11))


def seen(joints: Array, camera: Camera, height: Array, size: int) -> Array:      # (B, ..., J, 3) -> (B, ..., J, 3)
    """Joints of a body's own room in the picture: x, y and depth in pixels, by a parallel projection.

        x' = x cos θ + z sin θ,  z' = z cos θ − x sin θ             turned by the yaw θ
        x  = size (½ + offset + zoom·height·x')
        y  = size (ground − zoom·height (y cos φ − z' sin φ))       seen from the elevation φ
        depth = size·zoom·height (y sin φ + z' cos φ)
    """
    inner = (slice(None), *[None] * (joints.ndim - 2))
    sin, cos = np.sin(camera.yaw)[inner], np.cos(camera.yaw)[inner]
    up, level = np.sin(camera.elevation)[inner], np.cos(camera.elevation)[inner]
    scale = (size * camera.zoom * height)[inner]
    x, y, z = np.moveaxis(joints, -1, 0)
    across, along = x * cos + z * sin, z * cos - x * sin
    return np.stack([size * (0.5 + camera.offset)[inner] + scale * across,
                     size * camera.ground[inner] - scale * (y * level - along * up),
                     scale * (y * up + along * level)], -1)


def backgrounds(number: Array, size: int) -> Array:          # (B,) -> (B, 3, H, W)
    """0.3 + 0.1 of a colour + 0.06 of stripes, whose direction and width are the camera's"""
    y, x = np.mgrid[:size, :size].astype(np.float32) / np.float32(size)
    angle, waves = (np.pi * spread(number, 13))[:, None, None], (2 + 4 * spread(number, 17))[:, None, None]
    stripes = np.cos(2 * np.pi * waves * (x * np.cos(angle) + y * np.sin(angle)))
    return 0.3 + 0.1 * (rainbow(spread(number, 19))[..., None, None] - 0.5) + 0.06 * stripes[:, None]
