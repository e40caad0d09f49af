"""What a model learns from skeletons in training alone: two modules that nobody asks in evaluation (docs/spec.md, 2.5)

2-D: from the outputs of an early block each patch tells which joints lie in it, P = σ((X W_1 + b_1) W_2 + b_2).
3-D: from the mean u of the last outputs, f = u W_3 + b_3 is to be what a network of skeletons says of the clip, and
tells the class by itself.

    loss + λ_2 BCE(P, Y) + λ_3 MSE(f, features) + λ_c CE(f W_4 + b_4),   λ_2 = 1.6, λ_3 = λ_c = 1

Source: Reilly and Das 2024 (arXiv 2311.18840). Tokens and targets both stand in the order step, patch.
"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.video.arguments import VideoTargets
from minicrt.models.video.config import ViTConfig

JOINTS_WEIGHT, FEATURES_WEIGHT, CLASSES_WEIGHT = 1.6, 1.0, 1.0


class FlatCache(NamedTuple):
    hidden: Any                                              # of linear
    logits: Any                                              # of linear
    error: Any                                               # of binary_cross_entropy


class SpaceCache(NamedTuple):
    features: Any                                            # of linear
    error: Any                                               # of mean_squared_error
    logits: Any                                              # of linear
    classes: Any                                             # of weighted_cross_entropy
    rows: int                                                # T N


class ModulesCache(NamedTuple):
    flat: FlatCache | None
    space: SpaceCache | None


def specs(config: ViTConfig) -> list[ParameterSpec]:
    found, D, J, G, K = list[ParameterSpec](), config.width, config.joints, config.joint_features, config.vocabulary
    hidden = max(1, D // 3)
    sizes = [("joints.hidden", D, hidden), ("joints.output", hidden, J)] if J else []
    sizes += [("features", D, G), ("features.output", G, K)] if G else []
    for name, rows, columns in sizes:
        found += [ParameterSpec(f"{name}.weight", (rows, columns), initialisers.normal(rows ** -0.5)),
                  ParameterSpec(f"{name}.bias", (columns,), initialisers.zeros, decay=False)]
    return found


def loss(model: Any, p: Parameters, early: Array, late: Array, targets: VideoTargets) -> tuple[Any, ModulesCache]:
    """What is added to the loss of the labels; a module without a target is left out."""
    total, flat, space = early.dtype.type(0), None, None
    if targets.joints is not None:
        total, flat = flat_loss(model, p, early, targets)
    if targets.features is not None:
        more, space = space_loss(model, p, late, targets)
        total = total + more
    return total, ModulesCache(flat, space)


def loss_backward(model: Any, d_loss: Any, cache: ModulesCache, g: Parameters) -> tuple[Array | None, Array | None]:
    """G_early, G_late, each None where its module is left out"""
    early = None if cache.flat is None else flat_backward(model, d_loss, cache.flat, g)
    return early, None if cache.space is None else space_backward(model, d_loss, cache.space, g)


def flat_loss(model: Any, p: Parameters, early: Array, targets: VideoTargets) -> tuple[Any, FlatCache]:
    hidden, hidden_cache = model.engine.linear(early, p["joints.hidden.weight"], p["joints.hidden.bias"])
    logits, logits_cache = model.engine.linear(hidden, p["joints.output.weight"], p["joints.output.bias"])
    inside, scored = patch_targets(model.config, targets.joints, targets.visible)        # (B, T N, J)
    error, cache = model.engine.binary_cross_entropy(logits, inside.astype(logits.dtype), scored)
    return JOINTS_WEIGHT * error, FlatCache(hidden_cache, logits_cache, cache)


def flat_backward(model: Any, d_loss: Any, cache: FlatCache, g: Parameters) -> Array:
    d_logits, _ = model.engine.binary_cross_entropy_backward(JOINTS_WEIGHT * d_loss, cache.error)
    d_hidden = into(model, d_logits, cache.logits, "joints.output.", g)
    return into(model, d_hidden, cache.hidden, "joints.hidden.", g)


def space_loss(model: Any, p: Parameters, late: Array, targets: VideoTargets) -> tuple[Any, SpaceCache]:
    f, features = model.engine.linear(late.mean(1), p["features.weight"], p["features.bias"])            # (B, G)
    scored = np.broadcast_to((targets.labels >= 0)[:, None], f.shape)
    error, error_cache = model.engine.mean_squared_error(f, targets.features.astype(f.dtype),  # type: ignore[union-attr]
                                                         scored)
    scores, logits = model.engine.linear(f, p["features.output.weight"], p["features.output.bias"])
    weights = model.class_weights.astype(f.dtype)
    classes, classes_cache = model.engine.weighted_cross_entropy(scores, targets.labels, weights,
                                                                 model.config.smoothing)
    cache = SpaceCache(features, error_cache, logits, classes_cache, late.shape[1])
    return FEATURES_WEIGHT * error + CLASSES_WEIGHT * classes, cache


def space_backward(model: Any, d_loss: Any, cache: SpaceCache, g: Parameters) -> Array:
    d_scores, _ = model.engine.weighted_cross_entropy_backward(CLASSES_WEIGHT * d_loss, cache.classes)
    d_f, _ = model.engine.mean_squared_error_backward(FEATURES_WEIGHT * d_loss, cache.error)
    d_f = d_f + into(model, d_scores, cache.logits, "features.output.", g)
    d_mean = into(model, d_f, cache.features, "features.", g)
    return np.repeat(d_mean[:, None] / cache.rows, cache.rows, axis=1)                   # (B, T N, D)


def into(model: Any, d_y: Array, cache: Any, prefix: str, g: Parameters) -> Array:
    d_x, d_weight, d_bias = model.engine.linear_backward(d_y, cache)
    g[prefix + "weight"] += d_weight
    g[prefix + "bias"] += d_bias
    return d_x


def patch_targets(config: ViTConfig, joints: Any, visible: Array | None) -> tuple[Array, Array]:
    """Y (B, T N, J), 1 where the joint lies in the patch (in one of the tube's frames), and which of it is scored: all
    patches of a step in which the joint was seen in a frame. A joint outside of the frame lies in no patch."""
    B, F, J = joints.shape[:3]
    f, size, side = config.tube_frames, config.frame_size, config.frame_size // config.patch_size
    seen = np.ones((B, F, J), bool) if visible is None else visible
    column, row = np.floor(joints[..., 0]), np.floor(joints[..., 1])
    within = seen & (column >= 0) & (row >= 0) & (column < size) & (row < size)
    at = np.where(within, row // config.patch_size * side + column // config.patch_size, -1).astype(int)
    inside = (at[:, :, None] == np.arange(config.patches)[:, None]).reshape(B, F // f, f, -1, J).any(2)
    scored = seen.reshape(B, F // f, f, 1, J).any(2)
    return inside.reshape(B, -1, J), np.broadcast_to(scored, inside.shape).reshape(B, -1, J)
