"""The convolution form of S4D: the whole segment at once, by a Fourier transform over time"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.complex_pairs import Pair, exponential, real_product, scaled
from minicrt.ops.shapes import Array


class ConvolutionCache(NamedTuple):
    start: Pair                                              # h_0, (B, D, N)
    b_bar: Pair                                              # (D, N)
    c: Pair                                                  # (D, N)
    powers: Pair                                             # Ā^l, l = 0 … T, (T + 1, D, N)
    kernel: Array                                            # K_l, (T, D)
    driven: Pair                                             # Σ_t Ā^(T−t) x_t, (B, D, N)


def convolution(x: Array, start: Pair, exponent: Pair, b_bar: Pair, c: Pair) -> tuple[Array, Pair, ConvolutionCache]:
    """y without d ⊙ x, h_T and the cache:  y = K * x + 2 Re Σ_n C Ā^t h_0,  h_T = Ā^T h_0 + B̄ Σ_t Ā^(T−t) x_t"""
    T = x.shape[1]
    powers = exponential(exponent * np.arange(T + 1, dtype=x.real.dtype)[:, None, None])
    kernel = 2 * real_product("dn,ldn->ld", c * b_bar, powers[:T])
    y = convolved(kernel, x) + 2 * real_product("ldn,bdn->bld", powers[1:] * c, start)
    driven = scaled("ldn,bld->bdn", powers[:T][::-1], x)
    return y, powers[T] * start + b_bar * driven, ConvolutionCache(start, b_bar, c, powers, kernel, driven)


def convolution_backward(d_y: Array, d_last: Pair, x: Array, cache: ConvolutionCache
                         ) -> tuple[Array, Pair, Pair, Pair, Pair]:        # -> d_x, d_h0, d_c, d_b_bar, d_exponent
    """A convolution goes back as a correlation; Ā^l = exp(l Δ A) gives G_{ΔA} = Σ_l l G_{Ā^l} (Ā^l)*."""
    start, b_bar, c, powers, kernel, driven = cache
    T = x.shape[1]
    steps = np.arange(T + 1, dtype=x.real.dtype)
    back = powers.conjugate()                                # (Ā^l)*
    backwards = back[:T][::-1]
    d_kernel = correlated(d_y, x).sum(0)                     # y_t takes K_l of x_{t−l}
    d_of_start = scaled("bdn,bld->ldn", start.conjugate(), d_y)
    d_ends = d_last * b_bar.conjugate()                      # h_T takes B̄ Σ Ā^(T−t) x_t
    d_x = correlated(d_y, kernel) + real_product("bdn,ldn->bld", d_ends, backwards)
    d_start = scaled("ldn,bld->bdn", back[1:] * c.conjugate(), 2 * d_y) + d_last * back[T]
    d_product = scaled("ldn,ld->dn", back[:T], 2 * d_kernel)               # of C B̄
    d_c = d_product * b_bar.conjugate() + (back[1:] * d_of_start * 2.0).sum(0)
    d_b_bar = d_product * c.conjugate() + (d_last * driven.conjugate()).sum(0)
    weighted = back * steps[:, None, None]
    d_exponent = (scaled("ldn,ld->dn", weighted[:T], 2 * d_kernel) * (c * b_bar).conjugate()
                  + (weighted[1:] * d_of_start * 2.0).sum(0) * c.conjugate()
                  + (d_last * start.conjugate()).sum(0) * weighted[T]
                  + (weighted[:T][::-1] * scaled("bdn,bld->ldn", d_ends, x)).sum(0))
    return d_x, d_start, d_c, d_b_bar, d_exponent


def convolved(kernel: Array, x: Array) -> Array:             # (..., T, D), (..., T, D) -> (..., T, D)
    """Σ_l K_l x_{t−l}. What is complex, in the gradient check, goes by its parts, which differ in size."""
    if np.iscomplexobj(kernel) or np.iscomplexobj(x):
        real = convolved(kernel.real, x.real) - convolved(kernel.imag, x.imag)
        return real + 1j * (convolved(kernel.imag, x.real) + convolved(kernel.real, x.imag))
    T = x.shape[-2]
    length = 2 * T                                           # so that the end does not run into the start
    spectrum = np.fft.rfft(kernel, length, axis=-2) * np.fft.rfft(x, length, axis=-2)
    return np.fft.irfft(spectrum, length, axis=-2)[..., :T, :].astype(np.result_type(kernel, x), copy=False)


def correlated(d_y: Array, x: Array) -> Array:               # (..., T, D), (..., T, D) -> (..., T, D)
    """Σ_t G_{y_t} x_{t−l}, for each l: the convolution with time reversed"""
    return convolved(x, d_y[..., ::-1, :])[..., ::-1, :]
