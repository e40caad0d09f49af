"""Mistakes in the GRU, in both of its forms, and in the NC-GRU"""

from functools import partial

from minicrt.conformance.mistakes.operations.candidates import MODRELU_CANDIDATE_MISTAKES, TANH_CANDIDATE_MISTAKES
from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.gated_scan import CLIPPED, INPUT_RESET, ORDER_MISTAKES, backward, forward
from minicrt.conformance.mistakes.operations.gates import GATE_MISTAKES
from minicrt.conformance.mistakes.operations.layouts import RECURRENT_READING_MISTAKES
from minicrt.conformance.mistakes.operations.sequence import SEQUENCE_BACKWARD_MISTAKES, SEQUENCE_MISTAKES

SCAN_MISTAKES = {
    "gates exchanged": "G of the arguments of r and z in each other's place.",
    "blocks in the order z, r, n": "The input's side stacks its gradients z, r, n, the weights are stored r, z, n.",
    "gate and complement exchanged": "G_n = g z in place of g (1 − z).",
    "update gate's sign": "G_z = g (n − h) in place of g (h − n).",
    "logistic slope short": "r in place of r (1 − r) as the slope of the reset gate.",
    "logistic slope of the activated value": "σ(r)(1 − σ(r)) in place of r (1 − r), and so for z: gates are taken for "
                                             "their arguments.",
    "reset gradient missing": "The reset gate gets no gradient.",
    "reset missing in the product": "The gradient that goes through the candidate's product is not multiplied by r.",
    "reset gradient of the other form": "G_r as in the GRU's other form, with the reset at the other side of U_n.",
    "direct path missing": "g z is left out of the state's gradient.",
    "candidate path missing": "The state's gradient through the candidate is left out.",
    "gate paths missing": "The state's gradient through both gates is left out.",
    "state after the step": "G_U uses h_t in place of h_{t−1}.",
} | SEQUENCE_BACKWARD_MISTAKES
BEFORE_MISTAKES = {"product's input without reset": "G_{U_n} = hᵀ G_v in place of (r ⊙ h)ᵀ G_v."}
TANH_MISTAKES = {
    "tanh slope not squared": "1 − n in place of 1 − n².",
    "tanh slope of the activated value": "1 − tanh²(n) in place of 1 − n²: n is taken for its argument.",
}
MODRELU_MISTAKES = {
    "slope of tanh": "The candidate's slope is that of tanh, its activation is modReLU.",
    "threshold ignored": "The candidate passes a gradient below its threshold too.",
    "sign left on v": "G_v has a factor sign(v), though the two signs cancel.",
    "bias without sign": "G_{b_n} = Σ G_v in place of Σ G_v sign(v).",
}
AFTER_MISTAKES = {"recurrent bias without reset": "G_{b_hn} = Σ G_{a_n} in place of Σ r ⊙ G_{a_n}."}

FORWARD = ORDER_MISTAKES | {
    "z keeps the new": "The update gate z is taken the other way round: h' = (1 − z) ⊙ h + z ⊙ n, z keeps the new in "
                       "place of the old state.",
    INPUT_RESET: "The reset gate acts on the input's side of the candidate too: n = f(r ⊙ (x W_n + …)), all of its "
                 "argument.",
    CLIPPED: "The state is clipped to ±1 after every step.",
    "reset gate missing": "The reset gate is left out of the candidate: r = 1.",
    "biases of r and z twice": "The biases of r and z are added twice, as when b is loaded into both of PyTorch's b_ih "
                               "and b_hh.",
    "candidate's recurrent weight transposed": "U_n is used transposed in the candidate: h U_nᵀ in place of h U_n.",
} | GATE_MISTAKES | RECURRENT_READING_MISTAKES | SEQUENCE_MISTAKES
AFTER_FORWARD = {
    "reset before the product": "The reset gate acts before the recurrent product, (r ⊙ h) U_n + b_hn, in place of "
                                "after it, r ⊙ (h U_n + b_hn).",
    "b_hn outside the reset": "The candidate's recurrent bias stands outside of the reset: one bias in place of two, "
                              "r ⊙ (h U_n) + b_hn.",
    "b_hn missing": "The candidate's recurrent bias b_hn is left out: one bias in place of two.",
}
BEFORE_FORWARD = {
    "reset after the product": "The reset gate acts after the recurrent product, r ⊙ (h U_n), in place of before it, "
                               "(r ⊙ h) U_n.",
}


def ncgru_backward(d_h, c, defects, d_last=None):
    return backward(d_h, c, defects, d_last, after=False)[:5]


GRADIENTS = ("x", "h0", "w", "u", "b")
TANH_FORWARD, MODRELU_FORWARD = FORWARD | TANH_CANDIDATE_MISTAKES, FORWARD | MODRELU_CANDIDATE_MISTAKES

GRU = (
    Faulty("gru", "h", (*GRADIENTS, "b_hn"), partial(forward, after=True), partial(backward, after=True),
           TANH_FORWARD | AFTER_FORWARD, SCAN_MISTAKES | TANH_MISTAKES | AFTER_MISTAKES, {"reset_after": True}),
    Faulty("gru", "h", (*GRADIENTS, "b_hn"), partial(forward, after=False), partial(backward, after=False),
           TANH_FORWARD | BEFORE_FORWARD, SCAN_MISTAKES | TANH_MISTAKES | BEFORE_MISTAKES, {"reset_after": False}),
    Faulty("ncgru", "h", GRADIENTS, partial(forward, after=False), ncgru_backward,
           MODRELU_FORWARD | BEFORE_FORWARD, SCAN_MISTAKES | MODRELU_MISTAKES | BEFORE_MISTAKES,
           {"activation": "modrelu"}),
    Faulty("ncgru", "h", GRADIENTS, partial(forward, after=False), ncgru_backward,
           TANH_FORWARD | BEFORE_FORWARD, TANH_MISTAKES, {"activation": "tanh"}),
)
