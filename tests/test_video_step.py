"""The memory and the operations of a training step on videos"""

import pytest

from minicrt.accounting import clip_flops, video_step_flops, video_step_memory
from minicrt.accounting.video import clip_activation_bytes
from minicrt.accounting.video_step import kept_of_a_clip
from minicrt.errors import InputError
from minicrt.models.video import create_video_model
from minicrt.training import TrainingConfig

SIZES = {"width": 8, "heads": 2, "inner": 12, "frame_size": 8, "patch_size": 4}


@pytest.mark.parametrize("settings", [
    {"model": "vit", "layers": 1}, {"layers": 5}, {"layers": 4, "joints": 3, "joint_layer": 2, "joint_features": 4},
    {"layers": 3, "attention": "joint", "memory": "ncgru", "memory_vectors": 2, "tube_frames": 2}])
def test_what_a_clip_keeps_is_linear_in_the_layers(settings):
    model = create_video_model(5, 4, **SIZES, **settings)
    assert kept_of_a_clip(model) == clip_activation_bytes(model)


def test_the_parts_of_a_step():
    model = create_video_model(5, 4, **SIZES, layers=2)
    training = TrainingConfig(steps=1, batch=3, bptt_segments=2, optimizer="adamw", precision="float64")
    parts = video_step_memory(model, training, clips=6)
    assert parts == {"parameters": 8 * model.size, "gradients": 8 * model.size, "optimizer": 16 * model.size,
                     "frames": 8 * 6 * 3 * 4 * 8 * 8 * 3, "kept of the clips": 2 * 2 * 3 * clip_activation_bytes(model)}
    assert video_step_flops(model, training, 6) == 3 * 3 * 6 * sum(clip_flops(model).values())
    with pytest.raises(InputError, match="clips is 0"):
        video_step_memory(model, training, 0)
