"""What a step of training on videos holds in memory and computes"""

from collections.abc import Mapping
from typing import Any

from minicrt import ops
from minicrt.accounting.footprint import MOMENTS
from minicrt.accounting.video import A_VIDEO_MODEL, clip_activation_bytes, clip_flops
from minicrt.arguments import check_kind, check_whole
from minicrt.models.video import ViT, create_video_model, video_mapping
from minicrt.training.configuration import TrainingConfig


def video_step_memory(model: ViT, training: TrainingConfig, clips: int) -> dict[str, int]:
    """The parts of a training step's memory, in bytes, for videos of so many clips; what is temporary, dropout's masks
    among it, is left out.

    What a clip keeps is counted on models of one layer and of two, on the engine numpy, and is linear in the layers.
    """
    check_kind("model", model, ViT, A_VIDEO_MODEL)
    check_kind("training", training, TrainingConfig, "a TrainingConfig")
    item, config = 8 if training.precision == "float64" else 4, model.config
    clips = check_whole("clips", clips, 1)
    kept = min(clips, training.bptt_segments) * training.batch
    frame = config.frame_size ** 2 * config.channels
    numbers = {
        "parameters": model.size, "gradients": model.size,
        "optimizer": MOMENTS[training.optimizer] * model.size + (model.size if training.ema_decay else 0),
        "frames": clips * training.batch * config.segment_length * config.tube_frames * frame,
        "kept of the clips": kept * kept_of_a_clip(model) // 4}
    return {name: item * count for name, count in numbers.items()}


def kept_of_a_clip(model: ViT) -> int:
    """Bytes of float32: those of `clip_activation_bytes`, without running all of the layers"""
    one, two = (clip_activation_bytes(with_layers(video_mapping(model), layers)) for layers in (1, 2))
    return one + (model.config.layers - 1) * (two - one)


def with_layers(mapping: Mapping[str, Any], layers: int) -> ViT:
    return create_video_model(**{**mapping, "layers": layers, "joint_layer": 0}, engine=ops)


def video_step_flops(model: ViT, training: TrainingConfig, clips: int) -> int:
    """Operations of a training step: forward and twice that backward, of every clip of every video of the batch"""
    return 3 * training.batch * check_whole("clips", clips, 1) * sum(clip_flops(model, training=True).values())
