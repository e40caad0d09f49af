"""Motions of a body and of a ball. Each has its reverse in time: whoever mixes up the frames tells no two apart."""

import numpy as np

Array = np.ndarray
MOTIONS = ("raise arms", "lower arms", "crouch", "stand up", "lean", "straighten", "spread legs", "close legs")
REST = np.array([0.25, 0.0, 0.0, 0.12], np.float32)          # a pose, see body.POSE
FARTHEST = np.array([2.7, 1.0, 0.8, 0.5], np.float32)        # what a motion brings one number of the pose to

PATHS = ("ball up", "ball down", "ball right", "ball left", "ball up right", "ball down left", "ball up left",
         "ball down right")
DIRECTIONS = np.array([(0, -1), (1, 0), (0.7, -0.7), (-0.7, -0.7)], np.float32)      # of the even paths: x, y
REACH = 0.28                                                 # half a path, in parts of the picture's side


def progress(frames: int, speed: Array) -> Array:            # (B,) -> (B, F)
    """How much of a motion is done: s(u) = u² (3 − 2u),  u = ½ + v (t/(F − 1) − ½) held between 0 and 1, with speed v.

    With v = 1 the motion takes the whole clip, with a larger v it is over sooner and begins later."""
    t = np.linspace(-0.5, 0.5, frames, dtype=np.float32) if frames > 1 else np.array([0.5], np.float32)
    u = np.clip(0.5 + speed[..., None] * t, 0, 1)
    return u * u * (3 - 2 * u)


def poses(motion: Array, done: Array) -> Array:              # (...,), (..., F) -> (..., F, 4)
    """The pose while a motion goes on: REST, but for the number ⌊motion/2⌋, which goes from its rest to its farthest,
    or back in an odd motion."""
    done = np.where(motion[..., None] % 2, 1 - done, done)
    moved = np.arange(len(REST)) == motion[..., None, None] // 2                             # (..., 1, 4)
    return np.where(moved, REST + done[..., None] * (FARTHEST - REST), REST)


def ball_path(motion: Array, done: Array) -> Array:          # (...,), (..., F) -> (..., F, 2)
    """Where a ball is, in parts of the picture's side: ½ + REACH (2 s − 1) direction, backwards in an odd path."""
    done = np.where(motion[..., None] % 2, 1 - done, done)
    return 0.5 + REACH * (2 * done[..., None] - 1) * DIRECTIONS[motion // 2][..., None, :]
