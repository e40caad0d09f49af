"""Which implementation of the operations a model runs on: `minicrt.ops` in NumPy, or `minicrt.kernels` in Numba."""

import importlib.util
import os
from collections.abc import Callable
from types import ModuleType

from minicrt import threads
from minicrt.arguments import shown
from minicrt.errors import ConfigurationError

MODULES = {"numba": "minicrt.kernels", "numpy": "minicrt.ops"}
NAMES = tuple(MODULES)
VARIABLE = "MINICRT_ENGINE"
_chosen: str | None = None


class NamedModule(ModuleType):
    """What the module of an engine is from `by_name` on: it pickles and copies as the engine's name, where a module as
    such does neither. So a model can go to another process, which may have to import its engine first."""

    def __reduce__(self) -> tuple[Callable[[str], ModuleType], tuple[str]]:
        return get, (name_of(self),)


def choose(name: str | None) -> None:
    """Make `name` ("auto" or None: undo that) what `get` returns where no engine is asked for by name.

    Raises ConfigurationError if there is no such engine, or it needs Numba and that is not installed.
    """
    global _chosen
    if name not in (None, "auto"):
        get(name)
    _chosen = None if name == "auto" else name


def get(name: str | ModuleType | None = None) -> ModuleType:
    """The engine `name`: "numba", "numpy", or "auto": the first that is installed. An engine itself is returned.

    None is what was chosen with `choose`, else what the environment variable MINICRT_ENGINE says, else "auto". Numba is
    imported only when its engine is asked for. Raises ConfigurationError as `choose` does, and if NUMBA_NUM_THREADS is
    not a number of threads.
    """
    if name is not None and not isinstance(name, str) and hasattr(name, "linear_cross_entropy"):
        return by_name(name)
    if name is None:
        name = _chosen or os.environ.get(VARIABLE) or "auto"
    if not isinstance(name, str) or name not in ("auto", *NAMES):
        raise ConfigurationError(f"the engine is {shown(name)}, expected auto, {' or '.join(NAMES)}")
    if name == "numpy" or name == "auto" and not _numba_is_installed():
        from minicrt import ops
        return by_name(ops)
    if not _numba_is_installed():
        raise ConfigurationError("the engine numba needs Numba, which is not installed: pip install numba, or choose "
                                 "the engine numpy")
    threads.from_environment(threads.NUMBA)                  # Numba ends with a traceback where it is not a number
    try:
        from minicrt import kernels
    except ImportError as error:                             # made for another NumPy, say
        raise ConfigurationError(f"Numba is installed but cannot be imported: {error}; install another version, or "
                                 "choose the engine numpy") from error
    return by_name(kernels)


def by_name(engine: ModuleType) -> ModuleType:
    """The same engine, ready to be pickled and copied by its name if it is one of `NAMES`."""
    if type(engine) is ModuleType and engine.__name__ in MODULES.values():
        engine.__class__ = NamedModule
    return engine


def name_of(engine: ModuleType) -> str:
    """ "numba" or "numpy" """
    return "numpy" if engine.__name__ == MODULES["numpy"] else "numba"


def _numba_is_installed() -> bool:
    try:
        return importlib.util.find_spec("numba") is not None
    except ValueError:                                       # sys.modules["numba"] is None: imports of it are blocked
        return False
