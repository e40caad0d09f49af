"""A training step of CR-ViT beside PyTorch eager's: forwards and backwards over all clips, clipping, AdamW, in float32.

    python -m benchmarks.video_step --threads 1 --rounds 10

Frames of 32 × 32, 8 frames a clip, width 128, 4 layers, 4 heads, divided attention. All start from the same weights
and videos, in one process, and take turns; their first losses must agree. The times are medians, with half the distance
of the quartiles, and the processor's own time beside the clock's, which says more where other programs run. Fused AdamW
in PyTorch. A peer that is not installed is left out.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

SETTINGS: dict[str, Any] = {"width": 128, "layers": 4, "heads": 4, "inner": 512, "frame_size": 32, "patch_size": 8}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
CLASSES = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10, help="steps of each")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, default=2)
    arguments = parser.parse_args()
    if any(os.environ.get(name) != str(arguments.threads) for name in THREADS):          # read when NumPy loads
        os.environ.update(dict.fromkeys(THREADS, str(arguments.threads)))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.video_step", *sys.argv[1:]])
    steps = {"minicrt-numpy": ours("numpy", arguments)}
    if importlib.util.find_spec("numba"):
        steps["minicrt-numba"] = ours("numba", arguments)
    if importlib.util.find_spec("torch"):
        steps["torch-eager"] = theirs(arguments)
    firsts = {name: step() for name, step in steps.items()}
    if max(firsts.values()) - min(firsts.values()) > 1e-4 * max(firsts.values()):
        sys.exit(f"benchmarks: the first losses differ, {firsts}; they do not compute the same")
    for step in steps.values():
        step()
    times = {name: list[tuple[float, float]]() for name in steps}
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            start, busy = time.perf_counter(), time.process_time()
            step()
            times[name].append((time.perf_counter() - start, time.process_time() - busy))
    print(f"{arguments.clips} clips of 8 frames, batch {arguments.batch}, {arguments.threads} threads; first loss "
          f"{next(iter(firsts.values())):.4f}; milliseconds")
    for name, found in times.items():
        clock, processor = (statistics.quantiles([1000 * seconds for seconds in each], n=4)
                            for each in zip(*found, strict=True))
        print(f"{name:<16}{clock[1]:>10.1f} ± {(clock[2] - clock[0]) / 2:<8.1f}processor{processor[1]:>10.1f}")


def videos(arguments: argparse.Namespace) -> Any:
    import numpy as np

    rng = np.random.default_rng(0)
    return (rng.random((arguments.clips, arguments.batch, 8, 32, 32, 3), np.float32),
            rng.integers(0, CLASSES, arguments.batch))


def model_of(engine: str | None = None) -> Any:
    from minicrt.models.video import create_video_model

    return create_video_model(CLASSES, 8, "crvit", engine, **SETTINGS)


def ours(engine: str, arguments: argparse.Namespace) -> Callable[[], float]:
    import numpy as np

    from minicrt.models.video import run_video
    from minicrt.training import AdamW, clip_factor

    model, (clips, labels) = model_of(engine), videos(arguments)
    p = model.initialize(np.random.default_rng(1))
    gradients, optimizer = p.zeros_like(), AdamW(p, 1e-3)

    def step() -> float:
        gradients.flat[...] = 0
        loss = run_video(model, p, clips, labels, gradients=gradients).loss
        optimizer.step(p, gradients, 1.0, clip_factor(1.0, model.engine.global_norm(gradients.flat)))
        return float(loss)

    return step


def theirs(arguments: argparse.Namespace) -> Callable[[], float]:
    import numpy as np
    import torch

    from benchmarks.twins.torch_video import CRViT

    torch.set_num_threads(arguments.threads)
    model, (clips, labels) = model_of(), videos(arguments)
    twin = CRViT(model.config)
    twin.load(model.initialize(np.random.default_rng(1)))
    optimizer = torch.optim.AdamW(twin.parameters(), 1e-3, (0.9, 0.99), weight_decay=0.01, fused=True)
    frames, targets = torch.tensor(clips), torch.tensor(labels)

    def step() -> float:
        optimizer.zero_grad()
        loss = twin.video_loss(frames, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


if __name__ == "__main__":
    main()
