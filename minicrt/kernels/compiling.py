"""How kernels are compiled, and where what was compiled is kept for the next time.

Numba keeps machine code on disk, but does not see that a function a kernel calls was edited (numba#9483). So it is kept
in a folder named after the contents of this package: another version of any kernel looks in another folder.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core import event
from numba.extending import register_jitable

from minicrt.errors import InputError
from minicrt.files import expanded
from minicrt.kernels.code_cache import keep_code
from minicrt.kernels.unused_code import mark, remove_unused

log = logging.getLogger("minicrt")
OPTIONS: Any = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}          # nothing in C calls a kernel


def jit(function: Callable[..., Any] | None = None, *, fastmath: bool | set[str] = False) -> Any:
    """`numba.njit` as all kernels have it: the interpreter's lock released, kept on disk where that can be written to.

    `fastmath` names what may be rearranged: {"contract"} a product and a sum into one rounding, {"reassoc"} the order
    of a sum. Nothing else is ever allowed: infinities and NaN carry meaning.
    """
    if function is None:
        return lambda function: jit(function, fastmath=fastmath)
    compiled = numba.njit(**OPTIONS, fastmath=fastmath)(function)
    folder = cache_folder()
    if folder is not None:
        keep_code(compiled, function, folder)
    return compiled


def part(function: Callable[..., Any] | None = None, *, fastmath: bool | set[str] = False) -> Any:
    """A function that kernels call, compiled into each of them: it has no machine code of its own and no way in from
    Python, which take as long to make as all else. From Python it is what it says, slowly.

    Numba compiles it once for all callers of the same options: what calls other parts has none, loops are in the last.
    """
    if function is None:
        return lambda function: part(function, fastmath=fastmath)
    return register_jitable(error_model="numpy", fastmath=fastmath)(function)


@cache
def cache_folder() -> Path | None:
    """NUMBA_CACHE_DIR or the user's cache, and in it a folder for this very code; None where nothing can be written."""
    try:
        parent = expanded(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("minicrt"))
        folder = parent / f"kernels-{fingerprint()}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):             # a folder's permission bits do not tell the whole story
            pass
        mark(folder)
    except (OSError, InputError, RuntimeError):              # the last two: there is no home folder
        return None
    remove_unused(parent, folder)
    return folder


def fingerprint() -> str:
    """Twelve hexadecimal digits of the kernels' source and Numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class _SayOnce(event.Listener):
    """One line when the first kernel is compiled: it takes some seconds in which nothing else is to be seen."""

    def __init__(self) -> None:
        self.said = False

    def on_start(self, event: Any) -> None:
        module = event.data["dispatcher"].py_func.__module__ or ""           # None where code was made by exec
        if self.said or not module.startswith("minicrt.kernels"):
            return
        self.said = True
        if cache_folder() is None:
            log.warning("minicrt: compiling kernels; they cannot be kept for the next time, for no cache folder can be "
                        "written to: set NUMBA_CACHE_DIR to one")
        else:
            log.warning("minicrt: compiling kernels for this machine, this once")

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _SayOnce())
