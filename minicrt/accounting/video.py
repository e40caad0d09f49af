"""What the six arms of a comparison on video cost (docs/spec.md, 2.5 and 5.3)"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt import ops
from minicrt.accounting.activations import arrays, owner
from minicrt.accounting.flops import Parts, recurrence, state_values
from minicrt.arguments import check_kind, check_whole
from minicrt.configuration import field_types
from minicrt.models.parameters import Array
from minicrt.models.video import CRViTConfig, VideoTargets, ViT, ViTConfig, create_video_model, video_mapping

A_VIDEO_MODEL = "a model of video; make one with create_video_model"
SKELETON: dict[str, Any] = {"joints": 13, "joint_features": 64}       # joints as in the skeletons of Toyota Smarthome
WHOLE, SHORT = "all frames", "one clip"


class VideoCost(NamedTuple):
    """Of one video of N clips of F frames, batch 1; numbers are of 4 bytes"""

    arm: str
    frames: int                                              # F
    clips: int                                               # N
    flops: int                                               # forward, of all clips that the arm reads
    flops_per_frame: float                                   # of those that it reads
    training_flops: int                                      # forward and backward, modules of training included
    parameters: int                                          # in use, modules of training left out
    state_bytes: int                                         # carried from clip to clip
    activation_bytes: int                                    # kept for the backward pass over all clips that it reads


def clip_flops(model: ViT, frames: int | None = None, training: bool = False) -> Parts:
    """The parts of the forward pass of one clip of so many frames (default: those that the model is for); with
    `training` the modules of training too."""
    check_kind("model", model, ViT, A_VIDEO_MODEL)
    config: Any = model.config
    T = config.segment_length if frames is None else check_whole("frames", frames, 1) // config.tube_frames
    L, D, F, N, K = config.layers, config.width, config.inner, config.patches, config.vocabulary
    M = config.memory_vectors if getattr(config, "memory", "none") != "none" else 0
    R = M + model.has_token
    S = R + T * N
    parts = {"patches": 2 * T * N * config.patch_numbers * D, "feed-forward": L * 4 * S * D * F}
    if config.attention == "joint":
        parts |= {"projections": L * 8 * S * D * D, "attention": L * 4 * S * S * D}
    else:
        parts |= {"projections": L * 8 * D * D * (T * N + T * (R + N)),
                  "attention": L * 4 * D * (N * T * T + T * (R + N) ** 2)}
    if M:
        steps = T + 1 if config.memory_update == "per_token" else 1
        parts["memory"] = M * recurrence(config.memory, steps, D, D)
        parts["readout"] = 2 * M * D * D if config.readout == "memory" else 0
    if isinstance(config, CRViTConfig) and config.positions == "recurrent":
        D_p = config.positions_width
        parts["positions"] = recurrence("gru", T, D, D_p) + (2 * T * D_p * D if D_p != D else 0)
    parts["output"] = 2 * D * K
    if training:
        hidden, J, G = max(1, D // 3), config.joints, config.joint_features
        parts["joints"] = 2 * T * N * hidden * (D + J) if J else 0
        parts["features"] = 2 * G * (D + K)
    return {name: count for name, count in parts.items() if count}


def clip_activation_bytes(model: ViT) -> int:
    """Bytes of float32 that a clip of batch 1 leaves in the cache of the engine numpy, the parameters and dropout's
    masks not counted, with a memory before it where there is one, and with the modules of training."""
    check_kind("model", model, ViT, A_VIDEO_MODEL)
    specification = create_video_model(**video_mapping(model), engine=ops)
    config, parameters = model.config, specification.initialize(np.random.default_rng(0))
    F = config.segment_length * config.tube_frames
    clip = np.zeros((1, F, config.frame_size, config.frame_size, config.channels), np.float32)
    _, state = specification.logits(parameters, clip, {})
    _, _, cache = specification.forward(parameters, clip, targets(model, F), state)
    owners = {id(array): array for array in map(owner, arrays(cache))}
    return sum(array.nbytes for array in owners.values() if array is not parameters.flat)


def targets(model: ViT, frames: int) -> VideoTargets:
    J, G = model.config.joints, model.config.joint_features
    joints: Array | None = np.zeros((1, frames, J, 2)) if J else None
    return VideoTargets(np.zeros(1, int), joints, None, np.zeros((1, G)) if G else None)


def arms(classes: int, frames: int, clips: int, **settings: Any) -> dict[str, tuple[ViT, int]]:
    """The six by name, each a model and how many clips it reads of a video: the ViT and π-ViT of one clip, and of all
    frames at once, CR-ViT, and CR-ViT with the modules. `settings` are keys of ViTConfig and of CRViTConfig."""
    crt = {key: settings.pop(key) for key in list(settings) if key not in field_types(ViTConfig)}
    made, none = dict[str, tuple[ViT, int]](), dict[str, Any]()
    for name, modules in (("ViT", none), ("π-ViT", SKELETON)):
        for part, count in ((SHORT, 1), (WHOLE, clips)):
            model = create_video_model(classes, frames * count, "vit", ops, **modules, **settings)
            made[f"{name}, {part}"] = (model, 1)
    for name, modules in (("CR-ViT", none), ("CR-ViT with modules", SKELETON)):
        made[name] = (create_video_model(classes, frames, "crvit", ops, **modules, **settings, **crt), clips)
    return made


def video_costs(classes: int = 31, frames: Sequence[int] = (4, 8, 16), clips: Sequence[int] = (1, 4, 16),
                **settings: Any) -> list[VideoCost]:
    """What each of the six arms costs for each clip length and each number of clips; `settings` as for `arms`"""
    return [cost(arm, F, N, model, read) for F in frames for N in clips
            for arm, (model, read) in arms(classes, F, N, **settings).items()]


def cost(arm: str, frames: int, clips: int, model: ViT, read: int) -> VideoCost:
    forward = read * sum(clip_flops(model).values())
    modules = sum(math.prod(shape) for name, shape in model.layout if name.startswith(("joints.", "features")))
    seen = read * model.config.segment_length * model.config.tube_frames
    training = 3 * read * sum(clip_flops(model, training=True).values())
    return VideoCost(arm, frames, clips, forward, forward / seen, training, model.size - modules,
                     4 * state_values(model), read * clip_activation_bytes(model))


def costs_table(costs: Sequence[VideoCost]) -> str:
    """As a table in Markdown"""
    head = "| F | N | arm | MFLOP a video | a frame read | training | parameters | state, bytes | kept, KiB |"
    rows = [f"| {c.frames} | {c.clips} | {c.arm} | {c.flops / 1e6:,.0f} | {c.flops_per_frame / 1e6:,.1f} | "
            f"{c.training_flops / 1e6:,.0f} | {c.parameters:,} | {c.state_bytes:,} | {c.activation_bytes / 1024:,.0f} |"
            for c in costs]
    return "\n".join([head, "|" + "---|" * 9, *rows])
