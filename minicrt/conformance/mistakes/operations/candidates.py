"""The activation of a candidate with its bias, f(v, b): tanh, modReLU, and what is taken for them"""

import numpy as np

from minicrt.conformance.mistakes.operations.functions import logistic

TANH_TO = {"candidate σ": "sigmoid", "candidate relu": "relu", "candidate without activation": "identity",
           "modReLU in place of tanh": "modrelu"}
MODRELU_TO = {"tanh in place of modReLU": "tanh", "no modulus in modReLU": "relu",
              "modReLU's bias subtracted": "subtracted", "sign lost in modReLU": "unsigned",
              "modReLU of v without modulus": "signed relu", "modReLU's bias on v too": "twice"}
TANH_CANDIDATE_MISTAKES = {
    "candidate σ": "The candidate's activation is σ in place of tanh.",
    "candidate relu": "The candidate's activation is relu in place of tanh.",
    "candidate without activation": "The candidate has no activation: tanh is left out.",
    "modReLU in place of tanh": "The candidate's activation is modReLU, relu(|v| + b_n) sign(v), in place of "
                                "tanh(v + b_n).",
}
MODRELU_CANDIDATE_MISTAKES = {
    "tanh in place of modReLU": "tanh(v + b) in place of modReLU, relu(|v| + b) sign(v).",
    "no modulus in modReLU": "relu(v + b) in place of modReLU, relu(|v| + b) sign(v): the modulus is missing.",
    "modReLU's bias subtracted": "relu(|v| − b) sign(v): the bias of modReLU has the opposite sign.",
    "sign lost in modReLU": "relu(|v| + b): modReLU without sign(v).",
    "modReLU of v without modulus": "relu(v + b) sign(v) in place of modReLU, relu(|v| + b) sign(v): the modulus |·| "
                                    "is missing.",
    "modReLU's bias on v too": "modReLU's bias is added to v as well: modReLU of v + b in place of v.",
}


def kind_of(activation, defects):
    """The function that a port with these mistakes takes for tanh or modReLU"""
    taken = TANH_TO if activation == "tanh" else MODRELU_TO
    return next((taken[name] for name in taken if name in defects), activation)


def candidate(kind, v, b):
    a, sign = v + b, np.sign(v.real)
    if kind == "tanh":
        return np.tanh(a)
    if kind == "sigmoid":
        return logistic(a)
    if kind == "relu":
        return a * (a.real > 0)
    if kind == "identity":
        return a
    if kind == "signed relu":
        return a * (a.real > 0) * sign
    if kind == "twice":
        return candidate("modrelu", a, b)
    size = v * sign + (-b if kind == "subtracted" else b)                # |v| + b
    return size * (size.real > 0) * (sign * sign if kind == "unsigned" else sign)


def candidate_slopes(kind, v, b):
    """∂f/∂v and ∂f/∂b"""
    n, sign = candidate(kind, v, b), np.sign(v)
    alike = {"tanh": lambda: 1 - n * n, "sigmoid": lambda: n * (1 - n), "relu": lambda: 1.0 * (v + b > 0),
             "identity": lambda: np.ones_like(n)}
    if kind in alike:                                        # of v + b
        return alike[kind](), alike[kind]()
    if kind == "signed relu":
        return 1.0 * (v + b > 0) * sign, 1.0 * (v + b > 0) * sign
    if kind == "twice":
        slope, bias_slope = candidate_slopes("modrelu", v + b, b)
        return slope, slope + bias_slope
    active = (np.abs(v) + (-b if kind == "subtracted" else b) > 0) * sign * sign
    if kind == "unsigned":
        return active * sign, active
    return active, -active * sign if kind == "subtracted" else active * sign
