"""What `minicrt train --data` and `eval` say of a run on sensor readings, and the pictures that they leave"""

from typing import TYPE_CHECKING, Any

from minicrt.cli.report import DRAWING_ERRORS, a_warning_at_most, model_line, shown, update
from minicrt.errors import MinicrtError

if TYPE_CHECKING:
    from minicrt.data.sensors import Framing, Part, SensorData
    from minicrt.training import TrainedSensors

CUTS = (("positions", "carried positions cut"), ("memory", "memory cut"), ("state", "both cut"))
PICTURES = {"forecast": "forecast.png", "classify": "classes.png"}
DRAWN = 500                                                  # readings, the last ones


def print_results(trained: "TrainedSensors", data: "SensorData | None") -> None:
    """The figures, then the pictures: what may fail comes last, and is a warning. Without `data` they are read."""
    from minicrt.training import readings_of_run

    picture = PICTURES[trained.framing.task]
    print("\n" + "\n".join(summary_lines(trained.summary or {})), flush=True)
    with a_warning_at_most("curves.png", *DRAWING_ERRORS, MinicrtError):
        write_curves(trained)
    with a_warning_at_most(picture, *DRAWING_ERRORS, MinicrtError):
        known = data or readings_of_run(trained.configuration["data"], None, trained.framing)
        update(trained.folder / picture, picture_of(trained, known.test, f"the test part of {known.name}"))
    files = ("config.toml", "metrics.jsonl", "summary.json", "curves.png", picture, "checkpoint.safetensors")
    print(f"\n{shown(trained.folder)}: {', '.join(name for name in files if (trained.folder / name).exists())}")


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """The figures, beside those of whoever has learned nothing"""
    measure = "perplexity" if "valid_perplexity" in summary else "error"
    unit = f" {summary['unit']}" if summary["unit"] else ""
    lines = [f"{summary['epochs']:.2f} epochs in {summary['seconds']:.0f} s, "
             f"{summary['readings_per_second']:,.0f} readings/s; the weights of step {summary['best_step']} are kept"]
    for part in ("valid", "test"):
        lines.append(f"{part} {measure}".ljust(18) + f"{figure(summary[f'{part}_{measure}'], unit)}"
                     f"{share_right(summary.get(f'{part}_accuracy'))}   "
                     f"{nothing_learned(measure)}: {figure(summary[f'{part}_baseline'], unit)}")
    carried = set(summary["state_carried"])
    lines += ["", "what the carried state is worth (the same weights, parts of it reset at every segment):"]
    for key, label in CUTS:
        there = bool(carried) if key == "state" else key in carried
        found = figure(summary[f"valid_{measure}_{key}_cut"], unit) if there else "this model has none"
        lines.append(f"  {label:<24}{found}")
    return lines


def figure(value: float | None, unit: str) -> str:
    """None is what a summary has for a figure that is not finite"""
    return "infinite" if value is None else f"{value:#.4g}{unit}"


def share_right(share: float | None) -> str:
    return "" if share is None else f", {100 * share:.1f} % right"


def nothing_learned(measure: str) -> str:
    return "that of the classes' shares" if measure == "perplexity" else "that of the last reading"


def write_curves(trained: "TrainedSensors") -> None:
    from minicrt import plotting
    from minicrt.training.sensor_evaluation import measure

    framing, summary = trained.framing, trained.summary or {}
    picture = plotting.sensor_curves(trained.metrics, measure(framing), framing.unit, summary.get("valid_baseline"),
                                     f"{model_line(trained.model)}\n{question(framing)}")
    update(trained.folder / "curves.png", picture.png())


def question(framing: "Framing") -> str:
    from minicrt.cli.report import counted

    if framing.task == "classify":
        return f"classify {framing.target}: {len(framing.classes)} classes"
    return f"forecast {framing.target}, {counted(framing.horizon, 'readings')} ahead"


def picture_of(trained: "TrainedSensors", part: "Part", where: str) -> bytes:
    """A PNG of what the model says of the last readings of a part, all of which it reads"""
    import numpy as np

    from minicrt import plotting
    from minicrt.data.names import printable
    from minicrt.training.sensor_evaluation import predictions

    framing = trained.framing
    first = max(part.size - DRAWN, 0)
    y = predictions(trained.model, trained.parameters, part.inputs)[first:]
    targets, moments = part.targets[first:], np.arange(first, part.size)
    rate = framing.rate or 1.0
    xlabel = "seconds" if framing.rate else "readings"
    title = f"{question(framing)}\n{printable(where)}"
    if framing.task == "classify":
        p = np.exp(y - y.max(1, keepdims=True))
        return plotting.class_probabilities(moments / rate, p / p.sum(1, keepdims=True), framing.classes, targets,
                                            xlabel, title).png()
    unit = f", {framing.unit}" if framing.unit else ""
    return plotting.forecast((moments + framing.horizon) / rate, framing.forecast(targets[:, 0]),
                             framing.forecast(y[:, 0]), xlabel, f"{framing.target}{unit}", title).png()

