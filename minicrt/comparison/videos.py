"""A grid of models of video: its cells, what they leave behind, and their table"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt import accounting
from minicrt.accounting.video import clip_flops
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_source import VideoSource
from minicrt.models.video import video_mapping
from minicrt.training import Progress, RunFolder, TrainingConfig
from minicrt.training.video_run import TASK, TrainedVideos, model_of, resume_videos, train_videos, video_tables
from minicrt.video_settings import VideoSettings

Result = dict[str, Any]
CLASSES = 10                                                 # where nobody has counted them yet
NUMBER = (int, float)
FIGURE = (int, float, type(None))                            # None: of a model that has diverged
RESULT: dict[str, Any] = {"task": str, "name": str, "label": str, "model": dict, "training": dict, "data": dict,
                          "frames": int, "summary": dict, "flops_per_frame": NUMBER, "state_bytes": int}
SUMMARY: dict[str, Any] = {"parameters": int, "epochs": NUMBER, "videos_per_second": NUMBER, "state_carried": list,
                           "valid_loss": FIGURE,
                           **{f"{part}_mean_class_accuracy{cut}": NUMBER for part, cut in
                              (("valid", ""), ("test", ""), ("valid", "_memory_cut"))}}
HEAD = ("model", "frames", "seeds", "valid", "test", "memory cut", "parameters", "MFLOP per frame", "state, bytes",
        "videos/s")


@dataclass(frozen=True)
class VideoCell:
    """A run on videos, in clips of so many frames; all else is as in Cell, and the corpus are videos."""

    name: str
    model: str
    frames: int
    settings: VideoSettings

    def __str__(self) -> str:
        classes = classes_of(self.settings)
        return (f"{self.name:<32}{self.settings.model_of(classes).size:>12,} parameters with {classes} classes, "
                f"batch {self.settings.training.batch}")

    def train(self, folder: Path, corpus: VideoSource, progress: Progress) -> TrainedVideos:
        return train_videos(folder, self.settings.create_model(corpus), corpus, self.settings.training, progress)

    def resume(self, folder: Path, corpus: VideoSource, progress: Progress) -> TrainedVideos:
        return resume_videos(folder, corpus, progress)

    def asked(self) -> dict[str, Any]:
        return {**self.settings.model, **to_mapping(self.settings.training), **self.settings.data}

    def wanted(self, corpus: VideoSource) -> dict[str, Any]:
        model = self.settings.create_model(corpus)
        return {**to_mapping(model.config), **to_mapping(self.settings.training), **corpus.settings,
                "videos": corpus.address}

    def there(self, run: RunFolder) -> dict[str, Any]:
        tables = video_tables(run.configuration, run.path / "config.toml")
        model, data = model_of(tables["model"], run.path, None), tables["data"]
        training = from_mapping(TrainingConfig, tables["training"], "training")
        return {**to_mapping(model.config), **to_mapping(training), **data["settings"], "videos": data["videos"]}

    def result(self, trained: TrainedVideos) -> Result:
        model, data = trained.model, trained.configuration["data"]
        return {
            "task": TASK,
            "name": self.name,
            "label": self.model,
            "model": video_mapping(model),
            "training": to_mapping(self.settings.training),
            "data": {**data["settings"], "videos": data["videos"]},
            "frames": self.frames,
            "summary": trained.summary,
            "flops_per_frame": sum(clip_flops(model).values()) / self.frames,
            "state_bytes": 4 * accounting.state_values(model),
        }


def classes_of(settings: VideoSettings) -> int:
    """How many there are, or CLASSES where the videos would have to be looked at"""
    reading = settings.reading
    return len(reading.classes) if isinstance(reading, SyntheticVideo) else CLASSES


def is_of_videos(result: Mapping[str, Any]) -> bool:
    return result.get("task") == TASK


def collect_videos(results: Sequence[Result]) -> list[Result]:
    """A row for each model and number of frames: mean class accuracies, the mean over seeds and how far apart they
    lie. `memory_cut` is what the validation part loses without the memory, None where there is none."""
    groups: dict[tuple[str, int], list[Result]] = {}
    for result in results:
        groups.setdefault((result["label"], result["frames"]), []).append(result)
    rows = []
    for (label, frames), group in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        summaries = [result["summary"] for result in group]
        row: Result = {"task": TASK, "label": label, "frames": frames, "seeds": len(group),
                       "parameters": summaries[0]["parameters"], "state_bytes": group[0]["state_bytes"],
                       "flops_per_frame": group[0]["flops_per_frame"], "epochs": summaries[0]["epochs"],
                       "videos_per_second": statistics.mean(summary["videos_per_second"] for summary in summaries)}
        for part in ("valid", "test"):
            figures = [summary[f"{part}_mean_class_accuracy"] for summary in summaries]
            row[part] = statistics.mean(figures)
            row[f"{part}_deviation"] = None if len(figures) == 1 else statistics.stdev(figures)
        with_memory = all("memory" in summary["state_carried"] for summary in summaries)
        row["memory_cut"] = row["valid"] - statistics.mean(
            summary["valid_mean_class_accuracy_memory_cut"] for summary in summaries) if with_memory else None
        rows.append(row)
    return rows


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """A line of the table, under HEAD: accuracies in per cent, ± the standard deviation over seeds"""
    cut = "none" if row["memory_cut"] is None else f"−{100 * row['memory_cut']:.1f}"
    return [row["label"], str(row["frames"]), str(row["seeds"]), accuracy(row, "valid"), accuracy(row, "test"),
            cut.replace("−-", "+"), f"{row['parameters']:,}", f"{row['flops_per_frame'] / 1e6:.2f}",
            f"{row['state_bytes']:,}", f"{row['videos_per_second']:,.1f}"]


def accuracy(row: Mapping[str, Any], part: str) -> str:
    deviation = row[f"{part}_deviation"]
    return f"{100 * row[part]:.1f} %" + (f" ± {100 * deviation:.1f}" if deviation is not None else "")
