"""The trainer on videos: the same run, whose step is a batch of whole videos, clip after clip"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from minicrt import engines
from minicrt.data.video_batch import VideoBatch
from minicrt.data.video_source import VideoSource
from minicrt.errors import ConfigurationError, DataError
from minicrt.models.video import ViT
from minicrt.parallel import threads
from minicrt.parallel.launch import check_alone
from minicrt.training.class_scores import ClassAccuracy, accuracy, mean_class_accuracy
from minicrt.training.configuration import TrainingConfig
from minicrt.training.evaluation import CUTS, Cut, Evaluation, cut_entries
from minicrt.training.progress import Progress, in_perplexity
from minicrt.training.run_folder import RunFolder
from minicrt.training.summary import machine
from minicrt.training.trainer import Trainer
from minicrt.training.video_trainer import VideoScores, score_videos, video_step

Array = np.ndarray
COLOURS = 3                                                  # of every picture: red, green, blue


class Scored:
    """A part of the videos, in batches, the same each time. Raises DataError where it is empty."""

    def __init__(self, videos: VideoSource, part: str, batch: int):
        self.videos, self.part, self.batch = videos, part, batch
        self.size = int(videos.counts(part).sum())
        if not self.size:
            raise DataError(f"{videos.name} has no video in the part {part!r}; give more videos of each class")

    def __len__(self) -> int:
        return -(-self.size // self.batch)

    def __iter__(self) -> Iterator[VideoBatch]:
        return self.videos.scored(self.part, self.batch)


class Steps:
    """As many segments as `Trainer` counts for an epoch: `bptt_segments` a batch of videos, which is one step"""

    def __init__(self, batches: int, bptt_segments: int):
        self.segments = batches * bptt_segments

    def __len__(self) -> int:
        return self.segments


class VideoTrainer(Trainer):
    """One run on videos. Raises ConfigurationError for a model of other classes, clips or joints, DataError for a part
    without a video."""

    model: ViT
    corpus: VideoSource

    def __init__(self, folder: RunFolder, model: ViT, videos: VideoSource, config: TrainingConfig,
                 progress: Progress | None = None):
        check_alone("a training on videos")
        check_model(model, videos)
        if config.random_start:
            raise ConfigurationError("random_start makes a circle of a text, and videos are none; set it to false")
        if config.restart_rate not in (0.0, TrainingConfig.restart_rate):                # the default was not asked for
            raise ConfigurationError("restart_rate cuts a stream of text or of readings, and each video begins with no "
                                     "state by itself; leave it out")
        if config.recompute:
            raise ConfigurationError("recompute keeps one segment of a window of text or of readings, and videos have "
                                     "none; set it to false")
        self.scores: dict[str, VideoScores] = {}
        super().__init__(folder, model, videos, config, progress)
        self.progress.in_terms_of(in_perplexity, "videos")

    def training_stream(self, epoch: int) -> Any:
        return Steps(self.corpus.training_batches(self.config.batch), self.config.bptt_segments)

    def scored_stream(self, part: Any, name: str) -> Any:
        return Scored(self.corpus, part, self.config.evaluation_batch)

    def learn(self, rng: np.random.Generator) -> tuple[float, float, int]:
        config, step = self.config, self.position.step
        batch = self.corpus.training_batch(config.seed, step, config.batch)
        loss = video_step(self.model, self.state.parameters, self.gradients, self.state.optimizer, batch,
                          bptt_segments=config.bptt_segments, rng=rng, clip=config.clip, rate=self.rate(step))
        return loss, float(self.model.engine.global_norm(self.gradients.flat)), len(batch.labels)

    def evaluate_stream(self, name: str, stream: Any, flat: Array, cut: Cut | None = None) -> Evaluation:
        with self.progress.task(name, len(stream), "batch") as advance:
            def after_batch() -> None:
                advance()
                self.stop_if_interrupted()
            found = score_videos(self.model, self.state.parameters.with_flat(flat), stream,
                                 cut=tuple(cut_entries(self.model, cut)), advance=after_batch)
        self.scores[name] = found
        return Evaluation(found.loss * stream.size, stream.size)

    def _evaluation_seconds(self) -> float:
        batch: Any = next(iter(self.valid_stream))
        start = time.perf_counter()
        score_videos(self.model, self.state.parameters, [batch])
        return time.perf_counter() - start

    def figures(self, part: str, loss: float) -> dict[str, float]:
        found = super().figures(part, loss)                  # the perplexity of the classes among them
        if part == "valid":
            confusion = self.scores["validation"].confusion
            found |= {"valid_mean_class_accuracy": mean_class_accuracy(confusion).mean,
                      "valid_accuracy": accuracy(confusion)}
            self.progress.say(f"validation: mean class accuracy {100 * found['valid_mean_class_accuracy']:.1f} %, "
                              f"accuracy {100 * found['valid_accuracy']:.1f} %")
        return found

    def summary(self) -> dict[str, Any]:
        """The figures of the best weights; `*_cut`: with the memory, the carried positions, or both dropped between
        clips. `confusion` is the test part's matrix, `without` the classes that have no video in it."""
        state, flat, config, videos = self.state, self.state.kept, self.config, self.corpus
        self.evaluate_stream("validation", self.valid_stream, flat)
        self.evaluate_stream("test", self.test_stream, flat)
        figures, test = dict[str, Any](), self.by_class("test")
        for part, name in (("valid", "validation"), ("test", "test")):
            figures |= {f"{part}_loss": self.scores[name].loss, f"{part}_mean_class_accuracy": self.by_class(name).mean,
                        f"{part}_accuracy": accuracy(self.scores[name].confusion)}
        for what in CUTS:
            name = f"validation, {what} cut" if cut_entries(self.model, what) else "validation"
            if name not in self.scores:
                self.evaluate_stream(name, self.valid_stream, flat, what)
            figures[f"valid_mean_class_accuracy_{what}_cut"] = self.by_class(name).mean
        return figures | {
            "task": "video", "videos": videos.name, "classes": list(videos.classes), "without": list(test.without),
            "confusion": self.scores["test"].confusion.tolist(),
            "state_carried": sorted(cut_entries(self.model, "state") - self.model.detached_entries),
            "videos_per_second": self.tokens_per_second(), "parameters": state.parameters.size,
            "seconds": self.seconds(), "epochs": state.position.step / self.windows, "steps": state.position.step,
            "best_step": state.position.best_step, "seed": config.seed, "batch": config.batch,
            "bptt_segments": config.bptt_segments, "evaluation_batch": config.evaluation_batch,
            "precision": config.precision, "engine": engines.name_of(self.model.engine), "threads": threads.count(),
            "machine": machine()}

    def by_class(self, name: str) -> ClassAccuracy:
        return mean_class_accuracy(self.scores[name].confusion)


def check_model(model: ViT, videos: VideoSource) -> None:
    config, (frames, size) = model.config, videos.clip
    wanted = len(videos.classes), frames, size
    got = config.vocabulary, config.segment_length * config.tube_frames, config.frame_size
    if got != wanted:
        raise ConfigurationError(f"the model has {got[0]} classes, {got[1]} frames a clip and pictures of {got[2]} "
                                 f"pixels; the videos have {wanted[0]}, {wanted[1]} and {wanted[2]}: "
                                 f"create_video_model({wanted[0]}, {wanted[1]}, frame_size={wanted[2]})")
    if config.channels != COLOURS:
        raise ConfigurationError(f"the model reads pictures of channels = {config.channels}, and those of videos have "
                                 f"{COLOURS}; leave channels out")
    if config.joints not in (0, videos.joints) or config.joint_features and not videos.joints:
        raise ConfigurationError(f"the model has modules for joints = {config.joints} and joint_features = "
                                 f"{config.joint_features}, and these videos have {videos.joints or 'no'} joints; "
                                 + (f"set joints to {videos.joints}" if videos.joints else "leave both out"))
