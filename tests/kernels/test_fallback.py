"""What a kernel does not take, and what it must not do"""

import numpy as np
import pytest

from minicrt import kernels, ops
from minicrt.errors import InputError
from minicrt.gradcheck import cases
from tests.kernels.twins import run

EVERY = list(cases.all_cases(np.random.default_rng(0)))


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_complex_numbers_are_left_to_the_specification(case):
    for a, b in zip(run(kernels, case, np.complex128), run(ops, case, np.complex128), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("types", [("f4", "f8", "f8"), ("f8", "f4", "f8"), ("f4", "f4", "f8"), (">f4", ">f4", ">f4"),
                                   ("f2", "f2", "f2")])
def test_mixed_types_are_left_to_the_specification(types):
    """To its bits and its types; the kernel's own are others."""
    rng = np.random.default_rng(0)
    d_y, *given = (rng.standard_normal(shape) for shape in ((20, 33), (20, 33), 33, 33))
    given = [array.astype(dtype) for array, dtype in zip(given, types)]
    results = []
    for engine in (kernels, ops):
        y, cache = engine.layer_norm(*given)
        results.append((y, *engine.layer_norm_backward(d_y, cache)))
    for ours, expected in zip(*results, strict=True):
        assert ours.dtype == expected.dtype
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("name, inputs", [
    ("linear", {"x": np.ones((2, 3)), "weight": np.ones((4, 5))}),
    ("layer_norm", {"x": np.ones((2, 3)), "gain": np.ones(4), "bias": np.ones(3)}),
    ("linear_activation", {"x": np.ones((2, 3)), "weight": np.ones((3, 5)), "bias": np.ones(5), "activation": "elu"}),
    ("linear_activation", {"x": np.ones((2, 3)), "weight": np.ones((4, 5)), "bias": np.ones(5), "activation": "relu"}),
    ("self_attention", {"qkv": np.ones((2, 3, 7)), "heads": 1}),
    ("self_attention", {"qkv": np.ones((2, 3, 6)), "heads": 0}),
    ("gru", {"x": np.ones((1, 2, 3)), "h0": np.ones((1, 2)), "w": np.ones((3, 6)), "u": np.ones((2, 6)),
             "b": np.ones(6)}),
    ("gru", {"x": np.ones((1, 2, 3)), "h0": np.ones((2, 2)), "w": np.ones((3, 6)), "u": np.ones((2, 6)),
             "b": np.ones(6), "b_hn": np.ones(2)}),
    ("ncgru", {"x": np.ones((1, 2, 3)), "h0": np.ones((1, 2)), "w": np.ones((3, 6)), "u": np.ones((2, 6)),
               "b": np.ones(6), "activation": "gelu"}),
    ("embedding", {"tokens": np.array([0, 9]), "table": np.ones((3, 2))}),
    ("embedding", {"tokens": np.array([0.5]), "table": np.ones((3, 2))}),
    ("linear_cross_entropy", {"z": np.ones((2, 3)), "table": np.ones((4, 3)), "bias": np.ones(4),
                              "targets": np.array([0, 4])}),
    ("dropout", {"x": np.ones(3), "rate": 1.0, "rng": None}),
    ("locked_dropout", {"x": np.ones(3), "rate": 0.5, "rng": None}),
])
def test_the_same_line_for_bad_input(name, inputs):
    said = []
    for engine in (ops, kernels):
        with pytest.raises(InputError) as caught:
            getattr(engine, name)(**inputs)
        said.append(str(caught.value).removeprefix("linear_activation").removeprefix("linear"))
    assert said[0] == said[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_shows(dtype, bad):
    x = np.zeros((3, 33), dtype)
    x[1, 5] = bad
    ones, zeros = np.ones(33, dtype), np.zeros(33, dtype)
    with np.errstate(invalid="ignore"):                      # NumPy's products warn of it, as in the specification
        y, _ = kernels.layer_norm(x, ones, zeros)
        assert np.isnan(y[1]).all() and not np.isnan(y[[0, 2]]).any()
        loss, _ = kernels.linear_cross_entropy(x, np.ones((4, 33), dtype), zeros[:4], np.zeros(3, int))
        assert not np.isfinite(loss)
        y, _ = kernels.gelu(x)
        assert y[1, 5] == bad or np.isnan(y[1, 5])
        qkv = np.zeros((1, 4, 6), dtype)
        qkv[0, 2, 0] = bad                                   # a query sees itself and all before
        y, _ = kernels.self_attention(qkv, 1)
        assert not np.isnan(y[0, :2]).any()
        weight = np.ones((2, 3), dtype)
        for name in ("gelu", "gelu_tanh", "relu"):
            y, _ = kernels.linear_activation(np.array([[bad, 1.0]], dtype), weight, zeros[:3], name)
            assert not np.isfinite(y).any()


@pytest.mark.parametrize("case", [c for c in EVERY if "dropout" not in c.operation], ids=lambda case: case.name)
def test_results_are_their_callers_own(case):
    """Memory goes round only when nobody looks at it: an old result, or a view of one, does not change."""
    kept = run(kernels, case, np.float32)
    views = [array[..., :1] for array in kept if isinstance(array, np.ndarray) and array.ndim]
    before = [array.copy() for array in (*kept, *views) if isinstance(array, np.ndarray)]
    for _ in range(5):
        again = run(kernels, case, np.float32)
        for a in kept:
            for b in again:
                assert a is None or b is None or not np.shares_memory(a, b)
    after = [array for array in (*kept, *views) if isinstance(array, np.ndarray)]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
