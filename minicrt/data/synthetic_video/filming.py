"""A batch of videos from what is to be seen in them: first the scenes, then the pictures, layer by layer"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minicrt.data.synthetic_video.body import body_joints
from minicrt.data.synthetic_video.drawing import GLYPHS, body_cover, disc_cover, glyph_cover, lay_over
from minicrt.data.synthetic_video.motions import ball_path, poses, progress
from minicrt.data.synthetic_video.scenes import Camera, backgrounds, cameras, rainbow, seen, subjects
from minicrt.data.video_batch import VideoBatch

if TYPE_CHECKING:
    from minicrt.data.synthetic_video.video import SyntheticVideo

Array = np.ndarray
Rng = np.random.Generator
SWAY, STEP = np.float32(0.04), 0.08                          # of the pose, in radians; sideways, in body's heights
CELL = 0.05                                                  # of a sign, in parts of the picture's side
DISC, BALL = 0.09, 0.07                                      # radii, in the same
SIGN_AT, DISC_AT = (0.17, 0.24), (0.15, 0.2)                 # x from the nearer side, y from above, in the same
JITTER = 0.03
BALL_COLOUR = np.array([1.0, 1.0, 1.0], np.float32)


class Script(NamedTuple):
    """What happens in each clip (B, N), whatever the sign is

    motion      the body's; in the first clip it only stands
    ball        the ball's path, which the first clip is without
    disc        whether there is a disc, disc_cue in which cue's colour, disc_at (B, N, 2) where
    sign_at     (B, 2) where the sign is
    """

    motion: Array
    ball: Array
    disc: Array
    disc_cue: Array
    disc_at: Array
    sign_at: Array


def script(task: "SyntheticVideo", rng: Rng, motion: Array, last: Array) -> Script:
    """Drawn without a look at the cue. Of body and ball the one that the class does not ask for does anything."""
    B, N = last.shape
    some, other = (rng.integers(0, task.motions, (B, N)) for _ in range(2))
    wanted = np.where(last, motion[:, None], some)
    body, ball = (wanted, other) if task.moves == "body" else (other, wanted)
    later = np.arange(N) > 0
    return Script(np.where(later, body, 0), ball, later & (rng.random((B, N)) < task.distractors),
                  rng.integers(0, task.cues, (B, N)), places(rng, (B, N), DISC_AT), places(rng, (B,), SIGN_AT))


def places(rng: Rng, shape: tuple[int, ...], about: tuple[float, float]) -> Array:           # (..., 2)
    """(x, y), x from the left side or from the right, each evenly within JITTER"""
    at = np.array(about) + rng.uniform(-JITTER, JITTER, (*shape, 2))
    at[..., 0] = np.where(rng.random(shape) < 0.5, at[..., 0], 1 - at[..., 0])
    return at.astype(np.float32)


def film(task: "SyntheticVideo", rng: Rng, labels: Array, lengths: Array, N: int, who: Array, where: Array
         ) -> VideoBatch:
    """See `SyntheticVideo.batch`."""
    B, F, size = len(labels), task.frames, task.size
    cue, motion = labels // task.motions, labels % task.motions
    clip = np.arange(N)
    story = script(task, rng, motion, clip == lengths[:, None] - 1)
    person, camera = subjects(who), cameras(where)
    done = progress(F, person.speed)[:, None] * (clip > 0)[:, None].astype(np.float32)       # (B, N, F)
    joints = filmed_joints(rng, story, done, person.height, camera, size)
    light = rng.uniform(0.85, 1.1, (B, 1, 1, 1)).astype(np.float32)
    pictures = np.repeat((backgrounds(where, size) * light)[:, None], N * F, 1).reshape(B, N, F, 3, size, size)
    colours = rainbow(np.arange(task.cues) / task.cues)

    sign = glyph_cover(GLYPHS[cue], size * story.sign_at, size * CELL, size)                 # (B, H, W)
    lay_over(pictures[:, 0], sign[:, None], colours[cue][:, None])
    discs = disc_cover(size * story.disc_at, size * DISC, size) * story.disc[..., None, None]
    lay_over(pictures, discs[:, :, None], colours[story.disc_cue][:, :, None])
    cover = body_cover(joints[..., :2].reshape(B, N * F, -1, 2), size * camera.zoom * person.height, size)
    lay_over(pictures, cover.reshape(B, N, F, size, size), person.colour[:, None, None])
    if task.moves == "ball":
        path = ball_path(story.ball, done)[:, 1:]
        lay_over(pictures[:, 1:], disc_cover(size * path, size * BALL, size), BALL_COLOUR)

    pictures += task.noise * rng.standard_normal(pictures.shape, np.float32)
    np.clip(pictures, 0, 1, out=pictures)
    there = (rng.random((B, N, F)) >= task.dropped) & (clip < lengths[:, None])[..., None]
    pictures[~there] = 0
    visible = ((joints[..., :2] >= 0) & (joints[..., :2] < size)).all(-1) & there[..., None]
    return VideoBatch(clips_first(np.moveaxis(pictures, 3, -1)), labels.astype(np.int64), lengths.astype(np.int64),
                      clips_first(joints), clips_first(visible), who.astype(np.int64), where.astype(np.int64))


def clips_first(array: Array) -> Array:
    """(B, N, …) -> (N, B, …), each clip of all videos in one piece"""
    return np.ascontiguousarray(array.swapaxes(0, 1))


def filmed_joints(rng: Rng, story: Script, done: Array, height: Array, camera: Camera, size: int) -> Array:
    """(B, N, F, J, 3) in the picture: each clip at a place of its own, the pose swaying a little"""
    B, N, F = done.shape
    t = np.linspace(0, 2 * np.pi, F, endpoint=False, dtype=np.float32)
    begin = rng.uniform(0, 2 * np.pi, (B, N, 1, 4)).astype(np.float32)
    sway = SWAY * np.sin(begin + t[:, None])                                                 # (B, N, F, 4)
    sway[..., 1] = 0                                         # nobody crouches a little
    bodies = body_joints(poses(story.motion, done) + sway)
    bodies[..., 0] += rng.uniform(-STEP, STEP, (B, N, 1, 1)).astype(np.float32)
    return seen(bodies, camera, height, size)
