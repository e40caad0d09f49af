"""One forward and one backward pass of a model over a case's segments, with all that it computes on the way"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.configuration import from_mapping
from minicrt.conformance.golden.recording import Recording, Substitute
from minicrt.conformance.golden.traced import traced, traced_video
from minicrt.models import MODELS, SegmentModel, SensorModel, State
from minicrt.models.create import class_of
from minicrt.models.parameters import Parameters
from minicrt.models.video import VIDEO_MODELS, VideoTargets, ViT

Array = np.ndarray


def model_of(configuration: Mapping[str, Any], mixins: tuple[type, ...], engine: Any) -> SegmentModel:
    """The model of a case's configuration, which tells a `Recording` as its engine what it is doing."""
    return maker_of(configuration, mixins)(engine)


def maker_of(configuration: Mapping[str, Any], mixins: tuple[type, ...]) -> Callable[[Any], SegmentModel]:
    """Makes the model with one engine or another; the configuration is read and checked once."""
    mapping = {key: value for key, value in configuration.items() if key not in ("segments", "batch")}
    if "classes" in mapping:
        return video_maker_of(mapping, mixins)
    _, config = MODELS[mapping.pop("model")]
    if "task" not in mapping:
        settings = from_mapping(config, mapping, "the case's configuration")
        return partial(traced(class_of(settings), mixins), settings)
    channels, outputs, task = (mapping.pop(key) for key in ("channels", "outputs", "task"))
    mapping |= {"vocabulary": outputs, "tied": False}
    settings = from_mapping(config, mapping, "the case's configuration")
    encoder = partial(traced(class_of(settings), mixins), settings)
    return lambda engine: SensorModel(encoder(engine), channels, task)


def video_maker_of(mapping: dict[str, Any], mixins: tuple[type, ...]) -> Callable[[Any], ViT]:
    """`mapping` is what `create_video_model` takes."""
    kind, config = VIDEO_MODELS[mapping.pop("model")]
    classes, frames, weights = (mapping.pop(key) for key in ("classes", "frames", "class_weights"))
    mapping |= {"vocabulary": classes, "segment_length": frames // mapping["tube_frames"]}
    settings = from_mapping(config, mapping, "the case's configuration")
    return lambda engine: traced_video(kind, mixins)(settings, engine, weights)


def segment_of(given: Mapping[str, Array], n: int) -> tuple[Array, Any]:
    """What a model reads in segment n, and its targets; of readings and numbers those that are missing are NaN."""
    values = {name.partition("/")[2]: value for name, value in given.items() if name.startswith(f"segment{n}/")}
    if "tokens" in values:
        return values["tokens"], values["targets"]
    if "clip" in values:
        labels, skeleton = values["labels"], [values.get(key) for key in ("joints", "visible", "teacher")]
        return values["clip"], labels if skeleton[0] is None else VideoTargets(labels, *skeleton)
    inputs = np.where(values["missing"], np.nan, values["inputs"])
    if "scored" in values:
        return inputs, np.where(values["scored"], values["numbers"], np.nan)
    return inputs, values["targets"]


class Pass:
    """J = Σ_N d_loss[N] loss_N + Σ <d_state, final state>, and its gradient, backwards through all segments.

    A mistake in how segments follow each other is a subclass.
    """

    def __init__(self, configuration: Mapping[str, Any], given: Mapping[str, Array], engine: Any = ops,
                 substitutes: Sequence[Substitute] = (), mixins: tuple[type, ...] = ()):
        self.given, self.engine, self.substitutes = given, engine, substitutes
        self.count = len(configuration["segments"])
        self.make = maker_of(configuration, mixins)
        self.plain = self.make(ops)
        self.parameters = self.initial_parameters()

    @cached_property
    def gradients(self) -> Parameters:
        return self.parameters.zeros_like()

    def run(self) -> dict[str, Array]:
        """Every computed tensor by its name, in order."""
        record = self.new_record()
        model, tensors = self.make(record), record.tensors
        state, caches = self.forward(record, model)
        weights, d_state = self.weights(), self.final_gradient(state)
        for n in reversed(range(self.count)):
            record.backward(n)
            self.before_backward(n)
            d_state = self.carried_back(model.backward(weights[n], d_state, caches[n], self.gradients), n)
            if n:
                tensors |= {f"d_segment{n - 1}/state/{entry}": np.array(value) for entry, value in d_state.items()}
        tensors |= {f"d_parameters/{name}": np.array(value) for name, value in self.parameter_gradients().items()}
        return tensors | {f"d_initial_state/{entry}": value for entry, value in d_state.items()}

    def forward(self, record: Recording, model: SegmentModel) -> tuple[State, list[Any]]:
        """The forward pass alone: the last state, and every segment's cache; `record` has the tensors."""
        states, caches = [self.start()], list[Any]()
        for n in range(self.count):
            record.forward(n)
            loss, state, cache = model.forward(self.parameters, *self.segment(n), self.carried(states))
            states.append(state)
            caches.append(cache)
            record.tensors |= {f"segment{n}/state/{entry}": np.array(value) for entry, value in state.items()}
            record.tensors[f"segment{n}/loss"] = np.array(loss)
        return states[-1], caches

    def new_record(self) -> Recording:
        return Recording(self.engine, self.parameters, self.substitutes)

    # What a wrong port may do otherwise.

    def start(self) -> State:
        """The state in front of the first segment, as far as the model has a place for it."""
        shapes = self.plain.state_shapes(len(self.segment(0)[0]))
        state = {name.removeprefix("state/"): value for name, value in self.given.items() if name.startswith("state/")}
        return {name: value for name, value in state.items() if name in shapes and len(value.shape) == len(shapes[name])
                and all(size in (None, got) for size, got in zip(shapes[name], value.shape))}

    def segment(self, n: int) -> tuple[Array, Any]:
        """What is read and what is to be said in segment n."""
        return segment_of(self.given, n)

    def carried(self, states: list[State]) -> State:
        """The state that the next segment starts from; `states` are those in front of and after every segment."""
        return states[-1]

    def carried_back(self, d_state: State, n: int) -> State:
        """The gradient with respect to the state that segment n started from, as it goes on to segment n − 1."""
        return d_state

    def weights(self) -> Array:
        """The gradient of J with respect to each segment's loss."""
        return self.given["d_loss"]

    def final_gradient(self, state: State) -> State:
        """The gradient of J with respect to the last state, as far as it comes from J directly; a wrong port may have
        fewer memory vectors."""
        return {entry: self.given[f"d_state/{entry}"][tuple(map(slice, value.shape))] for entry, value in state.items()
                if f"d_state/{entry}" in self.given}

    def before_backward(self, n: int) -> None:
        """What is done in front of segment n's backward pass."""

    def parameter_gradients(self) -> dict[str, Array]:
        return {name: self.gradients[name] for name in self.gradients if f"parameters/{name}" in self.given}

    def initial_parameters(self) -> Parameters:
        """The given values, or as many of them as a wrong port with fewer memory vectors has; what a case does not have
        and a wrong port needs is a gain of 1 or a bias of 0."""
        parameters = Parameters(self.plain.specs(), np.float64)
        for spec in parameters.specs:
            default = np.full(spec.shape, float(spec.name.endswith("gain")))
            given = self.given.get(f"parameters/{spec.name}", default)
            parameters[spec.name] = given[tuple(map(slice, spec.shape))]
        return parameters
