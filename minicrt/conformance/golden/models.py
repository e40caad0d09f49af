"""The golden cases of whole models: four segments with what they carry, forwards and backwards"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.configuration import field_types
from minicrt.conformance.golden import values
from minicrt.conformance.golden.conventions import conventions
from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.place_meanings import OF_SENSORS, OF_VIDEO, meaning
from minicrt.conformance.golden.tensors import GoldenCase, Role, Tensor
from minicrt.conformance.golden.videos import VIDEO_CASES, video_model, video_segment, whole_mapping
from minicrt.models import (
    MODELS,
    ParameterSpec,
    SegmentModel,
    SensorModel,
    create_model,
    create_sensor_model,
    model_mapping,
    sensor_mapping,
)
from minicrt.models.video import VIDEO_MODELS, ViT
from minicrt.ops import IGNORE

Array = np.ndarray

# No two sizes that could be taken for each other are equal: B, H, M, K, T, T + 1, D_p, D, V and F differ.
SIZES: dict[str, Any] = {"vocabulary": 13, "width": 12, "layers": 2, "heads": 3, "inner": 14, "segment_length": 5}
SEGMENTS, BATCH = (5, 5, 5, 3), 2
XL, NCGRU = {"model": "transformer_xl"}, {"memory": "ncgru"}

MODEL_CASES: dict[str, dict[str, Any]] = {
    "crt-gru": {},
    "crt-ncgru": NCGRU | {"negatives": 5},
    "crt-ncgru-two-orthogonal": NCGRU | {"orthogonal": "candidate+reset", "candidate": "tanh", "negatives": 5},
    "crt-reset-before": {"reset_after": False},
    "crt-readout-transformer": {"readout": "transformer"},
    "crt-relu": {"activation": "relu"},
    "crt-per-segment": {"memory_update": "per_segment"},
    "crt-writer": {"memory_gradient": "writer"},
    "crt-three-memories": {"memory_vectors": 3},
    "crt-normed-memory": {"memory_norm": "on"},
    "crt-post-norm": {"norm": "post", "activation": "gelu_tanh"},
    "crt-positions-reset": {"position_width": 8, "position_carry": False},
    "crt-positions-narrow": {"position_width": 8, "tied": False},
    "crt-learned-positions": {"positions": "learned"},
    "crt-no-memory": {"memory": "none"},
    "crt-mingru": {"memory": "mingru"},
    "crt-lru": {"memory": "lru", "positions": "sinusoidal"},
    "crt-s4d": {"memory": "s4d", "memory_states": 3},
    "crt-mamba": {"memory": "mamba", "memory_states": 3, "memory_gradient": "writer"},
    "crt-slots": {"memory_form": "slots", "memory_vectors": 7},
    "crt-slots-sparse": {"memory_form": "slots", "memory_vectors": 7, "memory_top_k": 3, "memory": "mingru"},
    "crt-matrix": {"memory_form": "matrix", "memory_keys": 8},
    "crt-matrix-given-state": {"memory_form": "matrix", "memory_keys": 8, "start": "drawn", "norm": "post"},
    "crt-queue": {"memory_form": "queue", "memory_vectors": 7},
    "crt-adaptive": {"output": "adaptive", "cutoffs": "5,8", "segments": (5, 3)},
    "crt-T1": {"segments": (1, 1, 1, 1)},
    "crt-B1": {"batch": 1},
    "crt-given-state": {"start": "drawn"},
    "crt-zero-memory": {"start": "zeros"},
    "transformer": {"model": "transformer"},
    "transformer-sinusoidal": {"model": "transformer", "positions": "sinusoidal", "norm": "post"},
    "transformer-xl": XL,
    "transformer-xl-post-norm": XL | {"norm": "post"},
    "transformer-xl-same-length": XL | {"same_length": True, "cache_length": 7, "clamp_length": 6,
                                        "shared_biases": False},
    "transformer-xl-no-cache": XL | {"cache_length": 0},
    "transformer-xl-given-state": XL | {"start": "drawn"},
    "rmt": {"model": "rmt"},
    "rmt-two-vectors": {"model": "rmt", "memory_vectors": 2, "positions": "sinusoidal"},
    "rmt-given-state": {"model": "rmt", "start": "drawn", "norm": "post"},
    "gru-model": {"model": "recurrent", "cell": "gru", "hidden": 7},
    "lstm-model": {"model": "recurrent", "cell": "lstm", "hidden": 7},
    "lstm-model-given-state": {"model": "recurrent", "cell": "lstm", "hidden": 7, "start": "drawn"},
    "mingru-model": {"model": "linear_recurrent", "cell": "mingru", "hidden": 7},
    "lru-model": {"model": "linear_recurrent", "cell": "lru", "hidden": 8},
    "s4d-model": {"model": "s4d", "states": 3},
    "mamba-model": {"model": "mamba", "states": 3},
    "mamba-model-given-state": {"model": "mamba", "states": 3, "start": "drawn"},
    "sensors-crt-regression": {"task": "regression", "channels": 8, "outputs": 7},
    "sensors-gru-classification": {"task": "classification", "channels": 8, "outputs": 9, "model": "recurrent",
                                   "cell": "gru"},
    **VIDEO_CASES,
}
TOLERANCE = {"float64": 1e-9, "float32": 2e-4}
"""Four segments of two layers are a chain of some hundred operations, each of which rounds to about 1e-7 in float32 and
passes on what came in, through norms that divide by a deviation below 1; 2e-4 leaves a factor of about 50 over what
PyTorch shows in float32."""


def model_cases() -> dict[str, Callable[[], GoldenCase]]:
    """By name, in the order above; each makes its case when it is called."""
    return {name: partial(model_case, name, settings) for name, settings in MODEL_CASES.items()}


def model_case(name: str, settings: Mapping[str, Any]) -> GoldenCase:
    """The case `name`. Besides the model's own keys `settings` may have `segments` and `batch`, and `start`: "drawn" or
    "zeros" where the first segment starts from a given state."""
    own = dict(settings)
    lengths, batch, start = own.pop("segments", SEGMENTS), own.pop("batch", BATCH), own.pop("start", None)
    model = model_with(own)
    configuration = mapping_of(model) | {"segments": list(lengths), "batch": batch}
    given = given_tensors(name, model, lengths, batch, start)
    computed = run(configuration, {tensor.name: tensor.value for tensor in given})
    return GoldenCase(name, "model", configuration["model"],
                      (*given, *(Tensor(key, role(key), value, meaning(key, meanings_of(model)))
                                 for key, value in computed.items())),
                      configuration, conventions(model), TOLERANCE)


def mapping_of(model: SegmentModel) -> dict[str, Any]:
    if isinstance(model, ViT):
        return whole_mapping(model)
    return sensor_mapping(model) if isinstance(model, SensorModel) else model_mapping(model)


def meanings_of(model: SegmentModel) -> Mapping[str, str]:
    """Of places that its kind of model has otherwise"""
    return OF_VIDEO if isinstance(model, ViT) else OF_SENSORS if isinstance(model, SensorModel) else {}


def model_with(settings: Mapping[str, Any]) -> SegmentModel:
    """Of the sizes above as far as it has them"""
    if settings.get("model") in VIDEO_MODELS:
        return video_model(settings)
    known = field_types(MODELS[settings.get("model", "crt")][1])
    sizes = {key: value for key, value in SIZES.items() if key in known}
    if "task" not in settings:
        return create_model({**sizes, **settings}, ops)
    del sizes["vocabulary"]
    return create_sensor_model(**{**sizes, **settings}, engine=ops)


def run(configuration: Mapping[str, Any], given: Mapping[str, Array], change: Any = None) -> dict[str, Array]:
    """Every tensor that the model computes from the given ones, by name and in order.

    `change`, a ModelMistake, makes it the computation of a port with that mistake; such a port may lack tensors of the
    right one, and may have others.
    """
    return Pass(configuration, given).run() if change is None else change.computed(configuration, given)


def role(name: str) -> Role:
    """Of a computed tensor"""
    if name.startswith(("d_parameters/", "d_initial_state/")):
        return "gradient"
    if name.startswith("d_"):
        return "backward"
    return "output" if "/state/" in name or name.endswith("/loss") else "intermediate"


def given_tensors(name: str, model: SegmentModel, lengths: tuple[int, ...], batch: int, start: str | None
                  ) -> list[Tensor]:
    drawn = partial(drawn_values, name)
    tensors = [Tensor(f"parameters/{spec.name}", "parameter", parameter(drawn, spec)) for spec in model.specs()]

    def given(key: str, role: Role, value: Array) -> None:
        tensors.append(Tensor(key, role, value, meaning(key, meanings_of(model))))

    for n, length in enumerate(lengths):
        for key, value in segment(name, n, (batch, length), model).items():
            given(f"segment{n}/{key}", "input", value)
    shapes = {entry: tuple(size or model.config.segment_length for size in shape)
              for entry, shape in model.state_shapes(batch).items() if not entry.startswith("writer_")}
    for entry, shape in shapes.items() if start is not None else ():
        given(f"state/{entry}", "input", drawn(f"state/{entry}", shape) * (start == "drawn"))
    given("d_loss", "upstream", 1 + drawn("d_loss", (len(lengths),), 0.5))
    for entry, shape in shapes.items():
        if entry not in model.detached_entries:
            given(f"d_state/{entry}", "upstream", drawn(f"d_state/{entry}", shape, 0.5))
    return tensors


def drawn_values(case: str, name: str, shape: tuple[int, ...], factor: float = 1.0) -> Array:
    return values.uniform(f"{case}/{name}", shape, factor)


def parameter(drawn: Callable[..., Array], spec: ParameterSpec) -> Array:
    """Matrices of about 1/√fan-in, rounded to a power of two; gains around 1; no bias at 0; an LRU's |λ| from 0.5 to
    0.9 and its arg λ from 0.2 to 1.6; a state space's steps and decay from 0.2 to 1.6."""
    name, leaf = f"parameters/{spec.name}", spec.name.rpartition(".")[2]
    if leaf in ("gain", "d"):
        return 1 + drawn(name, spec.shape, 0.25)
    if leaf in ("nu", "theta", "log_dt", "log_a", "a_log"):
        return drawn(name, spec.shape) - (1.5 if leaf == "nu" else 0.5)
    if leaf == "a_im":
        return drawn(name, spec.shape, 2.0)
    if leaf in ("table", "start", "skew_candidate", "skew_reset", "u", "v") and len(spec.shape) == 1 or leaf in (
            "table", "start"):
        return drawn(name, spec.shape, 0.5)
    if len(spec.shape) == 1:
        return drawn(name, spec.shape, 0.25) - (0.5 if leaf == "log_gamma" else 0)
    fan_in = spec.shape[1] if leaf in ("embedding", "weight") else spec.shape[0]         # those two are (V, D)
    return drawn(name, spec.shape, 2.0 ** -round(np.log2(fan_in) / 2 - 0.5))


def segment(case: str, n: int, shape: tuple[int, int], model: SegmentModel) -> dict[str, Array]:
    """What a model reads in segment n and is to say"""
    if isinstance(model, ViT):
        return video_segment(case, n, *shape, model)
    tokens, targets = tokens_and_targets(case, n, shape, model.config.vocabulary)
    if not isinstance(model, SensorModel):
        return {"tokens": tokens, "targets": targets}
    drawn = partial(values.uniform, factor=2.0)
    inputs = drawn(f"{case}/segment{n}/inputs", (*shape, model.channels))
    given = {"inputs": inputs, "missing": values.integers(f"{case}/segment{n}/missing", inputs.shape, 4) == 0}
    if model.task == "classification":
        return given | {"targets": targets}
    numbers = drawn(f"{case}/segment{n}/numbers", (*shape, model.outputs))
    return given | {"numbers": numbers, "scored": values.integers(f"{case}/segment{n}/scored", numbers.shape, 4) > 0}


def tokens_and_targets(case: str, n: int, shape: tuple[int, int], vocabulary: int) -> tuple[Array, Array]:
    """A token occurs twice in a row's segment, and some targets are not scored: not equally many in all segments."""
    tokens = values.integers(f"{case}/segment{n}/tokens", shape, vocabulary)
    targets = values.integers(f"{case}/segment{n}/targets", shape, vocabulary)
    tokens[0, -1] = tokens[0, 0]
    if targets.size > 1:
        targets.flat[[(3 * n + 1) % targets.size, (2 * n + 1) % targets.size]] = IGNORE
    if not (targets != IGNORE).any():
        targets.flat[0] = 0
    return tokens, targets
