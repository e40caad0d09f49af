"""Mistakes in the linear recurrent unit"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.layouts import out_in, out_in_back, product
from minicrt.conformance.mistakes.operations.sequence import (
    SEQUENCE_BACKWARD_MISTAKES,
    SEQUENCE_MISTAKES,
    before,
    give_back,
    handed_out,
    in_time,
    received,
    start,
    start_gradient,
)


def parts_of(x, defects):                                    # (..., 2N) -> two of (..., N)
    """Real and imaginary parts"""
    if "parts interleaved" in defects:
        return x[..., ::2], x[..., 1::2]
    re, im = np.split(x, 2, axis=-1)
    return (im, re) if "imaginary parts first" in defects else (re, im)


def joined(re, im, defects):                                 # two of (..., N) -> (..., 2N)
    if "parts interleaved" in defects:
        return np.stack([re, im], axis=-1).reshape(*re.shape[:-1], -1)
    return np.concatenate([im, re] if "imaginary parts first" in defects else [re, im], axis=-1)


def rate_of(c, defects):
    """log |λ|, arg λ, γ, and the derivatives of each by its parameter; if γ is made of λ, that of γ by log |λ|"""
    nu, theta = (c.theta, c.nu) if "ν and θ exchanged" in defects else (c.nu, c.theta)
    log_size, d_log_size = -np.exp(nu), -np.exp(nu)
    if "one exponential in |λ|" in defects:
        log_size, d_log_size = -nu, -np.ones_like(nu)
    angle, d_angle = np.exp(theta), np.exp(theta)
    if "θ not exponentiated" in defects:
        angle, d_angle = theta, np.ones_like(theta)
    if "λ conjugated" in defects:
        angle, d_angle = -angle, -d_angle
    gamma, d_gamma = np.exp(c.log_gamma), np.exp(c.log_gamma)
    if "log γ not exponentiated" in defects:
        gamma, d_gamma = c.log_gamma, np.ones_like(c.log_gamma)
    if "γ missing" in defects:
        gamma, d_gamma = np.ones_like(gamma), 0 * d_gamma
    if "γ made of λ" in defects:
        gamma = np.sqrt(1 - np.exp(2 * log_size))
        d_gamma = -np.exp(2 * log_size) / gamma
    return (log_size, angle, gamma), (d_log_size, d_angle, d_gamma)


def forward(c, defects):
    (log_size, angle, gamma), _ = rate_of(c, defects)
    a = c.keep("lambda_re", np.exp(log_size) * np.cos(angle))
    b = c.keep("lambda_im", np.exp(log_size) * np.sin(angle))
    c.keep("gamma", gamma)
    w = out_in(c.w) if "w read as (out, in)" in defects else c.w
    c.driven = parts_of(in_time(c.x, defects) @ w, defects)
    d_re, d_im = (c.driven[0], 0 * c.driven[1]) if "input real" in defects else c.driven
    c.states = [parts_of(start(c.h0, defects), defects)]
    for t in range(c.x.shape[1]):
        re, im = before(c.states, t, defects)
        c.states.append((a * re - b * im + gamma * d_re[:, t], b * re + a * im + gamma * d_im[:, t]))
    return handed_out([joined(re, im, defects) for re, im in c.states], defects)


def backward(d_h, c, defects, d_last=None):
    a, b = c.lambda_re, c.lambda_im
    (_, _, gamma), (d_log_size, d_angle, d_log_gamma) = rate_of(c, defects)
    w = out_in(c.w) if "w read as (out, in)" in defects else c.w
    d_states = received(d_h, d_last, defects)
    sign = -1 if "not conjugated" in defects else 1
    for t in reversed(range(c.x.shape[1])):
        re, im = parts_of(d_states[:, t + 1], defects)
        give_back(d_states, t, joined(a * re + sign * b * im, a * im - sign * b * re, defects), defects)
    c.keep("d_state", in_time(d_states[:, 1:], defects))
    re, im = parts_of(d_states[:, 1:], defects)
    old = [before(c.states, t, defects) for t in range(c.x.shape[1])]
    h_re, h_im = (np.stack(values, axis=1) for values in zip(*old))
    d_a = c.keep("d_lambda_re", (re * h_re + im * h_im).sum((0, 1)))
    d_b = c.keep("d_lambda_im", (im * h_re - re * h_im).sum((0, 1)))
    real = "input real" in defects
    d_gamma = c.keep("d_gamma", (re * c.driven[0] + im * c.driven[1] * (not real)).sum((0, 1)))
    d_nu = d_log_size * (d_a * a + d_b * b)
    d_theta = d_angle * (d_b * a - d_a * b)
    if "γ made of λ" in defects:
        d_nu, d_log_gamma = d_nu + d_log_size * d_gamma * d_log_gamma, 0 * d_gamma
    if "chain of e^ν missing" in defects:
        d_nu = d_nu / np.exp(c.nu)
    if "θ's sign" in defects:
        d_theta = -d_theta
    if "gradient of γ, not of log γ" in defects:
        d_log_gamma = np.ones_like(d_gamma)
    if "ν and θ exchanged" in defects:
        d_nu, d_theta = d_theta, d_nu
    factor = 1 if "input without γ" in defects else gamma
    d_driven = joined(factor * re, factor * im * (not real), defects)
    d_w = product(in_time(c.x, defects), d_driven)
    d_w = out_in_back(d_w) if "w read as (out, in)" in defects else d_w
    d_x, d_h0 = in_time(d_driven @ w.T, defects), start_gradient(d_states, defects)
    if "gradients conjugated" in defects:
        d_h0, d_w = (joined(part, -other, ()) for part, other in (np.split(g, 2, axis=-1) for g in (d_h0, d_w)))
    return d_x, d_h0, d_w, d_nu, d_theta, d_gamma * d_log_gamma


LRU = (Faulty("lru", "h", ("x", "h0", "w", "nu", "theta", "log_gamma"), forward, backward, {
    "γ missing": "The input is not multiplied by γ.",
    "log γ not exponentiated": "γ is the parameter log γ itself: its exponential is missing.",
    "γ made of λ": "γ = √(1 − |λ|²) in place of the parameter exp(log γ).",
    "λ conjugated": "λ is conjugated: exp(−e^ν − i e^θ).",
    "θ not exponentiated": "arg λ = θ in place of e^θ.",
    "one exponential in |λ|": "|λ| = exp(−ν) in place of exp(−e^ν).",
    "ν and θ exchanged": "The parameters of λ are exchanged: θ gives its size and ν its angle.",
    "parts interleaved": "Real and imaginary parts are taken to alternate; all real parts stand first.",
    "imaginary parts first": "Imaginary parts are taken to stand first; real parts do.",
    "input real": "The imaginary part of the input x W is dropped.",
    "w read as (out, in)": "The numbers of w are read as a matrix (out, in) and transposed; they are stored (in, out).",
} | SEQUENCE_MISTAKES, {
    "not conjugated": "g goes back by λ in place of its conjugate.",
    "gradients conjugated": "The gradients of complex arrays are conjugated, as JAX gives them: the imaginary halves "
                            "of G_{h0} and G_W have the opposite sign.",
    "input without γ": "The gradient of the input lacks γ.",
    "chain of e^ν missing": "G_ν lacks the inner derivative of exp(−exp(ν)).",
    "θ's sign": "G_θ has the opposite sign, that of the conjugate's angle.",
    "gradient of γ, not of log γ": "The inner derivative of γ = exp(log γ) is missing.",
} | SEQUENCE_BACKWARD_MISTAKES),)
