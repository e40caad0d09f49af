"""In a scan the tensor of the earliest wrong step is the place of the mistake, whatever the case's order"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import NoCatalogue, catalogue_of
from minicrt.conformance.checking.causal import first_in_time
from tests.conformance.checking.hand_made import computed, drawn

GRU = golden.case("gru")


def made_with(mistake, case=GRU):
    trace = catalogue_of(case).trace((mistake,))
    return compare(case, {name: np.asarray(value) for name, value in trace.items() if name in case})


@pytest.mark.parametrize("mistake, first, step", [
    ("z keeps the new", "h", 0), ("candidate σ", "n", 0), ("b_hn missing", "c", 0), ("gate order z, r, n", "r", 0),
    ("state not carried", "r", 1), ("gates exchanged", "d_a_r", 4), ("reset missing in the product", "d_c", 4),
    ("update gate's sign", "d_a_z", 4), ("direct path missing", "d_state", 3), ("state after the step", "d_u", None)])
def test_the_first_wrong_tensor_in_time(mistake, first, step):
    row, at = first_in_time(made_with(mistake))
    assert (row.name, at) == (first, step)


def test_the_sentences_say_where_in_time():
    sentences = diagnose(made_with("candidate σ"), NoCatalogue()).sentences
    assert sentences[0] == ("The mistake looks like one in n, the first wrong tensor, at step 0; no known mistake "
                            "gives its numbers.")
    assert sentences[1] == ("At that step what comes before it is right (r, z, c). r, in front of it in the "
                            "table, goes wrong after that. It is the first step, to which nothing is carried but the "
                            "start.")
    sentences = diagnose(made_with("direct path missing"), NoCatalogue()).sentences
    assert sentences[1] == ("Steps are right back from the last as far as 4: what is carried from there to step 3 may "
                            "be wrong as well, or a tensor that was not handed in.")


def scan(change):
    """A GRU, step by step, that puts `change(h, n, old)` in place of h"""
    x, old, w, u, b, b_hn = (GRU[name].value for name in ("x", "h0", "w", "u", "b", "b_hn"))
    D, states = len(u), []
    for t in range(x.shape[1]):
        a, g = x[:, t] @ w + b, old @ u
        r, z = (1 / (1 + np.exp(-(a[:, k:k + D] + g[:, k:k + D]))) for k in (0, D))
        n = np.tanh(a[:, 2 * D:] + r * (g[:, 2 * D:] + b_hn))
        old = change((1 - z) * n + z * old, n, old)
        states.append(old)
    return {"h": np.stack(states, axis=1)}


@pytest.mark.parametrize("change, words", [
    (lambda h, n, old: 0.9 * h, "h, which at step 0, the first wrong one, is 0.9 times ours."),
    (lambda h, n, old: h + n, "h, which at step 0, the first wrong one, is ours plus n."),
    (lambda h, n, old: h + 0.01 * old, "h, which at step 0, the first wrong one, is ours plus 0.01 times h0."),
    (lambda h, n, old: np.clip(h, -0.5, 0.5), "h, which at step 0, the first wrong one, is ours, clipped at ±0.5."),
])
def test_a_simple_change_of_one_step_is_seen_at_the_first(change, words):
    sentences = diagnose(compare(GRU, scan(change)), NoCatalogue()).sentences
    assert sentences[0] == f"The mistake looks like one in {words}"


@pytest.mark.parametrize("change, words", [
    (lambda h, n, old: h + 0.001, "At step 0 it differs from ours by 0.001 everywhere."),
    (lambda h, n, old: h + 0.1 * np.array([[0], [1]]) * n * n, "h is wrong in batch row 1 alone."),
    (lambda h, n, old: np.rint(127 * h) / 127, "h has no values but multiples of 1/127: it is rounded to a grid, as "
                                               "fixed point and int8 are."),
])
def test_what_an_error_looks_like_at_the_first_step(change, words):
    sentences = diagnose(compare(GRU, scan(change)), NoCatalogue()).sentences
    assert words in sentences
    assert compare(GRU, scan(lambda h, n, old: h)).ok


def test_the_step_before_is_among_what_is_added():
    theirs = GRU["h"].value.copy()
    theirs[:, 2:] += 0.5 * theirs[:, 1:-1]
    sentence = diagnose(compare(GRU, {"h": theirs}), NoCatalogue()).sentences[0]
    assert sentence.endswith("is ours plus 0.5 times h of the step before.")


def test_what_has_no_steps_keeps_the_cases_order():
    case = golden.case("attention")
    theirs = computed(case) | {"p": case["p"].value + drawn(1, case["p"].value.shape)}
    row, at = first_in_time(compare(case, theirs))
    assert (row.name, at) == ("p", None)
