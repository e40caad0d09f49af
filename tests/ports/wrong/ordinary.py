"""Wrong ports of operations that people write every day, in PyTorch; the first sentence must name every one of them"""

import torch
import torch.nn.functional as F

from tests.ports.wrong.attention import causal, merged, split, weighted
from tests.ports.wrong.gru import gates, modrelu, ncgru, stepped
from tests.ports.wrong.recurrent import signs, skew
from tests.ports.wrong.wrong_port import by_autograd


@by_autograd("linear_cross_entropy", r"softmax", r"before|twice|already|again")
def loss_of_probabilities(z, table, bias, targets):
    """The model ends with a softmax, and F.cross_entropy takes another."""
    p = F.linear(z, table, bias).softmax(-1)
    return F.cross_entropy(p.flatten(0, 1), targets.flatten(), ignore_index=-1)


@by_autograd("linear_cross_entropy", r"logits", r"\(B, V, T\)|transpos", r"view|reshap|transpos")
def loss_of_viewed_logits(z, table, bias, targets):
    """F.cross_entropy wants (B, V, T): a view makes the shape fit, a transpose would make it right."""
    logits = F.linear(z, table, bias)
    return F.cross_entropy(logits.view(len(z), -1, z.shape[1]), targets, ignore_index=-1)


@by_autograd("linear_cross_entropy", r"target|label", r"shift|t \+ 1|next", r"again|once more|twice|t \+ 1")
def loss_shifted_again(z, table, bias, targets):
    """Logits [:, :-1] against targets [:, 1:], where the targets are the next tokens already."""
    logits = F.linear(z, table, bias)[:, :-1]
    return F.cross_entropy(logits.flatten(0, 1), targets[:, 1:].flatten(), ignore_index=-1)


@by_autograd("layer_norm", r"unbiased|bessel|D [−-] 1", r"\beps\b", r"outside|after the root|to the (root|deviation)")
def layer_norm_of_the_annotated_transformer(x, gain, bias):
    """x.std is the unbiased one, and eps = 1e-6 is added to it."""
    return gain * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6) + bias


@by_autograd("layer_norm", r"gain", r"bias", r"too|also|times|multipl")
def layer_norm_gain_on_bias(x, gain, bias, eps):
    """gain ⊙ (x̂ + bias)."""
    return gain * (F.layer_norm(x, gain.shape, eps=eps) + bias)


@by_autograd("layer_norm", r"root", r"forgotten|missing|left out|without|in place|not")
def layer_norm_without_root(x, gain, bias, eps):
    """Divided by the variance."""
    centred = x - x.mean(-1, keepdim=True)
    return gain * centred / (x.var(-1, unbiased=False, keepdim=True) + eps) + bias


@by_autograd("modrelu", r"modulus|\|·\||\|v\|", r"missing|without|in place|were|left out")
def modrelu_without_modulus(v, bias):
    """relu(v + b) sign(v)."""
    return torch.relu(v + bias) * torch.sign(v)


@by_autograd("ncgru", r"modrelu|bias|b_n", r"too|twice|as well|v \+ b")
def ncgru_bias_on_both(x, h0, w, u, b):
    """The candidate's bias is added to v, and modReLU adds it once more."""
    return ncgru(x, h0, w, u, b, lambda v, bias: modrelu(v + bias, bias))


def gru_with(candidate, after=lambda h: h):
    """A GRU whose candidate is made of r, z, h and the two sides of its argument."""
    def gru(x, h0, w, u, b, b_hn):
        width = h0.shape[-1]

        def step(h, x_t):
            r, z = gates(x_t, h, w, u, b)
            n = candidate(r, z, (x_t @ w + b)[:, 2 * width:], h @ u[:, 2 * width:] + b_hn)
            return after((1 - z) * n + z * h)
        return stepped(x, h0, step)
    return gru


@by_autograd("gru", r"reset|\br\b", r"input|x W_n", r"too|all|also|as well")
def gru_reset_of_all(x, h0, w, u, b, b_hn):
    """The reset gate multiplies the input's side of the candidate too."""
    return gru_with(lambda r, z, x_n, h_n: torch.tanh(r * (x_n + h_n)))(x, h0, w, u, b, b_hn)


@by_autograd("gru", r"state", r"clip|clamp|limit")
def gru_clipped(x, h0, w, u, b, b_hn):
    """The state is clamped to ±1."""
    return gru_with(lambda r, z, x_n, h_n: torch.tanh(x_n + r * h_n), lambda h: h.clamp(-1, 1))(x, h0, w, u, b, b_hn)


@by_autograd("gru", r"tanh", r"approximat|rational|pad[eé]")
def gru_rational_tanh(x, h0, w, u, b, b_hn):
    """tanh(x) ≈ x (27 + x²) / (27 + 9 x²), as on microcontrollers."""
    return gru_with(lambda r, z, x_n, h_n: rational(x_n + r * h_n))(x, h0, w, u, b, b_hn)


def rational(a):
    return (a * (27 + a * a) / (27 + 9 * a * a)).clamp(-1, 1)


@by_autograd("scaled_cayley", r"exp")
def cayley_by_exponential(a, negatives, n):
    """exp(−A) S."""
    return torch.linalg.matrix_exp(-skew(a, n)) @ torch.diag(signs(negatives, n, a))


@by_autograd("scaled_cayley", r"inverse|\(I \+ A\)⁻¹|I \+ A", r"detach|constant|no gradient|cut")
def cayley_inverse_detached(a, negatives, n):
    """The inverse is computed under no_grad."""
    A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
    with torch.no_grad():
        inverse = torch.linalg.inv(eye + A)
    return inverse @ (eye - A) @ torch.diag(signs(negatives, n, a))


@by_autograd("attention-memory", r"number of keys|√keys|keys", r"√K|scal|root|divided")
def attention_scaled_by_keys(q, k, v, heads):
    """Scores are divided by the root of the number of keys."""
    q, k, v = (split(x, heads) for x in (q, k, v))
    return weighted(q @ k.mT / k.shape[2] ** 0.5, v, causal(q.shape[2], k.shape[2]))


@by_autograd("attention", r"softmax|denominator", r"\b1\b|one", r"denominator|more|add")
def attention_softmax_one(q, k, v, heads):
    """e^s / (1 + Σ e^s), the "softmax1" by which a head may look nowhere."""
    q, k, v = (split(x, heads) for x in (q, k, v))
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~causal(*(q.shape[2],) * 2), -torch.inf)
    return merged(scores.exp() / (1 + scores.exp().sum(-1, keepdim=True)) @ v)


@by_autograd("linear_activation-gelu", r"dropout", r"0\.25")
def activation_with_dropout(x, weight, bias):
    """nn.Dropout is left on: the model was not put into evaluation."""
    kept = torch.rand(x.shape[:-1] + bias.shape, generator=torch.Generator().manual_seed(1)) >= 0.25
    return F.gelu(F.linear(x, weight.T, bias)) * kept / 0.75


@by_autograd("gelu", r"approximate", r"GELU|erf")
def gelu_by_a_short_series(x):
    """erf is Abramowitz and Stegun's 7.1.26, good to 1.5e-7: that is no float32."""
    a = x.abs() / 2 ** 0.5
    t = 1 / (1 + 0.3275911 * a)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return 0.5 * x * (1 + torch.sign(x) * (1 - series * torch.exp(-a * a)))


@by_autograd("self_attention", r"approximate", r"\bexp\b")
def attention_by_powers_of_two(qkv, heads):
    """exp is 2^(1.4427 x), with log2 e of four digits: that is no float32."""
    q, k, v = (split(part, heads) for part in qkv.chunk(3, -1))
    scores = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).masked_fill(~causal(q.shape[2], k.shape[2]), -torch.inf)
    e = 2 ** (1.4427 * (scores - scores.amax(-1, keepdim=True)))
    return merged(e / e.sum(-1, keepdim=True) @ v)
