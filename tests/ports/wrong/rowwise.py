"""Wrong ports in PyTorch of what works row by row: layer norm, linear, embedding, the loss"""

import torch
import torch.nn.functional as F
from torch import nn

from tests.ports.wrong.wrong_port import by_autograd


@by_autograd("layer_norm-small", r"\beps", r"1e-0?6|10⁻⁶|10\^-6")
def layer_norm_of_flax(x, gain, bias):
    """eps is 1e-6, Flax's default."""
    return F.layer_norm(x, gain.shape, gain, bias, eps=1e-6)


@by_autograd("layer_norm", r"unbiased|bessel|D [−-] 1", r"\beps\b", r"outside|after the root|to the (root|deviation)")
def layer_norm_annotated(x, gain, bias, eps):
    """Two mistakes: x.std is the unbiased one, and eps is added to it, outside the root."""
    return gain * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) + bias


@by_autograd("layer_norm", r"unbiased|bessel|D [−-] 1")
def layer_norm_by_var(x, gain, bias, eps):
    """x.var is the unbiased variance."""
    return gain * (x - x.mean(-1, keepdim=True)) * torch.rsqrt(x.var(-1, keepdim=True) + eps) + bias


@by_autograd("layer_norm-small", r"\beps", r"outside|after the root|to the (root|deviation)")
def layer_norm_eps_outside(x, gain, bias, eps):
    """eps is added to the standard deviation."""
    centred = x - x.mean(-1, keepdim=True)
    return gain * centred / (centred.pow(2).mean(-1, keepdim=True).sqrt() + eps) + bias


@by_autograd("layer_norm-far", r"one pass|E\[x²\]|mean of (the )?squares")
def layer_norm_in_one_pass(x, gain, bias, eps):
    """The variance is E[x²] − E[x]², whose terms cancel where the mean is far from 0."""
    mean = x.mean(-1, keepdim=True)
    return gain * (x - mean) * torch.rsqrt((x * x).mean(-1, keepdim=True) - mean * mean + eps) + bias


@by_autograd("layer_norm", r"\bmean\b", r"not (subtracted|removed)|without|missing|RMS|centr")
def layer_norm_as_rms_norm(x, gain, bias, eps):
    """RMSNorm: the mean is not subtracted."""
    return gain * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) + bias


@by_autograd("layer_norm", r"detach|constant|no gradient|without", r"mean|varian|statistic|deviation")
def layer_norm_detached_statistics(x, gain, bias, eps):
    """Mean and deviation are taken as constants."""
    with torch.no_grad():
        mean, deviation = x.mean(-1, keepdim=True), (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt()
    return gain * (x - mean) / deviation + bias


@by_autograd("linear-square", r"transpos")
def linear_weight_as_it_is(x, weight):
    """nn.Linear gets our weight without a transpose; the matrix is square, and nothing complains."""
    return torch.func.functional_call(nn.Linear(*weight.shape, bias=False, device="meta"), {"weight": weight}, (x,))


@by_autograd("linear", r"bias", r"missing|without|not added|left out|forgotten|no bias|lacks")
def linear_without_its_bias(x, weight):
    """The bias is not added."""
    return x @ weight


@by_autograd("embedding-repeated", r"padding|token 0|row 0")
def embedding_with_padding(tokens, table):
    """padding_idx=0: token 0 gets no gradient."""
    return F.embedding(tokens, table, padding_idx=0)


@by_autograd("embedding-scaled", r"scal", r"missing|without|not|left out|forgotten|ignored|lost")
def embedding_without_scale(tokens, table):
    """The rows are not multiplied by the scale."""
    return F.embedding(tokens, table)


@by_autograd("linear_activation-gelu", r"tanh")
def linear_gelu_of_gpt2(x, weight, bias):
    """The tanh form of GELU where the exact one is asked for."""
    return F.gelu(F.linear(x, weight.T, bias), approximate="tanh")


@by_autograd("linear_cross_entropy", r"\bsum", r"mean|divided|number|count")
def loss_as_sum(z, table, bias, targets):
    """reduction="sum"."""
    return F.cross_entropy(F.linear(z, table, bias).flatten(0, 1), targets.flatten(), ignore_index=-1,
                           reduction="sum")


@by_autograd("linear_cross_entropy", r"all (the )?(targets|rows|tokens|positions)|not scored|unscored|ignored",
             r"mean|divided|count|number")
def loss_over_all_targets(z, table, bias, targets):
    """The mean counts the targets that are not scored as well: each has a loss of 0."""
    return F.cross_entropy(F.linear(z, table, bias).flatten(0, 1), targets.flatten(), ignore_index=-1,
                           reduction="none").mean()


@by_autograd("linear_cross_entropy", r"not scored|unscored|ignored|padding|[−-]1", r"token 0|class 0|scored|counted")
def loss_with_clamped_targets(z, table, bias, targets):
    """Targets of -1 are clamped to 0 and scored as token 0."""
    return F.cross_entropy(F.linear(z, table, bias).flatten(0, 1), targets.flatten().clamp(min=0))


@by_autograd("linear_cross_entropy", r"not scored|unscored|ignored|[−-]1", r"last (token|row|class|type)|index|wrap")
def loss_with_gathered_targets(z, table, bias, targets):
    """log_softmax is indexed with the targets: -1 is the last token."""
    log_p = F.linear(z, table, bias).log_softmax(-1).flatten(0, 1)
    return -log_p[torch.arange(len(log_p)), targets.flatten()].mean()


@by_autograd("linear_cross_entropy", r"log", r"1e-8|eps")
def loss_with_eps_in_the_logarithm(z, table, bias, targets):
    """−log(p + 1e-8): the error is that of single precision, and is none of precision."""
    p = F.linear(z, table, bias).softmax(-1).flatten(0, 1)
    scored = targets.flatten() >= 0
    return -torch.log(p[scored, targets.flatten()[scored]] + 1e-8).mean()


@by_autograd("linear_cross_entropy-all-scored", r"log", r"1e-12|eps")
def loss_with_a_tiny_eps_in_the_logarithm(z, table, bias, targets):
    """−log(p + 1e-12), of which no more than a gradient's last digits can be seen."""
    p = F.linear(z, table, bias).softmax(-1).flatten(0, 1)
    return -torch.log(p[torch.arange(len(p)), targets.flatten()] + 1e-12).mean()
