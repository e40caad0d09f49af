"""What the golden cases of the models of video consist of: their sizes and settings, clips, labels and skeletons"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.configuration import to_mapping
from minicrt.conformance.golden import values
from minicrt.models.video import ViT, create_video_model, video_mapping
from minicrt.ops import IGNORE

Array = np.ndarray

# No two sizes that could be taken for each other are equal: B, H, D/H, T, N, J, G, D, classes and F differ.
SIZES: dict[str, Any] = {"classes": 13, "frames": 5, "width": 12, "layers": 2, "heads": 2, "inner": 14,
                         "frame_size": 4, "patch_size": 2, "channels": 4}
CLIPS, BATCH = (5, 5, 3), 3
SKELETON, SMALL = {"joints": 7, "joint_features": 10}, {"layers": 1}
CASES: dict[str, dict[str, Any]] = {
    "vit": {"model": "vit"},
    "vit-joint-mean": {"model": "vit", "attention": "joint", "pooling": "mean", "smoothing": 0.125, **SMALL},
    "vit-tubes": {"model": "vit", "frames": 10, "tube_frames": 2, "positions": "sinusoidal", **SMALL},
    "vit-modules": {"model": "vit", **SKELETON},
    "crvit": {"model": "crvit"},
    "crvit-joint-ncgru": {"model": "crvit", "attention": "joint", "memory": "ncgru", "memory_vectors": 2,
                          "negatives": 5, **SMALL},
    "crvit-per-segment": {"model": "crvit", "pooling": "mean", "memory_update": "per_segment", "positions": "learned",
                          **SMALL},
    "crvit-writer": {"model": "crvit", "memory_gradient": "writer", **SMALL},
    "crvit-modules": {"model": "crvit", **SKELETON, "joint_layer": 1, "smoothing": 0.125, "position_width": 8},
    "crvit-given-state": {"model": "crvit", "start": "drawn", **SMALL},
}
VIDEO_CASES = {name: {"segments": CLIPS, "batch": BATCH, **settings} for name, settings in CASES.items()}


def video_model(settings: Mapping[str, Any]) -> ViT:
    """Of the sizes above, the classes weighing ½, 1 and 2 by turns"""
    merged = {**SIZES, **settings}
    weights = [2.0 ** (k * 5 % 3 - 1) for k in range(merged["classes"])]
    return create_video_model(**merged, engine=ops, class_weights=weights)


def whole_mapping(model: ViT) -> dict[str, Any]:
    """`video_mapping` with every setting, for who reads a case"""
    settings = to_mapping(model.config)
    for key in ("vocabulary", "segment_length"):
        del settings[key]
    return {**video_mapping(model), **settings}


def video_segment(case: str, n: int, batch: int, steps: int, model: ViT) -> dict[str, Array]:
    """What a model reads in clip n and is to say; of the second clip a label is not scored, and joints lie in and
    outside of the frame."""
    config, name = model.config, f"{case}/segment{n}/"
    F, size, J = steps * config.tube_frames, config.frame_size, config.joints
    drawn = partial(values.uniform, bits=12)
    labels = values.integers(name + "labels", (batch,), config.vocabulary)
    if n == 1:
        labels[0] = IGNORE
    given = {"clip": (drawn(name + "clip", (batch, F, size, size, config.channels)) + 1) / 2, "labels": labels}
    if not J:
        return given
    visible = values.integers(name + "visible", (batch, F, J), 4) > 0
    visible[:, 0, 0] = True
    return given | {"joints": (drawn(name + "joints", (batch, F, J, 2)) + 1) * (size / 2 + 1) - 1, "visible": visible,
                    "teacher": drawn(name + "teacher", (batch, config.joint_features), 2.0)}
