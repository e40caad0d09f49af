import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.errors import InputError
from minicrt.inference import distribution, generate
from minicrt.inference.sampling import Sampling
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig


def small_crt(**changes):
    config = CRTConfig(**{"vocabulary": 11, "width": 8, "layers": 1, "heads": 2, "inner": 12, "segment_length": 4,
                          "dropout": 0.5, **changes})
    model = CRT(config, "numpy")                             # compiled streams are test_stream's
    parameters = model.initialize(np.random.default_rng(3), np.float64)
    parameters.flat += 0.3 * np.random.default_rng(4).standard_normal(parameters.size)
    return model, parameters


def logits_of_stream(model, parameters, tokens):
    """The logits behind the last of `tokens`, read segment by segment from the start."""
    state, T = {}, model.config.segment_length
    for start in range(0, len(tokens), T):
        logits, state = model.logits(parameters, np.array([tokens[start:start + T]]), state)
    return logits[0, -1]


@pytest.mark.parametrize("prompt_length", [1, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("memory", ["gru", "ncgru", "none"])
def test_greedy_text_is_the_argmax_of_the_logits_over_the_whole_sequence(prompt_length, memory):
    model, parameters = small_crt(memory=memory)
    text = np.random.default_rng(prompt_length).integers(0, 11, prompt_length).tolist()
    for token in generate(model, parameters, text.copy(), 14, np.random.default_rng(0), temperature=0):
        assert token == logits_of_stream(model, parameters, text).argmax()
        text.append(token)
    assert len(text) == prompt_length + 14


def test_one_seed_one_text():
    model, parameters = small_crt()

    def text(seed):
        return list(generate(model, parameters, [1, 2], 30, np.random.default_rng(seed), top_k=5, top_p=0.9))

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_excluded_tokens_never_come():
    model, parameters = small_crt()
    text = list(generate(model, parameters, [1], 200, np.random.default_rng(0), temperature=50.0, exclude=[3, 7]))
    assert set(text) == set(range(11)) - {3, 7}


logit_rows = st.lists(st.floats(-30, 30), min_size=1, max_size=12).map(np.array)


@given(logit_rows, st.floats(0.05, 5), st.integers(0, 14), st.floats(0.01, 1))
def test_a_distribution_keeps_the_most_probable_tokens(logits, temperature, top_k, top_p):
    p = distribution(logits, temperature, top_k, top_p)
    assert p.sum() == pytest.approx(1)
    kept = p > 0
    assert 1 <= kept.sum() <= (top_k or len(logits))
    assert logits[kept].min() >= logits[~kept].max(initial=-np.inf) or p[~kept].max() == 0
    ratio = np.exp((logits[kept] - logits[kept][0]) / temperature)
    np.testing.assert_allclose(p[kept] / p[kept][0], ratio, rtol=1e-9)


def test_top_p_keeps_the_smallest_set_that_holds_enough():
    logits = np.log([0.5, 0.1, 0.3, 0.1])
    np.testing.assert_allclose(distribution(logits, top_p=0.5), [1, 0, 0, 0])
    np.testing.assert_allclose(distribution(logits, top_p=0.6), [0.625, 0, 0.375, 0])
    np.testing.assert_allclose(distribution(logits, top_p=0.85), np.array([5, 1, 3, 0]) / 9)
    np.testing.assert_allclose(distribution(logits, top_k=2), [0.625, 0, 0.375, 0])


def test_min_p_keeps_what_is_not_far_less_probable_than_the_most_probable():
    logits = np.log([0.5, 0.1, 0.3, 0.1])
    np.testing.assert_allclose(distribution(logits, min_p=0.5), [0.625, 0, 0.375, 0])
    np.testing.assert_allclose(distribution(logits, min_p=0.61), [1, 0, 0, 0])
    np.testing.assert_allclose(distribution(logits, temperature=2, min_p=0.61), np.sqrt([5, 0, 3, 0]) / (5**.5 + 3**.5))


@pytest.mark.parametrize("penalty", [1e308, 1e-308])
def test_no_penalty_is_too_large_for_a_float(penalty):
    sampling = Sampling(repetition_penalty=penalty)
    p = sampling.distribution(sampling.penalised(np.array([3.0, -4.0, -np.inf]), np.ones(3, bool)))
    assert p[2] == 0 and p.sum() == 1


def test_a_penalty_makes_what_was_said_less_probable_whatever_its_sign():
    sampling = Sampling(repetition_penalty=2.0)
    logits, seen = np.array([2.0, -2.0, 2.0, -2.0]), np.array([True, True, False, False])
    np.testing.assert_array_equal(sampling.penalised(logits, seen), [1, -4, 2, -2])
    model, parameters = small_crt()
    plain, varied = (set(generate(model, parameters, [1], 40, np.random.default_rng(0), temperature=0,
                                  repetition_penalty=penalty)) for penalty in (1, 3))
    assert len(varied) > len(plain)


def test_a_text_ends_with_the_sequence_that_stops_it():
    model, parameters = small_crt()

    def text(stop):
        return list(generate(model, parameters, [1], 60, np.random.default_rng(0), temperature=5.0, stop=stop))

    whole = text([])
    pair = whole[20:22]
    first = next(i for i in range(60) if whole[i:i + 2] == pair)
    assert text([pair]) == whole[:first + 2]
    single = [whole[9]]
    assert text([pair, single]) == whole[:min(first + 2, whole.index(whole[9]) + 1)]
    assert text([[*pair, 0, 0, 0, 0, 0]]) == whole


def test_temperature_zero_and_its_limit():
    logits = np.array([1.0, 3.0, 3.0, 2.0])
    np.testing.assert_array_equal(distribution(logits, temperature=0), [0, 1, 0, 0])
    np.testing.assert_array_equal(distribution(logits, temperature=1e-310), [0, 0.5, 0.5, 0])


@pytest.mark.parametrize("prompt, arguments, words", [
    ([], {}, "one token id at least"),
    ([1.5], {}, "float64"),
    ([[1]], {}, "shape"),
    ([11], {}, "ids from 0 to 10"),
    ([-1], {}, "ids from 0 to 10"),
    ([1], {"temperature": -1.0}, "temperature"),
    ([1], {"temperature": float("nan")}, "temperature"),
    ([1], {"top_k": -1}, "top_k"),
    ([1], {"top_p": 0.0}, "top_p"),
    ([1], {"min_p": 1.5}, "min_p"),
    ([1], {"repetition_penalty": 0}, "repetition_penalty"),
    ([1], {"stop": [[]]}, "stop is empty"),
    ([1], {"stop": [[11]]}, "stop has the id 11"),
    ([1], {"stop": 3}, "stop is an int"),
    ([1], {"exclude": range(11)}, "exclude"),
    ([1], {"exclude": [11]}, "exclude"),
])
def test_bad_input_is_refused_when_called(prompt, arguments, words):
    model, parameters = small_crt()
    with pytest.raises(InputError, match=words):
        generate(model, parameters, prompt, 3, np.random.default_rng(0), **arguments)
    with pytest.raises(InputError, match="tokens"):
        generate(model, parameters, [1], -1, np.random.default_rng(0))
