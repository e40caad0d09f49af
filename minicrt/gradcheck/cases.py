"""Inputs on which operations are checked: one builder an operation, values from a generator, every shape a choice"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from minicrt import ops
from minicrt.gradcheck.case import Case
from minicrt.gradcheck.memory_form_cases import memory_form_cases
from minicrt.gradcheck.state_space_cases import state_space_cases
from minicrt.gradcheck.video_cases import video_cases
from minicrt.ops.clusters import clusters

Array = np.ndarray
Rng = np.random.Generator


def linear_case(rng: Rng, leading: tuple[int, ...] = (2, 3), inputs: int = 4, outputs: int = 5, bias: bool = True,
                name: str = "") -> Case:
    return Case(name or "linear", "linear", {
        "x": rng.standard_normal((*leading, inputs)), "weight": rng.standard_normal((inputs, outputs)),
        "bias": rng.standard_normal(outputs) if bias else None})


def embedding_case(rng: Rng, shape: tuple[int, ...] = (2, 4), vocabulary: int = 5, width: int = 3, scale: float = 1.0,
                   name: str = "") -> Case:
    """The first token is 0 and the last repeats it."""
    tokens = rng.integers(0, vocabulary, shape)
    tokens.flat[0] = tokens.flat[-1] = 0
    return Case(name or "embedding", "embedding", {
        "tokens": tokens, "table": rng.standard_normal((vocabulary, width)), "scale": scale})


def layer_norm_case(rng: Rng, leading: tuple[int, ...] = (2, 3), width: int = 5, spread: float = 1.0,
                    name: str = "") -> Case:
    """With two features x̂ is ±1 but for eps, and G_x all but cancels: hence the scale r |gain|."""
    x, gain = spread * rng.standard_normal((*leading, width)), rng.standard_normal(width)
    size = np.abs(gain).max() * width / np.sqrt(x.var(-1).min() + 1e-5)
    return Case(name or "layer_norm", "layer_norm", {"x": x, "gain": gain, "bias": rng.standard_normal(width)},
                {"x": float(size)} if width <= 2 else {})


def activation_case(rng: Rng, operation: str, shape: tuple[int, ...] = (3, 4), spread: float = 2.0) -> Case:
    return Case(operation, operation, {"x": spread * rng.standard_normal(shape)})


def modrelu_case(rng: Rng, leading: tuple[int, ...] = (3, 4), width: int = 3) -> Case:
    """Biases of both signs, so that some features have a threshold and others a gap."""
    return Case("modrelu", "modrelu", {"v": rng.standard_normal((*leading, width)),
                                       "bias": 0.7 * rng.standard_normal(width)})


def dropout_case(rng: Rng, operation: str = "dropout", shape: tuple[int, ...] = (3, 4, 2), rate: float = 0.4) -> Case:
    array = "table" if operation == "embedding_dropout" else "x"
    return Case(f"{operation}, rate {rate:g}", operation, {
        array: rng.standard_normal(shape), "rate": rate, "rng": np.random.default_rng(rng.integers(2**32))})


def attention_case(rng: Rng, batch: int = 2, queries: int = 3, keys: int = 4, width: int = 4, heads: int = 2,
                   mask: Literal["causal", "none", "random"] = "causal", name: str = "") -> Case:
    """Where a query sees one key, or all keys are alike, the gradient of the scores cancels: hence the scale."""
    q = rng.standard_normal((batch, queries, width))
    k, v = rng.standard_normal((2, batch, keys, width))
    visible = None
    if mask != "causal":
        visible = np.ones((queries, keys), bool)
        if mask == "random":
            visible = rng.random((queries, keys)) < 0.6
            visible[np.arange(queries), rng.integers(0, keys, queries)] = True
    terms = queries * keys * width * np.abs(v).max()
    return Case(name or f"attention, {heads} heads, mask {mask}", "attention",
                {"q": q, "k": k, "v": v, "heads": heads, "mask": visible},
                {"q": float(terms * np.abs(k).max()), "k": float(terms * np.abs(q).max())})


def linear_activation_case(rng: Rng, activation: str, leading: tuple[int, ...] = (2, 3), inputs: int = 4,
                           outputs: int = 5) -> Case:
    return Case(f"linear_activation, {activation}", "linear_activation", {
        "x": rng.standard_normal((*leading, inputs)), "weight": rng.standard_normal((inputs, outputs)),
        "bias": rng.standard_normal(outputs), "activation": activation})


def self_attention_case(rng: Rng, batch: int = 2, length: int = 3, width: int = 4, heads: int = 2,
                        ahead: bool = False) -> Case:
    """With `ahead`, a mask lets the first query see the last key, as RMT's memory rows see each other."""
    mask = ops.causal_mask(length, length)
    mask[0, -1] = True
    return Case(f"self_attention, {heads} heads" + ahead * ", ahead", "self_attention", {
        "qkv": rng.standard_normal((batch, length, 3 * width)), "heads": heads, "mask": mask if ahead else None})


def gru_case(rng: Rng, batch: int = 2, length: int = 4, inputs: int = 2, width: int = 3, reset_after: bool = True
             ) -> Case:
    recurrent = _recurrent_inputs(rng, batch, length, inputs, width)
    recurrent |= {"b_hn": rng.uniform(-1, 1, width) if reset_after else None, "reset_after": reset_after}
    return Case(f"gru, reset {'after' if reset_after else 'before'}", "gru", recurrent)


def ncgru_case(rng: Rng, batch: int = 2, length: int = 4, inputs: int = 2, width: int = 3,
               activation: Literal["modrelu", "tanh"] = "modrelu") -> Case:
    """The candidate's biases go from a threshold that many steps stay below to none at all."""
    recurrent = _recurrent_inputs(rng, batch, length, inputs, width) | {"activation": activation}
    recurrent["b"][2 * width:] = np.linspace(-1.5, 0.5, width)
    return Case(f"ncgru, {activation}", "ncgru", recurrent)


def lstm_case(rng: Rng, batch: int = 2, length: int = 4, inputs: int = 2, width: int = 3) -> Case:
    return Case("lstm", "lstm", {
        "x": _bounded(rng, batch, length, inputs), "s0": _bounded(rng, batch, 2 * width),
        "w": _bounded(rng, inputs, 4 * width) / np.sqrt(inputs), "u": _bounded(rng, width, 4 * width) / np.sqrt(width),
        "b": 0.5 * _bounded(rng, 4 * width)})


def mingru_case(rng: Rng, batch: int = 2, length: int = 4, inputs: int = 2, width: int = 3) -> Case:
    return Case("mingru", "mingru", {
        "x": _bounded(rng, batch, length, inputs), "h0": _bounded(rng, batch, width),
        "w": _bounded(rng, inputs, 2 * width), "b": 0.5 * _bounded(rng, 2 * width)})


def lru_case(rng: Rng, batch: int = 2, length: int = 4, inputs: int = 2, states: int = 3) -> Case:
    return Case("lru", "lru", {
        "x": _bounded(rng, batch, length, inputs), "h0": _bounded(rng, batch, 2 * states),
        "w": _bounded(rng, inputs, 2 * states), "nu": _bounded(rng, states), "theta": _bounded(rng, states),
        "log_gamma": _bounded(rng, states)})


def glu_case(rng: Rng, leading: tuple[int, ...] = (2, 3), width: int = 4) -> Case:
    return Case("glu", "glu", {"x": rng.standard_normal((*leading, 2 * width))})


def relative_attention_case(rng: Rng, batch: int = 2, queries: int = 3, keys: int = 5, width: int = 4, heads: int = 2,
                            same_length: bool = False, name: str = "") -> Case:
    """As in `attention_case`, the gradient of the scores may cancel: hence the scale."""
    q, k, v = (rng.standard_normal((batch, rows, width)) for rows in (queries, keys, keys))
    r, (u, w) = rng.standard_normal((keys, width)), rng.standard_normal((2, width))
    mask = None
    if same_length:
        mask = ops.causal_mask(queries, keys) & ~np.tri(queries, keys, -1, dtype=bool)
    terms, largest = queries * keys * width * np.abs(v).max(), max(np.abs(a).max() for a in (q, k, r, u, w))
    return Case(name or f"relative_attention, {heads} heads" + same_length * ", same length", "relative_attention",
                {"q": q, "k": k, "v": v, "r": r, "u": u, "w": w, "heads": heads, "mask": mask},
                {tensor: float(terms * largest * batch) for tensor in ("q", "k", "r", "u", "w")})


def _bounded(rng: Rng, *shape: int) -> Array:
    return rng.uniform(-1.5, 1.5, shape)


def _recurrent_inputs(rng: Rng, batch: int, length: int, inputs: int, width: int) -> dict[str, Any]:
    """Bounded values: where a gate saturates, 1 − z and 1 − n² have lost digits, in any correct implementation."""
    return {"x": _bounded(rng, batch, length, inputs), "h0": _bounded(rng, batch, width),
            "w": _bounded(rng, inputs, 3 * width) / np.sqrt(inputs),
            "u": _bounded(rng, width, 3 * width) / np.sqrt(width), "b": 0.5 * _bounded(rng, 3 * width)}


def scaled_cayley_case(rng: Rng, n: int = 5, negatives: int = 2, spread: float = 1.0) -> Case:
    return Case(f"scaled_cayley, n {n}, {negatives} negative", "scaled_cayley", {
        "a": spread * rng.standard_normal(n * (n - 1) // 2), "negatives": negatives, "n": n})


def linear_cross_entropy_case(rng: Rng, leading: tuple[int, ...] = (2, 4), width: int = 3, vocabulary: int = 6,
                              ignored: float = 0.3, chunk: int = 3, name: str = "") -> Case:
    """A fraction `ignored` of the targets is −1, but never the first."""
    targets = np.where(rng.random(leading) < ignored, ops.IGNORE, rng.integers(0, vocabulary, leading))
    targets.flat[0] = rng.integers(0, vocabulary)
    if ignored and targets.size > 1:
        targets.flat[1] = ops.IGNORE
    return Case(name or "linear_cross_entropy", "linear_cross_entropy", {
        "z": rng.standard_normal((*leading, width)), "table": rng.standard_normal((vocabulary, width)) / np.sqrt(width),
        "bias": rng.standard_normal(vocabulary), "targets": targets, "chunk": chunk})


def adaptive_softmax_case(rng: Rng, leading: tuple[int, ...] = (2, 7), width: int = 4, vocabulary: int = 10,
                          cutoffs: tuple[int, ...] = (3, 6), div_value: float = 1.0, ignored: float = 0.2,
                          chunk: int = 3, name: str = "") -> Case:
    """The first targets are a first word and a last word of the shortlist and of each cluster, then one that is not
    scored."""
    bounds = (0, *cutoffs, vocabulary)
    ends = [word for first, last in zip(bounds, bounds[1:]) for word in (first, last - 1)]
    targets = np.where(rng.random(leading) < ignored, ops.IGNORE, rng.integers(0, vocabulary, leading))
    known = [*ends, ops.IGNORE] if ignored else ends
    targets.flat[:len(known)] = known[:targets.size]
    found = clusters(vocabulary, width, cutoffs, div_value)
    return Case(name or f"adaptive_softmax, div_value {div_value:g}", "adaptive_softmax", {
        "z": rng.standard_normal((*leading, width)),
        "head": rng.standard_normal((cutoffs[0] + len(found), width)) / np.sqrt(width),
        "bias": rng.standard_normal(vocabulary + len(found)),
        "projection": rng.standard_normal((width, found[-1].columns.stop)) / np.sqrt(width),
        "tails": rng.standard_normal(found[-1].entries.stop), "targets": targets, "cutoffs": cutoffs,
        "div_value": div_value, "chunk": chunk})


def mean_squared_error_case(rng: Rng, shape: tuple[int, ...] = (2, 4, 3), missing: float = 0.3, name: str = "") -> Case:
    """A fraction `missing` of the targets is not scored, but the first is."""
    scored = rng.random(shape) >= missing
    scored.flat[0] = True
    return Case(name or "mean_squared_error", "mean_squared_error", {
        "y": rng.standard_normal(shape), "targets": rng.standard_normal(shape), "scored": scored})


ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "gelu_tanh")


def all_cases(rng: Rng) -> Iterator[Case]:
    """Every operation, in every form it has; each wrong variant of the catalogue shows on at least one of them."""
    yield linear_case(rng)
    yield linear_case(rng, (3,), 4, 4, bias=False, name="linear, square, no bias")
    yield embedding_case(rng)
    yield layer_norm_case(rng)
    yield layer_norm_case(rng, (4,), 2, name="layer_norm, two features")
    for activation in ACTIVATIONS:
        yield activation_case(rng, activation)
    yield modrelu_case(rng)
    yield dropout_case(rng, "dropout")
    yield dropout_case(rng, "locked_dropout")
    yield dropout_case(rng, "embedding_dropout", (6, 3))
    yield attention_case(rng)
    yield attention_case(rng, queries=4, keys=4, width=6, heads=3, mask="random")
    yield attention_case(rng, queries=3, keys=3, width=3, heads=1, mask="none")
    yield self_attention_case(rng)
    for activation in ("gelu", "gelu_tanh", "relu"):
        yield linear_activation_case(rng, activation)
    for reset_after in (True, False):
        yield gru_case(rng, reset_after=reset_after)
    yield ncgru_case(rng, activation="modrelu")
    yield ncgru_case(rng, activation="tanh")
    yield lstm_case(rng)
    yield mingru_case(rng)
    yield lru_case(rng)
    yield glu_case(rng)
    yield relative_attention_case(rng)
    yield relative_attention_case(rng, queries=4, keys=4, heads=1, same_length=True)
    yield scaled_cayley_case(rng)
    yield scaled_cayley_case(rng, 4, 0)
    yield linear_cross_entropy_case(rng)
    yield linear_cross_entropy_case(rng, (5,), 4, 3, ignored=0.0, chunk=512, name="linear_cross_entropy, all scored")
    yield mean_squared_error_case(rng)
    yield mean_squared_error_case(rng, (5, 2), 0.0, name="mean_squared_error, all scored")
    yield embedding_case(rng, scale=1.75, name="embedding, scaled")
    yield self_attention_case(rng, ahead=True)
    yield from video_cases(rng)
    yield from state_space_cases(rng)
    yield from memory_form_cases(rng)
    yield adaptive_softmax_case(rng)
    yield adaptive_softmax_case(rng, (12,), div_value=2.0, ignored=0.0, name="adaptive_softmax, narrower tails")
