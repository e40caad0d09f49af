"""An approximate tanh, σ or exp is said to be one, with the size of its error and where that is largest"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.arithmetic.altered import Alteration
from minicrt.conformance.checking.arithmetic.approximate import approximate_function
from minicrt.conformance.checking.arithmetic.running import traced
from minicrt.conformance.checking.catalogue import catalogue_of
from tests.conformance.checking.hand_made import computed, drawn


def rational_tanh(x):
    return x * (27 + x * x) / (27 + 9 * x * x)


def power_sigmoid(x):
    return 1 / (1 + np.maximum(1 - x / 256, 1e-9) ** 256)


def power_exp(x):
    return np.where(x > -20, (1 + np.maximum(x, -20) / 1024) ** 1024, 0)


def exp_in_the_bits(x):
    """Schraudolph 1999"""
    bits = np.clip(x * 2**20 / np.log(2) + 1072632447, 0, 2**31 - 1).astype(np.int64) << 32
    return bits.view(np.float64)


@pytest.mark.parametrize("name, function, other, words, size", [
    ("gru", "tanh", rational_tanh, "tanh, with an error", 2.4e-2),
    ("lstm", "tanh", rational_tanh, "tanh, with an error", 2.4e-2),
    ("gru", "logistic", power_sigmoid, "σ, with an error", 8.6e-4),
    ("mingru", "logistic", power_sigmoid, "σ, with an error", 8.6e-4),
    ("attention", "exp", power_exp, "exp, with a relative error", 9e-3),
    ("attention", "exp", exp_in_the_bits, "exp, with a relative error", 3.1e-2),
    ("lstm-model", "logistic", power_sigmoid, "σ, with an error", 8.6e-4),
])
def test_an_approximate_function_is_named_with_its_error(name, function, other, words, size):
    case = golden.case(name)
    trace = traced(case, Alteration(functions={function: other}))
    sentence = approximate_function(compare(case, {key: value for key, value in trace.items() if key in case}))[0]
    assert sentence.startswith(f"This looks like an approximate {words} of up to ")
    assert float(sentence.partition(" up to ")[2].partition(",")[0]) == pytest.approx(size, rel=0.15)


def test_from_the_output_and_the_gradients_alone():
    case = golden.case("gru")
    trace = traced(case, Alteration(functions={"tanh": rational_tanh}))
    theirs = {key: trace[key] for key in ("h", "d_x", "d_h0", "d_w", "d_u", "d_b", "d_b_hn")}
    diagnosis = diagnose(compare(case, theirs))
    assert diagnosis.method == "precision"
    assert diagnosis.sentences[0].startswith("This looks like an approximate tanh, with an error of up to 2.")


def test_the_function_itself():
    case = golden.case("tanh")
    x = case["x"].value
    theirs = computed(case) | {"y": np.where(np.abs(x) < 3, rational_tanh(x), np.sign(x))}
    assert approximate_function(compare(case, theirs))[0].startswith("This looks like an approximate tanh, with an ")
    assert approximate_function(compare(case, computed(case) | {"y": case["y"].value + 0.01})) == ()


def short_series(x):
    """erf, good to 1.5e-7: Abramowitz and Stegun 1964, 7.1.26"""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return np.sign(x) * (1 - series * np.exp(-x * x))


def power_of_two(x):
    """log2 e has four digits."""
    return 2.0 ** (1.4427 * x)


@pytest.mark.parametrize("name, function, other, words", [
    ("gelu", "erf", short_series, "GELU"),
    ("self_attention", "exp", power_of_two, "exp"), ("attention", "exp", power_of_two, "exp")])
def test_an_error_no_larger_than_that_of_float32_is_no_float32_where_it_is_a_function_s(name, function, other, words):
    case = golden.case(name)
    trace = traced(case, Alteration(functions={function: other}))
    handed = {tensor.name: trace[tensor.name] for tensor in case.computed() if tensor.role in ("output", "gradient")}
    sentence = diagnose(compare(case, handed)).sentences[0]
    assert sentence.startswith(f"This looks like an approximate {words}, with "), sentence


@pytest.mark.parametrize("name", ["gelu", "linear_activation-gelu", "self_attention", "attention"])
def test_float32_is_no_approximate_function(name):
    case = golden.case(name)
    theirs = {key: value * (1 + 6e-8 * drawn(0, value.shape)) for key, value in computed(case).items()}
    assert "float32" in diagnose(compare(case, theirs)).sentences[0]


@pytest.mark.parametrize("name", ["gru", "attention", "lstm", "glu"])
@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_function(name, seed):
    case = golden.case(name)
    theirs = {key: value + 1e-3 * drawn(seed, value.shape) for key, value in computed(case).items()}
    assert approximate_function(compare(case, theirs)) == ()


@pytest.mark.parametrize("name", ["gru", "gru-before", "lstm", "attention-memory", "layer_norm"])
def test_no_other_mistake_is_called_an_approximation(name):
    case = golden.case(name)
    catalogue = catalogue_of(case)
    for known in catalogue.known():
        trace = {key: np.asarray(value) for key, value in catalogue.trace((known.name,)).items() if key in case}
        if "sigmoid" not in known.name:                      # which is an approximate σ
            assert approximate_function(compare(case, trace)) == ()
