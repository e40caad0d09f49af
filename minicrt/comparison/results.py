"""What a cell leaves behind, one JSON file; and all of them in one table."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minicrt.atomic import write_atomically
from minicrt.comparison import videos
from minicrt.comparison.cell import Result
from minicrt.comparison.grid import AnyCell
from minicrt.documents import json_document
from minicrt.errors import ConfigurationError
from minicrt.files import expanded, read_regular
from minicrt.strict_json import finite, to_json

NUMBER = (int, float)
PERPLEXITY = (int, float, type(None))              # None: of a model that has diverged, not finite
RESULT: dict[str, Any] = {"name": str, "label": str, "model": dict, "training": dict, "summary": dict,
                          "flops_per_segment": NUMBER, "flops_per_token": NUMBER, "state_bytes": int}
SUMMARY: dict[str, Any] = {"segment_length": int, "parameters": int, "epochs": NUMBER, "tokens_per_second": NUMBER,
                           "valid_perplexity": PERPLEXITY, "test_perplexity": PERPLEXITY}
HEAD = ("model", "T", "seeds", "valid", "test", "parameters", "MFLOP per token", "MFLOP per segment", "state, bytes",
        "tokens/s")


def write_result(folder: Path, result: Result) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{result['name']}.json", (to_json(result, indent=1) + "\n").encode())


def read_result(folder: Path, cell: AnyCell) -> Result | None:
    """The result of a cell, None if there is none. Raises ConfigurationError if other settings have made it."""
    path = folder / f"{cell.name}.json"
    if not path.exists():
        return None
    result = _read(path)
    wanted, there = cell.asked(), {**result["model"], **result["training"], **result.get("data", {})}
    of_videos = videos.is_of_videos(result)
    if of_videos != isinstance(cell, videos.VideoCell):
        raise ConfigurationError(f"{path} is the result of a run on {'videos' if of_videos else 'text'}, and the grid "
                                 "says otherwise; give another --results, or remove that file")
    for key, value in wanted.items():
        if there.get(key, value) != value:
            raise ConfigurationError(f"{path} is the result of a run with {key} = {there[key]!r}, and the grid says "
                                     f"{value!r}; give another --results, or remove that file")
    return result


def read_results(folder: Path | str) -> list[Result]:
    """All results of a folder. Raises ConfigurationError if there is none, or one cannot be read."""
    folder = expanded(folder)
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not paths:
        raise ConfigurationError(f"no results in {folder}; expected files NAME.json as `minicrt compare` writes them")
    return [_read(path) for path in paths]


def collect(results: Sequence[Result]) -> list[Result]:
    """A row for each model and segment length: the mean over seeds, and how far apart they lie; None for both where a
    seed has diverged. Of videos the rows are those of `collect_videos`. Raises ConfigurationError for a mixture."""
    of_videos = set(map(videos.is_of_videos, results))
    if len(of_videos) > 1:
        raise ConfigurationError("there are results of runs on text and on videos, and no table holds both; put them "
                                 "into folders of their own")
    if True in of_videos:
        return videos.collect_videos(results)
    groups: dict[tuple[str, int], list[Result]] = {}
    for result in results:
        groups.setdefault((result["label"], result["summary"]["segment_length"]), []).append(result)
    rows = []
    for (label, length), group in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        row = {"label": label, "segment_length": length, "seeds": len(group),
               "parameters": group[0]["summary"]["parameters"], "state_bytes": group[0]["state_bytes"],
               "flops_per_token": group[0]["flops_per_token"], "flops_per_segment": group[0]["flops_per_segment"],
               "epochs": group[0]["summary"]["epochs"],
               "tokens_per_second": statistics.mean(r["summary"]["tokens_per_second"] for r in group)}
        for part in ("valid", "test"):
            figures = [result["summary"][f"{part}_perplexity"] for result in group]
            diverged = None in figures
            row[part] = None if diverged else statistics.mean(figures)
            row[f"{part}_deviation"] = None if diverged or len(figures) == 1 else statistics.stdev(figures)
        rows.append(row)
    return rows


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table; ± is the standard deviation over seeds."""
    head, cells = (videos.HEAD, videos.cells_of) if any(map(videos.is_of_videos, rows)) else (HEAD, cells_of)
    lines = [first_line(head), "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(cells(row)) + " |" for row in rows])


def first_line(head: Sequence[str]) -> str:
    return "| " + " | ".join(head) + " |"


def is_own_table(path: Path) -> bool:
    """Whether the file is a table as `markdown` makes them"""
    try:
        first = read_regular(path).split(b"\n", 1)[0]
    except OSError:
        return False
    return first in {first_line(head).encode() for head in (HEAD, videos.HEAD)}


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """A line of the table, under HEAD"""
    return [row["label"], str(row["segment_length"]), str(row["seeds"]), figure(row, "valid"), figure(row, "test"),
            f"{row['parameters']:,}", f"{row['flops_per_token'] / 1e6:.2f}", f"{row['flops_per_segment'] / 1e6:,.0f}",
            f"{row['state_bytes']:,}", f"{row['tokens_per_second']:,.0f}"]


def figure(row: Mapping[str, Any], part: str) -> str:
    """The mean perplexity of a part in a row of `collect`, ± the standard deviation over seeds."""
    if row[part] is None:
        return "not finite"
    deviation = row[f"{part}_deviation"]
    return f"{row[part]:.1f}" + (f" ± {deviation:.1f}" if deviation is not None else "")


def _read(path: Path) -> Result:
    """A result with everything that the table is made from"""
    try:
        result = finite(json_document(read_regular(path)))  # an earlier version wrote Infinity
        of_videos = isinstance(result, dict) and videos.is_of_videos(result)
        schema, summary = (videos.RESULT, videos.SUMMARY) if of_videos else (RESULT, SUMMARY)
        if not _has(result, schema) or not _has(result["summary"], summary):
            raise ValueError("it is not a cell's result")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"{path} cannot be read: {reason}; move it away, and where it was one, run its cell "
                                 "again") from error
    return result


def _has(table: Any, kinds: Mapping[str, Any]) -> bool:
    return isinstance(table, dict) and all(key in table and isinstance(table[key], kind) for key, kind in kinds.items())
