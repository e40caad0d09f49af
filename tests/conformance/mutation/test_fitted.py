"""Ports with a number in them that nobody can guess, and the number that is found"""

import numpy as np
import pytest

from minicrt.conformance import check_port, golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.mutation import functions as f
from minicrt.conformance.mutation.fitted import simplest_number, told
from tests.conformance.mutation.test_mutants import differentiated, gru, layer_norm


def capped_attention(q, k, v, heads, **options):
    K = q.shape[-1] // heads
    scores = f.heads_of(q, heads) @ f.transposed(f.heads_of(k, heads)) / np.sqrt(K)
    scores = 2.7 * np.tanh(scores / 2.7)
    scores = np.where(np.tri(q.shape[1], k.shape[1], k.shape[1] - q.shape[1], dtype=bool), scores, -np.inf)
    return f.merged(f.softmax_of(scores) @ f.heads_of(v, heads))


def smoothed_loss(z, table, bias, targets):
    logits = z @ table.T + bias
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    scored = targets >= 0
    losses = np.where(scored, -0.88 * f.chosen(log_p, targets) - 0.12 * log_p.mean(-1), 0)
    return {"row_losses": losses, "loss": losses.sum() / scored.sum()}


PORTS = {
    "a soft cap": ("attention", differentiated(capped_attention), "k tanh(x/k) with k = 2.7"),
    "smoothed labels": ("linear_cross_entropy", smoothed_loss, "the mean over all labels, k = 0.12"),
    "a term": ("layer_norm", layer_norm(lambda x_hat, gain, bias: gain * (x_hat + 0.37) + bias), "0.37 were added to"),
    "a factor": ("layer_norm", layer_norm(lambda x_hat, gain, bias: gain * x_hat + bias / np.sqrt(3)), "√(1/3)"),
    "the old state kept": ("gru", gru(lambda r, z, a, b, c, h: 0.85 * ((1 - z) * f.tanh(a + b + r * c) + z * h)
                                      + 0.15 * h), "parts of h, k = 0.15")}


@pytest.mark.parametrize("name", PORTS)
def test_the_number_is_found(name):
    case, port, words = PORTS[name]
    diagnosis = check_port(port, case).diagnosis
    assert diagnosis.method == "variant" and diagnosis.sentences[0].startswith("The port has"), diagnosis
    assert words in diagnosis.sentences[0], diagnosis.sentences[0]


def test_nothing_is_fitted_to_a_single_number():
    case = golden.case("linear_cross_entropy")
    diagnosis = diagnose(compare(case, {"loss": case["loss"].value + 0.123456}))
    assert not diagnosis.sentences[0].startswith("The port has the mistake"), diagnosis.sentences[0]


@pytest.mark.parametrize("k, text", [
    (0.15, "0.15"), (1 / np.sqrt(2), "0.707107 (√(1/2))"), (-np.sqrt(5), "-2.23607 (-√5)"), (2 / 7, "0.285714 (2/7)"),
    (0.123456789, "0.123456789")])
def test_how_a_number_is_told(k, text):
    assert told(k) == text and abs(simplest_number(k * (1 + 1e-11)) - k) <= 1e-10 * abs(k)


@pytest.mark.filterwarnings("error")
def test_numbers_that_overflow_when_squared_are_no_crash():
    case = golden.case("gru-T1")
    diagnosis = diagnose(compare(case, {"h": np.full(case["h"].value.shape, 1e308)}))
    assert not diagnosis.sentences[0].startswith("The port has the mistake"), diagnosis.sentences[0]
