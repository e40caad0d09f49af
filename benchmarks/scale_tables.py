"""The tables of what a large vocabulary and long segments cost, from the rows that their benchmarks leave"""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
Table = tuple[list[str], list[list[Any]]]                    # a head, and rows


def scans(rows: Sequence[Row]) -> Table:
    """Of `benchmarks.selective_scan`"""
    return (["scan, forwards and backwards", "milliseconds of the processor", "times as fast"],
            [[row["form"], f"{row['processor_ms']:,.1f}", f"{row['times_as_fast']:.1f}"] for row in rows])


def outputs(rows: Sequence[Row]) -> Table:
    """Of `benchmarks.preset_step` with several outputs, the softmax among them"""
    full = next(row["processor_seconds"] for row in rows if output_of(row) == "output=softmax")
    return (["output", "parameters", "seconds a step", "times as fast", "peak, MiB"],
            [[f"`{output_of(row)}`", f"{row['parameters']:,}", f"{row['processor_seconds']:.2f}",
              f"{full / row['processor_seconds']:.1f}", f"{row['peak_mib']:,.0f}"] for row in rows])


def output_of(row: Row) -> str:
    """The settings of a row that are about its output"""
    return " ".join(setting for setting in row["set"] if setting.partition("=")[0] in (
        "output", "cutoffs", "tied", "div_value"))


def presets(rows: Sequence[Row]) -> Table:
    """Of `benchmarks.preset_step` with the preset as it is"""
    return (["`recompute`", "tokens a step", "processor seconds", "tokens a second", "peak, MiB", "`minicrt info`"],
            [[row["recompute"], f"{row['tokens']:,}", f"{row['processor_seconds']:,.0f}",
              f"{row['tokens_per_second']:,.0f}", f"{row['peak_mib']:,.0f}", f"{row['said_mib']:,.0f}"]
             for row in rows])
