"""Which implementation of the operations a model runs on: `minicrt.ops` in NumPy, or `minicrt.kernels` in Numba."""

import importlib.util
import os
from types import ModuleType

from minicrt.errors import ConfigurationError

NAMES = ("numba", "numpy")
VARIABLE = "MINICRT_ENGINE"
_chosen: str | None = None


def choose(name: str | None) -> None:
    """Make `name` ("auto" or None: undo that) what `get` returns where no engine is asked for by name.

    Raises ConfigurationError if there is no such engine, or it needs Numba and that is not installed.
    """
    global _chosen
    if name not in (None, "auto"):
        get(name)
    _chosen = None if name == "auto" else name


def get(name: str | None = None) -> ModuleType:
    """The engine `name`: "numba", "numpy", or "auto": the first that is installed.

    None is what was chosen with `choose`, else what the environment variable MINICRT_ENGINE says, else "auto". Numba is
    imported only when its engine is asked for. Raises ConfigurationError as `choose` does.
    """
    name = name or _chosen or os.environ.get(VARIABLE) or "auto"
    if name not in ("auto", *NAMES):
        raise ConfigurationError(f"the engine is {name!r}, expected auto, {' or '.join(NAMES)}")
    if name == "numpy" or name == "auto" and not _numba_is_installed():
        from minicrt import ops
        return ops
    if not _numba_is_installed():
        raise ConfigurationError("the engine numba needs Numba, which is not installed: pip install numba, or choose "
                                 "the engine numpy")
    from minicrt import kernels
    return kernels


def name_of(engine: ModuleType) -> str:
    """ "numba" or "numpy" """
    return "numpy" if engine.__name__ == "minicrt.ops" else "numba"


def _numba_is_installed() -> bool:
    try:
        return importlib.util.find_spec("numba") is not None
    except ValueError:                                       # sys.modules["numba"] is None: imports of it are blocked
        return False
