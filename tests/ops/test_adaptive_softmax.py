import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import engines, ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import adaptive_softmax_case
from minicrt.ops.clusters import clusters
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

vocabularies = st.integers(2, 9).flatmap(lambda V: st.tuples(
    st.just(V), st.sets(st.integers(1, V - 1), min_size=1, max_size=3).map(lambda cutoffs: tuple(sorted(cutoffs)))))
ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not engines._numba_is_installed(), reason="Numba"))]
chunks, divisors = st.integers(1, 9), st.sampled_from([1.0, 1.5, 4.0])


def probabilities(inputs):
    return ops.adaptive_log_probabilities(*(inputs[name] for name in (
        "z", "head", "bias", "projection", "tails", "cutoffs", "div_value")))


@settings(max_examples=30)
@given(seed=seeds, leading=st.lists(sizes, min_size=1, max_size=2).map(tuple), width=sizes, words=vocabularies,
       div_value=divisors, chunk=chunks, layout=layouts)
def test_gradient(seed, leading, width, words, div_value, chunk, layout):
    rng = np.random.default_rng(seed)
    case = adaptive_softmax_case(rng, leading, width, *words, div_value, chunk=chunk)
    case.inputs["targets"] = rng.integers(-1, words[0], leading)
    case.scale.update(projection=10.0)                       # in a cluster of one word the gradient cancels to 0
    assert_gradient(case, seed, layout)


def test_dtype():
    assert_keeps_dtype(adaptive_softmax_case(np.random.default_rng(0)))


@settings(max_examples=30)
@given(seed=seeds, words=vocabularies, div_value=divisors, chunk=chunks)
def test_the_loss_is_that_of_the_probabilities_which_are_those_of_all_words(seed, words, div_value, chunk):
    inputs = adaptive_softmax_case(np.random.default_rng(seed), (3, 4), 5, *words, div_value, chunk=chunk).inputs
    log_p, targets = probabilities(inputs), inputs["targets"]
    assert log_p.shape == (3, 4, words[0])
    np.testing.assert_allclose(np.exp(log_p).sum(-1), 1, rtol=1e-13)
    scored = targets != ops.IGNORE
    assert ops.adaptive_softmax(**inputs)[0] == pytest.approx(
        -np.take_along_axis(log_p, targets[..., None], -1)[scored].mean(), rel=1e-12)


def test_the_probabilities_by_hand():
    """Three words in the shortlist, and a cluster of two: q = (1, 2, 3, 4)/10 and t = (1, 3)/4."""
    inputs = {"z": np.ones((1, 2)), "head": np.zeros((4, 2)), "bias": np.log([1.0, 2, 3, 4, 1, 3]),
              "projection": np.ones((2, 2)), "tails": np.zeros(4), "cutoffs": (3,), "div_value": 1.0}
    np.testing.assert_allclose(np.exp(probabilities(inputs))[0], [0.1, 0.2, 0.3, 0.1, 0.3], rtol=1e-14)


def test_rows_of_other_clusters_leave_a_cluster_s_words_alone():
    case = adaptive_softmax_case(np.random.default_rng(3))
    case.inputs["targets"] = np.random.default_rng(4).integers(0, 6, (2, 7))         # the second cluster starts at 6
    _, (_, _, d_bias, d_projection, d_tails) = run(case)
    second = clusters(10, 4, (3, 6))[1]
    assert not d_tails[second.entries].any() and not d_projection[:, second.columns].any() and not d_bias[-4:].any()
    assert d_bias[4] != 0                                    # its own score in the head is one of those summed over


@given(seed=seeds, chunk=chunks)
@settings(max_examples=10)
def test_the_chunk_is_of_no_consequence(seed, chunk):
    case = adaptive_softmax_case(np.random.default_rng(seed))
    case.inputs["chunk"] = 512
    loss, gradients = run(case)
    case.inputs["chunk"] = chunk
    same, same_gradients = run(case)
    assert same == pytest.approx(loss, rel=1e-13)
    for a, b in zip(same_gradients, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-14)


def test_nothing_scored_is_a_loss_of_0_without_a_gradient():
    case = adaptive_softmax_case(np.random.default_rng(1))
    case.inputs["targets"] = np.full((2, 7), ops.IGNORE)
    loss, gradients = run(case)
    assert loss == 0 and not any(gradient.any() for gradient in gradients)


def test_the_gradient_can_be_asked_for_twice():
    _, cache = ops.adaptive_softmax(**adaptive_softmax_case(np.random.default_rng(1)).inputs)
    for a, b in zip(ops.adaptive_softmax_backward(1.0, cache), ops.adaptive_softmax_backward(1.0, cache), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rows", [(4,), (60,)])               # fewer than a cluster's words have numbers, and more
@pytest.mark.parametrize("engine", ENGINES)
def test_the_tails_gradient_is_added_to_what_is_there(engine, rows):
    engine = engines.get(engine)
    case = adaptive_softmax_case(np.random.default_rng(1), rows, 16, 70, (5, 20), ignored=0.0, chunk=512)
    _, cache = engine.adaptive_softmax(**case.inputs)
    *others, d_tails = engine.adaptive_softmax_backward(0.5, cache)
    into = np.random.default_rng(2).standard_normal(d_tails.shape)
    before = into.copy()
    *same, added = engine.adaptive_softmax_backward(0.5, cache, into=into)
    assert added is into
    np.testing.assert_allclose(into - before, d_tails, atol=1e-13)
    for a, b in zip(same, others, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_a_gradient_the_loss_is_the_same_and_backward_says_why_not():
    inputs = adaptive_softmax_case(np.random.default_rng(2)).inputs
    loss, cache = ops.adaptive_softmax(**inputs, with_gradient=False)
    assert loss == ops.adaptive_softmax(**inputs)[0]
    with pytest.raises(InputError, match="^adaptive_softmax_backward: .* with_gradient=False$"):
        ops.adaptive_softmax_backward(1.0, cache)


def test_words_of_the_clusters_may_be_narrower():
    assert [(c.first, c.last, c.width) for c in clusters(100, 9, (10, 30), 2)] == [(10, 30, 4), (30, 100, 2)]
    assert [c.width for c in clusters(100, 9, (10, 30), 10)] == [1, 1]
    assert [c.width for c in clusters(100, 9, (10, 30), 1e300)] == [1, 1]
    assert {c.width for c in clusters(2000, 9, range(1, 1200), 2.0)} == {4, 2, 1}


@pytest.mark.parametrize("change, message", [
    ({"targets": np.full((2, 7), 10)}, "targets: token 10 is out of range, expected -1 to 9"),
    ({"targets": np.zeros(14, int)}, r"targets have shape \(14,\), expected \(2, 7\)"),
    ({"cutoffs": (6, 3)}, "cutoffs are 6, 3, expected whole numbers that rise from above 0"),
    ({"cutoffs": ()}, "cutoffs are none, expected whole numbers"),
    ({"cutoffs": (3, 10)}, "cutoffs are 3, 10, expected whole numbers below the vocabulary's 10"),
    ({"cutoffs": (0, 3)}, "cutoffs are 0, 3, expected"),
    ({"cutoffs": (2.5, 3)}, "cutoffs are 2.5, 3, expected"),
    ({"div_value": 0.5}, "div_value is 0.5, expected 1 or more"),
    ({"head": np.zeros((4, 4))}, r"head has shape \(4, 4\), expected \(5, 4\) with 10 words, cutoffs 3, 6"),
    ({"div_value": 2.0}, r"projection has shape \(4, 8\), expected \(4, 3\)"),
    ({"tails": np.zeros(27)}, r"tails has shape \(27,\), expected \(28,\)")])
def test_bad_arguments(change, message):
    inputs = adaptive_softmax_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^adaptive_softmax: " + message):
        ops.adaptive_softmax(**(inputs | change))
