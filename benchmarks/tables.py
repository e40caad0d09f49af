"""The tables of results in README.md and docs/, and the picture of the models, from benchmarks/results.

Rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in them, and results/ptb_models.png. The results
are left by `minicrt compare benchmarks/grids/ptb.toml`, `python -m benchmarks.memory_tasks`, `python -m
benchmarks.sensor_damage`, `python -m benchmarks.video_tasks`, `python -m benchmarks.memory_study` and `python -m
benchmarks.memory_capacity` and `python -m benchmarks.memory_bottleneck`, of which results/memory_bottleneck.png is made
too; the rows of the last four may lie in several files, as memory_study*.json, and those of `python -m
benchmarks.long_streams` and `python -m benchmarks.token_damage`. Those of docs/federated.md and docs/scale.md are left
by `benchmarks.federated_ptb`, `benchmarks.federated_causes`, `benchmarks.kills` and `benchmarks.scale`. Those in
results/ptb_sum and memory_tasks_sum.json are of the readout y + h, which was the default before W_r, those in
results/ptb_carried, wikitext, wikitext_deep and ptb_outputs of W_r with a state that is always carried on; the others
are of the default now.
"""

import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import (
    federated_causes,
    federated_ptb,
    kills,
    long_stream_tables,
    memory_bottleneck,
    memory_capacity,
    memory_tables,
    ptb_tables,
    recall_tables,
    report,
    scale,
    scale_tables,
    sensor_damage,
    token_damage,
    video_tasks,
)
from benchmarks.claims import claims
from benchmarks.report import RESULTS, ROOT, rows_of
from minicrt import plotting
from minicrt.atomic import write_atomically
from minicrt.comparison import collect, markdown, read_results

PAGES = (ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("results", "federated", "scale")))


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.parse_args()
    for page in PAGES:
        write_atomically(page, updated(page.read_text(encoding="utf-8")).encode())
    picture = io.BytesIO()
    plotting.comparison(ptb_tables.rows_of_models(read_results(RESULTS / "ptb"))).savefig(picture)
    write_atomically(RESULTS / "ptb_models.png", picture.getvalue())
    if rows := kept_in("memory_bottleneck*.json"):
        memory_bottleneck.plot(rows, RESULTS / "memory_bottleneck.png")


def updated(text: str) -> str:
    """`text` with every table in it made anew."""
    cells, carried = read_results(RESULTS / "ptb"), read_results(RESULTS / "ptb_carried")
    sums = read_results(RESULTS / "ptb_sum")
    recall = [all_rows(name) for name in ("memory_tasks.json", "memory_tasks_sum.json")]
    tables: dict[str, Callable[[], str]] = {
        "headline": lambda: ptb_tables.headline(cells),
        "models": lambda: markdown(ptb_tables.rows_of_models(cells)),
        "claims": lambda: claims(cells),
        "carriers": lambda: ptb_tables.carriers(cells), "switches": lambda: ptb_tables.switches(cells),
        "cheap": lambda: ptb_tables.cheap(cells),
        "recall": lambda: recall_tables.recalled(*recall),
        "tasks": lambda: recall_tables.by_task(recall[0]),
        "recall_carriers": lambda: recall_tables.recall_carriers(*recall),
        "study_variants": lambda: recall_tables.study_variants(kept_in("memory_study*.json")),
        "study_lengths": lambda: recall_tables.study_lengths(kept_in("memory_study*.json")),
        "amounts": lambda: rows_of(*memory_capacity.amounts(kept_in("memory_capacity*.json"))),
        "held": lambda: rows_of(*memory_capacity.held(kept_in("memory_capacity*.json"))),
        "drifted": lambda: rows_of(*memory_capacity.drifted(kept_in("memory_capacity*.json"))),
        "bottleneck": lambda: rows_of(*memory_bottleneck.table(kept_in("memory_bottleneck*.json"))),
        "damage": lambda: rows_of(*sensor_damage.by_rate(all_rows("sensor_damage.json"))),
        "recovery": lambda: rows_of(*sensor_damage.by_burst(all_rows("sensor_damage.json"))),
        "token_damage": lambda: rows_of(*token_damage.by_rate(kept_in("token_damage*.json"))),
        "token_recovery": lambda: rows_of(*token_damage.by_fault(kept_in("token_damage*.json"))),
        "long_facts": lambda: rows_of(*long_stream_tables.recalled(kept_in("long_streams*.json"))),
        "long_memories": lambda: rows_of(*long_stream_tables.memories(kept_in("long_streams*.json"))),
        "long_starts": lambda: rows_of(*long_stream_tables.starts(kept_in("long_streams*.json"))),
        "long_passes": lambda: rows_of(*long_stream_tables.by_pass(kept_in("long_streams*.json"))),
        **{grid: lambda grid=grid: markdown(collect(read_results(RESULTS / grid)))
           for grid in ("wikitext", "wikitext_deep", "ptb_outputs", "ptb_states")},
        "ptb_forms": lambda: markdown(ptb_tables.forms(cells, read_results(RESULTS / "ptb_forms"))),
        "scans": lambda: rows_of(*scale_tables.scans(rows_in("selective_scan.json"))),
        "outputs": lambda: rows_of(*scale_tables.outputs(rows_in("output_steps.json"))),
        "video": lambda: rows_of(*video_tasks.by_arm(kept_in("video_tasks*.json"))),
        "federated": lambda: rows_of(*federated_ptb.by_arm(kept_in("federated_ptb*.json"))),
        "causes": lambda: rows_of(*federated_causes.by_arm(kept_in("federated_causes*.json"),
                                                           kept_in("federated_ptb*.json"))),
        "kills": lambda: rows_of(*kills.by_part(kept_in("kills*.json"))),
        **{f"scale_{part}": lambda part=part: rows_of(*scale.tables(scale.read(RESULTS / "scale.json"), part))
           for part in scale.PARTS},
        "reading": lambda: rows_of(["carried", "T", "seeds", "y + h: valid", "test", "the default: valid", "test"],
                                   memory_tables.compared(sums, cells, ptb_tables.spread)),
        "restarts": lambda: rows_of(
            ["carried", "T", "seeds", "always carried on: valid", "test", "valid, memory cut", "with restarts: valid",
             "test", "valid, memory cut"],
            memory_tables.compared(carried, cells, ptb_tables.spread, memory_tables.WITH_THE_CUT))}
    return re.sub(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)",
                  lambda found: found[1] + tables[found[2]]() + "\n" + found[3], text, flags=re.DOTALL)


def rows_in(name: str) -> list[dict[str, Any]]:
    """Of a file that is a list of rows"""
    return list(json.loads((RESULTS / name).read_text(encoding="utf-8")))


def all_rows(name: str) -> list[dict[str, Any]]:
    return list(json.loads((RESULTS / name).read_text(encoding="utf-8"))["rows"])


def kept_in(pattern: str) -> list[dict[str, Any]]:
    """The rows of all the files of results that `pattern` fits; one that stands in two files counts once."""
    rows = (row for path in sorted(RESULTS.glob(pattern))
            for row in json.loads(path.read_text(encoding="utf-8"))["rows"])
    return list({row["command"]: row for row in rows}.values())


if __name__ == "__main__":
    report.run(main)
