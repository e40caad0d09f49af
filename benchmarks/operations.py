"""Every kernel against the operation of minicrt.ops that it stands for, at the shapes of a training step, in float32.

Forwards, and forwards and backwards, the two by turns in one process; the median of each. A kernel that does not win
at any size has no reason to be. Threads share the rows out where an operation is asked for alone, as here; in training
each thread has its own rows (--threads 1 is what an operation costs there)."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.task import SIZES, Size
from minicrt import engines, ops
from minicrt.parallel import threads

COLUMNS = {"size": "s", "operation": "s", "ops_ms": ".3f", "kernel_ms": ".3f", "ratio": ".2f",
           "ops_both_ms": ".3f", "kernel_both_ms": ".3f", "ratio_both": ".2f"}
HEADS = 4


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--sizes", type=report.one_of(list(SIZES)), default=list(SIZES), help="of 64,128,256")
    options.add_argument("--rounds", type=report.positive, default=15, help="(default: 15)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    kernels = engines.get("numba")
    asked = [(SIZES[width], *case) for width in arguments.sizes for case in cases(SIZES[width])]
    rows = []
    with threads.limit(number), tqdm(asked, disable=None, leave=False) as bar:
        for size, name, inputs in bar:
            bar.set_postfix_str(f"{size.name}: {name}")
            rows.append({"size": size.name, "operation": name, "threads": number,
                         **compared(name, inputs, kernels, arguments.rounds)})
    print(f"\n{number} threads; milliseconds, then how many times as fast the kernel is\n")
    print(report.table(rows, COLUMNS))
    report.write(arguments.json, rows, machine, lambda: figure(rows))


def cases(size: Size) -> Iterator[tuple[str, dict[str, Any]]]:
    """An operation with its inputs, for each that has a kernel."""
    rng = np.random.default_rng(0)
    B, T, D, S, V = size.batch, size.length, size.width, size.length + 1, size.vocabulary

    def drawn(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    tokens, targets = size.segment()
    yield "embedding", {"tokens": tokens, "table": drawn(V, D), "scale": 2.0}
    yield "layer_norm", {"x": drawn(B, S, D), "gain": drawn(D), "bias": drawn(D)}
    yield "linear", {"x": drawn(B, S, D), "weight": drawn(D, 3 * D), "bias": drawn(3 * D)}
    for activation in ("gelu", "gelu_tanh", "relu"):
        yield f"linear_activation {activation}", {"x": drawn(B, S, D), "weight": drawn(D, 4 * D),
                                                  "bias": drawn(4 * D), "activation": activation}
    for activation in ("gelu", "sigmoid"):
        yield activation, {"x": drawn(B, S, 4 * D)}
    yield "self_attention", {"qkv": drawn(B, S, 3 * D), "heads": HEADS}
    recurrent = {"x": drawn(B, T, D), "h0": drawn(B, D), "w": drawn(D, 3 * D) / D ** 0.5,
                 "u": drawn(D, 3 * D) / D ** 0.5, "b": drawn(3 * D)}
    yield "gru", recurrent | {"b_hn": drawn(D)}
    yield "gru reset_before", recurrent | {"reset_after": False}
    yield "ncgru", recurrent
    yield "linear_cross_entropy", {"z": drawn(B, T, D), "table": drawn(V, D) / D ** 0.5, "bias": drawn(V),
                                   "targets": targets}
    S_1, rest = V // 10, V - V // 10
    yield "adaptive_softmax", {"z": drawn(B, T, D), "head": drawn(S_1 + 1, D) / D ** 0.5, "bias": drawn(V + 1),
                               "projection": drawn(D, D) / D ** 0.5, "tails": drawn(rest * D) / D ** 0.5,
                               "targets": targets, "cutoffs": (S_1,)}
    E, N = 2 * D, 16                                         # as a Mamba's layer has them
    yield "selective_scan", {"x": drawn(B, T, E), "h0": drawn(B, E, N), "dt": drawn(B, T, E) - 2,
                             "a_log": np.log(np.ones((E, N), np.float32) * np.arange(1, N + 1, dtype=np.float32)),
                             "b": drawn(B, T, N), "c": drawn(B, T, N), "d": drawn(E)}
    yield "s4d", {"x": drawn(B, T, D), "h0": drawn(B, D, 2 * N), "log_dt": drawn(D) - 4, "log_a": drawn(D, N),
                  "a_im": 10 * drawn(D, N), "c": drawn(D, 2 * N), "d": drawn(D)}
    keys = {"q": drawn(B, T, 32), "k": drawn(B, T, 32)}      # as a CRT's matrix may have them
    yield "delta_rule", keys | {"v": drawn(B, T, D), "b": drawn(B, T), "s0": drawn(B, 32, D)}
    flat = [drawn(V * D) for _ in range(4)]
    yield "global_norm", {"flat": flat[0]}
    yield "adamw_update", {"theta": flat[0], "g": flat[1], "m": flat[2], "v": np.abs(flat[3]), "count": 10,
                           "learning_rate": 1e-3, "weight_decay": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
    yield "add", {"x": drawn(B, S, D), "y": drawn(B, S, D)}


def compared(label: str, inputs: dict[str, Any], kernels: Any, rounds: int) -> dict[str, Any]:
    name = label.split()[0]
    if not hasattr(ops, name + "_backward"):
        forward = timed([lambda e=e: getattr(e, name)(**inputs) for e in (ops, kernels)], rounds)
        return {"ops_ms": forward[0], "kernel_ms": forward[1], "ratio": forward[0] / forward[1]}
    y, _ = getattr(ops, name)(**inputs)
    d_y = np.float32(1) if np.ndim(y) == 0 else np.random.default_rng(1).standard_normal(y.shape, np.float32)

    def both(engine: Any) -> None:
        _, cache = getattr(engine, name)(**inputs)
        getattr(engine, name + "_backward")(d_y, cache)

    forward = timed([lambda e=e: getattr(e, name)(**inputs) for e in (ops, kernels)], rounds)
    whole = timed([lambda e=e: both(e) for e in (ops, kernels)], rounds)
    return {"ops_ms": forward[0], "kernel_ms": forward[1], "ratio": forward[0] / forward[1],
            "ops_both_ms": whole[0], "kernel_both_ms": whole[1], "ratio_both": whole[0] / whole[1]}


def timed(functions: list[Callable[[], Any]], rounds: int) -> list[float]:
    """The median milliseconds of each, taken by turns, after one turn that does not count."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds + 1):
        for function, taken in zip(functions, times):
            start = time.perf_counter()
            function()
            taken.append(1000 * (time.perf_counter() - start))
    return [statistics.median(taken[1:]) for taken in times]


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    drawn = Picture(figsize=(8, 0.16 * len(rows) + 1.5), layout="constrained")
    axes = drawn.subplots()
    labels = [f"{row['operation']} ({row['size'].split(',')[0]})" for row in rows]
    axes.barh(range(len(rows)), [row.get("ratio_both", row["ratio"]) for row in rows])
    axes.set_yticks(range(len(rows)), labels, fontsize=6)
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times as fast as minicrt.ops, forwards and backwards")
    return drawn


if __name__ == "__main__":
    report.run(main)
