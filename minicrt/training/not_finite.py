"""Which of all numbers is the first that is not finite: looked for once a loss or a gradient is infinite or NaN.

Everything may be computed without looking, for what is not finite stays so until the loss. Then the same is computed
once more, on one thread, with an engine that looks at what every operation returns.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicrt.errors import TrainingError
from minicrt.models.base import SegmentModel
from minicrt.models.parameters import Array, Parameters
from minicrt.parallel import threads

BACKWARD = "_backward"


def origin(model: SegmentModel, parameters: Parameters, state: Mapping[str, Array],
           again: Callable[[SegmentModel], object]) -> str:
    """": …" on the first parameter, entry of the state, activation or gradient that is not finite; "" if there is none.

    `again` computes with the model that it is given what has gone wrong with `model`.
    """
    name = first_not_finite(parameters)
    if name is not None:
        return f": the parameter {name} is not finite"
    for entry, array in state.items():
        if not np.isfinite(array).all():
            return f": the state's entry {entry!r}, which came from before, is not finite"
    watched, watching = copy.copy(model), Watching(model.engine, parameters)
    watched.engine = watching                                # it has the same names
    try:
        with threads.limit(1):
            again(watched)
    except TrainingError:                                    # the one that this is about
        pass
    return f": {watching.first}" if watching.first else ""


def first_not_finite(values: Parameters) -> str | None:
    """The name of the first parameter, in the table's order, with a value that is not finite."""
    bad = np.flatnonzero(~np.isfinite(values.flat))
    return values.name_at(int(bad[0])) if bad.size else None


class Watching:
    """An engine that computes as `engine` does, and notes in `first` the first result that is not finite.

    An operation is told by the parameters that it is given; one without any, by those of the last that had some.
    """

    def __init__(self, engine: Any, parameters: Parameters):
        self.first: str | None = None
        self._engine = engine
        self._names = {address(parameters[name]): name for name in parameters}
        self._place = "at the start"
        self._caches: dict[int, tuple[Any, str]] = {}        # by its id: a cache, kept so that the id stays its own

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._engine, name)
        if not callable(operation):
            return operation
        return lambda *arguments, **options: self._run(name, operation, arguments, options)

    def _run(self, name: str, operation: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
             ) -> Any:
        result = operation(*arguments, **options)
        if name.endswith(BACKWARD):
            _, place = self._caches.get(id(arguments[1]), (None, "")) if len(arguments) > 1 else (None, "")
            what = f"the first gradient that is not finite comes from {name.removesuffix(BACKWARD)} {place}"
            checked = result if isinstance(result, tuple) else (result,)
        else:
            place = self._located([*arguments, *options.values()])
            what = f"the first activation that is not finite is what {name} gives {place}"
            checked = result[:1] if isinstance(result, tuple) else (result,)
            if isinstance(result, tuple) and result[-1] is not None:
                self._caches[id(result[-1])] = result[-1], place
        if self.first is None and not all(map(finite, checked)):
            self.first = what.rstrip()
        return result

    def _located(self, arguments: list[Any]) -> str:
        names = [self._names[address(value)] for value in arguments
                 if isinstance(value, np.ndarray) and address(value) in self._names]
        if names:
            self._place = f"after {names[0]}"
            return f"with {' and '.join(names)}"
        return self._place


def finite(value: Any) -> bool:
    """Whether every number in an array, or a number, is finite; anything else is."""
    return not isinstance(value, (np.ndarray, np.floating, float)) or bool(np.isfinite(value).all())


def address(array: Array) -> int:
    return array.__array_interface__["data"][0]
