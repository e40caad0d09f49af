"""The diagonal state space S4D, as a recurrence or as a convolution"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.complex_pairs import Pair, exponential, exponential_less_one, parts
from minicrt.ops.s4d_convolution import ConvolutionCache, convolution, convolution_backward
from minicrt.ops.shapes import Array, check_shapes


class Discretised(NamedTuple):
    """Of each channel's N states, (D, N) each"""

    step: Array                                              # Δ, (D, 1)
    a: Pair                                                  # A
    exponent: Pair                                           # Δ A
    a_bar: Pair                                              # exp(Δ A)
    b_bar: Pair                                              # (exp(Δ A) − 1)/A


class S4DCache(NamedTuple):
    x: Array                                                 # (B, T, D)
    system: Discretised
    c: Pair                                                  # (D, N)
    d: Array                                                 # (D,)
    states: list[Pair] | None                                # of the recurrence: h_0 … h_T, (B, D, N) each
    convolved: ConvolutionCache | None                       # of the convolution
    last: Array                                              # h_T, (B, D, 2N)


def discretised(log_dt: Array, log_a: Array, a_im: Array) -> Discretised:
    """Zero-order hold. A = −exp(log_a) + i a_im has a negative real part whatever log_a is."""
    step, a = np.exp(log_dt)[:, None], Pair(-np.exp(log_a), a_im)
    exponent = a * step
    return Discretised(step, a, exponent, exponential(exponent), exponential_less_one(exponent) / a)


def discretised_backward(d_a_bar: Pair, d_b_bar: Pair, system: Discretised, d_exponent: Pair | None = None
                         ) -> tuple[Array, Array, Array]:    # -> d_log_dt, d_log_a, d_a_im
    """G_{ΔA} = (G_Ā + G_B̄/A*) Ā*,  G_A = Δ G_{ΔA} − G_B̄ (B̄/A)*,  G_{log Δ} = Δ Σ_n Re(G_{ΔA} A*)"""
    step, a, _, a_bar, b_bar = system
    d_z = (d_a_bar + d_b_bar / a.conjugate()) * a_bar.conjugate()          # B̄ = (exp(Δ A) − 1)/A
    if d_exponent is not None:
        d_z = d_z + d_exponent
    d_a = d_z * step + d_b_bar * (b_bar / a).conjugate() * -1.0
    d_log_dt = step[:, 0] * (d_z * a.conjugate()).re.sum(-1)
    return d_log_dt, d_a.re * a.re, d_a.im                   # Re A = -exp(log_a)


def s4d(x: Array, h0: Array, log_dt: Array, log_a: Array, a_im: Array, c: Array, d: Array, transform: bool = False
        ) -> tuple[Array, S4DCache]:                         # (B, T, D), (B, D, 2N) -> (B, T, D)
    """y_t for t = 1..T, started at h0: N complex states for each of the D channels,

        h_t = Ā ⊙ h_{t−1} + B̄ x_t,   y_t = 2 Re Σ_n C h_t + d ⊙ x_t,
        Ā = exp(Δ A),   B̄ = (Ā − 1)/A,   Δ = exp(log_dt),   A = −exp(log_a) + i a_im

    Each number stands for itself and its conjugate, hence 2 Re. h0 and c (D, 2N) are [real parts, imaginary parts];
    log_a and a_im are (D, N), log_dt and d (D,). With `transform` the same y is computed as

        y = K * x + 2 Re Σ_n C Ā^t h_0 + d ⊙ x,   K_l = 2 Re Σ_n C B̄ Ā^l,

    the convolution by a Fourier transform. `last` of the cache is h_T, the h0 of the next segment. Raises InputError
    where the shapes do not fit. Source: Gu et al. 2022 (arXiv 2206.11893).
    """
    check_shapes("s4d", x=(x, "B T D"), log_a=(log_a, "D N"), h0=(h0, "B D 2N"), log_dt=(log_dt, "D"),
                 a_im=(a_im, "D N"), c=(c, "D 2N"), d=(d, "D"))
    system, c_pair, start = discretised(log_dt, log_a, a_im), parts(c), parts(h0)
    if transform:
        y, last, convolved = convolution(x, start, system.exponent, system.b_bar, c_pair)
        return y + d * x, S4DCache(x, system, c_pair, d, None, convolved, last.joined())
    states, y = [start], np.empty(x.shape, np.result_type(x, h0, log_dt, log_a, a_im, c))
    for t in range(x.shape[1]):
        states.append(system.a_bar * states[-1] + system.b_bar * x[:, t, :, None])
        y[:, t] = 2 * (c_pair * states[-1]).re.sum(-1)
    return y + d * x, S4DCache(x, system, c_pair, d, states, None, states[-1].joined())


def s4d_backward(d_y: Array, cache: S4DCache, d_last: Array | None = None
                 ) -> tuple[Array, ...]:                     # -> d_x, d_h0, d_log_dt, d_log_a, d_a_im, d_c, d_d
    """From t = T to 1, with g = ∂/∂Re h + i ∂/∂Im h of h_t (`d_last` (B, D, 2N) from beyond the segment),
    g ← g + 2 G_{y_t} C*, then g ← Ā* g, and

        G_C = 2 Σ G_y h*,   G_x = Re Σ_n B̄* g + d G_y,   G_B̄ = Σ x g,   G_Ā = Σ g h*_{t−1}
    """
    x, system, c, d, states, convolved, last = cache
    g = parts(np.zeros_like(last) if d_last is None else d_last)
    d_d = (d_y * x).sum((0, 1))
    if convolved is not None:
        d_x, g, d_c, d_b_bar, d_exponent = convolution_backward(d_y, g, x, convolved)
        none = d_b_bar * 0.0
        return d_x + d * d_y, g.joined(), *discretised_backward(none, d_b_bar, system, d_exponent), d_c.joined(), d_d
    assert states is not None
    d_x, zero = d * d_y, system.a_bar * 0.0
    d_a_bar, d_b_bar, d_c = zero, zero, zero
    for t in reversed(range(x.shape[1])):
        d_y_t, x_t = d_y[:, t, :, None], x[:, t, :, None]
        d_c = d_c + (states[t + 1].conjugate() * (2 * d_y_t)).sum(0)       # y = 2 Re Σ c h + d x
        g = g + c.conjugate() * (2 * d_y_t)
        d_x[:, t] += (system.b_bar.conjugate() * g).re.sum(-1)             # h' = Ā h + B̄ x
        d_b_bar = d_b_bar + (g * x_t).sum(0)
        d_a_bar = d_a_bar + (g * states[t].conjugate()).sum(0)
        g = system.a_bar.conjugate() * g
    return d_x, g.joined(), *discretised_backward(d_a_bar, d_b_bar, system), d_c.joined(), d_d

