"""Sensor readings in place of tokens: a linear layer in, numbers or classes out, and any model in between"""

import copy
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from minicrt.arguments import check_kind, check_whole, shown
from minicrt.engines import Engine, EngineOrName
from minicrt.errors import ConfigurationError
from minicrt.models import initialisers, inputs
from minicrt.models.base import SegmentModel, State
from minicrt.models.cells import SkewParameter
from minicrt.models.create import create_model, model_mapping
from minicrt.models.crt_config import CRTConfig
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.parameters import Array, Parameters, ParameterSpec

Task = Literal["regression", "classification"]
TASKS: tuple[Task, ...] = get_args(Task)
# settings that make no sense without a table of words
OF_WORDS = ("tied", "embedding_dropout", "vocabulary", "output", "cutoffs", "div_value")


class RegressionCache(NamedTuple):
    output: Any                                              # of linear
    error: Any                                               # of mean_squared_error


class SensorModel(SegmentModel):
    """Readings of C channels in; at every step K numbers, or the scores of K classes, out.

        e_t = [x̃_t, m_t] W + b                  x̃_t = x_t where it is known, else 0;  m_t = 1 where it is not, else 0
        z   = the encoder's, of e_1 … e_T and the state
        y_t = z_t Uᵀ + c                        (B, T, K)
        regression        loss = mean of (y − target)² over the targets that are known (docs/spec.md, 2.4)
        classification    loss = mean of −log softmax(y)[target] over the targets that are not −1

        model = create_sensor_model(channels=6, outputs=1, width=64)
        parameters = model.initialize(np.random.default_rng(0))
        loss, state, cache = model.forward(parameters, inputs, targets, {})      # (B, T, C) and (B, T, K), or (B, T)
        predictions, state = model.logits(parameters, inputs, state)             # (B, T, K)

    inputs (B, T, C) and, for regression, targets (B, T, K) are real numbers of deviation near 1; NaN is one that is
    missing. Targets of classification (B, T) are integers from 0 to K − 1, or −1.
    All else is as in SegmentModel: state, dropout, windows of segments. `encoder` is the model in between, whose
    `vocabulary` counts the outputs, and which is not tied.
    Raises ConfigurationError for an encoder or a task that does not fit, InputError for arguments that do not.
    """

    def __init__(self, encoder: SegmentModel, channels: int, task: Task = "regression") -> None:
        check_kind("encoder", encoder, SegmentModel, inputs.A_MODEL)
        if task not in TASKS:
            raise ConfigurationError(f"task is {shown(task)}, expected {' or '.join(TASKS)}")
        if encoder.config.tied or encoder.config.embedding_dropout:
            raise ConfigurationError("the encoder of a SensorModel has no table of words; make it with tied=False and "
                                     "embedding_dropout=0, or use create_sensor_model")
        if encoder.config.output != "softmax":
            raise ConfigurationError(f"the encoder of a SensorModel has output={encoder.config.output!r}, which is for "
                                     "models of words; leave output out")
        self.encoder, self.channels, self.task = encoder, check_whole("channels", channels, 1), task
        self.config: LanguageModelConfig = encoder.config
        self.memory_entries, self.position_entries = encoder.memory_entries, encoder.position_entries
        self.detached_entries = encoder.detached_entries

    def __repr__(self) -> str:
        return f"<SensorModel of {self.channels} channels, {self.task} of {self.outputs}, by {self.encoder!r}>"

    @property
    def outputs(self) -> int:
        """K, the numbers or classes"""
        return self.config.vocabulary

    @property
    def engine(self) -> Engine:
        return self.encoder.engine

    @engine.setter
    def engine(self, engine: Engine) -> None:
        self.encoder = copy.copy(self.encoder)               # which other models may share
        self.encoder.engine = engine

    def specs(self) -> list[ParameterSpec]:
        C, D, K = self.channels, self.config.width, self.outputs
        first = initialisers.first_rows(C, self.encoder.input_size * C ** -0.5)
        return [ParameterSpec("input.weight", (2 * C, D), first),
                ParameterSpec("input.bias", (D,), initialisers.zeros, decay=False),
                *self.encoder_specs(),
                ParameterSpec("output.weight", (K, D), initialisers.normal(D ** -0.5)),
                ParameterSpec("output.bias", (K,), initialisers.zeros, decay=False)]

    def embed(self, parameters: Parameters, tokens: Array, state: State, rng: np.random.Generator | None
              ) -> tuple[Array, Any]:
        """e_t = [x̃_t, m_t] W + b, (B, T, D)"""
        inputs.check_parameters(self, parameters)
        readings = self.checked_inputs(tokens)
        inputs.check_state(self, len(readings), state)
        inputs.check_generator(rng)
        missing = np.isnan(readings)
        both = np.concatenate([np.where(missing, 0, readings), missing], 2, dtype=parameters.dtype, casting="unsafe")
        return self.engine.linear(both, parameters["input.weight"], parameters["input.bias"])

    def embed_backward(self, d_e: Array, cache: Any, gradients: Parameters) -> None:
        _, d_weight, d_bias = self.engine.linear_backward(d_e, cache)
        gradients["input.weight"] += d_weight
        gradients["input.bias"] += d_bias

    def loss(self, parameters: Parameters, z: Array, targets: Array, with_gradient: bool) -> tuple[Any, Any]:
        if self.task == "classification":
            return super().loss(parameters, z, targets, with_gradient)
        y, output = self.engine.linear(z, parameters["output.weight"].T, parameters["output.bias"])
        known = ~np.isnan(targets)
        loss, error = self.engine.mean_squared_error(y, np.where(known, targets, 0).astype(y.dtype), known)
        return loss, RegressionCache(output, error)

    def loss_backward(self, d_loss: float, cache: Any, gradients: Parameters) -> Array:
        if self.task == "classification":
            return super().loss_backward(d_loss, cache, gradients)
        d_y, _ = self.engine.mean_squared_error_backward(d_loss, cache.error)
        d_z, d_weight, d_bias = self.engine.linear_backward(d_y, cache.output)
        gradients["output.weight"] += d_weight.T             # y = z @ weight.T + bias
        gradients["output.bias"] += d_bias
        return d_z

    def checked_inputs(self, tokens: Any) -> Array:
        return inputs.checked_readings("inputs", tokens, ("B", "T", self.channels))

    def checked_targets(self, tokens: Any, targets: Any) -> Array:
        if self.task == "classification":
            return inputs.checked_targets(np.shape(tokens)[:2], targets)
        return inputs.checked_readings("targets", targets, (*np.shape(tokens)[:2], self.outputs))

    # What is the encoder's.

    def encoder_specs(self) -> list[ParameterSpec]:
        return self.encoder.encoder_specs()

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return self.encoder.state_shapes(batch)

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        return self.encoder.encode(parameters, e, state, rng, with_gradient)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        return self.encoder.encode_backward(d_z, d_state, cache, gradients)

    def caution(self, bptt_segments: int) -> str | None:
        """Of a CRT without the one on its memory's span, which is about text"""
        config = self.config
        return config.untrained(bptt_segments) if isinstance(config, CRTConfig) else self.encoder.caution(bptt_segments)

    def skew_parameters(self) -> list[SkewParameter]:
        return self.encoder.skew_parameters()


def create_sensor_model(channels: int, outputs: int, task: Task = "regression", model: str | Mapping[str, Any] = "crt",
                        engine: EngineOrName = None, **settings: Any) -> SensorModel:
    """Make a model of sensor readings. It holds no weights: `model.initialize(rng)` draws them.

        create_sensor_model(channels=6, outputs=1)                           a CRT that predicts a number at every step
        create_sensor_model(6, 4, "classification", width=64, memory="ncgru")             one of four classes
        create_sensor_model(6, 1, model="recurrent", cell="gru")             another model in between

    Arguments
        channels    C, the numbers in a reading
        outputs     K, the numbers to predict, or the classes
        task        "regression" or "classification"
        model, engine, settings    as `create_model` has them, without those of words in OF_WORDS
    Raises ConfigurationError for settings that do not fit.
    """
    if isinstance(model, Mapping):
        settings, model = {**model, **settings}, str(model.get("model", "crt"))
        settings.pop("model", None)
    for name in OF_WORDS:
        if name in settings:
            raise ConfigurationError(f"{name} is for models of words, and was given for one of sensor readings; leave "
                                     "it out")
    encoder = create_model(model, engine, vocabulary=check_whole("outputs", outputs, 1), tied=False, **settings)
    return SensorModel(encoder, channels, task)


def sensor_mapping(model: SensorModel) -> dict[str, Any]:
    """The mapping that `create_sensor_model(**mapping)` turns back into an equal model"""
    encoder = {key: value for key, value in model_mapping(model.encoder).items() if key not in OF_WORDS}
    return {"channels": model.channels, "outputs": model.outputs, "task": model.task, **encoder}
