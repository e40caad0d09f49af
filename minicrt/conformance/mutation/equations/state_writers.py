"""State spaces that write a memory, one equation a line: every state, in a row"""

from minicrt.conformance.mutation.functions import blocks, concatenated, cos, exp, place, sin, softplus, stacked


def mamba_states(w, b, x, h_0):
    A = -exp(w[b + "a_log"])
    E, N = A.shape
    made = place(b + "x", x @ w[b + "w_x"])
    u = made[..., :E]
    delta = softplus(made[..., E:2 * E] + w[b + "b_dt"])
    driven = delta * u
    B = made[..., 2 * E:]
    h, states = h_0.reshape(len(h_0), E, N), []
    for t in range(x.shape[1]):
        decay = exp(delta[:, t][..., None] * A)
        h = decay * h + driven[:, t][..., None] * B[:, t][:, None]
        states.append(h.reshape(len(h), E * N))
    return stacked(states)


def s4d_states(w, b, x, h_0):
    a_re = -exp(w[b + "log_a"])
    a_im = w[b + "a_im"]
    E, N = a_im.shape
    step = exp(w[b + "log_dt"])[:, None]
    a_bar_re = exp(step * a_re) * cos(step * a_im)
    a_bar_im = exp(step * a_re) * sin(step * a_im)
    size = a_re * a_re + a_im * a_im
    b_bar_re = ((a_bar_re - 1) * a_re + a_bar_im * a_im) / size
    b_bar_im = (a_bar_im * a_re - (a_bar_re - 1) * a_im) / size
    u = place(b + "in", x @ w[b + "w_in"])
    half_re, half_im = blocks(h_0, 2)
    re, im, states = half_re.reshape(len(h_0), E, N), half_im.reshape(len(h_0), E, N), []
    for t in range(x.shape[1]):
        u_t = u[:, t][..., None]
        new_re = a_bar_re * re - a_bar_im * im + b_bar_re * u_t
        im = a_bar_im * re + a_bar_re * im + b_bar_im * u_t
        re = new_re
        states.append(concatenated([re.reshape(len(re), E * N), im.reshape(len(im), E * N)]))
    return stacked(states)
