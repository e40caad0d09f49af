"""A training step of the CRT, by each peer: forwards, backwards, clipping and AdamW on one segment, in float32.

Sizes: width 64 (2 layers, batch 16, segments of 35), 128 (3, 20, 70), 256 (3, 32, 70), 10,000 words. torch-eager and
torch-compile are `tests/ports/torch_peer.py` with fused AdamW, jax-jit is `tests/ports/jax_crt.py` with the whole step
in one jit, gemm-floor the matrix products alone. All start from the same weights, and their first losses must agree.
The peak memory is that of each peer's process, all that it imports included."""

import sys
from typing import Any

from benchmarks import peers, report, turns
from benchmarks.task import SIZES, Size
from minicrt import threads

COLUMNS = {"size": "s", "peer": "s", "milliseconds": ".1f", "spread": ".1f", "tokens_per_second": ",.0f",
           "against_floor": ".0%", "peak_mib": ",.0f", "remark": "s"}


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--sizes", type=report.one_of(list(SIZES)), default=list(SIZES), help="of 64,128,256")
    options.add_argument("--peers", type=report.one_of(peers.TRAINING), default=list(peers.TRAINING),
                         help=f"of {','.join(peers.TRAINING)}")
    options.add_argument("--rounds", type=report.positive, default=8, help="turns of each peer (default: 8)")
    options.add_argument("--vocabulary", type=report.positive, default=10_000, help="(default: 10000)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    rows: list[dict[str, Any]] = []
    with tqdm(total=len(arguments.sizes) * len(arguments.peers) * arguments.rounds, disable=None, leave=False) as bar:
        for width in arguments.sizes:
            size = SIZES[width].changed(vocabulary=arguments.vocabulary)
            rows += turns.measured("training", arguments.peers, size, number, arguments.rounds, steps_a_turn(size), bar)
    add_ratios(rows)
    print(f"\n{number} threads each\n\n{report.table(rows, COLUMNS)}")
    for line in verdicts(rows):
        print(line)
    report.write(arguments.json, rows, machine, lambda: bars(rows, "tokens_per_second", "tokens per second"))


def steps_a_turn(size: Size) -> int:
    """Turns of about a second."""
    return max(2, round(2e6 / (size.tokens * size.width * size.layers)))


def add_ratios(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        floor = time_of(rows, row["size"], "gemm-floor")
        if floor and row["milliseconds"]:
            row["against_floor"] = floor / row["milliseconds"]


def time_of(rows: list[dict[str, Any]], size: str, peer: str) -> float | None:
    return next((row["milliseconds"] for row in rows if row["size"] == size and row["peer"] == peer), None)


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """How many times as fast as the others the Numba engine is, size by size."""
    lines = [""]
    for size in dict.fromkeys(row["size"] for row in rows):
        ours = time_of(rows, size, "minicrt-numba")
        compiled = [t for t in (time_of(rows, size, "torch-compile"), time_of(rows, size, "jax-jit")) if t]
        others = {"PyTorch eager": time_of(rows, size, "torch-eager"),
                  "the better of torch.compile and JAX": min(compiled, default=None),
                  "the NumPy engine": time_of(rows, size, "minicrt-numpy")}
        told = [f"{other / ours:.2f} times as fast as {name}" for name, other in others.items() if other and ours]
        if told:
            lines.append(f"{size}: minicrt-numba is {', '.join(told)}")
    return lines


def bars(rows: list[dict[str, Any]], key: str, label: str) -> Any:
    """A group of bars a size, a bar a peer."""
    from matplotlib.figure import Figure

    sizes = list(dict.fromkeys(row["size"] for row in rows))
    names = list(dict.fromkeys(row["peer"] for row in rows))
    figure = Figure(figsize=(4 * len(sizes) + 1, 4), layout="constrained")
    for axes, size in zip(figure.subplots(1, len(sizes), squeeze=False)[0], sizes):
        values = [next((row[key] or 0 for row in rows if row["size"] == size and row["peer"] == name), 0)
                  for name in names]
        axes.barh(names, values, color=["tab:blue" if name.startswith("minicrt") else "tab:gray" for name in names])
        axes.invert_yaxis()
        axes.set_title(size, fontsize=10)
        axes.locator_params(axis="x", nbins=4)
        axes.set_xlabel(label)
    return figure


if __name__ == "__main__":
    report.run(main)
