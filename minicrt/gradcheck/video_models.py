"""Small models of video that between them use every switch, their clips and labels"""

from typing import Any

import numpy as np

from minicrt import ops
from minicrt.models.video import VideoTargets, ViT, create_video_model

Array = np.ndarray
SMALL: dict[str, Any] = {"width": 4, "heads": 2, "inner": 5, "layers": 2, "frame_size": 4, "patch_size": 2,
                         "channels": 1}
WEIGHTS = (1.0, 0.5, 2.0)
SKELETON = {"joints": 2, "joint_features": 3}
VIDEO: dict[str, dict[str, Any]] = {
    "vit": {"model": "vit"},
    "vit, joint, mean": {"model": "vit", "attention": "joint", "pooling": "mean", "smoothing": 0.1},
    "vit, tubes": {"model": "vit", "frames": 4, "tube_frames": 2, "positions": "sinusoidal", "pixel_mean": 0.3,
                   "pixel_deviation": 0.2},
    "vit, modules": {"model": "vit", **SKELETON},
    "crvit": {"model": "crvit"},
    "crvit, joint, NC-GRU, two vectors": {"attention": "joint", "memory": "ncgru", "memory_vectors": 2},
    "crvit, per segment, mean": {"pooling": "mean", "memory_update": "per_segment", "positions": "learned"},
    "crvit, transformer's readout": {"readout": "transformer", "position_width": 3, "position_carry": False},
    "crvit, no memory": {"memory": "none"},
    "crvit, modules": {**SKELETON, "joint_layer": 1, "smoothing": 0.1},
    "crvit, modules, tubes": {**SKELETON, "frames": 4, "tube_frames": 2, "attention": "joint"},
}
WRITER = {"memory_gradient": "writer"}
VIDEO_CHECKS: dict[str, dict[str, Any]] = {
    "ViT, joint attention, mean": VIDEO["vit, joint, mean"],
    "ViT, tubes, sinusoids": VIDEO["vit, tubes"],
    "CR-ViT": VIDEO["crvit"],
    "CR-ViT, joint attention, NC-GRU, two vectors": {"model": "crvit", **VIDEO["crvit, joint, NC-GRU, two vectors"]},
    "CR-ViT, per segment, mean": {"model": "crvit", **VIDEO["crvit, per segment, mean"]},
    "CR-ViT, writer's gradient": {"model": "crvit", **WRITER},
    "CR-ViT, dropout and stochastic depth": {"model": "crvit", "dropout": 0.3, "path_dropout": 0.4},
    "CR-ViT, modules": {"model": "crvit", **VIDEO["crvit, modules"]},
}
"""Those that `minicrt gradcheck` runs"""


def small_video(changes: dict[str, Any], engine: Any = ops) -> ViT:
    return create_video_model(3, **{"frames": 3, **SMALL, **changes}, engine=engine, class_weights=WEIGHTS)


def small_clip(model: ViT, rng: np.random.Generator, batch: int = 2, steps: int | None = None) -> tuple[Array, Any]:
    """A clip, and labels of which one is not scored now and then; of a model with modules also joints, in and outside
    of the frame, seen or not, and features."""
    config = model.config
    F = min(steps or config.segment_length, config.segment_length) * config.tube_frames
    clip = rng.random((batch, F, config.frame_size, config.frame_size, config.channels))
    labels = rng.integers(-1, config.vocabulary, batch)
    labels[0] = rng.integers(config.vocabulary)
    if not config.joints:
        return clip, labels
    visible = rng.random((batch, F, config.joints)) < 0.7
    visible[0, 0] = True
    return clip, VideoTargets(labels, rng.uniform(-1, 5, (batch, F, config.joints, 2)), visible,
                              rng.standard_normal((batch, config.joint_features)))
