"""Right ports in PyTorch that compute in half precision somewhere are told what is rounded, and to what"""

import functools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from minicrt.conformance import check_port, golden  # noqa: E402

FORMATS = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
BITS = {"bfloat16": 8, "float16": 11, "float32": 24}
case = functools.cache(golden.case)


def cast(tensor, dtype):
    """Stored in a coarse format once; the gradient goes through both casts."""
    return tensor.to(dtype).to(tensor.dtype)


def product(a, b, what, dtype):
    """As autocast multiplies, or of rounded operands in float64."""
    if what == "products":
        return (a.to(dtype) @ b.to(dtype)).to(a.dtype)
    return cast(a, dtype) @ cast(b, dtype) if what == "operands" else a @ b


def gru(x, h, w, u, b, b_hn, what, dtype):
    if what == "weights":
        w, u, b, b_hn = (cast(value, dtype) for value in (w, u, b, b_hn))
    if what == "everything":
        x, h, w, u, b, b_hn = (value.to(dtype) for value in (x, h, w, u, b, b_hn))
    states = []
    for x_t in x.unbind(1):
        a_r, a_z, a_n = (product(x_t, w, what, dtype) + b).chunk(3, -1)
        b_r, b_z, c = product(h, u, what, dtype).chunk(3, -1)
        r, z = torch.sigmoid(a_r + b_r), torch.sigmoid(a_z + b_z)
        h = (1 - z) * torch.tanh(a_n + r * (c + b_hn)) + z * h
        if what == "state":
            h = cast(h, dtype)
        states.append(h)
    return torch.stack(states, 1)


def attention(q, k, v, heads, what, dtype):
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    scores = product(q, k.transpose(-1, -2), what, dtype) / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1 + scores.shape[-1] - scores.shape[-2])
    p = torch.softmax(scores.masked_fill(hidden, -torch.inf), -1)
    return product(cast(p, dtype) if what == "probabilities" else p, v, what, dtype).transpose(1, 2).flatten(2)


def port(function, names, output, working, **options):
    """The function's port, with the output and the gradients that autograd makes."""
    def run(**given):
        leaves = [torch.tensor(given[name], dtype=working, requires_grad=True) for name in names]
        y = function(*leaves, **options)
        gradients = torch.autograd.grad(y, leaves, torch.tensor(given[f"d_{output}"]).to(y.dtype))
        return {name: value.to(working) for name, value in zip([output, *(f"d_{name}" for name in names)],
                                                                [y, *gradients])}
    return run


def first_sentence(operation, what, name, working=torch.float64):
    options = {"what": what, "dtype": FORMATS[name]}
    if operation == "gru":
        run = port(gru, ("x", "h0", "w", "u", "b", "b_hn"), "h", working, **options)
    else:
        run = port(attention, ("q", "k", "v"), "y", working, heads=case("attention").configuration["heads"], **options)
    report = check_port(run, case(operation))
    assert not report.ok
    return report.diagnosis.sentences[0]


@pytest.mark.parametrize("working", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("operation, what, words", [
    ("gru", "products", "matrix products with operands and results in {}"),
    ("gru", "operands", "matrix products of operands rounded to {}"),
    ("gru", "weights", "weights rounded to {}"),
    ("gru", "state", "its recurrent state rounded to {} after every step"),
    ("gru", "everything", "no numbers but those of {}"),
    ("attention", "products", "matrix products with operands and results in {}"),
    ("attention", "operands", "matrix products of operands rounded to {}"),
    ("attention", "probabilities", "attention probabilities rounded to {}"),
])
def test_what_is_rounded_and_to_what(operation, what, words, name, working):
    sentence = first_sentence(operation, what, name, working)
    either = f"TF32 or {name}" if what == "operands" and name == "float16" else name
    assert words.format(either) in sentence
    assert f"{BITS[name]} bits" in sentence


@pytest.mark.parametrize("operation, what, words", [
    ("gru", "state", "its recurrent state rounded to float32 after every step"),
    ("attention", "probabilities", "attention probabilities rounded to float32"),
    ("gru", "everything", "The numbers agree to the accuracy of float32 and no further")])
def test_float32_inside_of_float64(operation, what, words):
    assert words in first_sentence(operation, what, "float32")


def test_a_right_port_in_float32_is_told_nothing():
    run = port(gru, ("x", "h0", "w", "u", "b", "b_hn"), "h", torch.float32, what="", dtype=None)
    report = check_port(run, case("gru"))
    assert report.ok and report.diagnosis.sentences == ()
    assert report.comparison["h"].theirs.dtype == np.float32
