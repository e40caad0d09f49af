"""Which implementation of the operations a model runs on: `minicrt.ops` in NumPy, or `minicrt.kernels` in Numba."""

import importlib.util
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, cast

from minicrt.arguments import shown
from minicrt.errors import ConfigurationError
from minicrt.parallel import threads

MODULES = {"numba": "minicrt.kernels", "numpy": "minicrt.ops"}
NAMES = tuple(MODULES)
VARIABLE = "MINICRT_ENGINE"
Operation = Callable[..., Any]
_chosen: str | None = None


class Engine(Protocol):
    """What a model runs on: `minicrt.ops`, or a module that has its names. Signatures and equations stand there."""

    __name__: str
    IGNORE: int
    adamw_update: Operation
    adaptive_log_probabilities: Operation
    adaptive_softmax: Operation
    adaptive_softmax_backward: Operation
    add: Operation
    attention: Operation
    attention_backward: Operation
    binary_cross_entropy: Operation
    binary_cross_entropy_backward: Operation
    causal_convolution: Operation
    causal_convolution_backward: Operation
    causal_mask: Operation
    cayley_inverse: Operation
    concatenate: Operation
    delta_rule: Operation
    delta_rule_backward: Operation
    dropout: Operation
    dropout_backward: Operation
    embedding: Operation
    embedding_backward: Operation
    embedding_dropout: Operation
    embedding_dropout_backward: Operation
    gelu: Operation
    gelu_backward: Operation
    gelu_tanh: Operation
    gelu_tanh_backward: Operation
    global_norm: Operation
    glu: Operation
    glu_backward: Operation
    gru: Operation
    gru_backward: Operation
    layer_norm: Operation
    layer_norm_backward: Operation
    linear: Operation
    linear_activation: Operation
    linear_activation_backward: Operation
    linear_backward: Operation
    linear_cross_entropy: Operation
    linear_cross_entropy_backward: Operation
    locked_dropout: Operation
    locked_dropout_backward: Operation
    lru: Operation
    lru_backward: Operation
    lstm: Operation
    lstm_backward: Operation
    mean_squared_error: Operation
    mean_squared_error_backward: Operation
    mingru: Operation
    mingru_backward: Operation
    modrelu: Operation
    modrelu_backward: Operation
    ncgru: Operation
    ncgru_backward: Operation
    neumann_inverse: Operation
    patch_embedding: Operation
    patch_embedding_backward: Operation
    path_dropout: Operation
    path_dropout_backward: Operation
    pooled_queue: Operation
    pooled_queue_backward: Operation
    relative_attention: Operation
    relative_attention_backward: Operation
    relu: Operation
    relu_backward: Operation
    rms_norm: Operation
    rms_norm_backward: Operation
    s4d: Operation
    s4d_backward: Operation
    scaled_cayley: Operation
    scaled_cayley_backward: Operation
    selective_scan: Operation
    selective_scan_backward: Operation
    self_attention: Operation
    self_attention_backward: Operation
    sigmoid: Operation
    sigmoid_backward: Operation
    skew_symmetric: Operation
    sparse_write: Operation
    sparse_write_backward: Operation
    tanh: Operation
    tanh_backward: Operation
    weighted_cross_entropy: Operation
    weighted_cross_entropy_backward: Operation


EngineOrName = str | ModuleType | Engine | None


class NamedModule(ModuleType):
    """What the module of an engine is from `by_name` on: it pickles and copies as the engine's name, where a module as
    such does neither. So a model can go to another process, which may have to import its engine first."""

    def __reduce__(self) -> tuple[Callable[[str], Engine], tuple[str]]:
        return get, (name_of(self),)


def choose(name: str | None) -> None:
    """Make `name` ("auto" or None: undo that) what `get` returns where no engine is asked for by name.

    Raises ConfigurationError if there is no such engine, or it needs Numba and that is not installed.
    """
    global _chosen
    if name is not None and not (isinstance(name, str) and name == "auto"):
        get(name)
    _chosen = None if name == "auto" else name


def get(name: EngineOrName = None) -> Engine:
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


def by_name(engine: ModuleType | Engine) -> Engine:
    """The same engine, ready to be pickled and copied by its name if it is one of `NAMES`."""
    if type(engine) is ModuleType and engine.__name__ in MODULES.values():
        engine.__class__ = NamedModule
    return cast(Engine, engine)


def name_of(engine: ModuleType | Engine) -> str:
    """ "numba" or "numpy" """
    return "numpy" if engine.__name__ == MODULES["numpy"] else "numba"


def _numba_is_installed() -> bool:
    try:
        return importlib.util.find_spec("numba") is not None
    except ValueError:                                       # sys.modules["numba"] is None: imports of it are blocked
        return False
