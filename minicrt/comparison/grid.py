"""A grid: models, segment lengths and seeds, all trained by the same settings.

A grid is a TOML file:

    preset = "small"            # where every cell starts from
    parameters = 2082704        # optional: models with a key `fit` are sized to have about so many
    tokens = 700                # optional: batch = tokens / segment_length, so that a step sees as many in every cell
                                # (a model with a batch of its own keeps it)

    [base]                      # keys of --set, for every cell
    corpus = "ptb"
    epochs = 2

    [models.transformer]        # keys of --set, for one model; `fit` names the key that is changed to match parameters
    model = "transformer"
    fit = "inner"

    [[cells]]                   # every combination of these; cells named before are not repeated
    models = ["transformer", "crt"]
    segment_lengths = [35, 70]
    seeds = [0]

Of models of video, `task = "video"`: the preset is one of `--task video` ("video-tiny" where none is named), cells have
`frames` of a clip in place of segment_lengths, and there are no `tokens`. `classes` is how many to count with where
videos of files are to be matched, `vocabulary` the same of words.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from minicrt.arguments import shown
from minicrt.comparison.cell import Cell
from minicrt.comparison.videos import VideoCell, classes_of
from minicrt.configuration import MOST, Configuration, field_types, require, unknown_key
from minicrt.documents import DocumentError, toml_document
from minicrt.errors import ConfigurationError
from minicrt.files import expanded, read_regular
from minicrt.models import MODELS, SegmentModel, create_model
from minicrt.models.video import VIDEO_MODELS
from minicrt.presets import video as video_presets
from minicrt.settings import settings
from minicrt.training.video_run import TASK
from minicrt.video_settings import FROM_VIDEOS, video_settings

TABLES = ("task", "preset", "parameters", "tokens", "base", "models", "cells", "vocabulary", "classes")
WHOLE = ("parameters", "tokens", "vocabulary", "classes")    # numbers
OF_TEXTS, OF_VIDEOS = ("tokens", "vocabulary"), ("classes",)
PLAIN = re.compile(r"\w[\w.+-]*")
MOST_CELLS = 10_000                                          # trained one after the other
FIT_STEP = 4                                                 # sizes are multiples of it


AnyCell = Cell | VideoCell


@dataclass(frozen=True)
class Grid:
    path: Path
    cells: tuple[AnyCell, ...]


def read_grid(path: Path | str) -> Grid:
    """The grid of a TOML file. Raises ConfigurationError for what is missing, unknown or of the wrong kind."""
    path = expanded(path)
    try:
        described = toml_document(read_regular(path))
    except OSError as error:
        raise ConfigurationError(f"cannot read the grid {path}: {error.strerror}; expected a TOML file") from error
    except DocumentError as error:
        raise ConfigurationError(f"the grid {path} {error}") from error
    models, listed = _checked(described, path)
    cells: dict[str, AnyCell] = {}
    for block in listed:
        names, lengths, seeds = (block[key] for key in block_keys(described))
        for name, length, seed in itertools.product(names, lengths, seeds):
            if name not in models:
                raise unknown_key(name, models, f"the models of {path.name}")
            try:
                cell = _cell(described, name, length, seed)
            except ConfigurationError as error:
                parts = "clips" if of_videos(described) else "segments"
                raise ConfigurationError(f"{path}, model {name!r}, {parts} of {length}: {error}") from error
            cells.setdefault(cell.name, cell)
    return Grid(path, tuple(cells.values()))


def _checked(described: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The models and the blocks of cells. Raises ConfigurationError where anything in the file has not its form."""
    for key in described:
        if key not in TABLES:
            raise unknown_key(key, TABLES, f"the grid {path.name}")
    _expect(described.get("task", TASK) == TASK, path, f"task to be {TASK!r}, or to be left out, for texts")
    for key in OF_TEXTS if of_videos(described) else OF_VIDEOS:
        other, this = ("texts", "videos") if of_videos(described) else ("videos", "texts")
        _expect(key not in described, path, f"no {key}, which is for grids of {other}, and this is one of {this}")
    block_of, lengths, _ = block_keys(described)
    models, listed, base = described.get("models", {}), described.get("cells", []), described.get("base", {})
    _expect(isinstance(models, dict) and models and all(isinstance(table, dict) for table in models.values()), path,
            "a table [models.NAME] for each model")
    _expect(isinstance(base, dict), path, "[base] to be one table of keys and values")
    _expect(isinstance(listed, list) and listed, path, "at least one [[cells]]")
    for block in listed:
        _expect(isinstance(block, dict) and set(block) == {block_of, lengths, "seeds"} and _names(block["models"])
                and all(isinstance(block[key], list) and block[key] for key in (lengths, "seeds")), path,
                f"models, {lengths} and seeds in every [[cells]], a list each")
        for key, values in block.items():
            twice = next((value for value in values if values.count(value) > 1), None)
            _expect(twice is None, path, f"every one of {key} once in [[cells]], not {shown(twice)} twice")
        for key, least in ((lengths, 1), ("seeds", 0)):
            _expect(_whole(block[key], least), path,
                    f"{key} of whole numbers of {least} or more in every [[cells]], not {shown(block[key])}")
    number = sum(math.prod(map(len, block.values())) for block in listed)
    _expect(number <= MOST_CELLS, path, f"at most {MOST_CELLS:,} cells, not {number:,}")
    for key in WHOLE:
        _expect(key not in described or _whole([described[key]], 1), path, f"{key} to be a whole number of 1 or more")
    _expect(isinstance(described.get("preset", ""), str), path, "preset to be the name of a preset")
    for name, table in {"base": base, **models}.items():
        _expect(PLAIN.fullmatch(name), path, f"models with names of which files can be made, not {name!r}")
        for key in ("frames" if of_videos(described) else "segment_length", "seed"):
            _expect(key not in table, path, f"{key} in [[cells]] alone, not in the table of {name!r}")
    return models, listed


def of_videos(described: Mapping[str, Any]) -> bool:
    return "task" in described


def block_keys(described: Mapping[str, Any]) -> tuple[str, str, str]:
    """Those of [[cells]]"""
    return "models", "frames" if of_videos(described) else "segment_lengths", "seeds"


def _cell(described: Mapping[str, Any], name: str, length: int, seed: int) -> AnyCell:
    key = "frames" if of_videos(described) else "segment_length"
    changes = {**described.get("base", {}), **described["models"][name], key: length, "seed": seed}
    if "tokens" in described and "batch" not in changes:
        changes["batch"] = max(round(described["tokens"] / length), 1)
    fit = changes.pop("fit", None)
    if fit is not None and "parameters" in described:
        changes[fit] = _fitted(described, changes, fit)
    if of_videos(described):
        return VideoCell(f"{name}-F{length}-s{seed}", name, length,
                         video_settings(described.get("preset", video_presets.NAMES[0]), changes, "the grid"))
    return Cell(f"{name}-T{length}-s{seed}", name, length,
                settings(described.get("preset", "small"), changes, "the grid"))


class Sizes(NamedTuple):
    """What a model is matched by"""

    kind: str
    config: type[Configuration]
    fixed: Iterable[str]                                     # keys that are not the user's to change
    model: Callable[[Mapping[str, Any]], SegmentModel]       # with these changes


def _sizes(described: Mapping[str, Any], changes: Mapping[str, Any]) -> Sizes:
    if of_videos(described):
        preset = described.get("preset", video_presets.NAMES[0])
        made = video_settings(preset, changes, "the grid")
        kind, classes = str(made.model.get("model", "crvit")), described.get("classes", classes_of(made))
        return Sizes(kind, VIDEO_MODELS[kind][1], FROM_VIDEOS,
                     lambda changed: video_settings(preset, changed, "the grid").model_of(classes))
    preset, vocabulary = described.get("preset", "small"), described.get("vocabulary", 10_000)
    kind = str(settings(preset, changes, "the grid").model.get("model", "crt"))
    return Sizes(kind, MODELS[kind][1], ("vocabulary", "segment_length"),
                 lambda changed: create_model({**settings(preset, changed).model, "vocabulary": vocabulary}))


def _fitted(described: Mapping[str, Any], changes: Mapping[str, Any], key: Any) -> int:
    """The multiple of FIT_STEP for `key` with which the model comes nearest to `parameters`."""
    wanted, (kind, config, fixed, model) = described["parameters"], _sizes(described, changes)
    sizes = [name for name, type_of in field_types(config).items() if type_of is int and name not in fixed]
    if key not in sizes:
        raise unknown_key(str(key), sizes, f"fit of the model {kind!r}")

    most = config.most.get(key, MOST) // FIT_STEP

    def size(multiple: int) -> int:
        return model({**changes, key: FIT_STEP * multiple}).size

    low, high = 1, 2
    require(size(low) <= wanted, f"parameters = {shown(wanted)} is less than the {size(low):,} that the model {kind!r} "
            f"has with {key} = {FIT_STEP}, the smallest that is taken; ask for more")
    while size(high) < wanted:
        require(size(high) > size(low), f"fit = {key!r} does not change how many parameters the model {kind!r} has; "
                f"name another of {', '.join(sizes)}")
        require(high < most, f"parameters = {shown(wanted)} is more than the model {kind!r} has with {key} = "
                f"{FIT_STEP * high:,}, where no larger one is taken; ask for fewer")
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < wanted else (low, middle)
    return FIT_STEP * min((low, high), key=lambda multiple: abs(size(multiple) - wanted))


def _names(values: Any) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(v, str) for v in values)


def _whole(values: Any, least: int) -> bool:
    return isinstance(values, list) and bool(values) and all(type(v) is int and v >= least for v in values)


def _expect(fits: Any, path: Path, what: str) -> None:
    if not fits:
        raise ConfigurationError(f"the grid {path} does not say what to compare; it needs {what}")
