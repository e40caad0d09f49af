"""Arguments for every operation, drawn at given sizes, and the comparison that both oracles are held to."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.golden.natural_scales import natural_scales
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from minicrt.ops.clusters import clusters
from tests.models.windows import gradient, random_parameters, random_window
from tests.ports.call import Array, Call, Draw, Sizes, normal
from tests.ports.memory_form_calls import MEMORY_FORM_CALLS
from tests.ports.state_space_calls import STATE_SPACE_CALLS
from tests.ports.video_calls import VIDEO_CALLS


def _elementwise(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.D, scale=2.0),), {})


def _visible(rng: np.random.Generator, s: Sizes) -> Array:
    """A random mask in which every query sees at least one key."""
    mask = rng.random((s.T, s.S + s.T)) < 0.5
    mask[np.arange(s.T), rng.integers(0, s.S + s.T, s.T)] = True
    return mask


def _attention(rng: np.random.Generator, s: Sizes) -> Call:
    q, k, v = normal(rng, s.B, s.T, s.D), normal(rng, s.B, s.S + s.T, s.D), normal(rng, s.B, s.S + s.T, s.D)
    return Call((q, k, v), {"heads": s.H})


def _masked_attention(rng: np.random.Generator, s: Sizes) -> Call:
    return Call(_attention(rng, s).arrays, {"heads": s.H, "mask": _visible(rng, s)})


def _recurrent(rng: np.random.Generator, s: Sizes) -> tuple[Array, ...]:
    """x, h0, w, u, b"""
    return (normal(rng, s.B, s.T, s.I), normal(rng, s.B, s.D), normal(rng, s.I, 3 * s.D, scale=s.I**-0.5),
            normal(rng, s.D, 3 * s.D, scale=s.D**-0.5), normal(rng, 3 * s.D, scale=0.5))


def _gru_after(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((*_recurrent(rng, s), normal(rng, s.D, scale=0.5)), {"reset_after": True})


def _lstm(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.I), normal(rng, s.B, 2 * s.D), normal(rng, s.I, 4 * s.D, scale=s.I**-0.5),
                 normal(rng, s.D, 4 * s.D, scale=s.D**-0.5), normal(rng, 4 * s.D, scale=0.5)), {})


def _mingru(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.I), normal(rng, s.B, s.D), normal(rng, s.I, 2 * s.D),
                 normal(rng, 2 * s.D)), {})


def _lru(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.B, s.T, s.I), normal(rng, s.B, 2 * s.D), normal(rng, s.I, 2 * s.D),
                 *(normal(rng, s.D) for _ in range(3))), {})


def _relative_attention(rng: np.random.Generator, s: Sizes) -> Call:
    q, k, v = _attention(rng, s).arrays
    return Call((q, k, v, normal(rng, s.S + s.T, s.D), normal(rng, s.D), normal(rng, s.D)), {"heads": s.H})


def _masked_relative_attention(rng: np.random.Generator, s: Sizes) -> Call:
    causal = np.tri(s.T, s.S + s.T, s.S, dtype=bool)
    mask = causal & (rng.random(causal.shape) < 0.5)
    mask[np.arange(s.T), s.S + np.arange(s.T)] = True       # a query sees its own key at least
    return Call(_relative_attention(rng, s).arrays, {"heads": s.H, "mask": mask})


def _cayley(rng: np.random.Generator, s: Sizes) -> Call:
    return Call((normal(rng, s.D * (s.D - 1) // 2),), {"negatives": int(rng.integers(0, s.D + 1)), "n": s.D})


def _cross_entropy(rng: np.random.Generator, s: Sizes) -> Call:
    targets = rng.integers(-1, s.V, (s.B, s.T))
    targets.flat[rng.integers(targets.size)] = rng.integers(s.V)        # at least one is scored
    return Call((normal(rng, s.B, s.T, s.D), normal(rng, s.V, s.D), normal(rng, s.V), targets), {})


def _adaptive(rng: np.random.Generator, s: Sizes, div_value: float) -> Call:
    z, _, _, targets = _cross_entropy(rng, s).arrays
    cutoffs = tuple(map(int, np.sort(rng.choice(np.arange(1, s.V), rng.integers(1, min(s.V, 4)), replace=False))))
    found = clusters(s.V, s.D, cutoffs, div_value)
    return Call((z, normal(rng, cutoffs[0] + len(found), s.D), normal(rng, s.V + len(found)),
                 normal(rng, s.D, found[-1].columns.stop), normal(rng, found[-1].entries.stop), targets),
                {"cutoffs": cutoffs, "div_value": div_value})


def _squared_error(rng: np.random.Generator, s: Sizes) -> Call:
    scored = rng.random((s.B, s.T, s.I)) < 0.7
    scored.flat[rng.integers(scored.size)] = True
    return Call((normal(rng, *scored.shape), normal(rng, *scored.shape), scored), {})


# Every differentiable operation, some in several settings: label -> (name in minicrt.ops, its arguments).
CALLS: dict[str, tuple[str, Draw]] = {
    "linear": ("linear", lambda rng, s: Call((normal(rng, s.B, s.T, s.I), normal(rng, s.I, s.D),
                                              normal(rng, s.D)), {})),
    "linear without bias": ("linear", lambda rng, s: Call((normal(rng, s.B, s.I), normal(rng, s.I, s.D)), {})),
    "embedding": ("embedding", lambda rng, s: Call((rng.integers(0, s.V, (s.B, s.T)), normal(rng, s.V, s.D)), {})),
    "layer_norm": ("layer_norm", lambda rng, s: Call((normal(rng, s.B, s.T, s.D + 2), normal(rng, s.D + 2),
                                                      normal(rng, s.D + 2)), {"eps": float(rng.uniform(1e-6, .5))})),
    **{name: (name, _elementwise) for name in ("sigmoid", "tanh", "relu", "gelu", "gelu_tanh")},
    "modrelu": ("modrelu", lambda rng, s: Call((normal(rng, s.B, s.T, s.D), normal(rng, s.D)), {})),
    "attention": ("attention", _attention),
    "attention with a mask": ("attention", _masked_attention),
    "gru": ("gru", _gru_after),
    "gru, reset before": ("gru", lambda rng, s: Call(_recurrent(rng, s), {"reset_after": False})),
    "ncgru": ("ncgru", lambda rng, s: Call(_recurrent(rng, s), {"activation": "modrelu"})),
    "ncgru, tanh": ("ncgru", lambda rng, s: Call(_recurrent(rng, s), {"activation": "tanh"})),
    "lstm": ("lstm", _lstm),
    "mingru": ("mingru", _mingru),
    "lru": ("lru", _lru),
    "glu": ("glu", lambda rng, s: Call((normal(rng, s.B, s.T, 2 * s.D),), {})),
    "relative_attention": ("relative_attention", _relative_attention),
    "relative_attention with a mask": ("relative_attention", _masked_relative_attention),
    "scaled_cayley": ("scaled_cayley", _cayley),
    "linear_cross_entropy": ("linear_cross_entropy", _cross_entropy),
    "adaptive_softmax": ("adaptive_softmax", lambda rng, s: _adaptive(rng, s, 1.0)),
    "adaptive_softmax, narrower tails": ("adaptive_softmax", lambda rng, s: _adaptive(rng, s, 2.0)),
    "mean_squared_error": ("mean_squared_error", _squared_error),
    **VIDEO_CALLS,
    **STATE_SPACE_CALLS,
    **MEMORY_FORM_CALLS,
}
DROPOUTS = ("dropout", "locked_dropout", "embedding_dropout", "path_dropout")


def is_float(array: Array) -> bool:
    return array.dtype.kind == "f"


def output_and_gradients(operation: str, call: Call, rng: np.random.Generator) -> tuple[Array, Array, list[Array]]:
    """What minicrt computes: y, a random upstream gradient, and the gradients it leads to."""
    y, cache = getattr(ops, operation)(*call.arrays, **call.settings)
    d_y = rng.standard_normal(np.shape(y))
    gradients = getattr(ops, operation + "_backward")(d_y, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    return y, d_y, [g for g in gradients if g is not None]


def factors(operation: str, rate: float, shape: tuple[int, ...], seed: int) -> Array:
    """The factor by which a dropout with the generator of `seed` multiplies each element."""
    return getattr(ops, operation)(np.ones(shape), rate, np.random.default_rng(seed))[0]


def disagreement(ours: Any, reference: Any, natural: float = 0.0) -> float:
    """max|a - b| / max|b|; where the reference is all zeros, 0 for exact zeros and infinity otherwise.

    `natural` is the size of the terms that cancel in it: a difference within 1e-15 of that is rounding."""
    a, b = np.asarray(ours), np.asarray(reference)
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    if not a.size:
        return 0.0
    worst, scale = np.max(np.abs(a - b)), np.max(np.abs(b))
    if worst <= 1e-15 * natural:
        return 0.0
    return float(worst / scale) if scale else (float("inf") if worst else 0.0)


def natural_sizes(name: str, call: Call, d_y: Array) -> list[float]:
    """Of each gradient of an operation: with one key to attend to, or two features to norm, it cancels to nothing."""
    inputs = {"layer_norm": ("x", "gain", "bias"), "attention": ("q", "k", "v"), "self_attention": ("qkv",),
              "relative_attention": ("q", "k", "v", "r", "u", "w")}.get(name)
    if name == "weighted_cross_entropy":                     # the gradient of a weight that all targets have cancels
        logits, _, weights = call.arrays
        return [0.0, float((2 * np.abs(logits).max() + np.log(len(weights))) * abs(d_y) / weights.min())]
    if inputs is None:
        return [0.0] * len(call.arrays)
    sizes = natural_scales(name, dict(zip(inputs, call.arrays)) | {"eps": 1e-5} | call.settings, d_y)
    return [sizes.get("d_" + argument, 0.0) for argument in inputs]


def dropout_places(layers: int) -> list[str]:
    """Where a segment of the CRT drops, in the order in which its generator is asked."""
    branches = [f"blocks.{layer}.{branch}" for layer in range(layers) for branch in ("attention", "feed_forward")]
    return ["embedding", "input", *branches, "output"]


class Recorder:
    """An engine that is `minicrt.ops`, and keeps the factors by which its dropouts multiply."""

    def __init__(self) -> None:
        self.factors: list[Array | None] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(ops, name)
        if name not in DROPOUTS:
            return operation

        def recorded(x: Array, rate: float, rng: np.random.Generator) -> Any:
            y, cache = operation(x, rate, rng)
            self.factors.append(None if rate == 0 else np.broadcast_to(cache, x.shape).copy())
            return y, cache

        return recorded

    def by_segment(self, segments: int, layers: int) -> list[dict[str, Array]]:
        places = dropout_places(layers)
        assert len(self.factors) == segments * len(places)
        return [{place: f for place, f in zip(places, self.factors[n * len(places):]) if f is not None}
                for n in range(segments)]


def check_crt(config: CRTConfig, reference: Callable[..., Any], tolerance: float, seed: int,
              dtype: Any = np.float64, carried: bool = True, short: bool = True) -> None:
    """J, the final state and every gradient over a window of four segments against an oracle's.

    The window starts from a state that is `carried` from before, or at the start of a stream; its last segment may be
    `short`.
    `reference(config, parameters, window, factors)` returns J, final state, parameter gradients, state gradients.
    """
    rng, engine = np.random.default_rng(seed), Recorder()
    model = CRT(config, engine)  # type: ignore[arg-type]
    parameters = random_parameters(model, rng, dtype)
    length = config.segment_length
    lengths = [length, length, length, max(1, length - 1) if short else length]
    drops = config.dropout > 0 or config.embedding_dropout > 0
    window = random_window(model, rng, batch=2, lengths=lengths, carried=carried, dropout=drops, dtype=dtype)
    total, state, gradients, d_state = gradient(model, parameters, window)
    factors = engine.by_segment(len(lengths), config.layers)
    total_r, state_r, gradients_r, d_state_r = reference(config, parameters, window, factors)
    assert set(state) == set(state_r)
    found = {"J": disagreement(total, total_r)}
    found |= {f"final {name}": disagreement(state[name], state_r[name]) for name in state}
    found |= {name: disagreement(gradients[name], gradients_r[name]) for name in gradients}
    found |= {f"initial {name}": disagreement(d_state.get(name, np.zeros_like(window.state[name])), value)
              for name, value in d_state_r.items()}
    wrong = {name: error for name, error in found.items() if not error < tolerance}
    assert not wrong, f"{config}: {wrong}"
