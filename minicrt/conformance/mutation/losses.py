"""Terms and factors that people add to a cross-entropy, each with a number that is found

    −log p + k (log Σ exp)²,   −log p + k Σ logits²,   −log p − k H(p),   −(1 − p)^k log p,
    (1 − k)(−log p) + k mean(−log p)
"""

import ast
from collections.abc import Iterator
from typing import Any

from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import expression, is_call

LOGITS = "logits"           # what the equations call them
ADDED = {
    "a z-loss, {k} times the square of the log-partition log Σ exp, were added to -{}":
        ("{x} - {k} * square(({logits} - {p})[..., 0])", 1e-3),
    "{k} times the log-partition log Σ exp were added to -{}": ("{x} - {k} * ({logits} - {p})[..., 0]", 1e-3),
    "{k} times the sum of the squared logits were added to -{}": ("{x} - {k} * total(square({logits}), -1)", 1e-3),
    "{k} times the entropy of p were subtracted from -{} (a confidence penalty)":
        ("{x} - {k} * total(exp({p}) * {p}, -1)", 1e-3),
    "{} were multiplied by (1 - p)^{k} (a focal loss)": ("{x} * power(1 - exp({x}), {k})", 2.0),
    "{} were smoothed: 1 - k parts of it and k parts of the mean over all labels, k = {k}":
        ("(1 - {k}) * {x} + {k} * mean({p}, -1)", 0.1)}


def loss_terms(line: Line) -> Iterator[tuple[Any, Any, str, float]]:
    """A node, what stands in its place for a number k, the words, and the number to begin with"""
    for node in line.expressions():
        if is_call(node, ("chosen",)):
            known = {"x": ast.unparse(node), "p": ast.unparse(node.args[0]), "logits": LOGITS}
            for words, (text, start) in ADDED.items():
                if "{logits}" not in text or LOGITS in line.function.scope:
                    yield node, with_number(text, known), words, start


def with_number(text: str, known: dict[str, str]) -> Any:
    return lambda node, k: expression(text.format(**known, k=repr(float(k))))
