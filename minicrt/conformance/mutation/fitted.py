"""Changes with a number in them that nobody can guess: a factor, a term, a share, a bound that is approached

    x → k x,   x → x + k,   x → k tanh(x/k),   x → (1 − k) x + k y,   and what is added to a loss (`losses`)

The number is found by the method of secants from the first wrong tensor that was handed in. All of its entries, and
all other tensors, must then be those of the port.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.losses import loss_terms
from minicrt.conformance.mutation.mutators import UNARY
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import binary, call, is_binary, is_call, number

Array = np.ndarray
STEPS = 14                  # of the method of secants; where it converges it needs half of them
LIKE = 0.3                  # the least square of the cosine between what a change does and what is wrong
CLOSE = 0.9                 # and after some steps, unless little is left
SAME = 1e-9                 # a number is taken for a simpler one that is no further off
LARGEST = 1e6
NEAR = 1e-4                 # a factor this near to 1 is nobody's: a function is computed with too few digits


@dataclass(frozen=True)
class Family:
    """`with_number(k)` is an edit for each k; a search begins at `start`; with `neutral` nothing changes."""

    with_number: Callable[[float], Edit]
    start: float
    neutral: float = np.nan

    def found(self, k: float) -> Edit | None:
        return None if abs(k - self.neutral) < NEAR else self.with_number(simplest_number(k))


def families(line: Line) -> Iterator[Family]:
    whole: Any = getattr(line.statement, "value", None)
    for node in terms(line, whole):
        yield family(line, node, lambda x, k: binary(number(k), ast.Mult(), x), "{} were multiplied by {k}", 0.9,
                     neutral=1.0)
        yield family(line, node, lambda x, k: binary(x, ast.Add(), number(k)), "{k} were added to {}", 0.1)
    for node in wholes(line, whole):
        yield family(line, node, bounded, "{} were bounded smoothly, k tanh(x/k) with k = {k}", 4.0)
        for other in line.function.units_like(node) if isinstance(line.statement, ast.Assign) else ():
            yield family(line, node, partial(mixed, other),
                         f"{{}} were 1 − k parts of it and k parts of {ast.unparse(other)}, k = {{k}}", 0.1)
    for node in line.expressions():
        if is_call(node, ("sign",)):
            yield family(line, node, soft_sign, "{} were smoothed, x/(|x| + k) with k = {k}", 0.02)


    for node, make, words, start in loss_terms(line):
        yield family(line, node, make, words, start)


def family(line: Line, node: Any, make: Callable[..., Any], words: str, start: float,
           neutral: float = np.nan) -> Family:
    def with_number(k: float) -> Edit:
        edit = line.edit(node, make(node, k), effort=3)
        said = words.replace("{k}", told(k))
        return replace(edit, say=lambda: said.format(line.which(node)))
    return Family(with_number, start, neutral)


def bounded(x: Any, k: float) -> Any:
    return binary(number(k), ast.Mult(), call("tanh", binary(x, ast.Div(), number(k))))


def soft_sign(x: Any, k: float) -> Any:
    inner = x.args[0]
    return binary(inner, ast.Div(), binary(call("absolute", inner), ast.Add(), number(k)))


def mixed(y: Any, x: Any, k: float) -> Any:
    return binary(binary(number(1 - k), ast.Mult(), x), ast.Add(), binary(number(k), ast.Mult(), y))


def terms(line: Line, whole: Any) -> Iterator[Any]:
    """Whole right-hand sides, the terms of sums, divisors, and what functions are taken of."""
    found = list(wholes(line, whole))
    for node in line.expressions():
        if is_binary(node, ast.Add, ast.Sub):
            found += [node.left, node.right]
        if is_call(node, UNARY):
            found.append(node.args[0])
        if is_binary(node, ast.Div):
            found.append(node.right)
    seen = set[int]()
    for node in found:
        if node.number not in seen and is_float(line, node):
            seen.add(node.number)
            yield node


def wholes(line: Line, whole: Any) -> Iterator[Any]:
    """A right-hand side; of a placed one what is placed"""
    if is_call(whole, ("place",)):
        whole = whole.args[1]
    if isinstance(whole, ast.BinOp | ast.Call | ast.Name | ast.Subscript) and is_float(line, whole):
        yield whole


def is_float(line: Line, node: Any) -> bool:
    value = line.function.array(node)
    return value is not None and value.dtype.kind == "f" and value.ndim > 0


def fitted(one: Family, run: Callable[[Edit], Array | None], theirs: Array) -> Edit | None:
    """The edit of a family whose first wrong tensor is the port's; `run` gives that tensor of an edit."""
    here, there = one.start, one.start + 1e-3
    before, now = run(one.with_number(here)), run(one.with_number(there))
    for step in range(STEPS):
        if before is None or now is None or now.shape != theirs.shape or not np.isfinite(now).all():
            return None
        slope, rest = (now - before).ravel() / (there - here), (now - theirs).ravel()
        along, size = float(slope @ rest), float(slope @ slope)
        least = LIKE if step == 0 else CLOSE if step > 3 else 0.0
        off = float(np.abs(rest).max() / np.abs(theirs).max())
        if not size or off > 1e-6 and along * along < least * size * float(rest @ rest):
            return None
        if off <= 1e-12:
            return one.found(there)
        new = there - along / size
        if not abs(new) < LARGEST or new == there:
            return one.found(new) if new == there else None
        here, before, there = there, now, new
        now = run(one.with_number(there))
    return None


def simplest_number(k: float) -> float:
    """A decimal of few digits, or a root of a fraction, where one is near"""
    for other in (float(f"{k:.3g}"), *roots(k)):
        if abs(k - other) <= SAME * abs(k):
            return other
    return k


def roots(k: float) -> Iterator[float]:
    yield float(Fraction(k).limit_denominator(64))
    yield float(np.sign(k) * np.sqrt(float(Fraction(k * k).limit_denominator(64))))


def told(k: float) -> str:
    """`0.7071 (√(1/2))`"""
    if abs(k - float(f"{k:.3g}")) <= SAME * abs(k):
        return f"{k:.3g}"
    for name, fraction, value in (("", Fraction(k).limit_denominator(64), k),
                                  ("√", Fraction(k * k).limit_denominator(64), k * k)):
        if abs(value - float(fraction)) <= SAME * abs(value):
            text = str(fraction) if not name or fraction.denominator == 1 else f"({fraction})"
            return f"{k:.6g} ({'-' if k < 0 and name else ''}{name}{text})"
    return f"{k:.9g}"
