"""The twins that are trained on a GPU compute what minicrt's models do, and drop what its trainer drops."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.twins.torch_dropout import State, Twin, locked  # noqa: E402
from minicrt.errors import ConfigurationError  # noqa: E402
from minicrt.models import create_model  # noqa: E402
from minicrt.training import window_gradients  # noqa: E402

SMALL = {"vocabulary": 11, "width": 8, "layers": 2, "heads": 2, "inner": 12, "segment_length": 5}


def twins(kind, dtype, **settings):
    """minicrt's model with parameters that are all away from their first values, and the twin of it."""
    model = create_model({"model": kind, **SMALL, **settings}, engine="numpy")
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters.flat += 0.1 * np.random.default_rng(1).standard_normal(parameters.size).astype(dtype)
    twin = Twin(model).to(torch.float64 if dtype == np.float64 else torch.float32)
    twin.load(parameters)
    return model, parameters, twin


def segments(count, length=5):
    return [torch.tensor(tokens) for tokens in np.random.default_rng(2).integers(0, 11, (count, 3, length))]


@pytest.mark.parametrize("kind", ["crt", "transformer"])
@pytest.mark.parametrize("dtype, error", [(np.float64, 1e-11), (np.float32, 1e-5)])
def test_the_twin_is_the_model(kind, dtype, error):
    """Logits over segments with the state carried, the last one short; with dropout, which evaluation has none of."""
    model, parameters, twin = twins(kind, dtype, dropout=0.5, embedding_dropout=0.5)
    state, carried = {}, State()
    twin.eval()
    for tokens in [*segments(3), *segments(1, 2)]:
        expected, state = model.logits(parameters, tokens.numpy(), state)
        with torch.no_grad():
            logits, carried = twin(tokens, carried)
        np.testing.assert_allclose(logits, expected, rtol=0, atol=error * abs(expected).max())


@pytest.mark.parametrize("kind", ["crt", "transformer"])
def test_gradients_over_two_segments(kind):
    model, parameters, twin = twins(kind, np.float64)
    *inputs, targets = segments(3)
    gradients, state = parameters.zeros_like(), State()
    window_gradients(model, parameters, gradients, [(tokens.numpy(), targets.numpy()) for tokens in inputs], {})
    loss = 0
    for tokens in inputs:
        logits, state = twin(tokens, state)
        loss = loss + torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()) / 2
    loss.backward()
    for parameter in twin.parameters():
        parameter.data = parameter.grad
    ours = twin.minicrt()
    assert ours.keys() == set(parameters)
    for name, expected in gradients.items():
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-9 * abs(expected).max(), err_msg=name)
    if kind == "crt":                                        # the redundant biases are held
        assert not twin.memory.bias_hh_l0.grad[:16].any() and twin.memory.bias_hh_l0.grad[16:].all()


def test_parameters_there_and_back():
    for kind in ("crt", "transformer"):
        model, parameters, twin = twins(kind, np.float32)
        back = twin.minicrt()
        assert all(np.array_equal(back[name], parameters[name]) for name in parameters)
        decayed, kept = (sum(p.numel() for p in group["params"]) for group in twin.groups(0.1))
        assert decayed == sum(spec.size for spec in model.specs() if spec.decay)
        redundant = 4 * 8 if kind == "crt" else 0            # the two GRUs' second biases of r and z
        assert decayed + kept == parameters.size + redundant


def test_dropout():
    torch.manual_seed(0)
    x = locked(torch.ones(50, 4, 20), 0.25, True)
    assert torch.equal(x, x[:, :1].expand_as(x))             # one mask for all tokens
    assert x.unique().tolist() == pytest.approx([0, 4 / 3]) and 0.2 < (x == 0).float().mean() < 0.3
    _, _, twin = twins("transformer", np.float32, embedding_dropout=0.5)
    twin.train()
    tokens = torch.arange(11).repeat(2, 1)
    words, table = twin.words(tokens), twin.embedding.weight * 8 ** 0.5
    dropped = (words == 0).all(-1)
    assert torch.equal(dropped[0], dropped[1]) and 0 < dropped[0].sum() < 11               # a word, wherever it stands
    torch.testing.assert_close(words[~dropped], 2 * table[tokens[~dropped]])


def test_another_configuration_is_refused():
    for settings in ({"memory": "ncgru"}, {"norm": "post"}, {"model": "recurrent", "vocabulary": 11}):
        with pytest.raises(ConfigurationError, match="of default settings"):
            Twin(create_model({**({} if "model" in settings else SMALL), **settings}))
