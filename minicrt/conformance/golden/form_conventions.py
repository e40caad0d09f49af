"""Sentences on what a port of a CRT with a richer memory is most likely to do differently"""

from typing import Any

from minicrt.conformance.golden.part_conventions import LRU, MINGRU, attention, gru_form, ncgru


def formed(config: Any) -> list[str]:
    """A CRT with a richer memory"""
    lines = attention(config)
    if config.positions == "recurrent" or config.memory_form == "slots" and config.memory == "gru":
        lines.append(gru_form(config.reset_after))
    lines.append("m_0 = memory.start, in the first segment too.")
    if config.memory_form == "matrix":
        return [*lines, "The memory is a matrix (K, D), keys in its rows, and none of it stands among the rows of the "
                "blocks.", "q, k, v = y W_q, y W_k, y W_v and b = y w_β + b_β at every token; "
                "S ← S + σ(b) k̂ᵀ (v − k̂ S), r_t = q̂ S after the step, x̂ = x/√(x·x + 1e-6).",
                "z_t = y_t + (1 + y_t) ⊙ r_t."]
    lines += ["Rows are [m^1 … m^M ; x_1 … x_T], causal: every token sees all rows of the memory, row i of which sees "
              "those up to itself.",
              "z_t = y_t + (1 + y_t) ⊙ r_t, r_t = softmax((y_t W_q) mᵀ/√D) (m W_v): one head, the keys are the "
              "memory's rows, and the memory is that in front of the segment."]
    if config.normed_memory:
        lines.append("Layer norm (memory.norm) on m wherever it is read or asks, not on what is carried.")
    if config.memory_form == "queue":
        return [*lines, "u = softmax(q yᵀ/√D) y, q = memory.query, one head over all tokens; m^i ← z m^i + "
                "(1 − z) m^{i−1}, m^0 = u, z = σ(memory.keep)."]
    lines += {"ncgru": ncgru, "mingru": lambda config: [MINGRU], "lru": lambda config: [LRU]
              }.get(config.memory, lambda config: [])(config)
    lines.append("Slots: u^i = softmax((m^i W_s) yᵀ/√D) y over all tokens, m_N^i = RNN(u^i, m_{N−1}^i): one network "
                 "for all slots, one step a segment.")
    if config.memory_top_k:
        lines.append(f"The {config.memory_top_k} slots whose |new − old|² is largest are written, in each row of the "
                     "batch by itself; the others stay. The choice takes no gradient.")
    return lines
