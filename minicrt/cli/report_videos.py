"""What `minicrt train --task video` says of a run, and the pictures that it leaves"""

from typing import TYPE_CHECKING, Any

from minicrt.cli.report import DRAWING_ERRORS, a_warning_at_most, model_line, shown, update
from minicrt.errors import MinicrtError

if TYPE_CHECKING:
    from minicrt.data.video_source import VideoSource
    from minicrt.training import TrainedVideos

CUTS = (("positions", "carried positions cut"), ("memory", "memory cut"), ("state", "both cut"))
FILES = ("config.toml", "metrics.jsonl", "summary.json", "curves.png", "confusion.png", "attention.png",
         "checkpoint.safetensors")


def print_results(trained: "TrainedVideos", videos: "VideoSource | None") -> None:
    """The figures, then the pictures: what may fail comes last, and is a warning. Without `videos` they are loaded."""
    from minicrt.training.video_run import videos_of_run

    print("\n" + "\n".join(summary_lines(trained.summary or {})), flush=True)
    with a_warning_at_most("curves.png", *DRAWING_ERRORS, MinicrtError):
        write_curves(trained)
    if trained.model.has_token:                              # which is what looks at the patches
        with a_warning_at_most("attention.png", *DRAWING_ERRORS, MinicrtError):
            known = videos or videos_of_run(trained.configuration["data"])
            update(trained.folder / "attention.png", attention_picture(trained, known))
    print(f"\n{shown(trained.folder)}: {', '.join(name for name in FILES if (trained.folder / name).exists())}")


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """The figures, and what the carried state is worth"""
    lines = [f"{summary['epochs']:.2f} epochs in {summary['seconds']:.0f} s, "
             f"{summary['videos_per_second']:,.1f} videos/s; the weights of step {summary['best_step']} are kept"]
    for part in ("valid", "test"):
        lines.append(f"{part} mean class accuracy".ljust(27) + f"{100 * summary[f'{part}_mean_class_accuracy']:.1f} %, "
                     f"accuracy {100 * summary[f'{part}_accuracy']:.1f} %")
    if summary["without"]:
        lines.append(f"no test video of {len(summary['without'])} classes, which the mean leaves out")
    carried, whole = set(summary["state_carried"]), 100 * summary["valid_mean_class_accuracy"]
    lines += ["", "what the carried state is worth (the same weights, parts of it reset at every clip):",
              f"  {'all carried':<24}{whole:.1f} %"]
    for key, label in CUTS:
        there = bool(carried) if key == "state" else key in carried
        cut = 100 * summary[f"valid_mean_class_accuracy_{key}_cut"]
        lines.append(f"  {label:<24}" + (f"{cut:.1f} %   {cut - whole:+.1f} points" if there else
                                         "this model has none"))
    return lines


def write_curves(trained: "TrainedVideos") -> None:
    from minicrt import plotting
    from minicrt.data.names import printable

    title = f"{model_line(trained.model)}\non {printable(trained.configuration['data']['videos'])}"
    update(trained.folder / "curves.png", plotting.video_curves(trained.metrics, title).png())


def attention_picture(trained: "TrainedVideos", videos: "VideoSource") -> bytes:
    """A PNG of the middle frames of a test video's first, middle and last clip, with what the last block's class token
    looks at"""
    import numpy as np

    from minicrt import plotting

    batch = next(iter(videos.scored("test", 1)))
    last, state = int(batch.lengths[0]) - 1, dict[str, Any]()
    frames, looks, names = [], [], []
    for n in range(last + 1):
        clip = batch.segment(n).frames
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):      # of weights that have diverged
            seen = trained.model.inspect(trained.parameters, clip, state)
        state = seen["state"]
        if n in {0, last // 2, last}:
            step = seen["token"][-1].shape[1] // 2
            frame = step * trained.model.config.tube_frames
            frames.append(clip[0, frame])
            looks.append(seen["token"][-1][0, step])
            names.append(f"clip {n + 1} of {last + 1}, frame {frame + 1}")
    label = trained.classes[int(batch.labels[0])]
    return plotting.patch_attention(np.stack(frames), np.stack(looks), names,
                                    f"{label}: where the class token looks in the last block").png()
