"""What is to be trained on videos, how and on which: a preset of videos, changed by the command line or a grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minicrt.arguments import check_kind, shown
from minicrt.configuration import field_types, from_mapping, unknown_key
from minicrt.data.smarthome.protocols import PROTOCOLS
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_files import VideoReading
from minicrt.data.video_source import SMARTHOME, SYNTHETIC, VideoSource, video_source
from minicrt.errors import ConfigurationError
from minicrt.models.crt_config import CRTConfig
from minicrt.models.video import VIDEO_MODELS, ViT, create_video_model
from minicrt.presets import video as presets
from minicrt.settings import described_fields
from minicrt.training.configuration import TrainingConfig, changed_table
from minicrt.training.video_run import video_training

# Keys of a model that the videos decide, and how.
FROM_VIDEOS = {"vocabulary": "the number of their classes", "segment_length": "their frames (the key frames)",
               "frame_size": "their size (the key size)", "channels": "red, green and blue"}


@dataclass(frozen=True)
class VideoSettings:
    """`model` is the table [model], to which the videos add their classes, frames and size, and where these are left
    out the mean and deviation of their pixels; `data` is what `video_source` takes beside the name of the videos."""

    preset: str
    model: dict[str, Any]
    training: TrainingConfig
    videos: str
    data: dict[str, Any]

    def load_videos(self) -> VideoSource:
        return video_source(self.videos, self.data)

    def create_model(self, videos: VideoSource) -> ViT:
        frames, size = videos.clip
        mean, deviation = (0.5, 0.5) if {"pixel_mean", "pixel_deviation"} <= set(self.model) else videos.pixels()
        return create_video_model(len(videos.classes), frames, frame_size=size,
                                  **{"pixel_mean": mean, "pixel_deviation": deviation, **self.model})

    def model_of(self, classes: int) -> ViT:
        """As `create_model`, of a model whose videos need not be there."""
        return create_video_model(classes, self.reading.frames, frame_size=self.reading.size, **self.model)

    @property
    def reading(self) -> SyntheticVideo | VideoReading:
        """Which videos are made, or how files are read"""
        kind = kind_of_data(self.videos)
        return from_mapping(kind, {key: value for key, value in self.data.items() if key != "protocol"}, kind.title)


def video_settings(preset: str, changes: Mapping[str, Any], source: str = "--set") -> VideoSettings:
    """The settings of a preset of videos with `changes` (key -> value, the videos' name under "corpus") over them;
    `source`: where these come from, for messages.

    Where the videos are other ones than the preset's, of files and not made or the other way round, its [data] is left
    out. A budget (epochs, steps or minutes) among the changes replaces the preset's. Raises ConfigurationError for an
    unknown preset or key, and for a value that the configuration rejects.
    """
    check_kind("the list of changes", changes, Mapping, "a mapping of keys to values")
    chosen = presets.load(preset)
    corpus = changes.get("corpus", chosen["data"]["corpus"])
    if not isinstance(corpus, str):
        raise ConfigurationError(f"{source}: corpus is {shown(corpus)}, expected the name of videos, as {SYNTHETIC}")
    known = known_keys(corpus, changes.get("model", chosen["model"]["model"]))
    for key in changes:
        if key in FROM_VIDEOS:
            raise ConfigurationError(f"{source}: {key} is decided by the videos, {FROM_VIDEOS[key]}; leave it out")
        if key != "corpus" and not any(key in keys for keys in known.values()):
            raise unknown_setting(key, corpus, set().union(*known.values()), source)
    changed = {table: {key: value for key, value in changes.items() if key in keys} for table, keys in known.items()}
    same_kind = (corpus == SYNTHETIC) == (chosen["data"]["corpus"] == SYNTHETIC)
    of_preset = {key: value for key, value in chosen["data"].items() if key != "corpus"} if same_kind else {}
    of_model = {key: value for key, value in chosen["model"].items() if key in known["model"]}
    made = VideoSettings(preset, of_model | changed["model"],
                         video_training(changed_table(chosen["training"], changed["training"])), corpus,
                         of_preset | changed["data"])
    made.model_of(1)                                         # a wrong value is found before a video is read
    return made


def unknown_setting(key: str, corpus: str, known: set[str], source: str) -> ConfigurationError:
    """What to say of a key that these videos, or a model of this kind, have not: of what it is, if anything"""
    of = [f"videos that are {what}" for what, kind in (("made", SyntheticVideo), ("files", VideoReading))
          if key in field_types(kind)]
    of += [f"the model {name}" for name, (_, config) in VIDEO_MODELS.items() if key in field_types(config)]
    return unknown_key(key, known, source) if not of else ConfigurationError(
        f"unknown key {shown(key)} in {source}: it is of {' and of '.join(of)}, and was given for another model, or "
        f"for the videos {shown(corpus)}; leave it out")


def known_keys(corpus: str, model: Any) -> dict[str, set[str]]:
    """The keys of each table, with these videos and for the model of this name"""
    of_data = set(field_types(kind_of_data(corpus))) | ({"protocol"} if corpus.startswith(SMARTHOME) else set())
    name = model if isinstance(model, str) and model in VIDEO_MODELS else "crvit"
    return {"model": {"model", *field_types(VIDEO_MODELS[name][1])} - set(FROM_VIDEOS),
            "training": set(field_types(TrainingConfig)), "data": of_data}


def describe_video_keys() -> dict[str, list[str]]:
    """As `minicrt.settings.describe_keys`, of what there is beside a CRT of text or with other values: for each model,
    and for videos that are made and of files."""
    known, described = set(described_fields(CRTConfig)), dict[str, list[str]]()
    for name in sorted(VIDEO_MODELS, key=lambda name: name != "crvit"):
        described[f"model={name}"] = [key for key in described_fields(VIDEO_MODELS[name][1])
                                      if key not in known and key.split("=")[0] not in FROM_VIDEOS]
        known |= set(described[f"model={name}"])
    return described | {f"corpus={SYNTHETIC}": described_fields(SyntheticVideo),
                        "corpus=FOLDER": described_fields(VideoReading),
                        f"corpus={SMARTHOME}FOLDER": [f"protocol={'|'.join(PROTOCOLS)}"]}


def kind_of_data(corpus: str) -> type[SyntheticVideo] | type[VideoReading]:
    return SyntheticVideo if corpus == SYNTHETIC else VideoReading
