"""What a memory is worth over clips of video: synthetic videos whose class is a cue of the first clip and a motion of
the last, which nothing but a memory, or a model of all frames at once, can bring together

Arms: a Vision Transformer of the last clip, one of all frames, both with the skeleton modules of pi-ViT as well,
CR-ViT, whose memory goes from clip to clip, and CR-ViT with the modules. Positions are a learned table, so that CR-ViT
carries nothing but its memory. Pictures are of 16 x 16 pixels, clips of four frames, classes four signs times two
motions. Each arm learns from new videos and is scored on 240 others, of people that nobody was trained on, each class
as often as in training: mean class accuracy (mca) and accuracy (acc), the mean class accuracies of the cue and of the
motion alone; CR-ViT also with its memory cut (`mca_cut`), and on videos of eight clips (`mca_8_clips`). CR-ViT learns
from videos of two, three and four clips by turns, for the cue is found sooner where little lies between; the others
from videos of four. A model that does not know the cue is right about a quarter of the classes on the mean at most,
whatever it guesses (`ceiling`). `mflop_frame`: operations for each frame that is read; `state`: bytes carried between
clips.

`--moves ball` makes the joints say nothing of the motion: it is then a ball's, and not the body's. Widths are chosen
so that the arms without a memory have about as many parameters as CR-ViT. Seconds are the processor's.
"""

import itertools
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from minicrt.accounting.flops import state_values
from minicrt.accounting.video import clip_flops
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_source import SyntheticSource
from minicrt.models import Parameters
from minicrt.models.video import ViT, create_video_model
from minicrt.parallel import threads
from minicrt.training import AdamW, accuracy, cut_entries, evaluate_video, mean_class_accuracy, video_step

Array = np.ndarray
BATCH, STEPS, VIDEOS, LONG = 32, 320, 240, 8
SIZES: dict[str, Any] = {"layers": 2, "heads": 4, "frame_size": 16, "patch_size": 8, "positions": "learned"}
MODULES = {"joints": 13, "joint_features": 64}
CARRIED, ALONE = {"width": 48, "inner": 96}, {"width": 52, "inner": 128}

# name -> (what is seen of a video, the model, its settings)
ARMS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "CR-ViT": ("clips", "crvit", CARRIED),
    "ViT, one clip": ("last", "vit", ALONE),
    "ViT, all frames": ("frames", "vit", ALONE),
    "CR-ViT, modules": ("clips", "crvit", CARRIED | MODULES),
    "pi-ViT, one clip": ("last", "vit", ALONE | MODULES),
    "pi-ViT, all frames": ("frames", "vit", ALONE | MODULES),
}


def task_of(moves: Any) -> SyntheticVideo:
    return SyntheticVideo(motions=2, size=16, frames=4, moves=moves)


def model_of(arm: str, task: SyntheticVideo) -> ViT:
    view, name, settings = ARMS[arm]
    frames = task.frames * (task.clips if view == "frames" else 1)
    mean, deviation = SyntheticSource(task).pixels()
    return create_video_model(len(task.classes), frames, name, pixel_mean=mean, pixel_deviation=deviation, **SIZES,
                              **settings)


def learn(arm: str, model: ViT, task: SyntheticVideo, steps: int, seed: int, learning_rate: float) -> Parameters:
    parameters, view = model.initialize(np.random.default_rng([seed, 0])), ARMS[arm][0]
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, learning_rate=learning_rate)
    for step in range(1, steps + 1):
        clips = 2 + step % (task.clips - 1) if view == "clips" else task.clips
        batch = task.batch(np.random.default_rng([seed, 1, step]), BATCH, clips=clips)
        rate = min(1.0, step / 50, 2 * (1 - step / (steps + 1)))
        video_step(model, parameters, gradients, optimizer, batch, reads=view, rate=rate)
    return parameters


def parts(confusion: Array, task: SyntheticVideo) -> dict[str, float]:
    """Mean class accuracy and accuracy of the pairs, and mean class accuracy of the cue and of the motion alone"""
    pairs = confusion.reshape(task.cues, task.motions, task.cues, task.motions)
    return {"mca": mean_class_accuracy(confusion).mean, "acc": accuracy(confusion),
            "cue": mean_class_accuracy(pairs.sum((1, 3))).mean, "motion": mean_class_accuracy(pairs.sum((0, 2))).mean}


def measure(arm: str, steps: int, seed: int, learning_rate: float, moves: Any) -> dict[str, Any]:
    start, task = time.process_time(), task_of(moves)
    model, view = model_of(arm, task), ARMS[arm][0]
    parameters = learn(arm, model, task, steps, seed, learning_rate)
    learned = time.process_time() - start

    def scored(clips: int | None = None, cut: Any = ()) -> dict[str, float]:
        batches = task.fixed_set(seed, VIDEOS, 40, clips=clips)
        return parts(evaluate_video(model, parameters, batches, reads=view, cut=cut), task)

    cost = sum(clip_flops(model).values()) / (model.config.segment_length * 1e6)
    row = {"arm": arm, "moves": moves, "seed": seed, "steps": steps, "learning_rate": learning_rate,
           "parameters": parameters.size, "mflop_frame": cost, "state": 4 * state_values(model),
           "ceiling": task.ceiling, **scored()}
    if view == "clips":
        row |= {"mca_cut": scored(cut=cut_entries(model, "state"))["mca"], "mca_8_clips": scored(LONG)["mca"]}
    return {**row, "training_seconds": learned, "seconds": time.process_time() - start}


HEAD = ["arm", "moves", "steps", "parameters", "MFLOP a frame", "state, bytes", "seeds", "mean class accuracy", "cue",
        "motion", "memory cut", "8 clips"]
FIGURES = ("mca", "cue", "motion", "mca_cut", "mca_8_clips")


def by_arm(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Head and lines of a table: each arm's cost, and over the seeds the mean of each accuracy, the lowest and the
    highest; the last two of models with a memory alone"""
    found = dict[tuple[str, str, int], list[dict[str, Any]]]()
    for row in rows:
        found.setdefault((row["moves"], row["arm"], row["steps"]), []).append(row)
    lines = []
    for moves, arm, steps in sorted(found, key=lambda key: (key[0] != "body", list(ARMS).index(key[1]), key[2])):
        some = found[moves, arm, steps]
        first, figures = some[0], ([row[key] for row in some if key in row] for key in FIGURES)
        lines.append([arm, moves, steps, f"{first['parameters']:,}", f"{first['mflop_frame']:.2f}", first["state"],
                      len(some), *map(spread, figures)])
    return HEAD, lines


def spread(figures: Sequence[float]) -> str:
    if not figures:
        return "–"
    return f"{sum(figures) / len(figures):.2f}" + f" ({min(figures):.2f}–{max(figures):.2f})" * (len(figures) > 1)


COLUMNS = {"arm": "s", "moves": "s", "seed": "d", "parameters": ",d", "mflop_frame": ".2f", "state": "d", "mca": ".3f",
           "acc": ".3f", "cue": ".3f", "motion": ".3f", "ceiling": ".3f", "mca_cut": ".3f", "mca_8_clips": ".3f",
           "training_seconds": ".0f"}


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--arms", action="append", choices=list(ARMS), help="may be given again (default: all)")
    parser.add_argument("--moves", action="append", choices=("body", "ball"),
                        help="whose motion it is; may be given again (default: both)")
    parser.add_argument("--steps", type=report.positive, default=STEPS)
    parser.add_argument("--learning-rate", type=report.positive_number, default=3e-3)
    parser.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    arguments = parser.parse_args()
    rows = KeptRows(arguments.json, "arm")
    shown = []
    asked = itertools.product(arguments.seeds, arguments.moves or ("body", "ball"), arguments.arms or ARMS)
    with threads.limit(arguments.threads or threads.count()):
        for seed, moves, arm in asked:
            command = (f'python -m benchmarks.video_tasks --arms "{arm}" --moves {moves} --steps {arguments.steps} '
                       f"--learning-rate {arguments.learning_rate:g} --seed {seed}")
            if not rows.has(command):
                measured = measure(arm, arguments.steps, seed, arguments.learning_rate, moves)
                rows.add({**measured, "command": command})
            row = next(row for row in rows if row["command"] == command)
            shown.append(row)
            print(report.table([row], COLUMNS).splitlines()[1], flush=True)
    print("\n" + report.table(shown, COLUMNS))


if __name__ == "__main__":
    report.run(main)
