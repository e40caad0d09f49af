"""The diagnosis names one known mistake, or two, or the simple change, or at least the place"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import Experience, compare, diagnose
from minicrt.conformance.checking.catalogue import Known
from minicrt.conformance.checking.diagnosis import complete
from minicrt.conformance.checking.search import Explanation
from tests.conformance.checking.hand_made import Mistakes, affine, affine_case, computed, drawn

CASE = affine_case()
EVERYTHING = ("a", "y", "d_a", "d_x", "d_w", "d_b")


def diagnosed(*mistakes, names=EVERYTHING, changes=None, dtype=None, case=CASE, experience=None):
    theirs = {name: value for name, value in affine(**case.given(), mistakes=mistakes).items() if name in names}
    theirs |= changes or {}
    if dtype:
        theirs = {name: value.astype(dtype) for name, value in theirs.items()}
    return diagnose(compare(case, theirs), Mistakes(case), experience)


def test_nothing_is_said_of_a_right_port():
    assert diagnosed().sentences == ()
    assert diagnosed(dtype=np.float32).sentences == ()


@pytest.mark.parametrize("dtype", [None, np.float32])
@pytest.mark.parametrize("mistake", ["bias twice", "tanh forgotten", "slope not squared", "slope forgotten"])
def test_one_mistake_is_named_in_the_first_sentence(mistake, dtype):
    diagnosis = diagnosed(mistake, dtype=dtype)
    assert (diagnosis.method, diagnosis.mistakes) == ("variant", (mistake,))
    assert f'"{mistake}" (What a port does with {mistake})' in diagnosis.sentences[0]
    assert "all 6 tensors" in diagnosis.sentences[-1]


@pytest.mark.parametrize("pair", [("bias twice", "tanh forgotten"), ("bias twice", "slope forgotten"),
                                  ("bias averaged", "slope not squared"), ("bias averaged", "tanh forgotten"),
                                  ("bias twice", "slope not squared")])
@pytest.mark.parametrize("names", [EVERYTHING, ("y", "d_x", "d_b", "d_w")])
def test_two_mistakes_are_both_named(pair, names):
    diagnosis = diagnosed(*pair, names=names)
    assert diagnosis.method == "variant"
    assert set(diagnosis.mistakes) == set(pair)
    assert all(mistake in diagnosis.sentences[0] for mistake in pair)


@pytest.mark.parametrize("pair", [("bias averaged", "slope not squared"), ("bias twice", "slope not squared")])
def test_two_mistakes_of_which_neither_alone_gives_the_first_gradient(pair):
    assert set(diagnosed(*pair, names=("d_x", "d_w", "d_b")).mistakes) == set(pair)


def test_a_mistake_in_each_pass_is_told_apart():
    sentence = diagnosed("bias twice", "slope forgotten").sentences[0]
    assert sentence == ('The port has the mistake "bias twice" (What a port does with bias twice) in the forward pass, '
                        'and "slope forgotten" (What a port does with slope forgotten) in the backward pass.')


def test_mistakes_with_the_same_numbers_are_all_named():
    for names, words in ((("y", "d_b"), "tensors that were not handed in, or another case, may tell them apart"),
                         (EVERYTHING, "another case may tell them apart")):
        diagnosis = diagnosed("bias averaged", names=names)
        assert diagnosis.mistakes == ("bias averaged",)
        assert 'the mistake "bias averaged" (What a port does with bias averaged), or "bias divided by six" (' in \
            diagnosis.sentences[0]
        assert words in diagnosis.sentences[1]


def test_a_tensor_that_would_tell_them_apart_is_named():
    case = affine_case()
    wrong = affine(**case.given(), mistakes=("slope forgotten",))

    class Alike(Mistakes):
        def known(self):
            return (Known("slope forgotten", "One.", "backward"), Known("slope lost", "The other.", "backward"))

        def trace(self, names, expected=None):
            return wrong if "slope forgotten" in names else wrong | {"d_x": 2 * wrong["d_x"]}

    diagnosis = diagnose(compare(case, {"d_w": wrong["d_w"]}), Alike(case))
    assert '"slope forgotten" (One), or "slope lost" (The other).' in diagnosis.sentences[0]
    assert "d_x, which was not handed in, tells them apart" in diagnosis.sentences[1]


def test_what_is_wrong_behind_a_known_mistake_is_compared_with_a_port_that_has_it():
    theirs = affine(**CASE.given(), mistakes=("bias twice",))
    diagnosis = diagnosed("bias twice", changes={"d_w": -theirs["d_w"]})
    assert diagnosis.mistakes == ("bias twice",)
    assert diagnosis.sentences[0] == ('This looks like the mistake "bias twice" (What a port does with bias twice), '
                                      "and like another mistake behind it.")
    assert "The forward pass is explained by that; in the backward pass moreover d_w has its sign reversed" in \
        diagnosis.sentences[1]


def test_other_inputs_come_before_everything():
    diagnosis = diagnosed("bias twice", changes={"x": 2 * CASE["x"].value})
    assert diagnosis.method == "input"
    assert "worked on other inputs: x differs" in diagnosis.sentences[0]


def test_a_simple_change_where_no_known_mistake_fits():
    diagnosis = diagnosed(changes={"d_w": -computed(CASE)["d_w"], "d_b": 3 * computed(CASE)["d_b"]})
    assert diagnosis.method == "pattern"
    assert diagnosis.sentences[0] == "d_w has its sign reversed."
    assert diagnosis.sentences[1] == ("Everything before it is right (a, y, d_a, d_x), so the mistake is in its own "
                                      "computation.")
    assert "Moreover d_b is 3 times ours" in diagnosis.sentences[-1]


def test_the_place_and_its_equation_where_nothing_fits():
    diagnosis = diagnosed(changes={"y": drawn(77, (2, 3, 6))})
    assert diagnosis.method == "place"
    assert diagnosis.sentences[0] == ("The mistake looks like one in y, the first wrong tensor; no known mistake gives "
                                      "its numbers.")
    assert "Look at its equation: y = tanh(a)." in diagnosis.sentences


@pytest.mark.parametrize("value, words", [(np.full((2, 3, 6), np.nan), "36 of 36 values are not finite"),
                                          (np.zeros((2, 3, 5)), "its shape is (2, 3, 5), expected (2, 3, 6)")])
def test_a_tensor_that_cannot_be_compared_is_described(value, words):
    assert words in diagnosed(changes={"y": value}).sentences[0]


def test_single_precision_is_no_error_of_logic_and_hides_none():
    right = {name: value.astype(np.float32).astype(np.float64) for name, value in computed(CASE).items()}
    assert diagnosed(changes=right).method == "precision"
    wrong = affine(**CASE.given(), mistakes=("slope forgotten",))
    wrong = {name: value.astype(np.float32).astype(np.float64) for name, value in wrong.items()}
    diagnosis = diagnosed(changes=wrong)
    assert diagnosis.mistakes == ("slope forgotten",)
    assert "accuracy of float32 only" in diagnosis.sentences[-1]


def test_a_mistake_that_was_found_before_is_tried_first():
    experience = Experience(effort_left=9_999)
    diagnosed("slope forgotten", "bias twice", experience=experience)
    used, before = 9_999 - experience.effort_left, experience.effort_left
    assert set(diagnosed("slope forgotten", "bias twice", experience=experience).mistakes) == {
        "slope forgotten", "bias twice"}
    assert 3 * (before - experience.effort_left) < used


def test_a_check_that_used_up_its_effort_still_says_where():
    assert diagnosed("bias twice", experience=Experience(effort_left=0)).method in ("pattern", "place")


def test_a_mistake_of_a_model_with_two_names_is_told_once():
    case = golden.case("gru-model")
    trace = {tensor.name: 2 * tensor.value + 1 for tensor in case.computed()}
    one, other = (Explanation((Known(name, f"{name} is wrong."),), trace, len(trace), None) for name in ("a", "b"))
    told = complete([one, other], compare(case, {"segment0/loss": trace["segment0/loss"]})).sentences
    assert told[0] == 'The port has the mistake "a" (a is wrong).'
    assert not any("same numbers" in words for words in told)
