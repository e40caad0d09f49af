"""However a number stops being finite, the message names the first that is not, and NumPy does not warn of it before"""

import warnings

import numpy as np
import pytest

from minicrt import engines, ops
from minicrt.data import TokenStream
from minicrt.errors import ConfigurationError, InputError, TrainingError
from minicrt.models import CRT
from minicrt.training import (
    SGD,
    AdamW,
    DynamicConfig,
    dynamic_evaluate,
    evaluate,
    gradient_sizes,
    train,
    train_step,
)
from tests.training import tiny


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(params=engines.NAMES)
def model(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    return CRT(tiny.model().config, engines.get(request.param))


def first_values(model, dtype=np.float32):
    return model.initialize(np.random.default_rng(0), dtype)


def window(model):
    return [tuple(np.random.default_rng(1).integers(0, model.config.vocabulary, (2, 3, 5)))] * 2


def message(model, parameters, state=None, rng=None):
    """What a training step says, having changed nothing."""
    before = parameters.flat.copy()
    with pytest.raises(TrainingError) as caught:
        train_step(model, parameters, parameters.zeros_like(), AdamW(parameters, engine=model.engine), window(model),
                   state or {}, rng)
    assert np.array_equal(parameters.flat, before, equal_nan=True)
    assert "\n" not in str(caught.value)
    return str(caught.value)


LARGE = "blocks.0.feed_forward.w_out"
WHERE = f"the first activation that is not finite is what linear gives with {LARGE} and blocks.0.feed_forward.b_out"


def large_values(model):
    """Finite ones, the product of two of which is not."""
    parameters = first_values(model)
    for name in ("blocks.0.feed_forward.w_in", LARGE):
        parameters[name] = 1e25
    parameters["blocks.0.norm_feed_forward.bias"] = 1        # or else the rows of ones add up to 0
    return parameters


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_parameter(model, value):
    parameters = first_values(model)
    parameters["positions.w"][1, 2] = value
    assert ": the parameter positions.w is not finite; try a smaller" in message(model, parameters)


def test_the_state(model):
    _, state, _ = model.forward(first_values(model), *window(model)[0], {})
    state["memory"][1, 0, 2] = np.inf
    assert "the loss is nan: the state's entry 'memory', which came from before, is not finite" in message(
        model, first_values(model), state)


@pytest.mark.parametrize("seed", [None, 4])
def test_an_activation(model, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    assert f"step 1: the loss is nan: {WHERE}; try a smaller" in message(model, large_values(model), rng=rng)


class WithMistake:
    """The operations, one of which gives infinity at its second call."""

    def __init__(self, name):
        self.name, self.calls = name, 0

    def __getattr__(self, name):
        return self.mistaken if name == self.name else getattr(ops, name)

    def mistaken(self, *arguments, **options):
        result = getattr(ops, self.name)(*arguments, **options)
        self.calls += 1
        if self.calls % 2 == 0:
            first = result[0] if isinstance(result, tuple) else result
            first.flat[0] = np.inf
        return result


@pytest.mark.parametrize("name, where", [
    ("self_attention_backward", "comes from self_attention after blocks.0.attention.w_qkv"),
    ("layer_norm_backward", "comes from layer_norm with blocks.0.norm_feed_forward.gain and "
                            "blocks.0.norm_feed_forward.bias"),
    ("gru_backward", "comes from gru with ")])
def test_a_gradient(name, where):
    found = message(CRT(tiny.model(dropout=0.0).config, WithMistake(name)), first_values(tiny.model()))
    assert f"is not finite: the first gradient that is not finite {where}" in found


def test_a_gradient_whose_norm_alone_is_not_finite():
    model = tiny.model()
    backward = model.backward

    def large(d_loss, d_state, cache, gradients):
        d_state = backward(d_loss, d_state, cache, gradients)
        gradients.flat[:] = 1e200
        return d_state

    model.backward = large
    assert message(model, first_values(model, np.float64)).startswith("step 1: the gradient's norm is inf; try")


def test_evaluations(model):
    parameters, stream = large_values(model), TokenStream(tiny.corpus().valid, 3, 5, "it")
    with pytest.raises(TrainingError, match=f"evaluation: the loss of segment 0 is nan: {WHERE}"):
        evaluate(model, parameters, stream)
    with pytest.raises(TrainingError, match=f"segment 0 of the training text: the loss is nan: {WHERE}"):
        gradient_sizes(model, parameters, stream, 2)
    with pytest.raises(TrainingError, match="segment 1 of .*: the loss is nan: the .* is"):
        sizes = gradient_sizes(model, first_values(model), stream, 2)
        dynamic_evaluate(model, first_values(model), stream, sizes, DynamicConfig(learning_rate=1e38))


WAYS = {
    "learning rate": {"learning_rate": 1e30},
    "average": {"learning_rate": 1e30, "ema_decay": 0.9},
    "weight decay": {"weight_decay": 1e38, "learning_rate": 1e3},
    "sgd": {"optimizer": "sgd", "learning_rate": 1e30},
    "float64": {"learning_rate": 1e300, "precision": "float64"},
    "one step": {"learning_rate": 1e30, "steps": 1, "evaluations": 1},
    "orthogonal": {"orthogonal_learning_rate": 1e38, "learning_rate": 1e30},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("memory", ["gru", "ncgru"])
def test_a_run(tmp_path, model, way, memory):
    config = tiny.config(**{"warmup_steps": 0, "schedule": "constant", **WAYS[way]})
    other = CRT(tiny.model(memory=memory).config, model.engine)
    with pytest.raises(TrainingError, match=r": the (parameter|first activation|first gradient) .*not finite"):
        train(tmp_path / "run", other, tiny.corpus(), config, tiny.Meddler())


@pytest.mark.parametrize("key, value", [("eps", 1e-320), ("eps", 0.0), ("eps", np.nan), ("learning_rate", 1e39),
                                        ("learning_rate", np.inf), ("weight_decay", 1e300), ("beta2", np.nan),
                                        ("orthogonal_learning_rate", -1.0), ("learning_rate", "1")])
def test_rates_that_are_not_finite_in_the_parameters_type(key, value):
    parameters = first_values(tiny.model())
    with pytest.raises(ConfigurationError, match=f"{key} is .*, expected a number .* in float32"):
        AdamW(parameters, **{key: value})
    if key in ("learning_rate", "weight_decay"):
        with pytest.raises(ConfigurationError, match=f"{key} is .*, expected a number .* in float32"):
            SGD(parameters, **{key: value})


def test_such_a_rate_leaves_no_folder(tmp_path):
    with pytest.raises(ConfigurationError, match="weight_decay is 1e[+]300"):
        train(tmp_path / "run", tiny.model(), tiny.corpus(), tiny.config(weight_decay=1e300), tiny.Meddler())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("key", ["clip", "rate"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, None])
def test_factors_of_a_step(key, value):
    model = tiny.model()
    parameters = first_values(model)
    with pytest.raises(InputError, match=f"{key} is .*, expected a finite number of 0 or more"):
        train_step(model, parameters, parameters.zeros_like(), AdamW(parameters), window(model), {}, **{key: value})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_settings_that_are_not_finite(value):
    with pytest.raises(ConfigurationError, match="update_bias is (nan|inf), expected a finite number"):
        tiny.model(update_bias=value)


def test_first_values_that_are_not_finite_in_their_type():
    model = tiny.model(update_bias=1e300)
    assert np.isfinite(first_values(model, np.float64).flat).all()
    with pytest.raises(ConfigurationError, match="the first values of memory.0.b are not finite in float32"):
        first_values(model)
    fixed = tiny.model(memory="s4d", memory_states=2, update_bias=1000.0)
    with warnings.catch_warnings(), pytest.raises(ConfigurationError, match="memory.0.log_dt are not finite"):
        warnings.simplefilter("error")
        first_values(fixed)
