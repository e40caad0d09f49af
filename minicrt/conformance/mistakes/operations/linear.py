"""Mistakes in the linear layer, and in the linear layer with an activation"""

from minicrt.conformance.mistakes.operations.activations import SENTENCES, TAKEN_FOR
from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import function_and_slope
from minicrt.conformance.mistakes.operations.layouts import out_in, out_in_back


def read(c, defects):
    """Weight and bias as the port takes them"""
    weight = out_in(c.weight) if "weight read as (out, in)" in defects else c.weight
    return weight, 0 if c.bias is None else bias_times(defects) * c.bias


def bias_times(defects):
    return 0 if "bias missing" in defects else 2 if "bias twice" in defects else 1


def linear_forward(c, defects):
    weight, bias = read(c, defects)
    return c.x @ weight + bias


def linear_backward(d_y, c, defects):
    weight, _ = read(c, defects)
    x, g = c.x.reshape(-1, c.x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    mean = 1 / len(x)
    square = weight.shape[0] == weight.shape[1]
    d_x = g @ (weight if "weight not transposed" in defects and square else weight.T)
    d_weight = x.T @ g
    if "weight from the first batch row" in defects:
        d_weight = c.x[0].reshape(-1, x.shape[1]).T @ d_y[0].reshape(-1, g.shape[1])
    if "weight averaged" in defects:
        d_weight = d_weight * mean
    if "weight read as (out, in)" in defects:
        d_weight = out_in_back(d_weight)
    if "weight gradient transposed" in defects:
        d_weight = d_weight.T
    d_bias = g.sum(0) * (mean if "bias averaged" in defects else 1) * bias_times(defects)
    return d_x.reshape(c.x.shape), d_weight, None if c.bias is None else d_bias


def activated_forward(c, defects):
    c.taken = taken_for(c.activation, defects)
    if "activation before the bias" in defects:
        weight, bias = read(c, defects)
        return function_and_slope(c.taken, c.keep("a", c.x @ weight))[0] + bias
    return function_and_slope(c.taken, c.keep("a", linear_forward(c, defects)))[0]


def activated_backward(d_y, c, defects):
    at = c.a
    if "slope at the output" in defects:
        at = c.y
    if "bias missing in the slope" in defects:
        at = c.a - read(c, defects)[1]
    slope = 1 if "slope missing" in defects else function_and_slope(c.taken, at)[1]
    d_a = c.keep("d_a", d_y * slope)
    d_x, d_weight, d_bias = linear_backward(d_a, c, defects)
    if defects & {"bias before the activation's slope", "activation before the bias"}:
        d_bias = d_y.reshape(-1, d_y.shape[-1]).sum(0) * bias_times(defects)
    return d_x, d_weight, d_bias


def taken_for(activation, defects):
    """The function that a port with these mistakes takes for the activation"""
    if "activation missing" in defects:
        return "identity"
    return next((taken for name, taken in TAKEN_FOR[activation].items() if name in defects), activation)


READING_MISTAKES = {
    "weight read as (out, in)": "The weight is transposed: its numbers are read as (out, in), they are stored "
                                "(in, out).",
    "bias missing": "The bias is left out.",
    "bias twice": "The bias is added twice.",
}
BACKWARD_MISTAKES = {
    "weight not transposed": "G_x = G_y W in place of G_y Wᵀ; of the right shape where W is square.",
    "weight gradient transposed": "G_W = G_yᵀ x, as for a weight stored (out, in).",
    "weight averaged": "G_W is averaged over rows, but the loss is not.",
    "weight from the first batch row": "G_W looks at the first batch row alone.",
    "bias averaged": "G_b is the mean of G_y over rows in place of the sum.",
}
ACTIVATION_MISTAKES = {
    "activation missing": "The activation is left out: y = x W + b.",
    "activation before the bias": "The bias is added after the activation: f(x W) + b in place of f(x W + b).",
} | {
    name: SENTENCES[name] for activation in ("gelu", "gelu_tanh", "relu") for name in TAKEN_FOR[activation]}

LINEAR = (
    Faulty("linear", "y", ("x", "weight", "bias"), linear_forward, linear_backward, READING_MISTAKES,
           BACKWARD_MISTAKES),
    Faulty("linear_activation", "y", ("x", "weight", "bias"), activated_forward, activated_backward,
           READING_MISTAKES | ACTIVATION_MISTAKES, {
               "slope missing": "The activation is passed over: G_a = G_y.",
               "slope at the output": "f′ is taken at y in place of x W + b.",
               "bias missing in the slope": "f′ is taken at x W, without the bias.",
               "bias before the activation's slope": "G_b sums G_y in place of G_a.",
           } | {name: BACKWARD_MISTAKES[name] for name in ("weight gradient transposed", "weight averaged",
                                                           "weight from the first batch row", "bias averaged")}),
)
