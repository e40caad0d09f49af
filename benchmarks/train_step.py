"""A training step of the CRT, by each peer: forwards, backwards, clipping and AdamW on one segment, in float32.

Sizes: width 64 (2 layers, batch 16, segments of 35), 128 (3, 20, 70), 256 (3, 32, 70), 10,000 words. torch-eager and
torch-compile are `benchmarks/twins/torch_peer.py` with fused AdamW, jax-jit is `benchmarks/twins/jax_crt.py` with the
whole step in one jit, gemm-floor the matrix products alone. All start from the same weights, and their first losses
must agree. torch-bfloat16 is torch-eager by autocast, which a user of PyTorch would choose on a processor that has AMX
or AVX-512 for bfloat16; it is left out on others, and beside it stand the losses of step 200. "fastest" is the number
of turns in which no other was as fast. The peak memory is that of each peer's process, all that it imports included."""

import sys
from pathlib import Path
from typing import Any

from benchmarks import peers, report, timeline
from benchmarks.side_by_side import compare, options
from benchmarks.task import SIZES, Size
from minicrt.parallel import threads

COLUMNS = {"size": "s", "peer": "s", "milliseconds": ".1f", "spread": ".1f", "tokens_per_second": ",.0f",
           "fastest": "s", "against_floor": ".0%", "peak_mib": ",.0f", "loss_200": ".3f", "remark": "s"}


def main() -> None:
    made = options(sys.modules[__name__], peers.TRAINING, 8)
    made.add_argument("--timeline", type=report.writable, metavar="FILE",
                      help="instead: draw what each thread does in one step of the Numba engine, and when it is idle")
    arguments = made.parse_args()
    if arguments.timeline:
        draw_timeline(arguments.timeline, arguments.sizes, arguments.threads or threads.count())
    else:
        compare(arguments, "training", COLUMNS, steps_a_turn, verdicts)


def draw_timeline(path: Path, widths: list[int], number: int) -> None:
    report.print_machine(number)
    steps = {}
    for width in widths:
        spans, seconds = steps[SIZES[width].name] = timeline.step(SIZES[width], number)
        rows = [{"operation": name, **{f"thread_{thread + 1}_ms": 1000 * took for thread, took in enumerate(times)}}
                for name, times in timeline.by_operation(spans, seconds).items()]
        columns = {"operation": "s", **{f"thread_{thread + 1}_ms": ".2f" for thread in range(number)}}
        idle = ", ".join(f"{1000 * time:.1f}" for time in timeline.idle(spans, seconds, number))
        print(f"\n{SIZES[width].name}: {1000 * seconds:.1f} ms, of which the threads are idle {idle} ms\n\n"
              f"{report.table(rows, columns)}")
    timeline.figure(steps, number).savefig(path, dpi=120)
    print(f"\n{path}")


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
    add_ratios(rows)
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


if __name__ == "__main__":
    report.run(main)
