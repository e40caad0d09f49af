"""Mamba's selective scan over a long segment, forwards and backwards: the kernel, PyTorch's loop, and that loop with
its step compiled by torch.compile

Float32, the shapes of a layer of `--set model=mamba`; the three by turns in one process, the median of some rounds, by
the clock and by the processor. PyTorch differentiates its loop by autograd. Compiled is one step, not the loop: a graph
of a thousand steps takes longer to compile than most trainings. The error is the largest difference of y and of the
input's gradient from PyTorch's loop, over the largest value there."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import report
from minicrt import engines
from minicrt.parallel import threads

COLUMNS = {"form": "s", "milliseconds": ",.1f", "processor_ms": ",.1f", "times_as_fast": ".1f", "error": ".1e"}
Array = np.ndarray
Pass = Callable[[], tuple[Array, Array]]                     # y, and the gradient of x


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--batch", type=report.positive, default=1, help="B (default: 1)")
    options.add_argument("--length", type=report.positive, default=1024, help="T (default: 1024)")
    options.add_argument("--channels", type=report.positive, default=256, help="E (default: 256)")
    options.add_argument("--states", type=report.positive, default=16, help="N (default: 16)")
    options.add_argument("--rounds", type=report.positive, default=5, help="(default: 5)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    with threads.limit(number):
        rows = measured(drawn(arguments.batch, arguments.length, arguments.channels, arguments.states),
                        arguments.rounds, number)
    print(f"\nB = {arguments.batch}, T = {arguments.length}, E = {arguments.channels}, N = {arguments.states}, "
          f"{number} thread{'s' * (number != 1)}; times as fast as PyTorch's loop, by the processor\n")
    print(report.table(rows, COLUMNS))
    command = f"python -m benchmarks.selective_scan {' '.join(sys.argv[1:])}".strip()
    report.write(arguments.json, [row | {"seed": 0, "threads": number, "command": command} for row in rows], machine,
                 lambda: figure(rows))


def drawn(B: int, T: int, E: int, N: int) -> dict[str, Array]:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> Array:
        return rng.standard_normal(shape, np.float32)

    a_log = np.log(np.ones((E, 1), np.float32) * np.arange(1, N + 1, dtype=np.float32))
    return {"x": normal(B, T, E), "h0": normal(B, E, N), "dt": normal(B, T, E) - 4, "a_log": a_log,
            "b": normal(B, T, N), "c": normal(B, T, N), "d": normal(E), "d_y": normal(B, T, E)}


def measured(given: dict[str, Array], rounds: int, number: int) -> list[dict[str, Any]]:
    import torch

    torch.set_num_threads(number)
    passes = {"minicrt, Numba": kernel(given), "PyTorch, a loop": torch_loop(given, compiled=False),
              "PyTorch, the step compiled": torch_loop(given, compiled=True)}
    found = {name: one() for name, one in passes.items()}    # compiles
    times = {name: list[tuple[float, float]]() for name in passes}
    for _ in range(rounds):
        for name, one in passes.items():
            start, spent = time.perf_counter(), time.process_time()
            one()
            times[name].append((time.perf_counter() - start, time.process_time() - spent))
    loop = statistics.median(spent for _, spent in times["PyTorch, a loop"])
    rows = []
    for name, taken in times.items():
        spent = statistics.median(spent for _, spent in taken)
        error = max(float(np.abs(own - right).max() / np.abs(right).max())
                    for own, right in zip(found[name], found["PyTorch, a loop"]))
        rows.append({"form": name, "milliseconds": 1000 * statistics.median(clock for clock, _ in taken),
                     "processor_ms": 1000 * spent, "times_as_fast": loop / spent, "error": error})
    return rows


def kernel(given: dict[str, Array]) -> Pass:
    engine = engines.get("numba")
    *inputs, d_y = given.values()

    def run() -> tuple[Array, Array]:
        y, cache = engine.selective_scan(*inputs)
        d_x, *_ = engine.selective_scan_backward(d_y, cache)
        return y, d_x
    return run


def torch_loop(given: dict[str, Array], compiled: bool) -> Pass:
    import torch
    import torch.nn.functional as F

    tensors = {name: torch.tensor(value, requires_grad=name != "d_y") for name, value in given.items()}

    def step(h: Any, x: Any, delta: Any, rate: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
        h = torch.exp(delta[..., None] * rate) * h + (delta * x)[..., None] * b[:, None]
        return h, (h * c[:, None]).sum(-1) + d * x

    one = torch.compile(step) if compiled else step

    def run() -> tuple[Array, Array]:
        x, h, dt, a_log, b, c, d, d_y = tensors.values()
        delta, rate, outputs = F.softplus(dt), -torch.exp(a_log), []
        for t in range(x.shape[1]):
            h, y = one(h, x[:, t], delta[:, t], rate, b[:, t], c[:, t], d)
            outputs.append(y)
        y = torch.stack(outputs, 1)
        d_x, *_ = torch.autograd.grad(y, [x, tensors["h0"], dt, a_log, b, c, d], d_y)
        return y.detach().numpy(), d_x.numpy()
    return run


def figure(rows: list[dict[str, Any]]) -> Any:
    from minicrt.picture import Picture

    made = Picture(figsize=(6, 2), layout="constrained")
    axes = made.subplots()
    axes.barh([row["form"] for row in rows], [row["processor_ms"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds of the processor, forwards and backwards")
    return made


if __name__ == "__main__":
    report.run(main)
