"""Wrong ports in PyTorch of the activations, modReLU, GLU and dropout"""

import torch
import torch.nn.functional as F

from tests.ports.wrong.wrong_port import by_autograd


@by_autograd("gelu", r"tanh")
def gelu_of_gpt2(x):
    """The tanh form, where the exact one is asked for."""
    return F.gelu(x, approximate="tanh")


@by_autograd("gelu", r"1\.702|sigmoid|σ")
def gelu_by_sigmoid(x):
    """x σ(1.702 x), the form of CLIP."""
    return x * torch.sigmoid(1.702 * x)


@by_autograd("gelu_tanh", r"erf|exact")
def gelu_tanh_by_default(x):
    """F.gelu without approximate="tanh" is the exact form."""
    return F.gelu(x)


@by_autograd("modrelu", r"sign")
def modrelu_without_sign(v, bias):
    """The sign of v is lost."""
    return torch.relu(v.abs() + bias)


@by_autograd("modrelu", r"bias", r"subtract|minus|sign of the bias|negative|[−-] ?b\b")
def modrelu_with_threshold(v, bias):
    """The bias is read as a threshold, which is subtracted."""
    return torch.relu(v.abs() - bias) * torch.sign(v)


@by_autograd("glu", r"half|halves", r"swap|exchang|first|second|wrong|order")
def glu_gate_in_front(x):
    """The first half is taken for the gate."""
    gate, value = x.chunk(2, -1)
    return torch.sigmoid(gate) * value


@by_autograd("dropout", r"scal|1/\(1 [−-] rate\)|invert|divided")
def dropout_without_scale(x, uniform, rate):
    """What is kept is not divided by 1 - rate."""
    return x * (uniform >= rate)


@by_autograd("locked_dropout", r"keep|kept|drop", r"probability|rate|exchang|swap|invert|opposite|complement|≥|<")
def dropout_keeps_at_rate(x, uniform, rate):
    """The rate is taken as the probability of keeping: dropped and kept are exchanged."""
    return x * (uniform < rate) / (1 - rate)
