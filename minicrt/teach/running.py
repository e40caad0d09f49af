"""A student's function at work: what it returns as arrays, or in a sentence why there is nothing to compare"""

import ast
import copy
import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from minicrt.arguments import kind_of
from minicrt.teach.exercise import Exercise, Written
from minicrt.teach.verdict import sentence

Array = np.ndarray
UNDONE = (None, ..., NotImplemented)


@dataclass(frozen=True)
class Outcome:
    """`values` of the outputs in order, or why there are none; `misshapen` if that is a shape."""

    values: tuple[Array, ...] = ()
    not_attempted: str = ""
    problem: str = ""
    misshapen: tuple[Array, ...] = ()


class raised_by_student:                                     # named for how it reads: `with raised_by_student(f):`
    """Keeps what a student's function raised as a sentence; interrupts pass."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.outcome = function, Outcome()

    def __enter__(self) -> "raised_by_student":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:
        if isinstance(error, NotImplementedError):
            self.outcome = Outcome(not_attempted="it raises NotImplementedError.")
        elif isinstance(error, Exception):
            self.outcome = Outcome(problem=raised(self.function, error, trace))
        return isinstance(error, Exception)


def is_undone(value: Any) -> bool:
    return any(value is undone for undone in UNDONE)


def is_stub(function: Any) -> bool:
    """Whether there is nothing in the body of a function but a docstring, `...`, `pass` or a NotImplementedError."""
    try:
        tree: Any = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return False
    return isinstance(tree, ast.FunctionDef) and all(
        isinstance(line, ast.Pass) or isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        or isinstance(line, ast.Raise) and "NotImplemented" in ast.unparse(line) for line in tree.body)


def run(exercise: Exercise, function: Callable[..., Any], arguments: Mapping[str, Any],
        shapes: Sequence[tuple[int, ...]]) -> Outcome:
    """The student's function on copies of the arguments."""
    given = [copy.deepcopy(arguments[name]) for name in exercise.parameters]
    refused = cannot_be_called(exercise, function, given)
    if refused:
        return Outcome(problem=refused)
    with raised_by_student(function) as guard, np.errstate(all="ignore"):
        returned = function(*given)
    if guard.outcome != Outcome():
        return guard.outcome
    outcome = as_outputs(exercise, returned, shapes)
    written = written_to(exercise, given, arguments)
    if outcome.values and written:
        return Outcome(problem=f"it writes to its argument {written[0]}, which others still need; work on a copy, "
                               f"{written[0]}.copy().")
    return outcome


def written_to(exercise: Written, given: Sequence[Any], arguments: Mapping[str, Any]) -> list[str]:
    """The names of the arrays that are no longer what was given."""
    return [name for name, value in zip(exercise.parameters, given) if isinstance(value, np.ndarray)
            and not np.array_equal(value, arguments[name], equal_nan=value.dtype.kind in "fc")]


def cannot_be_called(exercise: Written, function: Callable[..., Any], given: Sequence[Any]) -> str:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):                          # a builtin without a signature
        return ""
    try:
        signature.bind(*given)
    except TypeError:
        return (f"it takes the arguments {signature}, expected {len(given)}: ({', '.join(exercise.parameters)}).")
    return ""


def as_outputs(exercise: Exercise, returned: Any, shapes: Sequence[tuple[int, ...]]) -> Outcome:
    """What was returned, by the exercise's outputs."""
    names = tuple(exercise.outputs)
    if is_undone(returned):
        return Outcome(not_attempted="it returns None. Is there a return at its end?" if returned is None
                       else f"it returns {returned!r}.")
    if isinstance(returned, Mapping) and set(returned) == set(names):
        returned = tuple(returned[name] for name in names)
    values = list(returned) if isinstance(returned, tuple) or isinstance(returned, list) and len(names) > 1 else [
        returned]
    if len(values) != len(names):
        return Outcome(problem=f"it returns {counted(len(values))}, expected {len(names)}: {', '.join(names)}.")
    if all(is_undone(value) for value in values):
        return Outcome(not_attempted=f"it returns {values[0]!r} for {', '.join(names)}.")
    arrays = []
    for name, value, shape in zip(names, values, shapes):
        problem = trouble(name, value, shape)
        if problem:
            return Outcome(problem=sentence(problem), misshapen=tuple(filter(is_array, values)))
        arrays.append(as_numbers(value).reshape(shape))
    return Outcome(tuple(arrays))


def is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fciub"


def as_numbers(value: Any) -> Array:
    """An array that can be subtracted from another: truth values are 0 and 1."""
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind == "b" else array


def trouble(name: str, value: Any, shape: tuple[int, ...]) -> str:
    """Why an output is no array of the shape that is expected, or ''."""
    if is_undone(value):
        return f"{name} is {value!r}; the other outputs are there"
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        array = np.asarray(None)
    if array.dtype.kind not in "fciub":
        return f"{name} is {kind_of(value)}, expected an array of numbers"
    if array.shape == shape or array.size == 1 and int(np.prod(shape)) == 1:
        return ""
    return f"{name} has shape {array.shape}, expected {shape}{why(array, shape)}"


def why(array: Array, shape: tuple[int, ...]) -> str:
    """What the shape alone tells."""
    if array.ndim > 1 and array.shape == shape[::-1]:
        return ", the same the other way round: is it transposed?"
    if array.ndim == len(shape) + 1 and any(array.shape[:k] + array.shape[k + 1:] == shape for k in range(array.ndim)):
        axis = next(k for k in range(array.ndim) if array.shape[:k] + array.shape[k + 1:] == shape)
        return f": it still has axis {axis}, of length {array.shape[axis]}. What happens to it?"
    if array.ndim < len(shape) and array.size < int(np.prod(shape)):
        return ": has it been summed over an axis too many?"
    return ""


def counted(count: int) -> str:
    return "nothing" if count == 0 else "1 value" if count == 1 else f"{count} values"


def raised(function: Callable[..., Any], error: Exception, trace: TracebackType | None) -> str:
    """An exception by the line of the student's own function on which it came up."""
    code, line = getattr(function, "__code__", None), None
    while trace is not None:
        if trace.tb_frame.f_code is code:
            line = trace.tb_lineno
        trace = trace.tb_next
    message = " ".join(str(error).split())
    text = linecache.getline(code.co_filename, line).strip() if code is not None and line is not None else ""
    where = "" if line is None or code is None else (
        f" on line {line - code.co_firstlineno + 1} of it" + (f", `{text}`" if text else ""))
    return sentence(f"it raises {type(error).__name__}{where}: {message or 'no message'}")
