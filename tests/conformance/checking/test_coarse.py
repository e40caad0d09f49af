"""A port that is right but for its precision is said to be so, with the format and what is rounded to it"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.arithmetic.altered import Alteration
from minicrt.conformance.checking.arithmetic.coarse import rounded_somewhere
from minicrt.conformance.checking.arithmetic.formats import BITS, holds, rounded, unit
from minicrt.conformance.checking.arithmetic.running import traced
from minicrt.conformance.checking.catalogue import catalogue_of
from tests.conformance.checking.hand_made import affine_case, computed, drawn


def of(case, alteration):
    """What a port of that arithmetic hands in."""
    return {name: value for name, value in traced(case, alteration).items() if name in case}


def linear_port(case, product, weight=lambda w: w):
    """y = x W + b and its gradients, written without the reference."""
    x, w, b, d_y = case["x"].value, weight(case["weight"].value), case["bias"].value, case["d_y"].value
    rows, d_rows = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    return {"y": (product(rows, w) + b).reshape(d_y.shape), "d_x": product(d_rows, w.T).reshape(x.shape),
            "d_weight": product(rows.T, d_rows), "d_bias": d_rows.sum(0)}


@given(hnp.arrays(np.float64, 8, elements=st.floats(-1e4, 1e4).filter(lambda x: x == 0 or abs(x) > 1e-4)),
       st.sampled_from(list(BITS)))
def test_rounding_is_to_the_nearest_number_of_the_format(values, name):
    once = rounded(values, name)
    assert np.all(np.abs(once - values) <= unit(name) * np.abs(values) * (1 + 1e-6))
    assert holds(once, name)
    assert np.array_equal(rounded(-values, name), -once)


def test_known_roundings():
    assert rounded(np.array([1 + 2**-8, 1 + 3 * 2**-8, 1 / 3]), "bfloat16").tolist() == [1, 1.015625, 0.333984375]
    assert rounded(np.array([1 + 2**-11, 1 + 3 * 2**-11]), "TF32").tolist() == [1, 1 + 2**-9]
    assert rounded(np.array([7e4, 2**-25]), "float16").tolist() == [np.inf, 0]
    assert rounded(np.array([[1 / 3 + 1j / 3]]), "bfloat16").tolist() == [[0.333984375 + 0.333984375j]]
    assert rounded(np.array(0.1), "float32") == np.float32(0.1)


@pytest.mark.parametrize("store", [np.float64, np.float32])
def test_products_in_half_precision(store):
    case = golden.case("linear")
    half = linear_port(case, lambda a, b: (a.astype(np.float16) @ b.astype(np.float16)).astype(store))
    sentences = diagnose(compare(case, half)).sentences
    assert sentences[0] == ("The port is right but for its precision: it has matrix products with operands and results "
                            "in float16, with 11 bits.")
    operands = linear_port(case, lambda a, b: (rounded(a, "float16") @ rounded(b, "float16")).astype(store))
    sentences = diagnose(compare(case, operands)).sentences
    assert sentences[:2] == ("The port is right but for its precision: it has matrix products of operands rounded to "
                             "TF32 or float16, with 11 bits.", "With that each of the 3 wrong tensors is explained.")


def test_weights_in_half_precision():
    case = golden.case("linear")
    port = linear_port(case, np.matmul, lambda w: w.astype(np.float16).astype(float))
    assert diagnose(compare(case, port)).sentences[0] == (
        "The port is right but for its precision: it has weight matrices, but not vectors, rounded to float16, with "
        "11 bits.")


@pytest.mark.parametrize("name, alteration, words", [
    ("gru", Alteration(operands="bfloat16"), "matrix products of operands rounded to bfloat16, with 8 bits"),
    ("gru", Alteration(operands="bfloat16", results="bfloat16"), "with operands and results in bfloat16, with 8 bits"),
    ("lstm", Alteration(parameters="bfloat16"), "weights rounded to bfloat16, with 8 bits"),
    ("gru", Alteration(state="float16"), "its recurrent state rounded to float16 after every step, with 11 bits"),
    ("mingru", Alteration(state="float32"), "its recurrent state rounded to float32 after every step, with 24 bits"),
    ("attention", Alteration(probabilities="float16"), "attention probabilities rounded to float16, with 11 bits"),
    ("relative_attention", Alteration(probabilities="bfloat16"), "attention probabilities rounded to bfloat16, with 8"),
    ("gru", Alteration(operands="bfloat16", forward=False),
     "matrix products of operands rounded to bfloat16 in the backward pass alone, with 8 bits"),
    ("gru", Alteration(operands="float16", results="float16", backward=False),
     "matrix products with operands and results in float16, in the forward pass alone, with 11 bits"),
    ("crt-gru", Alteration(carried="bfloat16"), "its state rounded to bfloat16 between the segments, with 8 bits"),
    ("crt-gru", Alteration(carried="float16", entries=("memory",)),
     "its state's memory rounded to float16 between the segments, with 11 bits"),
    ("crt-gru", Alteration(operands="TF32"), "matrix products of operands rounded to TF32"),
    ("lstm-model", Alteration(state="bfloat16"), "its recurrent state rounded to bfloat16 after every step, with 8"),
])
@pytest.mark.parametrize("inner", [True, False])
def test_what_is_rounded_is_told_apart(name, alteration, words, inner):
    case = golden.case(name)
    theirs = {key: value for key, value in of(case, alteration).items()
              if inner or case[key].role in ("output", "gradient")}
    diagnosis = diagnose(compare(case, theirs))
    assert diagnosis.method == "precision"
    assert diagnosis.sentences[0].startswith("The port is right but for its precision: it has ")
    assert words in diagnosis.sentences[0]


def test_two_things_that_give_the_same_numbers_are_both_named():
    case = golden.case("attention")
    y = of(case, Alteration(probabilities="float32"))["y"]
    sentence = diagnose(compare(case, {"y": y})).sentences[0]
    assert "operands rounded to float32" in sentence and "probabilities rounded to float32" in sentence


def test_a_mistake_behind_the_rounding_is_not_denied():
    case = golden.case("gru")
    theirs = of(case, Alteration(operands="bfloat16"))
    theirs["d_w"] = -theirs["d_w"]
    sentences = diagnose(compare(case, theirs)).sentences
    assert sentences[0].startswith("This looks like a port that is right but for its precision")
    assert "may be rounded in another way, or wrong" in sentences[1]


def test_a_port_all_of_whose_numbers_are_coarse():
    case = golden.case("layer_norm")
    theirs = {name: rounded(value, "bfloat16") for name, value in computed(case).items()}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.endswith("have no numbers but those of bfloat16, with 8 bits.")
    theirs["d_gain"] = 2 * theirs["d_gain"]
    assert "precision" not in diagnose(compare(case, theirs)).sentences[0]


@pytest.mark.parametrize("size", [2**-9, 2**-12, 2**-25])
@pytest.mark.parametrize("name", ["gru", "attention", "linear"])
def test_noise_is_not_called_rounding(name, size):
    case = golden.case(name)
    theirs = {key: value * (1 + size * drawn(7, value.shape)) for key, value in computed(case).items()}
    assert rounded_somewhere(compare(case, theirs)) == ()
    assert rounded_somewhere(compare(affine_case(), computed(affine_case()) | {"y": drawn(1, (2, 3, 6))})) == ()


@pytest.mark.parametrize("name", ["gru", "layer_norm-small-variance", "gelu", "attention", "linear_cross_entropy"])
def test_no_mistake_of_the_catalogue_is_called_rounding(name):
    case = golden.case(name if name in golden.all_cases() else "layer_norm")
    catalogue = catalogue_of(case)
    for known in catalogue.known():
        trace = {key: value for key, value in catalogue.trace((known.name,)).items() if key in case}
        assert rounded_somewhere(compare(case, trace)) == ()


@pytest.mark.parametrize("name", ["crt-matrix", "s4d-model", "mamba-model"])
def test_a_model_that_hands_on_what_is_no_output_is_rounded_too(name):
    case = golden.case(name)
    port = of(case, Alteration(operands="bfloat16"))
    assert port["segment1/loss"] != case["segment1/loss"].value
    assert np.isclose(port["segment1/loss"], case["segment1/loss"].value, rtol=0.1)
