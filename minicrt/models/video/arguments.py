"""What a model of video checks of what it is handed: clips, labels, joints, weights of classes"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.array_arguments import as_array
from minicrt.errors import ConfigurationError, InputError
from minicrt.models.parameters import Array
from minicrt.models.video.config import ViTConfig


@dataclass(frozen=True)
class VideoTargets:
    """The labels of a clip, and what its skeletons say to the modules that take part in training alone.

    labels     (B,) integers from 0 to K − 1; −1: this clip is not scored
    joints     (B, F, J, 2 or 3), column and row of each joint in pixels, and a depth that nobody reads; None: no 2-D
               module in this loss
    visible    (B, F, J) booleans: joints that were seen; None: all of them
    features   (B, G), what the 3-D module is to tell; None: no 3-D module in this loss
    """

    labels: Array
    joints: Array | None = None
    visible: Array | None = None
    features: Array | None = None

    @property
    def has_skeleton(self) -> bool:
        return self.joints is not None or self.features is not None


def checked_clip(config: ViTConfig, clip: Any) -> Array:
    """Pixels (B, T·f, Y, X, C) as real numbers in 0 … 1, of the size that the model is for"""
    array = as_array("the clip", clip)
    size, channels, f = config.frame_size, config.channels, config.tube_frames
    expected = f"(B, F, {size}, {size}, {channels})"
    if array.ndim != 5 or array.shape[2:] != (size, size, channels) or not array.size:
        raise InputError(f"the clip has shape {array.shape}, expected {expected}")
    if array.dtype.kind != "f":
        raise InputError(f"the clip has dtype {array.dtype}, expected floating-point numbers from 0 to 1; divide bytes "
                         "by 255")
    if array.shape[1] % f or array.shape[1] > f * config.segment_length:
        raise InputError(f"the clip has {array.shape[1]} frames, expected a multiple of tube_frames = {f}, at most "
                         f"{f * config.segment_length}")
    if not (array.min() >= 0 and array.max() <= 1):          # not so of NaN
        raise InputError("the clip holds a pixel that is not within 0 and 1")
    return array


def checked_video_targets(config: ViTConfig, shape: tuple[int, ...], targets: Any) -> VideoTargets:
    """Labels, or VideoTargets, for a clip of `shape`; the labels' range is checked where the loss is computed."""
    given = targets if isinstance(targets, VideoTargets) else VideoTargets(targets)
    B, F, J, G = shape[0], shape[1], config.joints, config.joint_features
    labels = as_array("labels", given.labels)
    if labels.shape != (B,) or labels.dtype.kind not in "iu":
        raise InputError(f"labels are {labels.dtype} of shape {labels.shape}, expected integers of shape ({B},), one a "
                         "clip")
    for name, wanted, size in (("joints", given.joints, J), ("features", given.features, G)):
        if wanted is not None and not size:
            setting = {"joints": "joints", "features": "joint_features"}[name]
            raise InputError(f"the targets have {name}, but the model has no module for them; make it with {setting}")
    numbers = 3 if given.joints is not None and np.shape(given.joints)[3:] == (3,) else 2
    joints = _shaped("joints", given.joints, (B, F, J, numbers), "fiu")
    visible = _shaped("visible", given.visible, (B, F, J), "b")
    return VideoTargets(labels, joints, visible, _shaped("features", given.features, (B, G), "f"))


def _shaped(name: str, value: Any, shape: tuple[int, ...], kinds: str) -> Array | None:
    if value is None:
        return None
    array = as_array(name, value)
    if array.shape != shape or array.dtype.kind not in kinds:
        kind = "booleans" if kinds == "b" else "real numbers"
        raise InputError(f"{name} are {array.dtype} of shape {array.shape}, expected {kind} of shape {shape}")
    if kinds != "b" and not np.isfinite(array).all():
        raise InputError(f"{name} hold a number that is not finite; say which joints were seen in `visible`")
    return array


def checked_weights(weights: Sequence[float] | None, classes: int) -> Array:
    """One for each class, 0 or more, but not all 0; None: 1 for each"""
    if weights is None:
        return np.ones(classes)
    try:
        array = np.asarray(weights, float)
    except (TypeError, ValueError):
        raise ConfigurationError("class_weights are no numbers, expected one for each class") from None
    if array.shape != (classes,) or not np.isfinite(array).all() or (array < 0).any() or not array.any():
        raise ConfigurationError(f"class_weights have shape {array.shape}, expected {classes} finite numbers of 0 or "
                                 "more, one for each class, not all 0")
    return array
