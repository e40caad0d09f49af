"""One segment of the S4D and Mamba language models, one equation a line, as in `models`

A segment gives its loss and what goes on to the next one: the states of all layers, of Mamba also what the convolutions
look back to.
"""

from minicrt.conformance.mutation.equations.models import embedded, feed_forward, loss_of, norm
from minicrt.conformance.mutation.equations.rowwise import gelu, glu, linear
from minicrt.conformance.mutation.equations.state_spaces import (
    causal_convolution,
    rms_norm,
    s4d_read,
    s4d_scan,
    selective_states,
    zero_order_hold,
)
from minicrt.conformance.mutation.functions import blocks, concatenated, exp, place, silu, softplus, total


def s4d_layer(w, b, x, start):
    a_bar_re, a_bar_im, b_bar_re, b_bar_im = zero_order_hold(w[b + "log_dt"], w[b + "log_a"], w[b + "a_im"])
    h = s4d_scan(x, start, a_bar_re, a_bar_im, b_bar_re, b_bar_im)
    y = place(b + "scan", s4d_read(x, h, w[b + "c"], w[b + "d"]))
    a = place(b + "gelu", gelu(y))
    v = place(b + "out", linear(a, w[b + "w_out"], w[b + "b_out"]))
    return place(b + "glu", glu(v)), h[:, -1]


def s4d_model(w, tokens, targets, states, layers, inner, activation, tied):
    x = embedded(w, tokens)
    after = []
    for layer in range(layers):
        b = f"layer.{layer}."
        start = states[layer]
        a = place(b + "norm_recurrence", norm(w, b + "norm_recurrence.", x))
        y, last = s4d_layer(w, b, a, start)
        after.append(last)
        x = place(b + "residual", x + y)
        if inner:
            f = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
            x = place(b + "feed_forward.residual", x + feed_forward(w, b, f, activation))
    z = place("norm_final", norm(w, "norm_final.", x))
    return loss_of(w, place("z", z), targets, tied), after


def mamba_layer(w, b, x, start, window, ssm_states):
    u, r = blocks(place(b + "in", x @ w[b + "w_in"]), 2)
    v = place(b + "convolution", causal_convolution(u, window, w[b + "w_convolution"], w[b + "b_convolution"]))
    s = silu(v)
    made = place(b + "x", s @ w[b + "w_x"])
    rank = made.shape[-1] - 2 * ssm_states
    step = made[..., :rank]
    b_t = made[..., rank:rank + ssm_states]
    c_t = made[..., rank + ssm_states:]
    dt = place(b + "dt", linear(step, w[b + "w_dt"], w[b + "b_dt"]))
    delta = softplus(dt)
    A = -exp(w[b + "a_log"])
    driven = delta * s
    h = selective_states(driven, start, delta, A, b_t)
    y = place(b + "scan", total(h * c_t[:, :, None], -1) + w[b + "d"] * s)
    out = place(b + "out", (y * silu(r)) @ w[b + "w_out"])
    rows = concatenated([window, u], 1)
    return out, h[:, -1], rows[:, u.shape[1]:]


def mamba(w, tokens, targets, states, windows, layers, ssm_states, tied):
    x = embedded(w, tokens)
    after, seen = [], []
    for layer in range(layers):
        b = f"layer.{layer}."
        start = states[layer]
        window = windows[layer]
        a = place(b + "norm_recurrence", rms_norm(x, w[b + "norm_recurrence.gain"], 1e-5))
        y, last, rows = mamba_layer(w, b, a, start, window, ssm_states)
        after.append(last)
        seen.append(rows)
        x = place(b + "residual", x + y)
    z = place("norm_final", rms_norm(x, w["norm_final.gain"], 1e-5))
    return loss_of(w, place("z", z), targets, tied), after, seen
