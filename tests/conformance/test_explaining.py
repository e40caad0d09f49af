"""What is missing in a backward pass is told by its gradients alone"""

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance import explain_gradient
from minicrt.errors import ConformanceError
from minicrt.gradcheck import check_operation

RNG = np.random.default_rng(3)
INPUTS = {"x": RNG.normal(size=(2, 3, 5)), "gain": RNG.normal(size=5), "bias": RNG.normal(size=5)}
D_Y = RNG.normal(size=(2, 3, 5))


def right():
    _, cache = ops.layer_norm(**INPUTS)
    return dict(zip(("d_x", "d_gain", "d_bias"), ops.layer_norm_backward(D_Y, cache))), cache


def test_nothing_is_missing():
    assert explain_gradient("layer_norm", INPUTS, D_Y, right()[0]) == ""


def test_a_mistake_of_the_catalogue():
    _, cache = right()
    g = D_Y * INPUTS["gain"]
    d_x = cache.r * (g - cache.x_hat * (g * cache.x_hat).mean(-1, keepdims=True))
    assert "mean term missing" in explain_gradient("layer_norm", INPUTS, D_Y, {"d_x": d_x})


def test_a_mistake_that_nobody_wrote_down():
    _, cache = right()
    d_gain = (D_Y * cache.x_hat * cache.x_hat).sum((0, 1))
    sentence = explain_gradient("layer_norm", INPUTS, D_Y, {"d_gain": d_gain})
    assert "square(x_hat)" in sentence and "minicrt/ops/layer_norm.py" in sentence


@pytest.mark.parametrize("operation, gradients, words", [
    ("layer_nrm", {"d_x": D_Y}, "no operation 'layer_nrm'"),
    ("layer_norm", {"d_y": D_Y}, "got the gradients d_y, expected some of d_x, d_gain, d_bias"),
    ("layer_norm", {}, "got the gradients none"),
])
def test_what_does_not_fit_is_refused(operation, gradients, words):
    with pytest.raises(ConformanceError, match=words):
        explain_gradient(operation, INPUTS, D_Y, gradients)


def test_the_gradient_checker_says_it_of_our_operations():
    def backward(d_y, cache):
        d_x, d_gain, d_bias = ops.layer_norm_backward(d_y, cache)
        return d_x, d_gain, -d_bias + d_y.sum((0, 1)) * 2 + d_gain

    report = check_operation(ops.layer_norm, backward, INPUTS, rng=np.random.default_rng(0))
    assert "d_bias" in report.missing and report.missing in str(report)
    assert not check_operation(ops.layer_norm, ops.layer_norm_backward, INPUTS, rng=np.random.default_rng(0)).missing
