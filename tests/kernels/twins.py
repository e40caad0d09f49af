"""Running an operation on either engine and comparing what comes out"""

import copy
from typing import Any

import numpy as np

from minicrt import kernels, ops
from tests.ops.checks import arranged, is_float

TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}


def has_twin(name):
    return getattr(kernels, name) is not getattr(ops, name)


def run(engine: Any, case: Any, dtype: Any, layout: str = "C", read_only: bool = False, **backward_options: Any
        ) -> list[np.ndarray]:
    """y and the gradients, with a random upstream gradient. The inputs are in the end what they were."""
    inputs = {}
    for name, value in case.inputs.items():
        if is_float(value):
            value = arranged(value.astype(dtype), layout) if value.ndim else value.astype(dtype)
            value.flags.writeable = not read_only
        inputs[name] = copy.deepcopy(value) if isinstance(value, np.random.Generator) else value
    before = {name: value.copy() for name, value in inputs.items() if isinstance(value, np.ndarray)}
    y, cache = getattr(engine, case.operation)(**inputs)
    d_y = np.random.default_rng(7).standard_normal(np.shape(y)).astype(dtype)
    gradients = getattr(engine, case.operation + "_backward")(arranged(d_y, layout) if d_y.ndim else d_y[()], cache,
                                                              **backward_options)
    for name, value in before.items():
        np.testing.assert_array_equal(inputs[name], value, err_msg=name)
    return [y, *(gradients if isinstance(gradients, tuple) else (gradients,))]


def assert_equal_engines(case: Any, dtype: Any, layout: str = "C", read_only: bool = False, steps: int = 1,
                         **backward_options: Any) -> None:
    """Largest difference over largest value, tensor by tensor; a tensor of zeros must be zeros. Float32 is held against
    the specification in float64 on the same numbers. A scan of T steps may err √T times as much."""
    rounded = copy.copy(case.inputs)
    for name, value in rounded.items():
        if is_float(value):
            rounded[name] = value.astype(dtype).astype(np.float64)
    options = {name: value.astype(dtype) for name, value in backward_options.items()}
    wide = {name: value.astype(np.float64) for name, value in options.items()}
    exact = run(ops, type(case)(case.name, case.operation, rounded), np.float64, **wide)
    fast = run(kernels, case, dtype, layout, read_only, **options)
    for place, (a, b) in enumerate(zip(fast, exact, strict=True)):
        assert (a is None) == (b is None)
        if a is None:
            continue
        assert a.dtype == dtype and a.shape == b.shape, place
        largest = max(np.abs(b).max(initial=0), smallest_scale(case, place))
        difference = np.abs(a - b).max(initial=0)
        assert difference <= TOLERANCE[dtype] * np.sqrt(steps) * largest, (case.name, place, difference, largest)


def smallest_scale(case: Any, place: int) -> float:
    """Where a result cancels, the size of the terms that cancel: the case says it, "y" of the operation's value."""
    if place == 0:
        return case.scale.get("y", 0.0)
    return max(case.scale.values(), default=0.0)
