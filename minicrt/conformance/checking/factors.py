"""Constant factors that a port is likely to have too much or too little, by the sizes that occur in a case"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase

NEAR = 1e-6     # a float32 port's factor is known to about that


def recognised(case: GoldenCase, factor: float) -> str:
    """What `factor`, theirs divided by ours, stands for in this case: all that fit, or nothing."""
    size, inverse = abs(factor), abs(factor) < 1
    words = []
    for value, name in sizes(case):
        if value > 0 and value != 1 and math.isclose(1 / size if inverse else size, value, rel_tol=NEAR):
            words.append(f"{'1/' if inverse else ''}{name}")
    return " or ".join(dict.fromkeys(words))


def sizes(case: GoldenCase) -> Iterator[tuple[float, str]]:
    """Numbers that occur in the case, each with its name; the ones most often mistaken first."""
    scored, targets = scored_targets(case)
    for count in sorted(set(scored)):
        yield count, f"the number of scored targets, {count}: a sum in place of the mean"
    if scored and sum(scored) != sum(targets):
        yield sum(targets) / sum(scored), "all targets over the scored ones: the mean is over all of them"
    if len(scored) > 1:
        yield sum(scored), f"the number of scored targets of all segments, {sum(scored)}"
        yield len(scored), f"the number of segments, {len(scored)}"
    options = flattened(case.configuration)
    heads = options.get("heads")
    leading = next((t.value.shape for t in case.tensors if t.given and t.value.ndim == 3), None) or next(
        (t.value.shape for t in case.tensors if t.given and t.value.ndim == 2 and t.value.dtype.kind == "i"), ())
    width = options.get("width", leading[2] if len(leading) == 3 else 0)
    if heads and width:
        yield math.sqrt(width / heads), f"√K, K = {width // heads} the width of a head"
        yield width / heads, f"K = {width // heads}, the width of a head"
        yield heads, f"the number of heads, {heads}"
    if width:
        yield math.sqrt(width), f"√D, D = {width} the width"
    if len(leading) >= 2:
        yield leading[0], f"the batch, {leading[0]}"
        yield leading[1], f"the number of time steps, {leading[1]}"
        yield leading[0] * leading[1], f"the batch times the time steps, {leading[0] * leading[1]}"
    for upstream in (t for t in case.tensors if t.role == "upstream" and t.value.size == 1):
        size = abs(float(upstream.value.reshape(())))
        yield from ((size, f"{upstream.name}, the upstream gradient"), (1 / size if size else 0, f"1/{upstream.name}"))
    yield from ((math.sqrt(2), "√2"), (math.log(2), "ln 2: base 2 in place of e"), (math.pi, "π"))
    if width:
        yield width, f"the width, {width}"
    yield from ((value, f"{key}, {value:g}") for key, value in options.items())


def scored_targets(case: GoldenCase) -> tuple[list[int], list[int]]:
    """How many targets are scored, and how many there are, in each segment."""
    targets = [tensor.value for tensor in case.tensors if tensor.given and tensor.name.split("/")[-1] == "targets"]
    return [int(np.sum(t >= 0)) for t in targets], [t.size for t in targets]


def flattened(configuration: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a configuration, by their own key, from however deep."""
    found: dict[str, float] = {}
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            found = {**flattened(value), **found}
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[key] = value
    return found
