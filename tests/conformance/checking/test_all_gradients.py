"""What was done to all gradients alike is one sentence, and it is said of nothing else"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.all_gradients import done_to_all
from minicrt.conformance.checking.factors import meanings
from tests.conformance.checking.hand_made import Mistakes, affine_case, computed, one_tensor

CASE, GRU = affine_case(), golden.case("gru")
ALL = ("d_a", "d_x", "d_w", "d_b")
LEAVES = ("d_x", "d_w", "d_b")


def told(change, case=CASE, names=LEAVES, dtype=None):
    """The sentence about a port whose gradients of those names are changed, and which has no others."""
    theirs = {name: value for name, value in computed(case).items() if not name.startswith("d_") or name in names}
    theirs |= {name: np.asarray(change(name, theirs[name])) for name in names}
    if dtype:
        theirs = {name: value.astype(dtype) for name, value in theirs.items()}
    return done_to_all(compare(case, theirs))


@pytest.mark.parametrize("dtype", [None, np.float32])
@pytest.mark.parametrize("factor, words", [
    (2, "All 3 gradients are 2 times ours: backward ran twice without clearing the gradients in between, or the "
        "factor is the batch, 2, or K = 2, the width of a head."),
    (1 / 6, "All 3 gradients are 0.166667 times ours: the factor is 1/the batch times the time steps, 6: a mean over "
            "both in place of a sum."),
    (1 / 36, "All 3 gradients are 0.0277778 times ours: the factor is 1/the number of elements of y, 36: a mean over "
             "all of them in place of a sum."),
    (5, "All 3 gradients are 5 times ours: the gradients of 5 backward passes were added up."),
    (1024, "All 3 gradients are 1024 times ours: the loss was scaled by 2^10 for half precision, and the gradients "
           "were not scaled back."),
    (0.37, "All 3 gradients are 0.37 times ours."),
    (-1, "All 3 gradients are ours with the sign reversed."),
    (0, "All 3 gradients are zero: the backward pass did not run, the output was cut off from it, or the gradients "
        "were cleared before they were handed in."),
])
def test_one_factor_is_one_sentence(factor, words, dtype):
    assert told(lambda _, g: factor * g, dtype=dtype) == words


def test_the_sentence_says_how_far_the_factor_goes():
    assert told(lambda _, g: 3 * g, names=ALL).startswith("All 4 tensors of the backward pass are 3 times ours")
    theirs = computed(CASE) | {name: 3 * CASE[name].value for name in LEAVES}
    assert done_to_all(compare(CASE, theirs)).startswith(
        "All 3 gradients that the backward pass ends with, but nothing on the way to them, are 3 times ours")
    theirs["d_x"] = CASE["d_x"].value
    assert done_to_all(compare(CASE, theirs)).startswith("The gradients of all 2 parameters, and nothing else, are 3")


@pytest.mark.parametrize("limit", [1.0, 0.25])
def test_clipping_by_the_norm_of_all(limit):
    norm = np.sqrt(sum((GRU[name].value**2).sum() for name in ("d_w", "d_u", "d_b")))
    sentence = told(lambda _, g: g * limit / (norm + 1e-6), GRU, ("d_w", "d_u", "d_b"))
    assert sentence.endswith(f"they were clipped by the norm of all of them, which is {limit:g}.")


def test_clipping_one_by_one_and_element_by_element():
    sentence = told(lambda _, g: g / np.linalg.norm(g) * 0.5, GRU, ("d_w", "d_u", "d_b"))
    assert sentence == ("d_w, d_u, d_b have the norm 0.5: each gradient was clipped by its own norm in place of the "
                        "norm of all.")
    sentence = told(lambda _, g: np.clip(g, -0.5, 0.5), GRU, ("d_w", "d_u", "d_b"))
    assert sentence == "d_w, d_u, d_b are ours, clipped at ±0.5: the gradients were clipped element by element."


def test_weight_decay_inside_the_gradients():
    def decayed(name, g):
        return g + 0.01 * GRU[name.removeprefix("d_")].value

    sentence = told(decayed, GRU, ("d_w", "d_u", "d_b", "d_b_hn"))
    assert sentence == ("The gradients of all 4 parameters have 0.01 times the parameter added: weight decay inside "
                        "the gradient.")
    sentence = told(lambda name, g: g if "b" in name else decayed(name, g), GRU, ("d_w", "d_u", "d_b", "d_b_hn"))
    assert sentence == "d_w, d_u have 0.01 times the parameter added: weight decay inside the gradient."


@pytest.mark.parametrize("change", [
    lambda name, g: g, lambda name, g: 2 * g if name != "d_b" else 3 * g, lambda name, g: 2 * g if name == "d_w" else g,
    lambda name, g: g + 1, lambda name, g: g * np.linspace(1, 2, g.shape[-1]),
    lambda name, g: g[:1], lambda name, g: np.full_like(g, np.nan)])
def test_nothing_is_said_of_what_is_not_alike(change):
    assert told(change) == ""
    assert told(change, dtype=np.float32) == ""


def test_the_diagnosis_is_flat_and_a_known_mistake_comes_first():
    theirs = computed(CASE) | {name: 2 * CASE[name].value for name in ALL}
    diagnosis = diagnose(compare(CASE, theirs), Mistakes(CASE))
    assert (diagnosis.method, diagnosis.mistakes) == ("gradients", ())
    assert diagnosis.sentences[1] == "With that all 6 tensors that were handed in are explained; the first wrong one " \
        "is d_a."
    loss = golden.case("linear_cross_entropy")
    scored = int((loss["targets"].value >= 0).sum())
    factor = dict.fromkeys(("loss", "d_logits", "d_z", "d_table", "d_bias"), scored)
    theirs = {name: factor.get(name, 1) * value for name, value in computed(loss).items() if name in factor}
    assert diagnose(compare(loss, theirs)).method == "variant"


def test_no_meaning_of_a_factor_is_told_twice():
    for name, factors in {"crt-gru": (2, 4, 5, 3, 12, 13), "dropout": (2, 4, 1.25), "attention": (2, 3, 0.5)}.items():
        case = golden.case(name)
        for factor in (*factors, *(1 / f for f in factors)):
            found = meanings(case, factor)
            assert len(set(found)) == len(found)
            assert not any(one != other and one in other for one in found for other in found)


def test_dropouts_factor_is_known():
    case = golden.case("dropout")
    rate = case.configuration["rate"]
    assert meanings(case, 1 / (1 - rate))[0].startswith(f"1/(1 − rate), rate = {rate:g}: dropout's factor is applied")
    assert "dropout's factor is left out" in meanings(one_tensor(np.ones(3), configuration={"dropout": 0.1}), 0.9)[0]
