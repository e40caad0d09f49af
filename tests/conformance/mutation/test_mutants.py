"""Mutants of operations, and the ports that are named by them"""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from minicrt.conformance import check_port, golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.mutation import functions as f
from minicrt.conformance.mutation.gradients import scaled
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants, has_equations
from minicrt.conformance.mutation.program import parsed, tree_of
from minicrt.conformance.mutation.references import place_of

MADE = {                                                     # of each kind of change, one line that comes of it
    "layer_norm": {
        "centred = x": "left out", "r = 1 / (sqrt(variance) + eps)": "moved",
        "variance = unbiased_mean(centred * centred, -1, True)": "another mean",
        "mu = mean(x, -2, True)": "another axis", "return gain * (x_hat + bias)": "moved in",
        "return (1 + gain) * x_hat + bias": "one more", "r = 1 / sqrt(variance + 1e-06)": "another number",
        "mu = detached(mean(x, -1, True))": "detached", "return gain * x_hat - bias": "sign",
        "return bias * x_hat + bias": "another name",
        "variance = mean(absolute(centred) * centred, -1, True)": "wrapped",
        "return gain * x_hat + bias * gain": "a factor too many", "return gain * x_hat": "a term left out"},
    "gru": {
        "h = (1 - z) * n + (1 - z) * h": "complement", "n = relu(a_n)": "another function",
        "c = h @ u_n.T + b_hn": "transposed",
        "x_t = x[:, t - 1]": "a step off", "a_n = x_t @ w_n + b_n + r * c + b_n": "a term too many",
        "w_z, w_r, w_n = blocks(w, 3)": "another order", "h = (1 - r) * n + z * h": "one name for another"}}


@cache
def mutants_of(name):
    """Shared: finding all changes of a model takes seconds, and they leave nothing behind, as is tested here."""
    return Mutants(golden.case(name))


@pytest.mark.parametrize("subject", MADE)
def test_each_kind_of_change_is_made(subject):
    mutants = mutants_of(subject)
    trees = mutants.operation.forward_program.trees
    lines = {trees[edit.function].line(edit.changes) for edit in mutants.forward}
    assert not MADE[subject].keys() - lines


@pytest.fixture
def no_source(monkeypatch):
    """As where the package was installed without its .py files"""
    def missing(module):
        raise OSError("could not get source code")

    parsed.cache_clear()
    place_of.cache_clear()
    monkeypatch.setattr("inspect.getsource", missing)
    monkeypatch.setattr("inspect.getsourcelines", missing)
    yield
    parsed.cache_clear()
    place_of.cache_clear()


@pytest.mark.parametrize("name", ["gru", "crt-gru"])
def test_without_source_there_are_no_mutants(name, no_source):
    assert not has_equations(golden.case(name))
    assert place_of("gru", "gru_after", "forward") == "minicrt/ops/gru.py"


def test_without_source_the_catalogue_is_still_there(no_source):
    case, port, _ = PORTS["tanh of x_hat"]
    assert "installed without its source files" in check_port(port, case).diagnosis.sentences[-1]
    known = check_port(layer_norm(lambda x_hat, gain, bias: x_hat + bias), "layer_norm").diagnosis
    assert known.sentences[0].startswith("The port has the mistake")


def test_a_change_is_undone():
    mutants = Mutants(golden.case("gru"))
    right = mutants.right[0]
    for edit in mutants.forward[:300]:
        mutants.run_forward(edit.changes)
    again = Mutants(golden.case("gru")).right[0]
    assert all(np.array_equal(right[name], again[name]) for name in right)


def differentiated(function):
    """The port of a function of the equations' kind, with the gradients that a library makes: by the complex step."""
    def port(d_h=None, d_y=None, **given):
        floats = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        name, upstream = ("h", d_h) if d_h is not None else ("y", d_y)

        def slope(x, one):
            return (upstream * function(**{**given, x: floats[x] + 1e-30j * one})).imag.sum() / 1e-30

        def gradient(x):
            ones = np.eye(floats[x].size).reshape(-1, *floats[x].shape)
            return np.array([slope(x, one) for one in ones]).reshape(floats[x].shape)
        return {name: function(**given)} | {f"d_{x}": gradient(x) for x in floats}
    return port


def gru(step):
    def port(x, h0, w, u, b, b_hn, **options):
        w_r, w_z, w_n = f.blocks(w, 3)
        u_r, u_z, u_n = f.blocks(u, 3)
        b_r, b_z, b_n = f.blocks(b, 3)
        h, states = h0, []
        for t in range(x.shape[1]):
            r = f.sigmoid(x[:, t] @ w_r + h @ u_r + b_r)
            z = f.sigmoid(x[:, t] @ w_z + h @ u_z + b_z)
            h = step(r, z, x[:, t] @ w_n, b_n, h @ u_n + b_hn, h)
            states.append(h)
        return f.stacked(states)
    return differentiated(port)


def layer_norm(last):
    def port(x, gain, bias, eps):
        centred = x - f.mean(x, -1, True)
        return last(centred / f.sqrt(f.mean(f.square(centred), -1, True) + eps), gain, bias)
    return differentiated(port)


PORTS = {
    "r twice": ("gru", gru(lambda r, z, a, b, c, h: (1 - z) * f.tanh(a + b + r * c * r) + z * h), "(r) * c"),
    "the reset also on h": ("gru", gru(lambda r, z, a, b, c, h: (1 - z) * f.tanh(a + b + r * c) + z * h * r),
                            "z * r * h"),
    "an exponential linear unit": ("gru", gru(lambda r, z, a, b, c, h: (1 - z) * f.elu(a + b + r * c) + z * h), "elu"),
    "the gate detached": ("gru", gru(lambda r, z, a, b, c, h: (1 - z) * f.tanh(a + b + r * c) + f.detached(z) * h),
                          "detached(z)"),
    "tanh of x_hat": ("layer_norm", layer_norm(lambda x_hat, gain, bias: gain * f.tanh(x_hat) + bias), "tanh(x_hat)"),
    "the gain twice": ("layer_norm", layer_norm(lambda x_hat, gain, bias: gain * gain * x_hat + bias),
                       "square(gain)"),
    "v in the threshold": ("modrelu", differentiated(
        lambda v, bias: f.relu(f.absolute(v) + bias * v) * f.sign(v)), "bias * v"),
}


@pytest.mark.parametrize("name", PORTS)
def test_a_mistake_that_nobody_wrote_down_is_named(name):
    case, port, words = PORTS[name]
    diagnosis = check_port(port, case).diagnosis
    assert diagnosis.method == "variant" and words in diagnosis.sentences[0]


def test_the_place_of_the_reference_is_told():
    sentence = check_port(PORTS["r twice"][1], "gru").diagnosis.sentences[0]
    assert "minicrt/ops/gru.py, line" in sentence
    assert "in place of a_n = x_t @ w_n + b_n + r * c" in sentence


def handed(mutants, edit, by_hand=False):
    """The outputs and gradients of a port with an edit"""
    case = mutants.operation.case
    if by_hand:
        trace = mutants.by_hand(mutants.right, edit.changes)
    else:
        forward, own = mutants.run_forward(edit.changes)[0], mutants.own_gradients(edit.changes)
        trace = forward | {tensor.name: own.whole(tensor.name, tensor.value.shape) for tensor in case.computed()
                           if tensor.role == "gradient"}
    return {tensor.name: trace[tensor.name] for tensor in case.computed() if tensor.role in ("output", "gradient")}


@pytest.mark.parametrize("name, words, by_hand", [
    ("gru", "chunks of 2 steps, and d_next was 0", True),
    ("lstm", "chunks of 3 steps, and h and c were 0", False),
    ("lstm", "chunks of 2 steps, and c was a constant", False)])
def test_a_scan_in_chunks_that_lose_what_is_carried(name, words, by_hand):
    mutants = mutants_of(name)
    edit = next(edit for edit in (mutants.backward if by_hand else mutants.forward) if words in edit.words)
    assert words in diagnose(compare(golden.case(name), handed(mutants, edit, by_hand))).sentences[0]


@pytest.mark.parametrize("name, words, factor", [
    ("lstm", "i * g", Fraction(1, 2)), ("layer_norm", "mean(x, -1, True)", Fraction(2)),
    ("gru", "the second h", Fraction(-1))])
def test_a_gradient_that_is_multiplied_on_its_way_back(name, words, factor):
    mutants = mutants_of(name)
    found = [edit for edit in mutants.forward if edit.detached and edit.words.startswith(words)]
    sentence = diagnose(compare(golden.case(name), handed(mutants, scaled(found[0], factor)))).sentences[0]
    assert f"the gradient of {words} were multiplied by {factor} on its way back" in sentence


def test_what_one_change_puts_in_is_not_there_for_the_next():
    mutants = mutants_of("lstm")
    edits = [edit for edit in mutants.forward if "h and c were 0 at the start of each" in edit.words]
    found = [mutants.run_forward(edit.changes)[0]["s"] for edit in (*edits, *edits)]
    assert len(edits) > 1
    assert not np.array_equal(found[0], found[1])
    assert all(np.array_equal(one, again) for one, again in zip(found, found[len(edits):]))


def test_the_last_rows_for_the_first():
    mutants = mutants_of("crt-learned-positions")
    lines = {mutants.operation.forward_program.trees[edit.function].line(edit.changes) for edit in mutants.forward}
    assert "return (place('x', e + w['positions.table'][-e.shape[1]:]), p_0)" in lines


@pytest.mark.parametrize("name, words", [
    ("lstm-model", "c_0 were 0"), ("mingru-model", "states[layer] were states[0]"),
    ("transformer-xl", "in rows[:, :, -kept:] the slice were :kept"), ("rmt-two-vectors", "e.shape[1]:] were"),
    ("crt-writer", "in h_i[:, -1] the index were 2")])
def test_what_goes_wrong_between_segments(name, words):
    case, mutants = golden.case(name), mutants_of(name)
    edit = next(edit for edit in mutants.forward if words in edit.words)
    trace = mutants.run_forward(edit.changes)[0]
    outputs = {key: value for key, value in trace.items() if "/state/" in key or key.endswith("/loss")}
    assert words in diagnose(compare(case, outputs)).sentences[0]


@pytest.mark.parametrize("counts, words", [
    ((1, 0, 0, 0), "of segments 0 alone"), ((0, 1, 1, 1), "of segments 1, 2, 3 alone"),
    ((1, 2, 3, 4), "segments counted 1, 2, 3, 4 times")])
def test_a_gradient_with_some_of_its_segments_parts(counts, words):
    case, name = golden.case("lstm-model"), "d_parameters/layer.0.b"
    model, ones = Model(case), np.eye(case[name].value.size)
    wrong = [sum(count * model.slope({}, {name: one}, n) for n, count in enumerate(counts)) for one in ones]
    theirs = {tensor.name: tensor.value for tensor in case.computed()} | {name: np.array(wrong)}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.startswith(f'The port has the mistake "{name}: {words}"')


@pytest.mark.parametrize("what, known", [("inputs", "inputs leak"), ("start[:, i]", "start leaks")])
def test_a_constant_that_a_gradient_goes_back_through(what, known):
    case, mutants, name = golden.case("crt-writer"), mutants_of("crt-writer"), "d_parameters/memory.0.b_hn"
    (edit,) = [edit for edit in mutants.forward if f"{what} were no constant" in edit.words]
    own = mutants.own_gradients(edit.changes).whole(name, case[name].value.shape)
    written_down = catalogue_of(case).trace((f"writer's gradient: {known}",))[name]
    np.testing.assert_allclose(own, written_down, rtol=0, atol=1e-12)
    assert not np.allclose(own, case[name].value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["gru", "crt-writer"])
def test_no_two_edits_are_equal(name):
    mutants = mutants_of(name)
    for edits in (mutants.forward, mutants.backward):
        assert len(set(edits)) == len(edits)
        assert [edit.number for edit in edits] == sorted(edit.number for edit in edits)
    again = Mutants(golden.case(name))
    assert [(edit.number, edit.words) for edit in mutants.forward[:500]] == [
        (edit.number, edit.words) for edit in again.forward[:500]]


def test_the_same_change_of_both_parts_of_a_complex_number():
    case, mutants = golden.case("lru"), mutants_of("lru")
    line, tree = "new_re = gamma * (lambda_re * re - lambda_im * im + x_t @ w_re)", tree_of("lru")
    edit = next(edit for edit in mutants.forward if "likewise in new_im" in edit.words
                and tree.line(dict([min(edit.changes.items(), key=lambda pair: pair[0])])) == line)
    sentence = diagnose(compare(case, handed(mutants, edit))).sentences[0]
    assert "new_re" in sentence and "likewise in new_im" in sentence, sentence


def test_one_of_several_memories_is_a_name_like_others():
    mutants = mutants_of("crt-gru")
    lines = {mutants.operation.forward_program.trees[edit.function].line(edit.changes) for edit in mutants.forward
             if edit.function == "read"}
    assert "z = y + (1 + h[0]) * m_read[:, None]" in lines
