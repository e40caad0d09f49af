"""The tables of perplexities on the Penn Treebank, from the results of `minicrt compare benchmarks/grids/ptb.toml`"""

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report import RESULTS, rows_of
from minicrt.accounting import segment_flops
from minicrt.comparison import collect, figure
from minicrt.engines import Engine
from minicrt.models import SegmentModel, create_model

HEADLINE = {("transformer", 70): "Transformer", ("transformer", 35): "Transformer",
            ("transformer-xl", 35): "Transformer-XL", ("mingru", 35): "minGRU stack, no attention",
            ("crt-gru", 35): "CRT, memory a GRU", ("crt-ncgru", 35): "CRT, memory an NC-GRU"}
MODELS = ("transformer", "transformer-xl", "rmt", "crt-gru", "crt-ncgru", "crt-ncgru-writer", "gru", "lstm", "mingru",
          "lru")
CARRIERS = (("crt-none-reset", "nothing"), ("crt-gru-reset", "memory"), ("crt-none-carried", "positions"),
            ("crt-gru", "both"))
SWITCHES = {"crt-gru": "the defaults", "crt-transformer-readout": "`readout=transformer`, y",
            "crt-k1": "`bptt_segments=1`, `batch=40`",
            "crt-k4": "`bptt_segments=4`, `batch=10`",
            "crt-writer": "`memory_gradient=writer`, `bptt_segments=1`, `batch=40`", "crt-post-norm": "`norm=post`",
            "crt-bias-0": "`update_bias=0`", "crt-span-8": "`memory_span=8`", "crt-gru-learned": "`positions=learned`",
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


def rows_of_models(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in collect(cells) if row["label"] in MODELS]


def forms(cells: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The forms of the memory of benchmarks/grids/ptb_forms.toml by the bytes of the state, and the vector
    alone as ptb.toml has it, with the seed of the others"""
    vector = [{**cell, "label": "vector"} for cell in cells if cell["name"] == "crt-gru-reset-T35-s0"]
    return sorted(collect([*vector, *others]), key=lambda row: row["state_bytes"])


def headline(cells: Sequence[dict[str, Any]]) -> str:
    """Test perplexity, cost and state of the models that the README names."""
    there = {(row["label"], row["segment_length"]): row for row in collect(cells)}
    chosen = [(name, there[label, length]) for (label, length), name in HEADLINE.items()]
    return rows_of(["", "segment", "test perplexity", "MFLOP per token", "state of a stream, bytes"],
                   [[name, row["segment_length"], figure(row, "test"), f"{row['flops_per_token'] / 1e6:.2f}",
                     f"{row['state_bytes']:,}"] for name, row in chosen])


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
