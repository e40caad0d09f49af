"""Ports that discretise by another rule, read early what comes later, or scale a term: named by small changes"""

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.golden.tensors import FORWARD
from minicrt.conformance.mutation import functions as f
from minicrt.conformance.mutation.mutants import Mutants
from tests.conformance.mutation.test_mutants import differentiated


def gru_with(gate_sees):
    """A GRU whose update gate is computed behind the reset gate, from what `gate_sees` makes of both"""
    def port(x, h0, w, u, b, b_hn, **options):
        (w_r, w_z, w_n), (u_r, u_z, u_n), (b_r, b_z, b_n) = (f.blocks(value, 3) for value in (w, u, b))
        h, states = h0, []
        for t in range(x.shape[1]):
            r = f.sigmoid(x[:, t] @ w_r + h @ u_r + b_r)
            n = f.tanh(x[:, t] @ w_n + b_n + r * (h @ u_n + b_hn))
            z = f.sigmoid(x[:, t] @ w_z + gate_sees(r, n, h) @ u_z + b_z)
            h = (1 - z) * n + z * h
            states.append(h)
        return f.stacked(states)
    return differentiated(port)


def mamba_with(decay):
    def port(x, h0, dt, a_log, b, c, d, **options):
        A, delta = -np.exp(a_log), f.softplus(dt)
        h, states = h0, []
        for t in range(x.shape[1]):
            h = decay(delta[:, t][..., None] * A) * h + (delta * x)[:, t][..., None] * b[:, t][:, None]
            states.append(h)
        return f.total(f.stacked(states) * c[:, :, None], -1) + d * x
    return differentiated(port)


def s4d_with(a_bar, b_bar):
    """In real numbers: the complex step is of use where nothing is complex. a_bar and b_bar give (re, im)."""
    def port(x, h0, log_dt, log_a, a_im, c, d, **options):
        step, a_re = f.exp(log_dt)[:, None], -f.exp(log_a)
        p, q = a_bar(step * a_re, step * a_im)
        b_re, b_im = b_bar(step, a_re, a_im)
        (re, im), (c_re, c_im), outputs = f.blocks(h0, 2), f.blocks(c, 2), []
        for t in range(x.shape[1]):
            u = x[:, t][..., None]
            re, im = p * re - q * im + b_re * u, q * re + p * im + b_im * u
            outputs.append(2 * f.total(c_re * re - c_im * im, -1) + d * x[:, t])
        return f.stacked(outputs)
    return differentiated(port)


def held(step, a_re, a_im):
    """(exp(ΔA) − 1)/A"""
    grown, size = f.exp(step * a_re), a_re * a_re + a_im * a_im
    re, im = grown * f.cos(step * a_im) - 1, grown * f.sin(step * a_im)
    return (re * a_re + im * a_im) / size, (im * a_re - re * a_im) / size


def euler(x, y):
    return 1 + x, y


def implicit(x, y):
    size = (1 - x) * (1 - x) + y * y
    return (1 - x) / size, y / size


PORTS = {
    "the update gate sees r h": ("gru", gru_with(lambda r, n, h: r * h), "h were multiplied by r, which is computed"),
    "the update gate sees n": ("gru", gru_with(lambda r, n, h: n), "h were n, which is computed first, in a_z"),
    "Mamba by Euler's rule": ("selective_scan", mamba_with(lambda u: 1 + u), "The decay is 1 + Δ A"),
    "Mamba by the implicit rule": ("selective_scan", mamba_with(lambda u: 1 / (1 - u)), "the implicit Euler rule"),
    "Mamba by the bilinear rule": ("selective_scan", mamba_with(lambda u: (1 + u / 2) / (1 - u / 2)), "the bilinear"),
    "S4D by Euler's rule": ("s4d", s4d_with(euler, lambda step, a_re, a_im: (step + 0 * a_re, 0 * a_im)),
                            "1 + u, Euler's rule with u = step * a_re + i step * a_im; "),
    "S4D by Euler's rule, B held": ("s4d", s4d_with(euler, held), "still that of the exponential"),
    "S4D by the implicit rule, B held": ("s4d", s4d_with(implicit, held), "1/(1 - u), the implicit Euler rule"),
}


@pytest.mark.parametrize("name", PORTS)
def test_an_ordinary_mistake_is_named(name):
    case, port, words = PORTS[name]
    given = golden.case(case).given()
    sentence = diagnose(compare(golden.case(case), port(**given))).sentences[0]
    assert sentence.startswith("The port has the mistake") and words in sentence, sentence


@pytest.mark.parametrize("name, words", [
    ("crt-gru", "added were multiplied by √12"), ("crt-gru", "added were divided by √12"),
    ("crt-learned-positions", "w['positions.table'][:e.shape[1]] were multiplied by √12"),
    ("transformer-sinusoidal", "sinusoids(e.shape[1], e.shape[2]) were divided by √12")])
def test_positions_with_a_gain(name, words):
    case, mutants = golden.case(name), Mutants(golden.case(name))
    (edit,) = [edit for edit in mutants.forward if edit.words.startswith(words)]
    trace = mutants.run_forward(edit.changes)[0]
    theirs = {tensor.name: trace[tensor.name] for tensor in case.computed() if tensor.role in FORWARD}
    sentence = diagnose(compare(case, theirs)).sentences[0]
    assert sentence.startswith("The port has the mistake") and "√12, the root of its width" in sentence, sentence
