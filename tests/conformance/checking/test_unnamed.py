"""Where no name fits: what is right, what goes wrong first, what to hand in next; flat only where all is explained"""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import NoCatalogue
from minicrt.conformance.checking.patterns import find_patterns
from tests.conformance.checking.hand_made import Mistakes, affine_case, computed, drawn

CASE, CRT = affine_case(), golden.case("crt-gru")
EVERYTHING = tuple(computed(CASE))


def noisy(case, name, seed=5):
    return case[name].value + drawn(seed, case[name].value.shape)


def told(case, theirs):
    return diagnose(compare(case, theirs), NoCatalogue()).sentences


def test_the_truth_stands_in_order():
    theirs = computed(CASE) | {name: noisy(CASE, name) for name in ("d_a", "d_x", "d_w", "d_b")}
    theirs["d_a"][:, 0] = CASE["d_a"].value[:, 0]
    sentences = told(CASE, theirs)
    assert sentences[0] == ("The mistake looks like one in d_a, the first wrong tensor; no known mistake gives its "
                            "numbers.")
    assert sentences[1] == "Everything before it is right (a, y), so the mistake is in its own computation."
    assert sentences[2] == "d_a is right in time step 0 and wrong from 1 on."
    assert sentences[3].startswith("d_a at [")
    assert sentences[4:] == ("Look at its equation: G_a = G_y (1 - y²).",)


def test_a_simple_change_that_leaves_something_unexplained_is_only_what_it_looks_like():
    theirs = computed(CASE) | {"y": -CASE["y"].value}
    assert told(CASE, theirs)[0] == "y has its sign reversed."
    theirs |= {name: noisy(CASE, name) for name in ("d_a", "d_x")}
    assert told(CASE, theirs)[0] == "The mistake looks like one in y, which has its sign reversed."


def test_a_shape_that_is_wrong():
    theirs = computed(CASE) | {"d_w": CASE["d_w"].value.T}
    assert told(CASE, theirs)[0].startswith("d_w is ours transposed")
    theirs["d_w"] = np.zeros((2, 2))
    assert told(CASE, theirs)[0] == "d_w: its shape is (2, 2), expected (4, 6)."
    assert told(CASE, theirs | {"d_b": noisy(CASE, "d_b")})[0] == (
        "The mistake looks like one in d_w: its shape is (2, 2), expected (4, 6).")


@pytest.mark.parametrize("handed_in, words", [
    (("y",), "To come closer, hand in a, the one tensor in front of it."),
    (("d_x",), "To come closer, hand in y, the middle one of the 3 tensors in front of it, and then a or d_a: each "
               "halves the search."),
    (("a", "y", "d_x"), "To come closer, hand in d_a, the one tensor between y and it."),
    (("y", "d_w"), "To come closer, hand in d_a and d_x, the two tensors between y and it."),
])
def test_what_to_hand_in_next_halves_the_search(handed_in, words):
    theirs = {name: CASE[name].value for name in handed_in} | {handed_in[-1]: noisy(CASE, handed_in[-1])}
    assert told(CASE, theirs)[-1] == words


def test_handing_in_what_is_asked_for_finds_the_tensor_soon():
    names = [tensor.name for tensor in CRT.computed()]
    wrong = names.index("segment2/blocks.0.feed_forward.inner")
    handed_in, asked = {"segment3/loss"}, 0
    while True:
        theirs = {name: noisy(CRT, name) if names.index(name) >= wrong else CRT[name].value for name in handed_in}
        last = told(CRT, theirs)[-1]
        if "hand in" not in last:
            break
        handed_in.add(last.partition("hand in ")[2].partition(",")[0].split(" and ")[0])
        asked += 1
    assert min(handed_in, key=lambda name: (names.index(name) < wrong, names.index(name))) == names[wrong]
    assert asked <= 9                                        # of some 120 tensors


def test_a_right_output_of_the_same_segment_clears_nothing_in_front_of_it():
    theirs = {name: CRT[name].value for name in ("segment0/state/positions", "segment0/state/memory", "segment0/loss")}
    theirs["segment0/state/memory"] = noisy(CRT, "segment0/state/memory")
    sentences = told(CRT, theirs)
    assert sentences[1] == "What was handed in before it is right (segment0/state/positions)."
    assert sentences[-1].startswith("To come closer, hand in segment0/blocks.1.norm_attention, the middle one of the ")
    theirs = {name: CRT[name].value for name in ("segment0/state/memory", "segment1/state/positions")}
    theirs["segment1/state/memory"] = noisy(CRT, "segment1/state/memory")
    assert "tensors between segment0/state/memory and it" in told(CRT, theirs)[-1]


def test_the_next_segment_looks_like_something_carried():
    theirs = {name: value for name, value in computed(CRT).items() if name.startswith("segment")}
    theirs |= {name: noisy(CRT, name) for name in theirs if name[7] > "0"}
    sentence = told(CRT, theirs)[0]
    assert "is right in segment 0 and goes wrong in segment 1, at segment1/embedding: this looks like" in sentence


@given(st.integers(0, 9999), st.sets(st.sampled_from(EVERYTHING), min_size=1), st.sampled_from([1e-6, 1e-2, 1.0, -2.0]))
def test_the_first_sentence_is_flat_only_where_all_is_explained(seed, names, size):
    theirs = computed(CASE)
    for k, name in enumerate(sorted(names)):
        value = CASE[name].value
        theirs[name] = size * value if seed % 3 == 0 else value + size * drawn(seed + k, value.shape)
    comparison = compare(CASE, theirs)
    assume(not comparison.ok)
    diagnosis = diagnose(comparison, Mistakes(CASE))
    explained = diagnosis.method in ("gradients", "precision") or all(
        find_patterns(CASE, row) for row in comparison.wrong)
    assert explained or "looks like" in diagnosis.sentences[0]
    assert "WRONG" not in diagnosis.sentences[0] and len(set(diagnosis.sentences)) == len(diagnosis.sentences)
