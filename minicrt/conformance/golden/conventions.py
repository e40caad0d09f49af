"""Sentences on what a port of a model is most likely to do differently, as far as they concern its configuration"""

from typing import Any

from minicrt.conformance.golden.form_conventions import formed
from minicrt.conformance.golden.part_conventions import (
    LRU,
    MAMBA_WRITER,
    MINGRU,
    S4D_WRITER,
    attention,
    gru_form,
    ncgru,
)
from minicrt.models import (
    CRT,
    RMT,
    LinearRecurrentModel,
    Mamba,
    RecurrentModel,
    S4DModel,
    SegmentModel,
    SensorModel,
    TransformerXL,
)
from minicrt.models.memory_forms import FormedCRT
from minicrt.models.video import ViT


def conventions(model: SegmentModel) -> tuple[str, ...]:
    if isinstance(model, ViT):
        return tuple(videos(model))
    if isinstance(model, SensorModel):
        return (*sensors(model), *conventions(model.encoder)[len(common(model.config)):])
    config: Any = model.config
    own = next((sentences for kind, sentences in OWN.items() if isinstance(model, kind)), lambda config: [])
    return (*common(config), *blocks(config), *positions(config), *own(config))


def adaptive(config: Any) -> list[str]:
    """In place of what `common` says of the scores"""
    bounds = ", ".join(map(str, config.cutoffs_in_use))
    words = ("head = [E_0 … E_{S−1} ; output.clusters], and a cluster's words are rows of the embedding table E (not "
             "scaled), whose gradient is the sum of all uses, over all segments." if config.tied else
             "head is output.head, and E_i, d_i wide, lies row by row in output.tails.")
    return [f"The output is an adaptive softmax over the clusters that begin with words {bounds}; S is the first of "
            "them. In the head a score for each cluster stands behind the words', the first cluster's first. "
            "−log p of a rare word is that of its cluster and that within it, and loss_N the mean over the targets of "
            f"segment N, −1 being one not scored; {words}"]


def common(config: Any) -> list[str]:
    words = language(config)
    return [*words[:2], *adaptive(config), words[3], *words[5:]] if getattr(config, "output", "") == "adaptive" \
        else words


def language(config: Any) -> list[str]:
    return [
        "Row vectors: y = x W + b, W stored (in, out). Arrays are in C order.",
        "J = Σ_N d_loss[N] loss_N + Σ <d_state, final state>; every d_… is the gradient of J with respect to that "
        "place. Gradients cross the segments' boundaries except where a sentence below says so.",
        "loss_N is the mean of −log softmax(logits)[target] over the targets of segment N, −1 being one not scored.",
        "e = √D E[tokens]: the embedding is scaled by the root of the width.",
        "logits = z Eᵀ + b with the embedding table (not scaled) and a bias of its own; the table's gradient is the "
        "sum of both uses, over all segments." if config.tied else
        "logits = z Wᵀ + b, W (V, D) being a matrix of its own: the output is not tied to the embedding.",
        "A state that is not given starts as zeros, unless a parameter memory.start says otherwise.",
        "d_… of a recurrence's states h is the gradient from outside of the recurrence: of whoever reads h_t, and at "
        "the last step of the next segment; what comes back from step t + 1 is not in it.",
    ]


def sensors(model: SensorModel) -> list[str]:
    """In place of `common`"""
    words = common(model.config)
    loss = ("loss_N is the mean of (y − number)² over the scored numbers of segment N, each feature of each step one."
            if model.task == "regression" else words[2])
    return [*words[:2], loss,
            "e = [x̃, m] W + b with W = input.weight (2C, D): x̃ is the reading, 0 where it is missing, and m is 1 where "
            "it is missing, else 0.",
            "y = z Uᵀ + c, U = output.weight (K, D), one row an output.", *words[5:]]


def videos(model: ViT) -> list[str]:
    """In place of `common` and all else"""
    config: Any = model.config
    words, pooled = common(config), "v" if getattr(config, "memory", "none") != "none" else "z"
    lines = [*words[:2],
             "loss_N = Σ_i q_i·w ⊙ (−log softmax(y_i)) / Σ_i w[label_i] over the scored labels of clip N, "
             f"q = (1 − ε) onehot + ε/K, ε = smoothing = {config.smoothing:g}, w = class_weights; −1 is not scored.",
             f"Pixels x are read as (x − {config.pixel_mean:g})/{config.pixel_deviation:g}. A patch's numbers are in "
             "the order frame, row, column, channel; patches are counted row by row; tokens are in the order step, "
             "patch.",
             "A table of places, space.table (N, D), is added to the patches of every step alike.",
             "Positions are of steps: what the mean ē_t of a step's patches gains by its position is added to each.",
             f"The class token, learned, has no position; {pooled} is its output." if model.has_token else
             f"There is no class token: {pooled} is the mean of all y_{{t,n}} after the final norm.",
             "y = z Uᵀ + a, U = output.weight (K, D), one row a class.", *words[5:], *blocks(config),
             *attention(config), "No attention is causal: every row sees every row."]
    if config.attention == "divided":
        lines.append("Each block: attention over time (time.…: each patch sees itself at the T steps; memory and class "
                     "token take no part), then over the N patches of each step with memory and class token, which see "
                     "each step apart: the mean of what they saw is added to them; then the feed-forward.")
    if pooled == "v":
        lines += [sentence for sentence in crt(config) if not sentence.startswith(VIDEO_OTHERWISE)]
        lines += ["Rows are [m_{N−1} ; c ; x]; the memory row is there in the first clip too, as m_0 = memory.start.",
                  "The writer reads [ȳ_1 … ȳ_T ; v], ȳ_t the mean of step t's outputs, v what is classified"
                  + (": T + 1 steps, and m_N is the last state." if config.memory_update == "per_token" else
                     "; m_N = RNN(their mean, m_{N−1}), and m_N is not read in its own clip."),
                  "z = v" + ("" if config.memory_update == "per_segment" or config.readout != "memory" else " + m_N")
                  + (" + (1 + v) ⊙ m_{N−1} W_r, W_r = memory.read; of several vectors m_N is their mean, and W_r reads "
                     "[m^1 … m^M]." if config.readout == "memory" else ".")]
    if config.joints or config.joint_features:
        lines += ["The modules of training add 1.6 · BCE + MSE + CE to the loss: BCE with logits of joints.output, "
                  "over the patches of every step in which the joint was seen; MSE of features with teacher over the "
                  "scored clips; CE of features.output with the labels.",
                  "A joint lies in the patch of ⌊row⌋ and ⌊column⌋ (of any frame of the tube); joints holds column, "
                  f"row. joints.hidden reads what block {config.joint_layer} gave, features the mean of the last rows."]
    return lines


VIDEO_OTHERWISE = ("Attention: ", "Rows are ", "The memory row ", "h_t = RNN(", "m_N = RNN(", "z_t = ")


def blocks(config: Any) -> list[str]:
    norm = getattr(config, "norm", None)
    if norm is None:
        return []
    lines = ["LN: biased variance, eps 1e-5 inside the root."]
    activation = {"gelu": "the exact GELU with erf", "gelu_tanh": "the tanh form of GELU", "relu": "relu"}
    if getattr(config, "inner", 0):
        lines.append(f"The feed-forward's activation is {activation[config.activation]}.")
    if norm == "pre":
        lines.append("Pre-norm: x + f(LN(x)), and one final norm after the last layer.")
    else:
        lines.append("Post-norm: LN(x + f(x)), and no final norm.")
    return lines


def positions(config: Any) -> list[str]:
    kind = getattr(config, "positions", "none")
    if kind == "recurrent":
        lines = ["x_t = e_t + p_t" + (" W_p" if config.position_width not in (0, config.width) else "") +
                 ", p_t = GRU(e_t, p_{t−1}): the GRU reads the embedding; the memory token gets no position."]
        lines.append("p_0 is the last p of the segment before." if config.position_carry else
                     "p_0 is zeros in every segment.")
        return lines
    if kind == "learned":
        return ["A learned table of positions is added; token t of every segment has row t."]
    if kind == "sinusoidal":
        return ["Sinusoidal positions: [sin(t f), cos(t f)], f_k = 10000^(−2k/D), the sines first, then the cosines; "
                "t starts at 0 in every segment."]
    return []


def crt(config: Any) -> list[str]:
    lines = attention(config)
    if config.memory == "gru" or config.positions == "recurrent":
        lines.append(gru_form(config.reset_after))
    if config.memory == "none":
        return lines
    lines.append("Rows are [m_{N−1} ; x_1 … x_T], causal: every token sees the memory, which sees itself alone."
                 if config.memory_position == "first" else
                 "Rows are [x_1 … x_T ; m_{N−1}], causal: no token sees the memory.")
    lines.append("The memory row is there in the first segment too, as m_0 = memory.start.")
    lines.append("h_t = RNN(y_t, h_{t−1}), h_0 = m_{N−1}, m_N = h_T; y_t are the token rows after the " +
                 ("final norm." if config.norm == "pre" else "last block.") if config.memory_update == "per_token" else
                 "m_N = RNN(mean of y_t over the segment, m_{N−1}): one step a segment.")
    lines += {"ncgru": ncgru, "mingru": lambda config: [MINGRU], "lru": lambda config: [LRU],
              "s4d": lambda config: [S4D_WRITER], "mamba": lambda config: [MAMBA_WRITER]
              }.get(config.memory, lambda config: [])(config)
    if config.memory_vectors > 1:
        lines.append("Every memory vector is written by a network of its own, from the same y; h̄ is their mean.")
    lines.append("Layer norm (memory.norm) on m as a token and on m and h in the readout, not on what is carried."
                 if config.normed_memory else "There is no layer norm on the memory.")
    lines.append(readout(config))
    if config.memory_gradient == "writer":
        lines.append("memory_gradient 'writer': from the second segment on m_{N−1} is computed again by the last "
                     "segment's writer from its inputs and its start, both constants (recalled.…); no other gradient "
                     "of the memory crosses a boundary. Positions are not cut.")
    return lines


def readout(config: Any) -> str:
    if config.readout == "transformer":
        return "z_t = y_t: the outputs do not read the memory."
    m = "m_{N−1}" if config.memory_vectors == 1 else "[m^1 … m^M]_{N−1}"
    if config.memory_update == "per_segment":
        return (f"z_t = y_t + (1 + y_t) ⊙ {m} W_r, W_r = memory.read: one row, of the memory in front of the segment, "
                "for all T.")
    h = "h_t" if config.memory_vectors == 1 else "h̄_t"
    return (f"z_t = y_t + {h} + (1 + y_t) ⊙ {m} W_r, W_r = memory.read: h_t is read as it is at token t, m_{{N−1}} as "
            "it is in front of the segment, one row for all T.")


def transformer_xl(config: Any) -> list[str]:
    lines = [f"Attention: {config.heads} heads side by side, w_kv = [W_k, W_v], no biases; queries come from the "
             "segment's rows, keys and values from [cache ; segment].",
             "Scores ((q + u)·k + (q + v)·r)/√K, r = R W_r with R's rows for distances M + T − 1 down to 0; sines "
             "first, then cosines.",
             f"The cache holds the last {config.cached} inputs of every layer, and the last layer's output, which no "
             "one reads; it starts empty, and no gradient goes into it."]
    if config.norm == "pre":
        lines.append("The cached rows are normed together with the segment's.")
    if config.same_length:
        lines.append(f"same_length: every query sees at most {config.cached} keys, itself included.")
    if config.clamp_length:
        lines.append(f"Distances beyond {config.clamp_length} count as {config.clamp_length}.")
    return lines


def rmt(config: Any) -> list[str]:
    return [*attention(config),
            "Rows are [m ; x_1 … x_T ; m]: read tokens, tokens, write tokens, all with the same m. Tokens are causal; "
            "read rows see each other, write rows see everything.",
            "The write rows after the " + ("final norm" if config.norm == "pre" else "last block") +
            " are the next segment's memory.",
            "Write rows have positions M + segment_length and on, also in a shorter segment."]


def recurrent(config: Any) -> list[str]:
    if config.cell == "gru":
        return [gru_form(True)]
    return ["LSTM: blocks in the order i, f, g, o, one bias; the state is [h, c]."]


def linear_recurrent(config: Any) -> list[str]:
    if config.cell == "mingru":
        return [MINGRU, "Each layer: x + h W_out with h from LN(x)."]
    return [LRU, "Each layer: x + GLU(GELU(h C + x̂ ⊙ d) W_out + b_out), x̂ = LN(x); GLU([a, b]) = a ⊙ σ(b); GELU is the "
                 "exact form with erf."]


def s4d(config: Any) -> list[str]:
    return ["Each layer: x + GLU(GELU(S4D(LN(x))) W_out + b_out), then the feed-forward; GLU([a, b]) = a ⊙ σ(b).",
            "S4D: h' = Ā h + B̄ x, y = 2 Re Σ C h + d ⊙ x, Ā = exp(Δ A), B̄ = (Ā − 1)/A, Δ = exp(log_dt), "
            "A = −exp(log_a) + i a_im; N complex numbers are stored as [real parts, imaginary parts]."]


def mamba(config: Any) -> list[str]:
    return ["Each layer: x + ((y ⊙ SiLU(r)) W_out with [u, r] = RMSNorm(x) W_in, u ← SiLU(conv(u)), [s, B, C] = u W_x "
            "and y the scan of u with a = s W_dt + b_dt. Only W_dt and the convolution have biases.",
            "RMS norm: x/√(mean(x²) + 1e-5), eps inside the root; also behind the last layer.",
            "The convolution's last row of weights is the present token's; the last K − 1 inputs, before the SiLU, are "
            "carried.",
            "Scan: h' = exp(Δ A) h + Δ u B, y = h C + d ⊙ u, Δ = softplus(a), A = −exp(a_log)."]


OWN = {S4DModel: s4d, Mamba: mamba, CRT: crt, TransformerXL: transformer_xl, RMT: rmt, RecurrentModel: recurrent,
       LinearRecurrentModel: linear_recurrent, FormedCRT: formed}
