"""Constant factors that a port is likely to have too much or too little, by the sizes that occur in a case"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase

NEAR = 1e-6                 # a float32 port's factor is known to about that
MOST = 3                    # so many meanings of one number are told
NAMED = ("heads", "width", "batch", "rate", "dropout", "embedding_dropout")     # keys that have words of their own


class Size(NamedTuple):
    """A number of a case. `times` says what a port did that has it too much, `divided` what one did that has 1/it."""

    value: float
    name: str
    times: str = ""
    divided: str = ""


def recognised(case: GoldenCase, factor: float) -> str:
    """What `factor`, theirs divided by ours, stands for in this case: the few that fit, or nothing."""
    return " or ".join(meanings(case, factor)[:MOST])


def meanings(case: GoldenCase, factor: float) -> list[str]:
    """All that `factor` may stand for, the likeliest first; none says the same as another."""
    size, inverse = abs(factor), abs(factor) < 1
    found: dict[str, None] = {}
    for value, name, times, divided in sizes(case):
        larger = max(value, 1 / value) if value > 0 else 0.0
        if larger > 1 and math.isclose(1 / size if inverse else size, larger, rel_tol=NEAR):
            by = inverse == (value > 1)                      # the port has 1/value
            what = divided if by else times
            found[f"{'1/' if by else ''}{name}{': ' if what else ''}{what}"] = None
    return list(found)


def sizes(case: GoldenCase) -> Iterator[Size]:
    """Numbers that occur in the case, the ones most often mistaken first."""
    scored, targets = scored_targets(case)
    for count in sorted(set(scored)):
        yield Size(count, f"the number of scored targets, {count}", "a sum in place of the mean",
                   "the mean is taken twice")
    if scored and sum(scored) != sum(targets):
        yield Size(sum(scored) / sum(targets), f"the scored targets over all, {sum(scored)}/{sum(targets)}",
                   "the mean is over all of them")
    if len(scored) > 1:
        yield Size(sum(scored), f"the number of scored targets of all segments, {sum(scored)}")
        yield Size(len(scored), f"the number of segments, {len(scored)}", divided="a mean over the segments")
    options = flattened(case.configuration)
    for rate in dict.fromkeys(options.get(key, 0.0) for key in ("rate", "dropout", "embedding_dropout")):
        if 0 < rate < 1:
            yield Size(1 / (1 - rate), f"1/(1 − rate), rate = {rate:g}", "dropout's factor is applied once too often",
                       "dropout's factor is left out")
    heads = options.get("heads")
    leading = next((t.value.shape for t in case.tensors if t.given and t.value.ndim == 3), None) or next(
        (t.value.shape for t in case.tensors if t.given and t.value.ndim == 2 and t.value.dtype.kind == "i"), ())
    width = options.get("width", leading[2] if len(leading) == 3 else 0)
    if heads and width:
        yield Size(math.sqrt(width / heads), f"√K, K = {width // heads} the width of a head")
    if len(leading) >= 2:
        B, T = leading[:2]
        yield Size(B, f"the batch, {B}", divided="a mean over the batch in place of a sum")
        yield Size(T, f"the number of time steps, {T}", divided="a mean over the steps in place of a sum")
        yield Size(B * T, f"the batch times the time steps, {B * T}", divided="a mean over both in place of a sum")
        if len(scored) == 1:
            yield Size(scored[0] / B, f"the scored targets over the batch, {scored[0]}/{B}",
                       "a sum over the steps and a mean over the batch")
    for tensor in case.tensors:
        if tensor.role == "parameter" and tensor.name in ("table", "parameters/embedding"):
            classes = len(tensor.value)
            yield Size(classes, f"the number of classes, {classes}", divided="a mean over the classes too")
    if heads and width:
        yield Size(width / heads, f"K = {width // heads}, the width of a head")
        yield Size(heads, f"the number of heads, {heads}")
    if width:
        yield Size(math.sqrt(width), f"√D, D = {width} the width")
    for tensor in case.tensors:
        if tensor.role == "upstream":
            yield from of_upstream(tensor.name, tensor.value)
    yield from (Size(math.sqrt(2), "√2"), Size(math.log(2), "ln 2: base 2 in place of e"), Size(math.pi, "π"))
    if width:
        yield Size(width, f"the width, {width}")
    yield from (Size(value, f"{key}, {value:g}") for key, value in options.items() if key not in NAMED)


def of_upstream(name: str, value: np.ndarray) -> Iterator[Size]:
    """A single upstream gradient is itself a factor; of many, a port may have taken the mean for the sum."""
    if value.size == 1:
        yield Size(abs(float(value.reshape(()))), f"{name}, the upstream gradient", "it is applied twice",
                   "it is left out")
    elif value.size > 1:
        output = name.removeprefix("d_")
        yield Size(value.size, f"the number of elements of {output}, {value.size}",
                   divided="a mean over all of them in place of a sum")


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
