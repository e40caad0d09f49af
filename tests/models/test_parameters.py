"""A model's parameters as a mapping, and what it says of names and values that it has not."""

import numpy as np
import pytest

from minicrt.errors import InputError, MinicrtError
from minicrt.models import CRT, CRTConfig


@pytest.fixture
def parameters():
    return CRT(CRTConfig(vocabulary=7, width=6, layers=1, heads=2, inner=5)).initialize(np.random.default_rng(0))


def test_it_is_a_mapping_of_names_to_views(parameters):
    names = [spec.name for spec in parameters.specs]
    assert list(parameters) == list(parameters.keys()) == [name for name, _ in parameters.items()] == names
    assert len(parameters) == len(names)
    assert "embedding" in parameters and "embeding" not in parameters and 3 not in parameters
    assert all(a is parameters[name] for name, a in zip(names, parameters.values()))
    assert np.array_equal(np.concatenate([a.ravel() for a in parameters.values()]), parameters.flat)
    assert {**parameters}.keys() == set(names) and parameters.get("embeding") is None


def test_equal_is_only_the_same_one(parameters):
    assert parameters == parameters and parameters != parameters.copy() and len({parameters, parameters.copy()}) == 2


@pytest.mark.parametrize("name, expected", [
    ("embeding", "there is no parameter 'embeding'; did you mean 'embedding'?"),
    ("blocks.0.attention.w_QKV", "did you mean 'blocks.0.attention.w_qkv'?"),
    ("zzz", "there is no parameter 'zzz'; there are: embedding, "), (0, "there is no parameter 0"),
    ([], "there is no parameter []")])
def test_a_wrong_name_says_what_there_is_or_what_was_meant(parameters, name, expected):
    def write():
        parameters[name] = 0

    for use in (lambda: parameters[name], lambda: parameters.slice(name), write):
        with pytest.raises(MinicrtError) as caught:
            use()
        assert isinstance(caught.value, KeyError)
        assert expected in str(caught.value) and "\n" not in str(caught.value)


def test_a_wrong_name_of_a_part_says_the_whole_one(parameters):
    with pytest.raises(KeyError, match=r"no parameter 'blocks.0.attention.w'; did you mean 'blocks.0.attention.w_"):
        parameters.scope("blocks.0.")["attention.w"]


@pytest.mark.parametrize("value", [np.zeros(6), np.zeros((6, 7)), np.zeros((7, 6), complex), "zero", None, object(),
                                   np.zeros((1, 7, 6)), [[1], [1, 2]], ["a"] * 7])
def test_a_value_that_does_not_fit_is_refused_and_nothing_written(parameters, value):
    before = parameters.flat.copy()
    with pytest.raises(InputError, match="'embedding'") as caught:
        parameters["embedding"] = value
    assert "\n" not in str(caught.value)
    assert np.array_equal(parameters.flat, before)


def test_a_number_fills_and_an_array_is_copied(parameters):
    parameters["output.bias"] = 1
    assert (parameters["output.bias"] == 1).all()
    table = np.arange(42).reshape(7, 6)
    parameters["embedding"] = table
    parameters["embedding"] += 1
    assert np.array_equal(parameters["embedding"], table + 1) and parameters.dtype == np.float32


@pytest.mark.parametrize("dtype", [int, "float31", None.__class__, np.float16, bool, "S8", object])
def test_a_dtype_that_no_model_computes_in(parameters, dtype):
    with pytest.raises(InputError, match="expected np.float32, np.float64 or np.complex128"):
        parameters.astype(dtype)


def test_it_says_what_it_is(parameters):
    text = repr(parameters)
    assert f"{parameters.size:,} values of float32 in {len(parameters)} arrays: embedding (7, 6), " in text
    assert "\n" not in text and len(text) < 200
