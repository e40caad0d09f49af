"""`minicrt info` of runs and presets on videos: what they consist of, the memory and the time of a step"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from minicrt.models.video import ViT
    from minicrt.training import TrainingConfig


def describe_run(folder: "Path") -> None:
    from minicrt.cli.info import print_configuration, print_parameters
    from minicrt.configuration import from_mapping
    from minicrt.training import TrainingConfig, load_video_run

    trained = load_video_run(folder)
    print(f"{folder}: weights of step {trained.step}")
    tables = trained.configuration
    settings = tables["data"]["settings"]
    print_configuration({**tables, "data": {"videos": tables["data"]["videos"], **settings}})
    print_parameters(trained.model)
    print_step(trained.model, from_mapping(TrainingConfig, tables["training"], "training"), settings["clips"])


def describe_preset(name: str) -> None:
    """Without reading a video: of Toyota Smarthome the classes are known"""
    from minicrt.cli.info import print_configuration, print_parameters
    from minicrt.configuration import from_mapping, to_mapping
    from minicrt.data.synthetic_video import SyntheticVideo
    from minicrt.models.video import create_video_model, video_mapping
    from minicrt.presets import video as presets
    from minicrt.training.video_run import video_training

    tables = presets.load(name)
    training, data = video_training(tables["training"]), dict(tables["data"])
    corpus = data.pop("corpus")
    if corpus == "synthetic-video":
        videos = from_mapping(SyntheticVideo, data, SyntheticVideo.title)
        classes, frames, size, clips = len(videos.classes), videos.frames, videos.size, videos.clips
    else:
        from minicrt.data.smarthome import PROTOCOLS

        classes = len(PROTOCOLS[data.get("protocol", "CS")].classes)
        frames, size, clips = data["frames"], data["size"], data["clips"]
    model = create_video_model(classes, frames, frame_size=size, **tables["model"])
    mapping = video_mapping(model)
    del mapping["class_weights"]                             # 1 each, which says nothing
    print(f"preset {name} of --task video: {presets.description(name)}")
    print_configuration({"model": mapping, "training": to_mapping(training), "data": tables["data"]})
    print_parameters(model)
    print_step(model, training, clips)


def print_step(model: "ViT", training: "TrainingConfig", clips: int) -> None:
    """The memory of a step, and its time were all of it matrix products as fast as this machine has them"""
    from minicrt import accounting
    from minicrt.cli.machine import gflops
    from minicrt.cli.report import counted
    from minicrt.cli.units import in_units

    config = model.config
    print(f"\na training step: {training.batch} videos of {counted(clips, 'clips')} of "
          f"{config.segment_length * config.tube_frames} frames, gradients across "
          f"{counted(min(clips, training.bptt_segments), 'clips')}, {training.precision}; temporary arrays not counted")
    print(accounting.table(accounting.video_step_memory(model, training, clips)))
    flops, speed = accounting.video_step_flops(model, training, clips), gflops()
    print(f"\n{in_units(flops, ('', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP'))} a step, at the {speed:.0f} GFLOP/s "
          f"of a float32 matrix product here {duration(flops / speed / 1e9)} at least{whole(training, flops, speed)}")


def whole(training: "TrainingConfig", flops: int, speed: float) -> str:
    """Where the number of steps is known"""
    if training.steps:
        return f"; {training.steps:,} steps: {duration(training.steps * flops / speed / 1e9)}"
    each = flops / training.batch / speed / 1e9
    epochs: Any = training.epochs
    return f"; {epochs:g} epochs of 10,000 videos: {duration(epochs * 10_000 * each)}" if epochs else ""


def duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.2g} s"
