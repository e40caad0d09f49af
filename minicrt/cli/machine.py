"""What the matrix products run on: the BLAS library, its kernel, its threads."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CORETYPE = "OPENBLAS_CORETYPE"


def blas_libraries() -> list[tuple[str, dict[str, Any]]]:
    """(who loaded it, what threadpoolctl knows of it) for each BLAS in this process, NumPy's first."""
    import numpy as np
    import threadpoolctl

    np.ones((2, 2)) @ np.ones((2, 2))                        # a lazy library is loaded now
    found = [(_owner(library["filepath"]), library) for library in threadpoolctl.threadpool_info()
             if library["user_api"] == "blas"]
    return sorted(found, key=lambda pair: pair[0] != "NumPy")


def describe(library: dict[str, Any]) -> str:
    """`OpenBLAS 0.3.31, kernel SkylakeX, 2 threads`"""
    name = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}.get(library["internal_api"], library["internal_api"])
    kernel = f", kernel {library['architecture']}" if library.get("architecture") else ""
    threads = library["num_threads"]
    return f"{name} {library.get('version') or ''}".rstrip() + f"{kernel}, {threads} thread{'s' * (threads != 1)}"


def coretype_remark() -> str | None:
    """One line where OPENBLAS_CORETYPE makes OpenBLAS use another kernel than it would choose; None where not.

    The kernel is chosen when NumPy is loaded, so a second Python without the variable is asked what it would be.
    """
    if CORETYPE not in os.environ:
        return None
    free = {name: value for name, value in os.environ.items() if name != CORETYPE}
    code = ("import numpy, threadpoolctl; "
            "print([i.get('architecture') for i in threadpoolctl.threadpool_info() if i['user_api'] == 'blas'][0])")
    asked = subprocess.run([sys.executable, "-c", code], env=free, capture_output=True, text=True, check=False)
    would_be, libraries = asked.stdout.strip(), blas_libraries()
    if asked.returncode or not libraries or would_be == libraries[0][1].get("architecture"):
        return None
    return (f"{CORETYPE}={os.environ[CORETYPE]} holds OpenBLAS to the kernel {libraries[0][1].get('architecture')}; "
            f"without it, it would choose {would_be}")


def _owner(path: str) -> str:
    folder = Path(path).parent.name.lower()
    return "NumPy" if "numpy" in folder else "SciPy" if "scipy" in folder else folder


def gflops(size: int = 1536, repetitions: int = 5) -> float:
    """Billions of floating-point operations a second in a float32 product of two square matrices: the best of some."""
    import time

    import numpy as np

    rng = np.random.default_rng(0)
    a, b = rng.random((2, size, size), np.float32)
    out, best = np.empty_like(a), float("inf")
    for _ in range(repetitions):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * size ** 3 / best / 1e9
