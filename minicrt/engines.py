"""Which implementation of the operations a model runs on."""

import importlib.util
import os
from types import ModuleType

from minicrt.errors import ConfigurationError

NAMES = ("numba", "numpy")
VARIABLE = "MINICRT_ENGINE"


def get(name: str | None = None) -> ModuleType:
    """The engine `name`; None: what the environment variable MINICRT_ENGINE says, else "numba" where Numba is
    installed, else "numpy". Numba is imported only when its engine is asked for."""
    name = name or os.environ.get(VARIABLE) or "auto"
    if name == "auto":
        name = "numba" if importlib.util.find_spec("numba") else "numpy"
    if name not in NAMES:
        raise ConfigurationError(f"the engine is {name!r}, expected auto, {' or '.join(NAMES)}")
    if name == "numpy":
        from minicrt import ops
        return ops
    from minicrt import kernels
    return kernels


def name_of(engine: ModuleType) -> str:
    return "numpy" if engine.__name__ == "minicrt.ops" else "numba"
