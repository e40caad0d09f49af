"""Check a port from Python: the call that a test in somebody's own suite makes"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import NoneType, TracebackType
from typing import Any

import numpy as np

from minicrt.arguments import kind_of, shown
from minicrt.conformance.checking.comparison import Comparison, compare, listed
from minicrt.conformance.checking.diagnosis import Diagnosis, diagnose
from minicrt.conformance.checking.report import text
from minicrt.conformance.checking.search import Experience
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import ConformanceError

Array = np.ndarray
Port = Callable[..., Any]


@dataclass(frozen=True)
class CheckReport:
    """What became of a port on one case. `print(report)` shows a table; `report.raise_if_wrong()` is for tests.

    Reports of one port that share an `experience` are quicker to diagnose.
    """

    comparison: Comparison
    experience: Experience = field(default_factory=Experience, repr=False)

    @property
    def case(self) -> GoldenCase:
        return self.comparison.case

    @property
    def ok(self) -> bool:
        return self.comparison.ok

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What the mistake probably is; worked out when it is first asked for, which may take seconds."""
        return diagnose(self.comparison, experience=self.experience)

    def raise_if_wrong(self) -> None:
        """Raise ConformanceError, one line that names the case and the mistake, unless all that was compared agrees."""
        if not self.ok:
            raise ConformanceError(f"{self.case.name}: {self.diagnosis.sentences[0]}")

    def __str__(self) -> str:
        return text(self)


def check_port(port: Port, case: GoldenCase | str, *, dtype: str | None = None) -> CheckReport:
    """Run a port on a golden case and compare what it computes: forward, backward and all between, as far as it tells.

    In a test suite, with `my_gru(x, h0, w, u, b, b_hn, d_h)` the port:

        from minicrt.conformance import case_names, check_port

        @pytest.mark.parametrize("name", case_names("gru"))
        def test_my_gru(name):
            check_port(my_gru, name).raise_if_wrong()

    Arguments
        port    a function. That of an operation is called with the case's arrays by keyword, the upstream gradient
                (`d_h`) among them, and with the operation's options (`heads=2`) as far as its signature takes them; one
                that does not take the upstream gradient is a port of the forward pass alone. That of a model is called
                with two arguments: a mapping of all given arrays by name (`parameters/...`, `segment0/tokens`), and
                the configuration. Arrays are copies; a port that writes to them is told so
        case    a golden case, or the name of one (`case_names()`)
        dtype   "float32": hand over, and tolerate, float32; None: as the case has it, float64

    The port returns a mapping of any of the case's tensors by name, or one array, or a tuple: the outputs in the case's
    order, or the outputs and then the gradients. Arrays of PyTorch and JAX will do. None for a gradient counts as
    zeros.

    Returns a CheckReport: `ok`, `raise_if_wrong()`, `diagnosis`, which names the mistake, and a table when printed.
    Raises ConformanceError where the port raises, or returns something else, or there is no such case.
    """
    if not callable(port):
        raise ConformanceError(f"check_port got {kind_of(port)} for a port, expected a function")
    if isinstance(case, str):
        case = golden_case(case)
    if not isinstance(case, GoldenCase):
        raise ConformanceError(f"check_port got {kind_of(case)} for a case, expected a golden case or the name of one")
    if dtype is not None and not (isinstance(dtype, str) and dtype in ("float32", "float64")):
        raise ConformanceError(f"check_port got dtype {shown(dtype)}, expected 'float32', 'float64' or None")
    given = {name: handed_over(value, dtype) for name, value in case.given().items()}
    kept = {name: value.copy() for name, value in given.items()}
    handed = dict(given)                                     # whatever the port does to the mapping
    with raised_by_port(case):
        if case.kind == "model":
            result = port(given, case.configuration)
        else:
            result = port(**accepted(port, case, given))
    written = tuple(name for name, value in handed.items() if value.tobytes() != kept[name].tobytes())
    return CheckReport(replace(compare(case, by_name(case, result), dtype), written=written))


def golden_case(name: str) -> GoldenCase:
    from minicrt.conformance import golden

    return golden.case(name)


def case_names(subject: str | None = None) -> list[str]:
    """The names of all golden cases, or of one and its edge cases: "gru", "gru-T1", ...

    An edge case hands over the same arrays, so that one port takes them all: "gru-before" has no b_hn and is not among
    those of "gru". Where no case has that very name ("crt"), all that start with it.
    Raises ConformanceError where there is none.
    """
    from minicrt.conformance import golden

    if not isinstance(subject, str | NoneType):
        raise ConformanceError(f"the subject is {kind_of(subject)}, expected the name of an operation or a model")
    known = golden.all_cases()
    found = [name for name in known if subject is None or name == subject or name.startswith(f"{subject}-")]
    if not found:
        raise ConformanceError(f"no golden case is named {subject!r} or starts with it; there are "
                               f"{listed(list(known), 12)}")
    if subject is None or subject not in known:
        return found
    arrays = known[subject]().given().keys()
    return [name for name in found if known[name]().given().keys() == arrays]


def handed_over(value: Array, dtype: str | None) -> Array:
    """A copy that the port may write into."""
    return np.array(value, dtype if dtype and value.dtype.kind == "f" else value.dtype, order="C")


def accepted(port: Port, case: GoldenCase, given: Mapping[str, Array]) -> dict[str, Any]:
    """The keyword arguments of a port of an operation: what it must take, and what its signature takes besides."""
    try:
        parameters = inspect.signature(port).parameters
    except (TypeError, ValueError):                          # a built-in says nothing of its arguments
        return dict(given)
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    options = {name: value for name, value in case.configuration.items() if anything or name in parameters}
    upstream = {tensor.name for tensor in case.tensors if tensor.role == "upstream"}
    return options | {name: value for name, value in given.items()
                      if name not in upstream or anything or name in parameters}


def by_name(case: GoldenCase, result: Any) -> dict[str, Array | None]:
    """The port's result as arrays by name; None stays None."""
    if isinstance(result, Mapping):
        return {str(name): as_array(case, str(name), value) for name, value in result.items()}
    values = list(result) if isinstance(result, tuple | list) else [result]
    outputs = [tensor.name for tensor in case.tensors if tensor.role == "output"]
    gradients = [tensor.name for tensor in case.tensors if tensor.role == "gradient"]
    names = outputs if len(values) == len(outputs) else outputs + gradients
    if result is None or len(values) != len(names):
        got = "nothing" if result is None else f"{len(values)} arrays"
        raise ConformanceError(
            f"{case.name}: the port returned {got}, expected a mapping of names to arrays, the {len(outputs)} outputs "
            f"({listed(outputs)}), or those and the {len(gradients)} gradients ({listed(gradients, 12)})")
    return {name: as_array(case, name, value) for name, value in zip(names, values)}


def as_array(case: GoldenCase, name: str, value: Any) -> Array | None:
    """NumPy's array of anything that can become one; a tensor of PyTorch is taken off its graph and its device."""
    if value is None:
        return None
    if "bfloat16" in str(getattr(value, "dtype", "")):       # NumPy has no such numbers
        raise ConformanceError(f"{case.name}: what the port returned as {name} is of dtype {value.dtype}, too coarse "
                               "to tell a mistake from rounding; compute in float32 or float64, and hand in that")
    try:
        return np.array(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConformanceError(f"{case.name}: what the port returned as {name} is no array: "
                               f"{' '.join(str(error).split())}") from error


class raised_by_port:                                        # named for how it reads: `with raised_by_port(case):`
    """Whatever the port raises becomes a ConformanceError that names the case; interrupts pass."""

    def __init__(self, case: GoldenCase) -> None:
        self.case = case

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            message = " ".join(str(error).split())
            raise ConformanceError(f"{self.case.name}: the port raised {type(error).__name__}: {message}") from error
