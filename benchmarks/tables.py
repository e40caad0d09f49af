"""The tables of results in README.md and docs/, and the picture of the models, from benchmarks/results.

Rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in them, and results/ptb_models.png. The results
are left by `minicrt compare benchmarks/grids/ptb.toml`, `python -m benchmarks.memory_tasks`, `python -m
benchmarks.sensor_damage`, `python -m benchmarks.video_tasks`, `python -m benchmarks.memory_study` and `python -m
benchmarks.memory_capacity` and `python -m benchmarks.memory_bottleneck`, of which results/memory_bottleneck.png is made
too; the rows of the last four may lie in several files, as memory_study*.json, and those of `python -m
benchmarks.long_streams` and `python -m benchmarks.token_damage`. Those of docs/federated.md and docs/scale.md are left
by `benchmarks.federated_ptb`, `benchmarks.federated_causes`, `benchmarks.kills` and `benchmarks.scale`. Those in
results/ptb and memory_tasks.json are of the readout y + h, which was the default before W_r; the others are of the
default now.
"""

import io
import json
import re
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import (
    federated_causes,
    federated_ptb,
    kills,
    long_stream_tables,
    memory_bottleneck,
    memory_capacity,
    memory_tables,
    report,
    scale,
    scale_tables,
    sensor_damage,
    token_damage,
    video_tasks,
)
from benchmarks.claims import claims
from benchmarks.memory_study import POSITIONS, groups, summary
from minicrt import plotting
from minicrt.accounting import segment_flops
from minicrt.atomic import write_atomically
from minicrt.comparison import collect, figure, markdown, read_results
from minicrt.engines import Engine
from minicrt.models import SegmentModel, create_model

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("results", "federated", "scale")))
HEADLINE = {("transformer", 70): "Transformer", ("transformer", 35): "Transformer",
            ("transformer-xl", 35): "Transformer-XL", ("mingru", 35): "minGRU stack, no attention",
            ("crt-gru", 35): "CRT, memory a GRU", ("crt-ncgru", 35): "CRT, memory an NC-GRU"}
MODELS = ("transformer", "transformer-xl", "rmt", "crt-gru", "crt-ncgru", "crt-ncgru-writer", "crt-cheap-48", "gru",
          "lstm", "mingru", "lru")
CARRIERS = (("crt-none-reset", "nothing"), ("crt-gru-reset", "memory"), ("crt-none-carried", "positions"),
            ("crt-gru", "both"))
SWITCHES = {"crt-gru": "the defaults, with the readout y + h", "crt-transformer-readout": "`readout=transformer`, y",
            "crt-recurrent-readout": "the readout h", "crt-k1": "`bptt_segments=1`, `batch=40`",
            "crt-k4": "`bptt_segments=4`, `batch=10`",
            "crt-writer": "`memory_gradient=writer`, `bptt_segments=1`, `batch=40`", "crt-post-norm": "`norm=post`",
            "crt-m0-learned": "m_0 learned, not 0", "crt-gru-learned": "`positions=learned`",
            "crt-none-carried": "`memory=none`", "crt-ncgru": "`memory=ncgru`", "crt-mingru": "`memory=mingru`",
            "crt-lru": "`memory=lru`",
            "crt-ncgru-writer": "`memory=ncgru`, `memory_gradient=writer`, `bptt_segments=1`, `batch=40`",
            "crt-6e-3": "`learning_rate=6e-3`",
            "transformer": "`model=transformer`",
            "transformer-sinusoidal": "`model=transformer`, `positions=sinusoidal`",
            "transformer-1e-3": "`model=transformer`, `learning_rate=1e-3`",
            "transformer-6e-3": "`model=transformer`, `learning_rate=6e-3`",
            "gru": "`model=recurrent`, `cell=gru`, `layers=2`",
            "gru-6e-3": "the same, `learning_rate=6e-3`",
            "lstm": "`model=recurrent`, `cell=lstm`, `layers=2`",
            "lstm-6e-3": "the same, `learning_rate=6e-3`",
            "lstm-1e-2": "the same, `learning_rate=1e-2`"}
CHEAP = {"crt-gru": "two recurrences of full width", "crt-none-carried": "`memory=none`",
         "crt-cheap-positions": "`memory=none`, `position_width=64`",
         "crt-cheap-mingru": "`memory=mingru`, `positions=none`",
         "crt-cheap-48": "`memory_update=per_segment`, `readout=transformer`, `position_width=48`",
         "crt-cheap-32": "`memory_update=per_segment`, `position_width=32`",
         "crt-cheap": "`memory_update=per_segment`, `position_width=16`",
         "crt-cheap-learned": "`memory_update=per_segment`, `positions=learned`",
         "transformer": "the plain Transformer of as many parameters as the first"}
AT = 8                                                       # segments of distance in the table of recall


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.parse_args()
    for page in PAGES:
        write_atomically(page, updated(page.read_text(encoding="utf-8")).encode())
    picture = io.BytesIO()
    plotting.comparison(rows_of_models(read_results(RESULTS / "ptb"))).savefig(picture)
    write_atomically(RESULTS / "ptb_models.png", picture.getvalue())
    if rows := kept_in("memory_bottleneck*.json"):
        memory_bottleneck.plot(rows, RESULTS / "memory_bottleneck.png")


def updated(text: str) -> str:
    """`text` with every table in it made anew."""
    cells = read_results(RESULTS / "ptb")
    recall = json.loads((RESULTS / "memory_tasks.json").read_text(encoding="utf-8"))["rows"]
    tables: dict[str, Callable[[], str]] = {
        "headline": lambda: headline(cells), "models": lambda: markdown(rows_of_models(cells)),
        "claims": lambda: claims(cells), "carriers": lambda: carriers(cells), "switches": lambda: switches(cells),
        "cheap": lambda: cheap(cells), "recall": lambda: recalled(recall),
        "recall_carriers": lambda: recall_carriers(recall),
        "study_variants": lambda: study_variants(kept_in("memory_study*.json")),
        "study_lengths": lambda: study_lengths(kept_in("memory_study*.json")),
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
        "wikitext": lambda: markdown(collect(read_results(RESULTS / "wikitext"))),
        "scans": lambda: rows_of(*scale_tables.scans(rows_in("selective_scan.json"))),
        "outputs": lambda: rows_of(*scale_tables.outputs(rows_in("output_steps.json"))),
        "video": lambda: rows_of(*video_tasks.by_arm(kept_in("video_tasks*.json"))),
        "federated": lambda: rows_of(*federated_ptb.by_arm(kept_in("federated_ptb*.json"))),
        "causes": lambda: rows_of(*federated_causes.by_arm(kept_in("federated_causes*.json"),
                                                           kept_in("federated_ptb*.json"))),
        "kills": lambda: rows_of(*kills.by_part(kept_in("kills*.json"))),
        **{f"scale_{part}": lambda part=part: rows_of(*scale.tables(scale.read(RESULTS / "scale.json"), part))
           for part in scale.PARTS},
        "reading": lambda: rows_of(["carried", "seeds", "y + h: valid", "test", "the default: valid", "test"],
                                   memory_tables.reading(cells, read_results(RESULTS / "ptb_reading"), spread))}
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


def rows_of_models(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in collect(cells) if row["label"] in MODELS]


def headline(cells: Sequence[dict[str, Any]]) -> str:
    """Test perplexity, cost and state of the models that the README names."""
    there = {(row["label"], row["segment_length"]): row for row in collect(cells)}
    chosen = [(name, there[label, length]) for (label, length), name in HEADLINE.items()]
    return rows_of(["", "segment", "test perplexity", "MFLOP per token", "state of a stream, bytes"],
                   [[name, row["segment_length"], figure(row, "test"), f"{row['flops_per_token'] / 1e6:.2f}",
                     f"{row['state_bytes']:,}"] for name, row in chosen])


def rows_of(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def spread(figures: Sequence[float]) -> str:
    """The mean, and the standard deviation over seeds where there are several."""
    shown = f"{statistics.mean(figures):.1f}" if figures else "–"
    return shown + (f" ± {statistics.stdev(figures):.1f}" if len(figures) > 1 else "")


def carriers(cells: Sequence[dict[str, Any]]) -> str:
    """Test perplexity with nothing, the memory, the positions, or both carried over segments; and, seed by seed, what
    the memory adds."""
    rows, pairs = [], (("crt-none-reset", "crt-gru-reset"), ("crt-none-carried", "crt-gru"))
    for length in sorted({cell["summary"]["segment_length"] for cell in cells}):
        test = {label: {cell["summary"]["seed"]: cell["summary"]["test_perplexity"] for cell in cells
                        if cell["label"] == label and cell["summary"]["segment_length"] == length}
                for label, _ in CARRIERS}
        if not test["crt-none-reset"]:
            continue
        worth = (spread([figure - test[after][seed] for seed, figure in test[before].items() if seed in test[after]])
                 for before, after in pairs)
        carried = (spread(list(test[label].values())) for label, _ in CARRIERS)
        rows.append([length, min(map(len, test.values())), *carried, *worth])
    return rows_of(["T", "seeds", *(name for _, name in CARRIERS), "memory is worth, alone", "beside positions"], rows)


def switches(cells: Sequence[dict[str, Any]]) -> str:
    """Validation and test perplexity of single switches at T = 35 and seed 0."""
    there = {cell["label"]: cell["summary"] for cell in cells if cell["name"].endswith("-T35-s0")}
    return rows_of(["switch", "valid", "test"],
                   [[shown, f"{there[label]['valid_perplexity']:.1f}", f"{there[label]['test_perplexity']:.1f}"]
                    for label, shown in SWITCHES.items() if label in there])


def cheap(cells: Sequence[dict[str, Any]]) -> str:
    """What a form costs over the plain Transformer of the same blocks, in operations of a segment and in time of a
    training step (`benchmarks.cheap_forms`), and the perplexity; T = 35, seed 0."""
    there = {cell["label"]: cell for cell in cells if cell["name"].endswith("-T35-s0")}
    timed = json.loads((RESULTS / "cheap_forms.json").read_text(encoding="utf-8"))
    time = {row["form"]: row["over_plain"] for row in timed}
    plain = segment_flops(plain_transformer(there["crt-gru"]["model"]))
    return rows_of(["form", "operations", "time", "valid", "test"],
                   [[shown, f"{there[label]['flops_per_segment'] / plain - 1:+.1%}", f"{time[label]:+.1%}",
                     *(f"{there[label]['summary'][part + '_perplexity']:.1f}" for part in ("valid", "test"))]
                    for label, shown in CHEAP.items() if label in there])


def plain_transformer(crt: Mapping[str, Any], engine: Engine | None = None) -> SegmentModel:
    """The Transformer of the same blocks as a CRT of that configuration, smaller by the recurrences."""
    blocks = {key: crt[key] for key in ("width", "layers", "heads", "inner", "segment_length", "vocabulary")}
    return create_model({"model": "transformer", **blocks}, engine)


def recalled(rows: Sequence[dict[str, Any]]) -> str:
    """The accuracy of recall AT segments back, in segments of 6 tokens, each seed."""
    arms: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        if row["task"] == "recall" and row["segment_length"] == 6 and not row["arm"].startswith("carries"):
            arms.setdefault(row["arm"], []).append(f"{row['accuracy'][row['distances'].index(AT)]:.2f}")
    return rows_of(["arm", f"recall at {AT} segments, each seed"], [[arm, ", ".join(of)] for arm, of in arms.items()])


def recall_carriers(rows: Sequence[dict[str, Any]]) -> str:
    """The same by what is carried, for each segment length; and by the memory alone, trained for longer, or with
    learned positions."""
    shown = {(f"carries {what}, k = 2", 3000): what for _, what in CARRIERS} | {
        ("carries memory, k = 2", 10_000): "memory, 10,000 steps", ("CRT, k = 2", 3000): "memory, positions learned"}
    found: dict[int, dict[str, list[str]]] = {}
    for row in sorted(rows, key=lambda row: (row["segment_length"], row["seed"])):
        column = shown.get((row["arm"], row["steps"])) if row["task"] == "recall" else None
        if column is not None:
            of_length = found.setdefault(row["segment_length"], {})
            of_length.setdefault(column, []).append(f"{row['accuracy'][row['distances'].index(AT)]:.2f}")
    return rows_of(["T", *shown.values()],
                   [[length, *(", ".join(of.get(what, ["–"])) for what in shown.values())]
                    for length, of in found.items()])


def study_variants(rows: Sequence[dict[str, Any]]) -> str:
    """Each variant where there are others beside it: seeds that solve recall, the median of the steps they need, and
    the accuracy of the seeds that do not."""
    found = groups(rows)
    compared = {(length, positions) for variant, length, positions in found if variant != "the default"}
    return rows_of(["variant", "T", "positions", "seeds that solve it", "steps, median", "the other seeds"],
                   [[variant, length, positions, *summary(of_group)]
                    for (variant, length, positions), of_group in found.items() if (length, positions) in compared])


def study_lengths(rows: Sequence[dict[str, Any]]) -> str:
    """The default by segment length: seeds that solve recall, and the median of the steps they need."""
    found = {(length, positions): summary(of_group) for (variant, length, positions), of_group in groups(rows).items()
             if variant == "the default"}
    columns = [(positions, at, head) for positions in POSITIONS
               for at, head in enumerate(("seeds that solve it", "steps, median"))]
    return rows_of(["T", *(f"positions {positions}: {head}" for positions, _, head in columns)],
                   [[length, *(found.get((length, positions), ("–", "–"))[at] for positions, at, _ in columns)]
                    for length in sorted({length for length, _ in found})])


if __name__ == "__main__":
    report.run(main)
