"""Models of words with an adaptive softmax: loss, scores, streams, and what is refused"""

import numpy as np
import pytest

from minicrt import accounting, create_model
from minicrt.data import Vocabulary
from minicrt.errors import ConfigurationError, InputError, MinicrtError
from minicrt.export.design import design
from minicrt.inference import Stream
from minicrt.models import MODELS, create_sensor_model
from minicrt.ops.clusters import default_cutoffs
from minicrt.quantisation import quantise

SMALL = {"vocabulary": 12, "width": 8, "segment_length": 4, "output": "adaptive"}
OWN = {"tied": False, "cutoffs": "3,7", "div_value": 2.0}


def made(**settings):
    model = create_model({**SMALL, **settings}, "numpy")
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    parameters.flat += 0.1 * np.random.default_rng(1).standard_normal(parameters.size)
    return model, parameters


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("own", [{}, OWN], ids=["tied", "own"])
def test_the_scores_are_log_p_which_the_loss_is_the_mean_of_and_which_a_stream_has(kind, own):
    model, parameters = made(model=kind, **own)
    tokens, targets = np.random.default_rng(2).integers(0, 12, (2, 1, 4))
    scores, _ = model.logits(parameters, tokens, {})
    np.testing.assert_allclose(np.exp(scores).sum(-1), 1, rtol=1e-12)
    loss, _, _ = model.forward(parameters, tokens, targets, {})
    assert loss == pytest.approx(-np.take_along_axis(scores, targets[..., None], -1).mean(), rel=1e-12)
    stream = Stream(model, parameters)
    for token, expected in zip(tokens[0], scores[0]):
        np.testing.assert_allclose(stream.step(int(token)), expected, rtol=1e-11)


def test_a_tied_table_gets_the_gradient_of_all_its_uses():
    """As words read, as words of the head and as words of the clusters; the gradient check has the values."""
    model, parameters = made(model="recurrent", cutoffs="3,7")
    tokens, targets = np.array([[0, 0, 0, 0]]), np.array([[1, 8, 1, 8]])
    _, _, cache = model.forward(parameters, tokens, targets, {})
    gradients = parameters.zeros_like()
    model.backward(1.0, {}, cache, gradients)
    touched = gradients["embedding"].any(axis=1)
    np.testing.assert_array_equal(touched, [True] * 3 + [False] * 4 + [True] * 5)    # no word of 3 … 6 is a target
    assert gradients["output.clusters"].any(axis=1).all() and gradients["output.bias"].shape == (14,)


def test_the_parameters():
    tied, _ = made(cutoffs="3,7")
    own, _ = made(**OWN)
    shapes = {name: shape for name, shape in own.layout if name.startswith("output")}
    assert shapes == {"output.head": (5, 8), "output.projection": (8, 6), "output.tails": (4 * 4 + 5 * 2,),
                      "output.bias": (14,)}
    shapes = {name: shape for name, shape in tied.layout if name.startswith("output")}
    assert shapes == {"output.clusters": (2, 8), "output.projection": (8, 16), "output.bias": (14,)}
    tails = create_model({**SMALL, **OWN, "vocabulary": 4000, "cutoffs": "1000,2000"}).initialize(
        np.random.default_rng(0))["output.tails"]
    assert tails[:4000].std() == pytest.approx(4 ** -0.5, rel=0.1) and tails[4000:].std() == pytest.approx(
        2 ** -0.5, rel=0.1)


def test_cutoffs_follow_from_the_vocabulary():
    assert default_cutoffs(267_735) == (20_080, 40_160, 200_801)
    assert default_cutoffs(2) == (1,) and default_cutoffs(10) == (1, 2, 8)
    assert made()[0].config.cutoffs_in_use == (1, 2, 9) and made(cutoffs=4)[0].config.cutoffs_in_use == (4,)


@pytest.mark.parametrize("bits", [8, 4])
def test_quantised_parameters_run(bits):
    model, parameters = made(width=32, **OWN)
    small = quantise(parameters.astype(np.float32), bits)
    scores, _ = model.logits(small, np.array([[3, 1]]), {})
    np.testing.assert_allclose(Stream(model, small).feed([3, 1]), scores[0, 1], rtol=1e-4)


@pytest.mark.parametrize("settings, message", [
    ({"cutoffs": "7,3"}, "output='adaptive': cutoffs are 7, 3, expected whole numbers that rise"),
    ({"cutoffs": "3,12"}, "cutoffs are 3, 12, expected .* below the vocabulary's 12"),
    ({"cutoffs": "many"}, "cutoffs is 'many', expected \"auto\", or the first words"),
    ({"cutoffs": ""}, "cutoffs is '', expected"), ({"cutoffs": "9" * 5000}, "cutoffs is '9+…, expected \"auto\""),
    *[({"cutoffs": value}, "cutoffs is .*, expected \"auto\", or the first words") for value in (0, -2, True, [3, 7])],
    ({"div_value": 2.0}, "div_value is 2, but the clusters' words are rows of the embedding table"),
    ({"div_value": 0.5, "tied": False}, "div_value is 0.5, expected 1 or more"),
    ({"vocabulary": 1}, "vocabulary is 1, expected at least 2"),
    ({"output": "softmax", "cutoffs": "3"}, "cutoffs is '3', but output is 'softmax'"),
    ({"output": "adaptiv"}, "output is 'adaptiv'.*adaptive")])
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        create_model({**SMALL, **settings})


def test_what_has_no_adaptive_softmax_says_so():
    with pytest.raises(MinicrtError, match="^output is for models of words"):
        create_sensor_model(3, 2, "classification", output="adaptive")
    model, parameters = made()
    with pytest.raises(InputError, match="^the model has output='adaptive', which cannot be exported; expected"):
        design(model, parameters, Vocabulary([str(k) for k in range(12)]))


def test_the_operations_that_are_counted():
    """With a word of each rank r as often as 1/r, the loss's count is the mean over such a text; scores take all."""
    model, _ = made(model="transformer", **OWN)
    softmax = create_model({**SMALL, "output": "softmax", "model": "transformer"})
    H = (1 / np.arange(1, 13)).cumsum()
    expected = 8 * 5 + (H[6] - H[2]) / H[11] * 4 * (8 + 4) + (H[11] - H[6]) / H[11] * 2 * (8 + 5)
    assert accounting.forward_flops(model)["output"] == round(2 * 4 * expected)
    assert accounting.token_multiply_adds(model)["output"] == 8 * 5 + 4 * (8 + 4) + 2 * (8 + 5)
    assert accounting.forward_flops(softmax)["output"] == 2 * 4 * 8 * 12
