"""What the tensors of a model's case are; the i in a place stands for any number, of a layer or a memory vector"""

import re
from collections.abc import Mapping

GRADIENTS = {
    "d_loss": "the gradient of J with respect to each segment's loss",
    "d_state/": "the gradient of J with respect to the last state, as far as it comes from J directly",
    "d_parameters/": "the gradient of J",
    "d_initial_state/": "the gradient of J with respect to the given state",
}
MEANINGS = {
    "embedding": "e = √D E[tokens]  (B, T, D)",
    "positions.h": "p_t, the states of the positions' GRU",
    "positions.out": "p_t W_p",
    "x": "the rows with their positions added",
    "distances": "the table R of distances, from the longest to 0  (M + T, D)",
    "recalled.memory.i.in": "u of the last segment's writer, run again from what it read",
    "recalled.memory.i.x": "[u, s, B] of the last segment's writer, run again from what it read",
    "recalled.memory.i.h": "h_t of the last segment's writer, run again from what it read; the last of them is m_{N−1}",
    "memory.norm": "the memory tokens, normed",
    "joined": "[m ; x], the rows of the first block; in an RMT [m ; e ; m], without positions",
    "blocks.i.norm_attention": "pre-norm: LN of what the attention reads; post-norm: LN of the sum after it",
    "blocks.i.attention.joined": "[cache ; x]",
    "blocks.i.attention.qkv": "[q, k, v] = x W_qkv + b_qkv",
    "blocks.i.attention.q": "the queries, of the segment's rows",
    "blocks.i.attention.kv": "[k, v], of the cached rows and the segment's",
    "blocks.i.attention.r": "R W_r",
    "blocks.i.attention.heads": "softmax(…) v, the heads side by side",
    "blocks.i.attention.out": "heads W_out, plus b_out where there is one",
    "blocks.i.attention.residual": "the sum of the attention's input and its output",
    "blocks.i.norm_feed_forward": "pre-norm: LN of what the feed-forward reads; post-norm: LN of the sum after it",
    "blocks.i.feed_forward.inner": "f(x W_in + b_in)",
    "blocks.i.feed_forward.out": "inner W_out + b_out",
    "blocks.i.feed_forward.residual": "the sum of the feed-forward's input and its output",
    "norm_final": "the token rows (of an RMT all rows) after the final norm",
    "memory.i.U_candidate": "the orthogonal matrix of the candidate  (D, D)",
    "memory.i.U_reset": "the orthogonal matrix of the reset gate  (D, D)",
    "memory.i.h": "h_t of the network that writes this memory vector",
    "memory.i.in": "u = y W_in, what enters each channel of the state space",
    "memory.i.x": "[u, s, B] = y W_x",
    "readout.memory.read": "[m^1 … m^M] W_r, of the memory that the segment starts from, as it is carried  (B, D)",
    "readout.memory.norm": "h_t, normed for the readout",
    "memory.read.value": "m̂ W_v, of each row of the memory  (B, M, D)",
    "memory.read.query": "y_t W_q, what each output asks the memory for  (B, T, D)",
    "memory.read.heads": "r_t, what the memory says to that  (B, T, D)",
    "memory.query": "slots: m̂ W_s, what each slot asks the segment for; matrix: the queries q",
    "memory.key": "the matrix's keys k  (B, T, K)", "memory.value": "the matrix's values v  (B, T, D)",
    "memory.write": "b, whose sigmoid is the strength of the matrix's write  (B, T, 1)",
    "memory.rule": "r_t, what the matrix says of q_t after the step  (B, T, D)",
    "memory.heads": "u, what each slot, or the queue's query, finds in the segment",
    "memory.slot.h": "what the slots' network makes of it, a slot a row  (B M, 1, D)",
    "memory.slot.written": "the slots, of which those that change most are written  (B, M, D)",
    "memory.slot.U_candidate": "the orthogonal matrix of the slots' candidate  (D, D)",
    "memory.slot.U_reset": "the orthogonal matrix of the slots' reset gate  (D, D)",
    "memory.queue": "the queue's rows after u has entered  (B, M, D)",
    "layer.i.norm_recurrence": "LN of what the recurrence reads",
    "layer.i.h": "h_t of this layer",
    "layer.i.s": "s_t = [h_t, c_t] of this layer",
    "layer.i.in": "[u, r] = x̂ W_in",
    "layer.i.convolution": "the causal convolution of u; SiLU comes behind it",
    "layer.i.x": "[s, B, C] = u W_x",
    "layer.i.dt": "s W_dt + b_dt, whose softplus is Δ",
    "layer.i.scan": "what the state space makes of its input, the skip d ⊙ x in it",
    "layer.i.c": "h C",
    "layer.i.gelu": "GELU(h C + x̂ ⊙ d); of S4D that of the scan",
    "layer.i.out": "what W_out makes of it",
    "layer.i.glu": "the gated linear unit of that",
    "layer.i.residual": "the sum of the layer's input and the recurrence's branch",
    "z": "what the output reads  (B, T, D)",
    "logits": "z Eᵀ + b, or z Wᵀ + b  (B, T, V)",
    "head_logits": "z Hᵀ + b: the frequent words' scores, then the clusters'  (B, T, S + K)",
    "tail_logits": "(z P_i) E_iᵀ + b_i of all clusters; only the target's is used  (B, T, V − S)",
    "state/memory": "m  (B, M, D), as the next segment starts from it",
    "state/positions": "p_T  (B, D_p), as the next segment starts from it",
    "state/cache": "the inputs of every layer and the last one's output  (B, L + 1, ≤ M, D)",
    "state/writer_inputs": "what this segment's writer read: a constant to the next segment",
    "state/writer_start": "what this segment's writer started from: a constant to the next segment",
    "state/layer.i.h": "the state space's state, as the next segment starts from it",
    "state/layer.i.inputs": "the last inputs of the convolution, which the next segment looks back to",
    "state/layer.i": "what this layer goes on from in the next segment",
    "loss": "the mean of −log p over the scored targets",
    "tokens": "from 0 to V − 1", "targets": "the tokens to predict; −1 is not scored",
}


OF_SENSORS = {
    "embedding": "e = [x̃, m] W + b, x̃ the inputs with 0 where one is missing, m = 1 there and else 0  (B, T, D)",
    "inputs": "readings  (B, T, C); what stands where one is missing does not count",
    "missing": "True where a reading is missing", "targets": "classes, from 0 to K − 1; −1 is not scored",
    "numbers": "what is to be predicted  (B, T, K); of any value where not scored",
    "scored": "True where a number is scored", "y": "z Uᵀ + c  (B, T, K)", "logits": "z Uᵀ + c  (B, T, K)",
    "loss": "the mean over what is scored, of (y − number)² or of −log p",
}


OF_VIDEO = {
    "patches": "patch((x − μ)/σ) W + b  (B, T, N, D)",
    "embedding": "e_{t,n}: the patches, and the table of where they stand in a frame  (B, T, N, D)",
    "steps.positions.h": "p_t, the states of the positions' GRU, which reads ē_t, the mean of step t's patches",
    "steps.positions.out": "p_t W_p",
    "steps.x": "ē_t + p_t, or ē_t + p_t W_p  (B, T, D)",
    "x": "x_{t,n} = e_{t,n} and what ē_t gained by its position, step after step  (B, T N, D)",
    "joined": "[m ; c ; x], the rows of the first block; the class token c where there is one",
    "pooled": "v: the class token's output, or the mean of all y_{t,n}  (B, 1, D)",
    "memory.inputs": "[ȳ_1 … ȳ_T ; v], what the writer reads, ȳ_t the mean of step t's outputs; per segment the mean "
                     "of them is read",
    "norm_final": "the rows of the class token and of the patches after the final norm",
    "joints.hidden": "X W_1 + b_1, X the patches' rows behind block joint_layer",
    "joints.output": "the logits of each joint lying in each patch  (B, T N, J)",
    "features": "f = u W_3 + b_3, u the mean of the patches' last outputs  (B, G)",
    "features.output": "the scores of the classes, told from f alone  (B, K)",
    "z": "what is classified  (B, 1, D)", "y": "the scores z Uᵀ + a  (B, K)",
    "clip": "pixels in [0, 1]  (B, T f, Y, X, C)", "labels": "classes, from 0 to K − 1; −1 is not scored",
    "joints": "column and row of each joint, in pixels  (B, T f, J, 2)", "visible": "True where a joint was seen",
    "teacher": "what a network of skeletons says of the clip, which the 3-D module is to tell  (B, G)",
    "loss": "the weighted mean of −Σ_k q_k w_k log p_k over the scored labels, and what the modules add",
}
OF_VIDEO |= {place.replace("blocks.i.", "blocks.i.time."): what for place, what in MEANINGS.items()
             if place.startswith(("blocks.i.attention.", "blocks.i.norm_attention"))}


def meaning(name: str, own: Mapping[str, str] | None = None) -> str:
    """Of a tensor of a model's case, by its name there; `own` are the meanings that a kind of model has"""
    for start, what in GRADIENTS.items():
        if name.startswith(start):
            return what
    what = (MEANINGS | dict(own or {})).get(general(re.sub(r"^(d_)?segment\d+/", "", name)), "")
    return f"the gradient of J with respect to this: {what}" if name.startswith("d_") else what


def general(place: str) -> str:
    """The place without its numbers: blocks.i.attention.q for blocks.1.attention.q; a repeat is like the first."""
    place = re.sub(r"\.\d+$", ".i" if place.startswith("state/") else "", place)
    place = re.sub(r"\.\d+(?=\.)", ".i", place)
    return place.replace("layer.i.", "blocks.i.") if "feed_forward" in place else place
