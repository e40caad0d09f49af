"""What all recurrences share: the order of time, the state in front of the first step, and what is handed out

Inside a scan there are T + 1 states, the one in front of the first step among them.
"""

import numpy as np

SEQUENCE_MISTAKES = {
    "time reversed": "The steps are taken from the last to the first.",
    "start ignored": "The scan starts from zeros whatever h0 is given: the start is ignored.",
    "state before the step": "The state handed out at step t is the one before it: h_{t−1} in place of h_t.",
    "state not carried": "Every step starts from h0: the state is not carried from step to step.",
}

SEQUENCE_BACKWARD_MISTAKES = {
    "last step only": "Only G of the last state counts; the other states' own gradients are dropped.",
    "detached between steps": "The state is detached after every step: nothing flows back in time.",
    "start cut off": "G_{h0} is zero: the state that came in was detached.",
}


def in_time(x, defects):                                     # (B, T, ...) -> (B, T, ...)
    """In the order of the steps, or back from it."""
    return x[:, ::-1] if "time reversed" in defects else x


def start(h0, defects):
    return 0 * h0 if "start ignored" in defects else h0


def before(h, t, defects):
    """The state that step t starts from; `h` lists the states up to there."""
    return h[0 if "state not carried" in defects else t]


def handed_out(h, defects):                                  # T + 1 times (B, D) -> (B, T, D)
    return in_time(np.stack(h[:-1] if "state before the step" in defects else h[1:], axis=1), defects)


def received(d_h, d_last, defects):                          # (B, T, D), (B, D) or None -> (B, T + 1, D)
    """The gradient of each state that comes from outside of the scan; `d_last` is one more of the last that left it."""
    # The two meet in the last state that is handed out, whichever step that is.
    B, T, D = d_h.shape
    d_h, d_states = np.array(d_h), np.zeros((B, T + 1, D), d_h.dtype)
    if d_last is not None:
        d_h[:, -1] += d_last
    (d_states[:, :-1] if "state before the step" in defects else d_states[:, 1:])[...] = in_time(d_h, defects)
    if "last step only" in defects:
        d_states[:, :-1] = 0
    return d_states


def give_back(d_states, t, g, defects):
    """Add g to the gradient of the state that step t started from, in place."""
    if "detached between steps" not in defects or t == 0:
        d_states[:, 0 if "state not carried" in defects else t] += g


def start_gradient(d_states, defects):                       # (B, T + 1, D) -> (B, D)
    return 0 * d_states[:, 0] if defects & {"start ignored", "start cut off"} else d_states[:, 0]
