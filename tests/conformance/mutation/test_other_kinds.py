"""More kinds of changes: parts left out, masks that leak, other rows of the batch, the memory read in front"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.mistakes.models import combine, model_mistakes_of
from minicrt.conformance.mutation import functions as f
from minicrt.conformance.mutation.mutants import Mutants
from tests.conformance.mutation.drawn import differs
from tests.conformance.mutation.test_mutants import differentiated

MODELS = [("transformer-xl", "segment3/state/cache", "earlier were left out of concatenated"),
          ("transformer", "segment0/blocks.0.attention.residual", "-10 were added to what where(mask, scores, HIDDEN)"),
          ("mamba-model", "segment0/state/layer.0.inputs", "rows were that of the step before, and the last one's"),
          ("crt-gru", "segment0/x", "the positions' network read the memory m in front of the tokens"),
          ("lru-model", "segment1/layer.0.h", "x were that of the row before in the batch")]


@pytest.mark.parametrize("name, first, words", MODELS)
def test_a_change_of_a_model_is_named(name, first, words):
    """Of what a port hands in there are states, losses, the first tensor that goes wrong, and what is scored first."""
    case, mutants = golden.case(name), Mutants(golden.case(name))
    trace = next(found[0] for edit in mutants.forward if edit.words.startswith(words)
                 and (found := mutants.run_forward(edit.changes)) and differs(case, {first: found[0][first]}))
    theirs = {tensor.name: trace[tensor.name] for tensor in case.computed()
              if tensor.role == "output" or tensor.name in (first, "segment0/z")}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.startswith("The port has the mistake") and words in sentence, sentence


def late_window(x, s0, weight, bias, **options):
    """y_t = Σ w[k] x[t + 1 + k − K + 1]: the window ends one step behind"""
    seen = f.concatenated([s0, x, 0 * x[:, :1]], 1)[:, 1:]
    return bias + sum(weight[k] * seen[:, k:k + x.shape[1]] for k in range(len(weight)))


def test_what_is_shifted_is_told_by_its_cause():
    case = golden.case("causal_convolution")
    y = differentiated(late_window)(**case.given())["y"]
    sentence = diagnose(compare(case, {"y": y})).sentences[0]
    assert "seen were that of the step behind, and 0 at the last" in sentence, sentence


@pytest.mark.parametrize("name, words", [("largest", "largest change of one feature"), ("sizes", "absolute changes")])
@pytest.mark.parametrize("case", ["sparse_write", "sparse_write-B1"])
def test_rows_are_ranked_by_another_norm(case, name, words):
    given = golden.case(case).given()
    size = np.abs(given["new"] - given["old"])
    rank = size.max(-1) if name == "largest" else size.sum(-1)
    written = (rank[:, None] > rank[..., None]).sum(-1)[..., None] < golden.case(case).configuration["most"]
    sentence = diagnose(compare(golden.case(case), {"y": np.where(written, given["new"], given["old"])})).sentences[0]
    assert sentence.startswith("The port has the mistake") and words in sentence, sentence


def test_a_port_with_both_the_tokens_norm_and_the_readings_1_missing():
    case = golden.case("crt-ncgru")
    known = {mistake.name: mistake for mistake in model_mistakes_of(case.configuration)}
    both = combine(known["memory norm: token without"], known["readout: the 1 missing"])
    trace = both.computed(case.configuration, case.given())
    theirs = {tensor.name: trace[tensor.name] for tensor in case.computed() if tensor.role == "output"
              or tensor.name in ("segment0/z", "segment0/joined", "segment0/x")}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.startswith("The port has two mistakes at once") and "the 1 missing" in sentence, sentence
