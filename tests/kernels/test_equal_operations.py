"""Every kernel computes what its operation computes, for shapes on both sides of a vector register's width"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import kernels, ops
from minicrt.gradcheck import cases
from minicrt.parallel import threads
from tests.kernels.twins import assert_equal_engines, has_twin, run

seeds = st.integers(0, 2**32 - 1)
layouts = st.sampled_from(["C", "Fortran", "strided", "reversed"])
dtypes = st.sampled_from([np.float32, np.float64])
widths = st.sampled_from([1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 48])
rows = st.sampled_from([1, 2, 3, 7, 64, 150, 300])
few = st.integers(1, 5)


@pytest.mark.parametrize("case", list(cases.all_cases(np.random.default_rng(3))), ids=lambda case: case.name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "strided"])
def test_every_case_of_the_specification(case, dtype, layout):
    assert_equal_engines(case, dtype, layout, steps=16)


@settings(max_examples=60)
@given(seed=seeds, rows=rows, width=st.sampled_from([5, 8, 15, 16, 17, 31, 33, 48]), dtype=dtypes, layout=layouts,
       read_only=st.booleans(), spread=st.sampled_from([1e-3, 1.0, 30.0]))
def test_layer_norm(seed, rows, width, dtype, layout, read_only, spread):
    """(Of two or three features some row in hundreds has all but equal ones: then x − mean is mostly rounding.)"""
    case = cases.layer_norm_case(np.random.default_rng(seed), (rows,), width, spread)
    # The variance of a row may be far below its values' squares: the error is that of x − mean, relative to x.
    case.scale["x"] = max(case.scale.get("x", 0), float(np.abs(case.inputs["gain"]).max() / spread))
    assert_equal_engines(case, dtype, layout, read_only, steps=width)


@settings(max_examples=40)
@given(seed=seeds, rows=rows, inputs=widths, outputs=widths, dtype=dtypes, layout=layouts, bias=st.booleans())
def test_linear(seed, rows, inputs, outputs, dtype, layout, bias):
    case = cases.linear_case(np.random.default_rng(seed), (rows,), inputs, outputs, bias)
    assert_equal_engines(case, dtype, layout, steps=max(rows, inputs, outputs))


@settings(max_examples=60)
@given(seed=seeds, activation=st.sampled_from(["gelu", "gelu_tanh", "relu"]), rows=rows, inputs=few, outputs=widths,
       dtype=st.just(np.float64), layout=layouts)
def test_linear_activation(seed, activation, rows, inputs, outputs, dtype, layout):
    case = cases.linear_activation_case(np.random.default_rng(seed), activation, (rows,), inputs, outputs)
    case.scale["x"] = 1e-2                                   # in the tail of gelu_tanh 1 + t cancels
    assert_equal_engines(case, dtype, layout, steps=rows)


@settings(max_examples=40)
@given(seed=seeds, activation=st.sampled_from(["gelu", "gelu_tanh"]), rows=rows, outputs=widths, layout=layouts)
def test_linear_activation_in_float32(seed, activation, rows, outputs, layout):
    """(relu's slope jumps: at an argument of rounding's size either side is right.)"""
    case = cases.linear_activation_case(np.random.default_rng(seed), activation, (rows,), 4, outputs)
    case.scale["x"] = 1e-2
    assert_equal_engines(case, np.float32, layout, steps=rows)


@settings(max_examples=40)
@given(seed=seeds, operation=st.sampled_from(["gelu", "sigmoid"]), shape=st.tuples(rows, widths), dtype=dtypes,
       layout=layouts, spread=st.sampled_from([1e-3, 2.0, 20.0]))
def test_activations(seed, operation, shape, dtype, layout, spread):
    case = cases.activation_case(np.random.default_rng(seed), operation, shape, spread)
    if spread == 20:                                         # where they are flat, the specification's digits cancel
        case.scale.update(x=1e-2, y=1e-2)
    assert_equal_engines(case, dtype, layout)


@settings(max_examples=60)
@given(seed=seeds, batch=few, length=st.sampled_from([1, 2, 3, 8, 15, 16, 17, 33]), heads=few,
       width=st.sampled_from([1, 2, 8, 16, 20]), dtype=dtypes, layout=layouts, causal=st.booleans())
def test_self_attention(seed, batch, length, heads, width, dtype, layout, causal):
    case = cases.self_attention_case(np.random.default_rng(seed), batch, length, heads * width, heads)
    case.inputs["mask"] = None if causal else np.ones((length, length), bool)
    size = 3 * np.abs(case.inputs["qkv"]).max() ** 3 * width         # with one key to see, scores have no gradient
    case.scale["qkv"] = float(size) if length <= 2 else 0.0
    assert_equal_engines(case, dtype, layout, steps=length)


@settings(max_examples=60)
@given(seed=seeds, batch=few, length=st.sampled_from([1, 2, 5, 20]), inputs=widths, width=widths, dtype=dtypes,
       layout=layouts, form=st.sampled_from(["after", "before", "tanh", "modrelu"]), last=st.booleans())
def test_recurrences(seed, batch, length, inputs, width, dtype, layout, form, last):
    rng = np.random.default_rng(seed)
    if form in ("after", "before"):
        case = cases.gru_case(rng, batch, length, inputs, width, form == "after")
    else:
        dtype = np.float64 if form == "modrelu" else dtype           # float32 may fall on the other side of a threshold
        case = cases.ncgru_case(rng, batch, length, inputs, width, form)
    options = {"d_last": rng.standard_normal((batch, width))} if last else {}
    assert_equal_engines(case, dtype, layout, steps=length * max(batch, 4), **options)


@settings(max_examples=60)
@given(seed=seeds, rows=rows, width=st.sampled_from([1, 3, 16, 17]), vocabulary=st.sampled_from([1, 2, 31, 127, 300]),
       ignored=st.sampled_from([0.0, 0.3, 0.9]), chunk=st.sampled_from([1, 7, 512]), dtype=dtypes, layout=layouts)
def test_linear_cross_entropy(seed, rows, width, vocabulary, ignored, chunk, dtype, layout):
    case = cases.linear_cross_entropy_case(np.random.default_rng(seed), (rows,), width, vocabulary, ignored, chunk)
    case.scale["z"] = 1e-3 if vocabulary <= 2 else 1e-6              # a word that is almost sure has almost no gradient
    assert_equal_engines(case, dtype, layout, steps=rows)


def test_nothing_scored_and_no_gradient():
    z, table, bias = np.ones((4, 3)), np.ones((5, 3)), np.zeros(5)
    loss, cache = kernels.linear_cross_entropy(z, table, bias, np.full(4, -1))
    assert loss == 0 and all(not gradient.any() for gradient in kernels.linear_cross_entropy_backward(1.0, cache))
    targets = np.arange(4)
    loss, cache = kernels.linear_cross_entropy(z, table, bias, targets, with_gradient=False)
    assert cache is None and loss == pytest.approx(np.log(5), rel=1e-15)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_saturated_logits(size):
    z, table, bias = np.eye(3) * size, np.eye(3), np.zeros(3)
    for targets in (np.arange(3), np.array([1, 2, 0])):
        expected, cache = ops.linear_cross_entropy(z, table, bias, targets)
        loss, fast_cache = kernels.linear_cross_entropy(z, table, bias, targets)
        assert loss == pytest.approx(expected, rel=1e-14, abs=1e-300)
        for a, b in zip(kernels.linear_cross_entropy_backward(0.5, fast_cache),
                        ops.linear_cross_entropy_backward(0.5, cache)):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(np.abs(b).max(), 1))


@given(seed=seeds, tokens=st.lists(st.integers(0, 6), min_size=1, max_size=200), width=widths, dtype=dtypes,
       scale=st.sampled_from([1.0, 3.5]), into=st.booleans())
def test_embedding(seed, tokens, width, dtype, scale, into):
    rng = np.random.default_rng(seed)
    table, d_y = (rng.standard_normal(shape).astype(dtype) for shape in ((7, width), (len(tokens), width)))
    y, cache = kernels.embedding(np.array(tokens), table, scale)
    np.testing.assert_allclose(y, dtype(scale) * table[tokens], rtol=1e-7 if dtype == np.float32 else 1e-15)
    target = rng.standard_normal((7, width)).astype(dtype)
    expected = np.zeros((7, width)) + (target if into else 0)
    np.add.at(expected, tokens, scale * d_y.astype(np.float64))
    got = kernels.embedding_backward(d_y, cache, into=target if into else None)
    assert (got is target) == into
    tolerance = (2e-5 if dtype == np.float32 else 1e-12) * scale
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * max(1, np.abs(expected).max()))


@given(seed=seeds, operation=st.sampled_from(["dropout", "locked_dropout", "embedding_dropout"]), dtype=dtypes,
       rate=st.sampled_from([0.0, 0.1, 0.5]))
def test_dropout_draws_the_same_masks(seed, operation, dtype, rate):
    shape = (9, 4) if operation == "embedding_dropout" else (3, 4, 17)
    x, d_y = np.random.default_rng(1).standard_normal((2, *shape)).astype(dtype)
    results = []
    for engine in (ops, kernels):
        rng = np.random.default_rng(seed)
        y, cache = getattr(engine, operation)(x, rate, rng)
        results.append((y, getattr(engine, operation + "_backward")(d_y, cache), rng.random()))
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


@given(seed=seeds, size=st.sampled_from([1, 15, 17, 1000, 70_001]), dtype=dtypes, decay=st.sampled_from([0.0, 0.1]),
       scale=st.sampled_from([1.0, 0.3]), number=st.sampled_from([1, 2, 3]))
@settings(max_examples=30)
def test_adamw(seed, size, dtype, decay, scale, number):
    rng = np.random.default_rng(seed)
    theta, m, v = rng.standard_normal(size).astype(dtype), np.zeros(size, dtype), np.zeros(size, dtype)
    exact = [array.astype(np.float64) for array in (theta, m, v)]
    with threads.limit(number):
        for count in range(1, 4):
            g = rng.standard_normal(size).astype(dtype)
            kernels.adamw_update(theta, g, m, v, count, 0.01, decay, 0.9, 0.99, 1e-8, scale)
            ops.adamw_update(exact[0], g.astype(np.float64), *exact[1:], count, 0.01, decay, 0.9, 0.99, 1e-8, scale)
            assert kernels.global_norm(g) == pytest.approx(np.linalg.norm(g.astype(np.float64)), rel=1e-12)
    for a, b, least in zip((theta, m, v), exact, (1e-2, 1e-2, 0)):               # theta and m may all but cancel
        assert np.abs(a - b).max() <= (2e-5 if dtype == np.float32 else 1e-12) * max(np.abs(b).max(), least)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_on_several_threads(number, dtype):
    """Above the sizes at which rows are shared out, and the same bits every time."""
    rng = np.random.default_rng(0)
    large = [cases.layer_norm_case(rng, (2000,), 300), cases.linear_activation_case(rng, "gelu", (2000,), 8, 300),
             cases.self_attention_case(rng, 9, 20, 32, 4), cases.self_attention_case(rng, 5, 290, 32, 4),
             cases.activation_case(rng, "gelu", (300, 300)),
             cases.linear_cross_entropy_case(rng, (700,), 8, 300, 0.1, 512)]
    with threads.limit(number):
        for case in large:
            case.scale["any"] = 1e-4
            assert_equal_engines(case, dtype, steps=2000)
            for a, b in zip(run(kernels, case, dtype), run(kernels, case, dtype)):
                np.testing.assert_array_equal(a, b)


def test_there_are_twins():
    expected = {"layer_norm", "linear", "linear_activation", "self_attention", "gru", "ncgru", "linear_cross_entropy",
                "embedding", "dropout", "adamw_update", "gelu"}
    assert {name for name in ops.__all__ if has_twin(name)} >= expected
    assert all(hasattr(kernels, name) for name in ops.__all__)
