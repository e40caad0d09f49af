"""Training and evaluation of a model of video on arrays

    model = create_video_model(16, frames=8, frame_size=32)
    videos, rng = SyntheticVideo(), np.random.default_rng(0)
    trained = train_on_batches(model, videos.videos(rng, 16), steps=1000, rng=rng)
    confusion = evaluate_video(model, trained.parameters, videos.fixed_set(0, 128, 32))
    mean_class_accuracy(confusion).mean
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from minicrt.arguments import check_has, check_kind, check_whole, shown
from minicrt.data.synthetic_video import teacher_features
from minicrt.data.video_batch import VideoBatch
from minicrt.errors import InputError, TrainingError
from minicrt.models import Parameters, inputs
from minicrt.models.video import VideoTargets, ViT, run_video
from minicrt.models.video.window import When
from minicrt.training.class_scores import confusion_matrix
from minicrt.training.clip import clip_factor
from minicrt.training.optimizers import AdamW, Optimizer
from minicrt.training.schedules import warmup_cosine

Array = np.ndarray
Reads = Literal["clips", "last", "frames"]
A_BATCH = "a VideoBatch, as SyntheticVideo().batch makes one"


class Watched(NamedTuple):
    """What a model reads of a batch of videos"""

    clips: list[Array]
    lengths: Array
    skeletons: list[VideoTargets] | None


class TrainedOnBatches(NamedTuple):
    parameters: Parameters
    losses: list[float]                                      # of every step


class VideoScores(NamedTuple):
    confusion: Array                                         # (K, K), see `confusion_matrix`
    loss: float                                              # the mean over the videos


def watched(model: ViT, batch: VideoBatch, reads: Reads = "clips", skeletons: bool = True) -> Watched:
    """The clips that a model reads of these videos, and the targets of its modules where it has any.

    reads   all "clips" one after the other; the "last" clip of each video alone; or all "frames" as one clip, black
            behind a video's end
    Raises InputError for what is no batch, and for another way to read.
    """
    check_kind("the batch", batch, VideoBatch, A_BATCH)
    if reads not in get_args(Reads):
        raise InputError(f"reads is {shown(reads)}, expected {', '.join(get_args(Reads))}")
    segments, B = list(batch), len(batch.labels)
    frames, joints, visible = [s.frames for s in segments], batch.joints, batch.visible
    lengths = batch.lengths
    if reads == "last":
        at = batch.lengths - 1, np.arange(B)
        frames = [np.stack(frames)[at]]
        joints, visible = (None, None) if joints is None or visible is None else (joints[at][None], visible[at][None])
    if reads == "frames":
        frames = [batch.frames]
        joints, visible = (None, None) if joints is None or visible is None else (
            np.concatenate(list(joints), 1)[None], np.concatenate(list(visible), 1)[None])
    if reads != "clips":
        lengths = np.ones(B, int)
    if not (skeletons and (model.config.joints or model.config.joint_features)):
        return Watched(frames, lengths, None)
    if joints is None or visible is None:
        raise InputError("the model has modules that learn from skeletons, and these videos have none; make it without "
                         "joints and joint_features")
    return Watched(frames, lengths, [targets(model, *each) for each in zip(joints, visible)])


def targets(model: ViT, joints: Array, visible: Array) -> VideoTargets:
    """What the model's modules are to tell of a clip; labels come from elsewhere"""
    config = model.config
    G = config.joint_features
    features = teacher_features(joints, G, size=config.frame_size) if G else None
    none = np.full(len(joints), -1)
    return VideoTargets(none, joints if config.joints else None, visible if config.joints else None, features)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")               # what they warn of is looked for here
def video_step(model: ViT, parameters: Parameters, gradients: Parameters, optimizer: Optimizer, batch: VideoBatch, *,
               reads: Reads = "clips", when: When = "last", bptt_segments: int | None = None,
               rng: np.random.Generator | None = None, clip: float = 1.0, rate: float = 1.0) -> float:
    """Update `parameters` by the gradient of one batch of videos; the loss, as `run_video` has it.

    rng    for dropout; None: no dropout
    clip   the largest global norm of the gradient; 0: no clipping
    rate   multiplies the optimizer's learning rates
    Raises TrainingError, before anything is changed, if the loss or a gradient is not finite, InputError for arguments
    that do not fit.
    """
    inputs.check_fit(model, parameters)
    inputs.check_trainable(parameters)
    check_has("optimizer", optimizer, ("step", "count"), "an optimizer, as AdamW(parameters)")
    seen = watched(model, batch, reads)
    gradients.flat[...] = 0
    loss = run_video(model, parameters, seen.clips, batch.labels, lengths=seen.lengths, when=when, gradients=gradients,
                     bptt_segments=bptt_segments, skeletons=seen.skeletons, rng=rng).loss
    norm = model.engine.global_norm(gradients.flat)
    if not (np.isfinite(loss) and np.isfinite(norm)):
        raise TrainingError(f"step {optimizer.count + 1}: the loss is {loss} and the gradient's norm {norm}; try a "
                            "smaller learning_rate or clip")
    optimizer.step(parameters, gradients, rate, clip_factor(clip, norm))
    return float(loss)


def train_on_batches(model: ViT, batches: Iterable[VideoBatch], steps: int, *, rng: np.random.Generator,
                     parameters: Parameters | None = None, learning_rate: float = 1e-3, weight_decay: float = 0.05,
                     warmup: int = 100, report: Callable[[int, float], Any] | None = None, **options: Any
                     ) -> TrainedOnBatches:
    """`steps` steps of AdamW with a warm-up and half a cosine, on as many batches.

    rng          draws the first parameters, where none are given, and dropout
    report       called with the number of each step and its loss
    options      `reads`, `when`, `bptt_segments` and `clip`, as for `video_step`
    Raises InputError if there are fewer batches than steps, and what `video_step` raises.
    """
    check_whole("steps", steps, 1)
    parameters = model.initialize(rng) if parameters is None else parameters
    optimizer = AdamW(parameters, learning_rate=learning_rate, weight_decay=weight_decay)
    gradients, losses, source = parameters.zeros_like(), list[float](), iter(batches)
    for step in range(steps):
        batch = next(source, None)
        if batch is None:
            raise InputError(f"there are {step} batches, expected one for each of {steps} steps")
        rate = warmup_cosine(step, steps, min(warmup, steps - 1), 0.01)
        losses.append(video_step(model, parameters, gradients, optimizer, batch, rng=rng, rate=rate, **options))
        if report is not None:
            report(step, losses[-1])
    return TrainedOnBatches(parameters, losses)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")               # of weights that have diverged
def score_videos(model: ViT, parameters: Parameters, batches: Iterable[VideoBatch], *, reads: Reads = "clips",
                 when: When = "last", cut: Sequence[str] = (), advance: Callable[[], None] | None = None
                 ) -> VideoScores:
    """The confusion matrix (K, K) and the mean loss over all videos, without dropout and without the modules; `cut`
    drops entries of the state at every boundary, `advance` is called after every batch.

    Raises InputError where there is no video."""
    K = model.config.vocabulary
    confusion, total, videos = np.zeros((K, K), np.int64), 0.0, 0
    for batch in batches:
        seen = watched(model, batch, reads, skeletons=False)
        loss, scores, _ = run_video(model, parameters, seen.clips, batch.labels, lengths=seen.lengths, when=when,
                                    cut=cut)
        confusion += confusion_matrix(batch.labels, scores.argmax(1), K)
        total += float(loss) * len(batch.labels)
        videos += len(batch.labels)
        if advance is not None:
            advance()
    if not videos:
        raise InputError("there is no video to be scored, expected one at least")
    return VideoScores(confusion, total / videos)


def evaluate_video(model: ViT, parameters: Parameters, batches: Iterable[VideoBatch], *, reads: Reads = "clips",
                   when: When = "last", cut: Sequence[str] = ()) -> Array:
    """The confusion matrix of `score_videos`"""
    return score_videos(model, parameters, batches, reads=reads, when=when, cut=cut).confusion
