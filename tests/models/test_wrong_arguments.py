"""Whatever a model is handed in place of what it takes, for every model: one line, and no traceback from inside"""

import numpy as np
import pytest

from minicrt.errors import InputError
from minicrt.models import MODELS, create_model

TOKENS = np.array([[0, 1, 2], [3, 4, 6]])
NO_ARRAY = [None, "tokens", 3, 1.5, [[1], [1, 2]], [["a", "b"]], {}, object(), TOKENS.astype(bool), TOKENS * 1j,
            TOKENS.astype(object), TOKENS[0], TOKENS[None], np.array(3), TOKENS[:0], TOKENS - 1, TOKENS + 2,
            TOKENS.astype(float), TOKENS.astype("datetime64[s]"), np.full((2, 3), 2**63, np.uint64)]
NO_STATE = [None, [], "memory", 3, {"memori": np.zeros(2)}, {1: TOKENS}, {None: None}, np.zeros(3), ("memory",)]
NO_GENERATOR = [0, "seed", np.random, np.random.RandomState(0), True, object()]


@pytest.fixture(params=MODELS)
def model(request):
    return create_model(request.param, vocabulary=7, width=8, layers=1, segment_length=4)


@pytest.fixture
def parameters(model):
    return model.initialize(np.random.default_rng(0))


def refused(use, *words):
    with pytest.raises(InputError) as caught:
        use()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300 and all(word in message for word in words), message


def test_tokens(model, parameters):
    for wrong in NO_ARRAY:
        refused(lambda wrong=wrong: model.forward(parameters, wrong, TOKENS, {}), "token")
        refused(lambda wrong=wrong: model.logits(parameters, wrong, {}), "token")


def test_targets(model, parameters):
    for wrong in [wrong for wrong in NO_ARRAY if not np.array_equal(wrong, TOKENS - 1)] + [TOKENS - 2, TOKENS[:, :2]]:
        refused(lambda wrong=wrong: model.forward(parameters, TOKENS, wrong, {}), "target")


def test_states(model, parameters):
    for wrong in NO_STATE:
        refused(lambda wrong=wrong: model.forward(parameters, TOKENS, TOKENS, wrong), "state")
        refused(lambda wrong=wrong: model.logits(parameters, TOKENS, wrong), "state")
    for name, shape in model.state_shapes(2).items():
        right = np.zeros([n or 1 for n in shape], np.float32)
        for wrong in (None, right.tolist(), right.astype(int), right.astype(object), right[:1], right[0],
                      right[..., :3], right[None], "", 0.0):
            refused(lambda name=name, wrong=wrong: model.logits(parameters, TOKENS, {name: wrong}), f"entry {name!r}")


def test_generators(model, parameters):
    for wrong in NO_GENERATOR:
        refused(lambda wrong=wrong: model.forward(parameters, TOKENS, TOKENS, {}, wrong), "rng", "default_rng")
        refused(lambda wrong=wrong: model.initialize(wrong), "rng", "default_rng")
    refused(lambda: model.initialize(None), "rng is None")


def test_dtypes(model):
    for wrong in (int, "float33", np.float16, "S3", bool, object()):
        refused(lambda wrong=wrong: model.initialize(np.random.default_rng(0), wrong), "dtype")


def test_parameters(model, parameters):
    wider = create_model(model.config, vocabulary=9).initialize(np.random.default_rng(0))
    for wrong in (None, {}, dict(parameters), parameters.flat, "weights", 0, type(parameters)):
        refused(lambda wrong=wrong: model.forward(wrong, TOKENS, TOKENS, {}), "parameters", "model.initialize")
        refused(lambda wrong=wrong: model.logits(wrong, TOKENS, {}), "parameters", "model.initialize")
    refused(lambda: model.forward(wider, TOKENS, TOKENS, {}), "embedding is of shape (9, 8), in the model it "
            "is of shape (7, 8)")


def test_another_models_parameters(model):
    other = create_model("rmt" if type(model).__name__ == "CRT" else "crt", vocabulary=7, width=8, layers=1,
                         segment_length=4, positions="none")
    refused(lambda: model.logits(other.initialize(np.random.default_rng(0)), TOKENS, {}), "parameters are not those of "
            f"this {type(model).__name__}: ")


def test_gradients(model, parameters):
    _, _, cache = model.forward(parameters, TOKENS, TOKENS, {})
    for wrong in (None, {}, parameters.flat, dict(parameters)):
        refused(lambda wrong=wrong: model.backward(1.0, {}, cache, wrong), "gradients")
    for wrong in (None, [], "state"):
        refused(lambda wrong=wrong: model.backward(1.0, wrong, cache, parameters.zeros_like()), "d_state")


def test_gradients_of_states(model, parameters):
    """A compiled scan that got a gradient of one row for a batch of two read on behind its end."""
    _, _, cache = model.forward(parameters, TOKENS, TOKENS, {})
    gradients = parameters.zeros_like()
    refused(lambda: model.backward(1.0, {"memori": np.zeros(2)}, cache, gradients), "the d_state has an entry 'memori'")
    for name, shape in model.state_shapes(2).items():
        right = np.zeros([n or 1 for n in shape], np.float32)
        for wrong in (None, right.tolist(), right[:1], right[:0], np.concatenate([right, right]), right[..., :3], "a"):
            refused(lambda name=name, wrong=wrong: model.backward(1.0, {name: wrong}, cache, gradients),
                    f"d_state entry {name!r}")
    assert not gradients.flat.any()


def test_caches(model, parameters):
    deeper = create_model(model.config, layers=2)
    theirs = deeper.initialize(np.random.default_rng(0))
    _, _, cache = deeper.forward(theirs, TOKENS, TOKENS, {})
    refused(lambda: model.backward(1.0, {}, cache, parameters.zeros_like()), "cache is that of another model")
    for wrong in (None, {}, (), "cache"):
        refused(lambda wrong=wrong: model.backward(1.0, {}, wrong, parameters.zeros_like()), "cache")
    for wrong in (np.nan, np.inf, "1", None, np.ones(2)):
        refused(lambda wrong=wrong: deeper.backward(wrong, {}, cache, theirs.zeros_like()), "d_loss")


def test_integers_of_any_kind_and_lists_are_tokens(model, parameters):
    expected, _ = model.logits(parameters, TOKENS, {})
    for tokens in (TOKENS.tolist(), TOKENS.astype(np.uint8), TOKENS.astype(np.uint64), np.asfortranarray(TOKENS)):
        assert np.array_equal(model.logits(parameters, tokens, {})[0], expected)
        loss, _, cache = model.forward(parameters, tokens, tokens, {})
        model.backward(1.0, {}, cache, parameters.zeros_like())
        assert np.isfinite(loss)
