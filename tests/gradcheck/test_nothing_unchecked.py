"""Nothing passes that was not looked at: inputs in containers, floats, and options under which a check says nothing"""

from collections import OrderedDict
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check, check_operation


def rng(seed=0):
    return np.random.default_rng(seed)


class Layer(NamedTuple):
    w: np.ndarray
    b: np.ndarray


X = rng(1).standard_normal((3, 4))
LAYER = Layer(rng(2).standard_normal((4, 2)), rng(3).standard_normal(2))


def affine(x, layer):
    w, b = layer.values() if isinstance(layer, dict) else layer
    return x @ w + b


def affine_backward(d_y, x, layer):
    """The gradient of the layer has the form of the layer."""
    w, b = layer.values() if isinstance(layer, dict) else layer
    d_w, d_b = x.T @ d_y, d_y.sum(0)
    return d_y @ w.T, dict(zip(layer, (d_w, d_b))) if isinstance(layer, dict) else (d_w, d_b)


CONTAINERS = {
    "dict": (LAYER._asdict(), ["layer.w", "layer.b"]),
    "ordered": (OrderedDict(LAYER._asdict()), ["layer.w", "layer.b"]),
    "list": (list(LAYER), ["layer.0", "layer.1"]),
    "tuple": (tuple(LAYER), ["layer.0", "layer.1"]),
    "named tuple": (LAYER, ["layer.w", "layer.b"]),
}


@pytest.mark.parametrize("form", CONTAINERS)
@pytest.mark.parametrize("method", ["complex", "central"])
def test_arrays_in_containers_are_checked(form, method):
    layer, names = CONTAINERS[form]
    report = check(affine, affine_backward, [X, layer], rng=rng(), method=method)
    report.raise_if_wrong()
    assert [tensor.name for tensor in report.tensors] == ["x", *names] and not report.not_checked


@pytest.mark.parametrize("form", CONTAINERS)
def test_a_wrong_gradient_in_a_container_is_found(form):
    def wrong(d_y, x, layer):
        d_x, d_layer = affine_backward(d_y, x, layer)
        parts = d_layer if isinstance(d_layer, dict) else dict(enumerate(d_layer))
        changed = {key: 1.01 * part if k == 0 else part for k, (key, part) in enumerate(parts.items())}
        return d_x, changed if isinstance(d_layer, dict) else tuple(changed.values())

    layer, names = CONTAINERS[form]
    assert [tensor.name for tensor in check(affine, wrong, [X, layer], rng=rng()).wrong()] == names[:1]


def test_containers_in_containers():
    def forward(net):
        h = net["x"]
        for layer in net["layers"]:
            h = np.tanh(h @ layer["w"])
        return h * net["scale"]

    def backward(d_y, net):
        xs = [net["x"]]
        for layer in net["layers"]:
            xs.append(np.tanh(xs[-1] @ layer["w"]))
        d_h, d_layers = d_y * net["scale"], []
        for layer, x, h in reversed(list(zip(net["layers"], xs, xs[1:]))):
            d_a = d_h * (1 - h * h)
            d_layers.insert(0, {"w": x.T @ d_a})
            d_h = d_a @ layer["w"].T
        return {"x": d_h, "layers": d_layers, "scale": (d_y * xs[-1]).sum()}

    net = {"x": X, "layers": [{"w": rng(4).standard_normal((4, 5))}, {"w": rng(5).standard_normal((5, 2))}],
           "scale": 1.7}
    report = check(forward, backward, [net], rng=rng())
    report.raise_if_wrong()
    assert [t.name for t in report.tensors] == ["net.x", "net.layers.0.w", "net.layers.1.w", "net.scale"]
    wrong = check(forward, lambda d_y, net: backward(d_y, net) | {"scale": 1.0}, [net], rng=rng())
    assert [t.name for t in wrong.wrong()] == ["net.scale"]
    assert check(forward, backward, {"net": net}, rng=rng()).passes()
    assert check(forward, lambda d_y, net: {"net": backward(d_y, net)}, {"net": net}, rng=rng()).passes()
    assert check(forward, lambda d_y, net: (backward(d_y, net),), [net], rng=rng()).passes()


def test_a_list_of_arrays_alone_and_beside_an_array():
    pair = [rng(6).standard_normal(3), rng(7).standard_normal(3)]
    assert check(lambda p: p[0] * p[1], lambda d_y, p: [d_y * p[1], d_y * p[0]], [pair], rng=rng()).passes()
    assert not check(lambda p: p[0] * p[1], lambda d_y, p: [d_y * p[1], d_y * p[1]], [pair], rng=rng()).passes()
    report = check(lambda p, tau: p[0] * p[1] * tau, lambda d_y, p, tau: (
        [d_y * p[1] * tau, d_y * p[0] * tau], (d_y * p[0] * p[1]).sum()), [pair, 2.0], rng=rng())
    report.raise_if_wrong()
    assert [tensor.name for tensor in report.tensors] == ["p.0", "p.1", "tau"]


@pytest.mark.parametrize("number", [np.float32, np.float16])
def test_a_number_of_less_precision_is_float64_to_both_functions(number):
    report = check(lambda x, tau: x / tau, lambda d_y, x, tau: (d_y / tau, -(d_y * x).sum() / tau**2),
                   [X, number(1.7)], rng=rng())
    report.raise_if_wrong()


@pytest.mark.parametrize("tau", [1.7, np.float64(1.7), np.float32(1.75), np.array(1.7)])
@pytest.mark.parametrize("method", ["complex", "central"])
def test_a_number_is_checked_where_a_gradient_of_it_is_returned(tau, method):
    def backward(d_y, x, tau):
        return d_y * tau, (d_y * x).sum()

    report = check(lambda x, tau: x * tau, backward, [X, tau], rng=rng(), method=method)
    report.raise_if_wrong()
    assert report["tau"].shape == () and not report.not_checked
    wrong = check(lambda x, tau: x * tau, lambda *a: (backward(*a)[0], 5.0), [X, tau], rng=rng(), method=method)
    assert [tensor.name for tensor in wrong.wrong()] == ["tau"]


def test_what_is_not_differentiated_is_listed():
    def forward(x, tokens, tau, rate, mode, mask):
        return x[tokens] * tau

    def backward(d_y, x, tokens, tau, rate, mode, mask):
        d_x = np.zeros_like(x)
        np.add.at(d_x, tokens, d_y * tau)
        return d_x

    report = check(forward, backward, [X, np.array([0, 2]), 1.5, 3, "mean", None], rng=rng())
    report.raise_if_wrong()
    assert report.not_checked == ("tokens (int64 array)", "tau (float, no gradient returned)", "rate (int)",
                                  "mode (str)", "mask (None)")
    assert str(report).splitlines()[-1] == "not checked: " + ", ".join(report.not_checked)


@pytest.mark.parametrize("value, kind", [(np.arange(3), "int64 array"), (3, "int"), (True, "bool"),
                                         (np.ones(3, complex), "complex128 array"), ("a", "str")])
def test_a_gradient_of_what_cannot_be_differentiated_is_refused(value, kind):
    report = check(lambda x, k: 2 * x, lambda d_y, x, k: (2 * d_y, np.zeros(np.shape(k))), [X, value], rng=rng())
    assert [tensor.name for tensor in report.wrong()] == ["k"]
    assert report["k"].problem == (f"k is not differentiated ({kind}), but backward returned a gradient of it: hand it "
                                   "in as floating point, or return None")


def test_a_gradient_of_no_input_is_refused():
    report = check(lambda x: 2 * x, lambda d_y, x: {"x": 2 * d_y, "w": d_y}, [X], rng=rng())
    assert report["x"].passes(1e-10) and report["w"].problem == "it is none of the inputs, which are x"
    report = check(affine, lambda *a: (affine_backward(*a)[0], affine_backward(*a)[1] | {"v": 1.0}),
                   [X, LAYER._asdict()], rng=rng())
    assert [t.name for t in report.wrong()] == ["layer.v"] and "layer has w, b" in report["layer.v"].problem


@pytest.mark.parametrize("d_layer, words", [
    (lambda d: {"w": d["w"]}, "backward returned none"),
    (lambda d: d["w"], "the gradient of layer is of type ndarray, expected the form of layer, a dict of w, b"),
    (lambda d: [d["w"], d["b"]], "of type list, expected the form of layer, a dict of w, b"),
    (lambda d: None, "backward returned none"),
])
def test_a_gradient_of_another_form_is_explained(d_layer, words):
    def backward(d_y, x, layer):
        d_x, d = affine_backward(d_y, x, layer)
        return d_x, d_layer(d)

    report = check(affine, backward, [X, LAYER._asdict()], rng=rng())
    assert words in report["layer.b"].problem and report["x"].passes(1e-10)


def test_a_constant_is_bound():
    mean = np.ones(4)
    report = check(lambda x, mean: x - mean, lambda d_y, x, mean: (d_y, None), [X, mean], rng=rng())
    assert "functools.partial" in report["mean"].problem
    bound = [partial(f, mean=mean) for f in (lambda x, mean: x - mean, lambda d_y, x, mean: d_y)]
    assert check(*bound, [X], rng=rng()).passes()


def test_nothing_checked_is_no_pass():
    with pytest.raises(GradientError, match="^nothing was checked: backward returned no gradient of tau$"):
        check(lambda tau: np.sin(tau), lambda d_y, tau: None, [1.5], rng=rng())
    check(lambda tau: np.sin(tau), lambda d_y, tau: d_y * np.cos(tau), [1.5], rng=rng()).raise_if_wrong()


@pytest.mark.parametrize("options, words", [
    ({"directions": 0}, "directions is 0, expected an integer of at least 1"),
    ({"elements": 0}, "elements is 0, expected an integer of at least 1"),
    ({"elements": -3}, "elements is -3"), ({"directions": 2.0}, "directions is 2.0"),
    ({"elements": True}, "elements is True"), ({"elements": 2, "directions": 2}, "expected one of them"),
    ({"tolerance": np.inf}, "tolerance is inf, expected a positive number"),
    ({"tolerance": np.nan}, "tolerance is nan"), ({"tolerance": "1e-3"}, "tolerance is '1e-3'"),
    ({"step": 0}, "step is 0, expected a positive number"), ({"step": -1e-3}, "step is -0.001"),
    ({"scale": {"v": 1.0}}, "scale names 'v', which is not checked, expected one of x, layer.w, layer.b"),
    ({"scale": {"x": np.inf}}, "the scale of x is inf"), ({"scale": 1.0}, "scale is of type float"),
    ({"rng": 0}, "rng is of type int, expected np.random.default_rng"), ({"method": ["complex"]}, "the method is"),
])
def test_options_under_which_a_check_says_nothing_are_refused(options, words):
    with pytest.raises(GradientError, match=f"^[^\n]*{words}[^\n]*$"):
        check(affine, affine_backward, [X, LAYER], **({"rng": rng()} | options))
    with pytest.raises(GradientError, match=words):
        check_operation(lambda x, layer: (affine(x, layer), (x, layer)),
                        lambda d_y, cache: affine_backward(d_y, *cache), [X, LAYER], **({"rng": rng()} | options))


def test_inputs_that_are_none():
    with pytest.raises(GradientError, match=r"^the inputs are of type ndarray, expected a list or mapping of them"):
        check(affine, affine_backward, X, rng=rng())
    with pytest.raises(GradientError, match=r"^forward\(x, layer\) cannot be called with 1 arguments"):
        check(affine, affine_backward, [X], rng=rng())
    loop = [X]
    loop.append(loop)
    with pytest.raises(GradientError, match="^x.1 contains itself"):
        check(lambda x: x[0], lambda d_y, x: d_y, [loop], rng=rng())
    with pytest.raises(GradientError, match="^two inputs are called x.0"):
        check(lambda x: x[0], lambda d_y, x: d_y, [{0: X, "0": X}], rng=rng())


def test_generators_in_containers_are_copied_too():
    def forward(x, config):
        return x * (config["rng"].random(x.shape) < 0.5)

    def backward(d_y, x, config):
        return d_y * (config["rng"].random(x.shape) < 0.5)

    report = check(forward, backward, [X, {"rng": rng(8)}], rng=rng())
    report.raise_if_wrong()
    assert report.not_checked == ("config.rng (Generator)",)


def test_a_tensor_that_is_not_in_the_report():
    report = check(affine, affine_backward, [X, LAYER], rng=rng())
    with pytest.raises(GradientError, match="^no tensor 'w' was checked, only x, layer.w, layer.b$"):
        report["w"]
