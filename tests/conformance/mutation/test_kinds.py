"""Ports with mistakes that are no slip in one line: of buffers, masks, losses, layers and what is carried"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.golden.tensors import FORWARD
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mutation import functions as f
from minicrt.conformance.mutation.equations.attention import relative_attention
from tests.conformance.mutation.test_mutants import differentiated


def unit_by_unit(x, h0, w, u, b, b_hn, **options):
    """A GRU as in C with one buffer for the state, whose units are written as soon as they are computed"""
    (w_r, w_z, w_n), (u_r, u_z, u_n), (b_r, b_z, b_n) = (f.blocks(value, 3) for value in (w, u, b))
    h, states = np.array(h0, np.result_type(x, h0, w, u, b, b_hn)), []
    for t in range(x.shape[1]):
        for j in range(h.shape[1]):
            r = f.sigmoid(x[:, t] @ w_r[:, j] + h @ u_r[:, j] + b_r[j])
            z = f.sigmoid(x[:, t] @ w_z[:, j] + h @ u_z[:, j] + b_z[j])
            n = np.tanh(x[:, t] @ w_n[:, j] + b_n[j] + r * (h @ u_n[:, j] + b_hn[j]))
            h[:, j] = (1 - z) * n + z * h[:, j]
        states.append(h.copy())
    return f.stacked(states)


def with_penalty(penalty):
    def port(z, table, bias, targets, **upstream):
        logits, scored = z @ table.T + bias, targets >= 0
        partition = np.log(np.exp(logits).sum(-1))
        log_p = logits - partition[..., None]
        rows = np.where(scored, -f.chosen(log_p, targets) + penalty(logits, partition, log_p, targets), 0)
        return {"row_losses": rows, "loss": rows.sum() / scored.sum()}
    return port


OPERATIONS = {
    "a state written unit by unit": ("gru", differentiated(unit_by_unit), "h were written in place unit by unit"),
    "a z-loss": ("linear_cross_entropy", with_penalty(lambda a, partition, log_p, y: 2e-4 * partition ** 2),
                 "a z-loss, 0.0002 times the square of the log-partition"),
    "a confidence penalty": (
        "linear_cross_entropy", with_penalty(lambda a, z, log_p, y: 0.05 * (np.exp(log_p) * log_p).sum(-1)),
        "0.05 times the entropy"),
    "a focal loss": ("linear_cross_entropy", with_penalty(
        lambda a, z, log_p, y: (1 - (1 - np.exp(f.chosen(log_p, y))) ** 1.5) * f.chosen(log_p, y)),
        "(1 - p)^1.5 (a focal loss)")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_mistake_in_an_operation_is_named(name):
    case, port, words = OPERATIONS[name]
    sentence = diagnose(compare(golden.case(case), port(**golden.case(case).given()))).sentences[0]
    assert sentence.startswith("The port has the mistake") and words in sentence, sentence


def ahead(q, k, v, r, u, w, heads, mask=None):
    """A mask that lets a query see the key behind its own, where there are keys from before"""
    queries, keys = q.shape[1], k.shape[1]
    mask = np.tri(queries, keys, keys - queries + (keys > queries), dtype=bool)
    return relative_attention(q, k, v, r, u, w, heads, mask), None


class Averaged(Pass):
    """The memory of every row of the batch is the mean of all rows'"""

    def carried(self, states):
        state = super().carried(states)
        return state if len(states) == 1 else {
            name: np.mean(value, 0, keepdims=True) + 0 * value if name == "memory" else value
            for name, value in state.items()}


def embeddings_everywhere():
    """Every layer's norm reads what the first one's has read."""
    first = []

    def of_first(x, *others):
        first.append(x)
        return x, *others

    def of_second(x, *others):
        return first[-1], *others
    return {"substitutes": (Substitute("layer_norm", taken=of_first, at=lambda place: "layer.0.norm_re" in place),
                            Substitute("layer_norm", taken=of_second, at=lambda place: "layer.1.norm_re" in place))}


def late_below():
    """The second layer reads the first one's states one step late, and what that started from at the first step."""
    first = {}

    def of_first(x, start, *others):
        first.update(start=start)
        return x, start, *others

    def of_second(x, start, *others):
        return np.concatenate([first["start"][:, None], x[:, :-1]], 1), start, *others
    return {"substitutes": (Substitute("gru", taken=of_first, at=lambda place: "layer.0" in place),
                            Substitute("gru", taken=of_second, at=lambda place: "layer.1" in place))}


class Changed(Pass):
    """What is carried of some entries is handed on otherwise."""

    ending: str

    def change(self, value):
        return value

    def carried(self, states):
        state = super().carried(states)
        return state if len(states) == 1 else {
            name: self.change(value) if name.endswith(self.ending) else value for name, value in state.items()}


class Conjugated(Changed):
    ending = ".h"

    def change(self, value):
        re, im = f.blocks(value, 2)
        return f.concatenated([re, -im])


class Backwards(Changed):
    ending = ".inputs"

    def change(self, value):
        return value[:, ::-1]


def from_the_first_memory(x, start, *others):
    """The writer starts from memory.start in every segment."""
    return x, 0 * start + golden.case("crt-gru")["parameters/memory.start"].value, *others


def longer_distances(q, k, v, r, *others):
    return q, k, v, r * np.sqrt(12), *others


MODELS = {
    "a writer from the first memory": ("crt-gru", {"substitutes": (
        Substitute("gru", taken=from_the_first_memory, at=lambda place: "memory.0" in place),)},
        "m[:, i] were m_0[:, i]"),
    "distances times the root of the width": ("transformer-xl", {"substitutes": (
        Substitute("relative_attention", taken=longer_distances),)}, "√12"),
    "complex states conjugated": ("s4d-model", {"passes": (Conjugated,)}, "had the other sign"),
    "a convolution's inputs backwards": ("mamba-model", {"passes": (Backwards,)}, "in reverse order of its steps"),
    "one key ahead": ("transformer-xl", {"substitutes": (
        Substitute("relative_attention", lambda forward, backward: (ahead, backward)),)},
        "one key more (the next one) where there are more keys than queries"),
    "a memory averaged over the batch": ("crt-gru", {"passes": (Averaged,)}, "m were its mean over the batch"),
    "a layer below read late": ("gru-model", late_below(), "x were read one step late in every layer but the first"),
    "the embeddings in every layer": ("mingru-model", embeddings_everywhere(),
                                      "x were in every step of the loop what it was in front of it")}


@pytest.mark.parametrize("name", MODELS)
def test_a_mistake_in_a_model_is_named(name):
    name, mistake, words = MODELS[name]
    case = golden.case(name)
    port = ModelMistake("", "", **mistake).pass_of(case.configuration, case.given())
    record = port.new_record()
    port.forward(record, port.make(record))
    theirs = {tensor.name: record.tensors[tensor.name] for tensor in case.computed() if tensor.role in FORWARD}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.startswith("The port has the mistake") and words in sentence, sentence


def test_a_change_that_the_package_refuses_is_no_crash():
    """Among the changes of an adaptive softmax is a div_value of 0."""
    case = golden.case("adaptive_softmax-one-cluster")
    losses = case["row_losses"].value
    wrong = case["loss"].value + losses[0, 0] * losses[1, 1]
    theirs = {"row_losses": losses, "loss": wrong, "d_z": 0.3 * case["z"].value}
    assert diagnose(compare(case, theirs)).sentences[0].startswith("The mistake looks like one in loss")


def test_nan_everywhere_has_no_name():
    """Any root of what is below 0 would give it."""
    case = golden.case("gru-T1")
    sentences = diagnose(compare(case, {"h": np.full(case["h"].value.shape, np.nan)})).sentences
    assert not any("mistake \"" in sentence for sentence in sentences), sentences
