"""What the tensors of an operation's case are, in the symbols of its docstring"""

GRADIENT = {"y": "the upstream gradient of y",
            "h": "the upstream gradient of every h_t, from outside of the recurrence",
            "s": "the upstream gradient of every s_t = [h_t, c_t], from outside of the recurrence",
            "U": "the upstream gradient of U", "loss": "the upstream gradient of the loss, one number"}

SOFTMAX = {"p": "softmax of the scores over the keys; exactly 0 where masked  (B, H, Tq, Tk)",
           "y": "p v, the heads side by side",
           "d_p": "G_p = G_y vᵀ", "d_scores": "G_s = p ⊙ (G_p − Σ_j G_p p), before the factor 1/√K"}
ATTENTION = SOFTMAX | {
    "q": "the queries (B, Tq, D)", "k": "the keys (B, Tk, D)", "v": "the values (B, Tk, D)",
    "mask": "True where a query may look (Tq, Tk)", "scores": "q kᵀ/√K, before the mask (B, H, Tq, Tk)",
    "d_q": "G_s k/√K", "d_k": "G_sᵀ q/√K", "d_v": "pᵀ G_y"}
SCAN = {
    "x": "(B, T, I)", "h0": "the state in front of the first step (B, D)", "w": "of the input, the gates side by side",
    "u": "of the state, the gates side by side", "b": "the bias, the gates side by side",
    "r": "r = σ(x W_r + h U_r + b_r), the reset gate", "z": "z = σ(x W_z + h U_z + b_z), the update gate",
    "h": "h_t for t = 1 … T", "d_state": "the gradient g of h_t: its own, and what came back from step t + 1",
    "d_a_r": "of the argument of r", "d_a_z": "of the argument of z, a_z = x W_z + h U_z + b_z",
    "d_h0": "what comes back from the first step", "d_w": "Σ_t xᵀ G_a", "d_x": "G_a Wᵀ"}
STATE = {"x": "(B, T, D)", "d": "the weight of the skip (D,)", "d_d": "Σ G_y ⊙ x",
         "d_state": "the gradient g of h_t: through y_t, and what came back from step t + 1",
         "d_h0": "what comes back from the first step"}
MASKED = {"uniform": "in [0, 1): the mask is 1/(1 − rate) where uniform ≥ rate, else 0",
          "y": "x ⊙ mask", "d_x": "G_y ⊙ mask", "d_table": "G_y ⊙ mask"}
LINEAR = {"weight": "W (in, out)", "d_x": "G Wᵀ", "d_weight": "xᵀ G, over all rows", "d_bias": "Σ G over all rows"}

MEANINGS: dict[str, dict[str, str]] = {
    "linear": LINEAR | {"y": "x W + b"},
    "linear_activation": LINEAR | {"a": "a = x W + b", "y": "f(a)", "d_a": "G = G_y ⊙ f′(a)"},
    "embedding": {"tokens": "integers from 0 to V − 1", "table": "E (V, D)", "y": "scale · E[token]",
                  "d_table": "scale · Σ of G_y over the places where the token stands"},
    "layer_norm": {"mean": "over the last axis (..., 1)", "r": "r = 1/√(var + eps), var biased (..., 1)",
                   "x_hat": "x̂ = (x − mean) r", "y": "gain ⊙ x̂ + bias", "d_x_hat": "ĝ = G_y ⊙ gain",
                   "d_x": "r (ĝ − mean(ĝ) − x̂ mean(ĝ ⊙ x̂))", "d_gain": "Σ G_y ⊙ x̂", "d_bias": "Σ G_y"},
    "sigmoid": {"y": "σ(x)", "d_x": "G_y ⊙ y (1 − y)"},
    "tanh": {"y": "tanh(x)", "d_x": "G_y ⊙ (1 − y²)"},
    "relu": {"y": "max(x, 0)", "d_x": "G_y where x > 0, else 0"},
    "gelu": {"y": "x Φ(x), Φ(x) = ½ (1 + erf(x/√2))", "d_x": "G_y ⊙ (Φ(x) + x φ(x))"},
    "gelu_tanh": {"y": "½ x (1 + t), t = tanh(√(2/π) (x + 0.044715 x³))",
                  "d_x": "G_y ⊙ ½ (1 + t + x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²))"},
    "modrelu": {"y": "relu(|v| + b) sign(v)", "d_v": "G_y where |v| + b > 0 and v ≠ 0, else 0",
                "d_bias": "Σ G_y sign(v) where |v| + b > 0"},
    "glu": {"x": "[a, b] along the last axis", "gate": "σ(b)", "y": "a ⊙ σ(b)",
            "d_x": "[G_y σ(b), G_y a σ(b) (1 − σ(b))]"},
    "dropout": MASKED, "locked_dropout": MASKED, "path_dropout": MASKED,
    "embedding_dropout": MASKED | {"y": "table ⊙ mask"},
    "attention": ATTENTION,
    "self_attention": ATTENTION | {"qkv": "[q, k, v] along the last axis (B, S, 3D)", "d_qkv": "[G_q, G_k, G_v]"},
    "relative_attention": ATTENTION | {
        "r": "the projected table of distances: J − 1 in its first row, 0 in its last (J, D)",
        "u": "the bias of content (D,)", "w": "the bias of position (D,)", "content": "(q + u)·k (B, H, S, J)",
        "by_row": "(q + w)·r, by row of r, and so before the shift (B, H, S, J)",
        "position": "the same by key: row J − 1 − d, d = i + J − S − j; 0 where the key lies ahead of the query",
        "scores": "(content + position)/√K, before the mask (B, H, S, J)",
        "d_by_row": "G_s/√K by row of r: the shift undone", "d_q": "(G_s k + G_s r)/√K",
        "d_k": "G_sᵀ (q + u)/√K", "d_r": "Σ over the batch of G_sᵀ (q + w)/√K", "d_u": "Σ G_s k/√K",
        "d_w": "Σ G_s r/√K"},
    "gru": SCAN | {
        "b_hn": "the recurrent bias of n, inside of the reset gate", "c": "c = h U_n + b_hn",
        "n": "tanh of its argument a_n, or of v + b_n", "v": "v = x W_n + (r ⊙ h) U_n, without the bias",
        "d_a_r": "of the argument of r: G_{a_n} c r (1 − r), or G_{rh} h r (1 − r), G_{rh} = G_v U_nᵀ",
        "d_a_z": "of the argument of z: g (h − n) z (1 − z)", "d_a_n": "of the argument of tanh: g (1 − z)(1 − n²)",
        "d_v": "g (1 − z)(1 − n²)", "d_c": "G_{a_n} r", "d_u": "Σ_t hᵀ G_a; for n with G_{a_n} r, or with (r ⊙ h)ᵀ",
        "d_b": "Σ G_a over the batch and all steps", "d_b_hn": "Σ G_{a_n} r over the batch and all steps"},
    "ncgru": SCAN | {
        "v": "v = x W_n + (r ⊙ h) U_n, without the bias", "n": "modrelu(v, b_n), or tanh(v + b_n)",
        "d_a_r": "of the argument of r: G_{rh} h r (1 − r), G_{rh} = G_v U_nᵀ",
        "d_a_z": "of the argument of z: g (h − n) z (1 − z)", "d_v": "g (1 − z) f′",
        "d_u": "Σ_t hᵀ G_a for r and z, (r ⊙ h)ᵀ G_v for n", "d_b": "Σ G_a; for modReLU's b_n Σ G_v sign(v)"},
    "lstm": SCAN | {
        "s0": "[h, c] in front of the first step (B, 2D)", "s": "[h_t, c_t] for t = 1 … T",
        "i": "the input gate", "f": "the forget gate", "g": "tanh, the candidate", "o": "the output gate",
        "tanh_c": "tanh of the new c", "d_h": "the gradient of h_t: its own, and what came back from step t + 1",
        "d_c": "the gradient of c_t: its own, through h_t, and what came back from step t + 1",
        "d_a_i": "of the argument of i: G_c g i (1 − i)", "d_a_f": "of the argument of f: G_c c_{t−1} f (1 − f)",
        "d_a_g": "of the argument of g: G_c i (1 − g²)", "d_a_o": "of the argument of o: G_h tanh(c) o (1 − o)",
        "d_s0": "what comes back from the first step", "d_u": "Σ_t hᵀ G_a", "d_b": "Σ G_a"},
    "mingru": SCAN | {
        "z": "z = σ(x W_z + b_z), which lets the new in", "c": "c = x W_c + b_c", "d_c": "g z",
        "d_a_z": "of the argument of z: g (c − h) z (1 − z)", "d_b": "Σ [G_{a_z}, G_c]"},
    "lru": SCAN | {
        "h0": "[real parts, imaginary parts] in front of the first step (B, 2N)", "w": "[Re B, Im B] (I, 2N)",
        "nu": "ν: |λ| = exp(−exp(ν))", "theta": "θ: arg λ = exp(θ)", "log_gamma": "log γ",
        "lambda_re": "Re λ", "lambda_im": "Im λ", "gamma": "γ", "h": "[Re h_t, Im h_t] for t = 1 … T",
        "d_state": "∂/∂Re and ∂/∂Im of h_t: its own, and what came back from step t + 1 through λ*",
        "d_lambda_re": "Re Σ g h*_{t−1}", "d_lambda_im": "Im Σ g h*_{t−1}", "d_gamma": "Σ Re(g (x W)*)",
        "d_nu": "Re(G_λ* (−e^ν λ))", "d_theta": "Re(G_λ* (i e^θ λ))", "d_log_gamma": "γ G_γ", "d_x": "γ g Wᵀ",
        "d_w": "Σ_t xᵀ γ g"},
    "scaled_cayley": {"a": "the entries of A above its diagonal, row by row", "A": "A = −Aᵀ", "inverse": "(I + A)⁻¹",
                      "U": "(I + A)⁻¹ (I − A) S", "d_A": "Qᵀ − Q, Q = (I + A)⁻ᵀ G_U (S + Uᵀ)",
                      "d_a": "the entries of G_A above its diagonal"},
    "linear_cross_entropy": {
        "table": "E (V, D)", "targets": "integers from 0 to V − 1; −1 is not scored", "logits": "z Eᵀ + b",
        "row_losses": "−log p[target]; 0 where not scored", "loss": "their sum over the N scored rows, divided by N",
        "d_logits": "G_loss (p − y)/N; 0 where not scored", "d_z": "G_logits E", "d_table": "G_logitsᵀ z",
        "d_bias": "Σ G_logits"},
    "mean_squared_error": {
        "y": "what is predicted", "targets": "of any value where not scored", "scored": "True where a target counts",
        "difference": "y − target; 0 where not scored", "loss": "(1/N) Σ difference², over the N scored targets",
        "d_y": "2 G_loss difference/N", "d_targets": "−G_y"},
    "patch_embedding": LINEAR | {
        "x": "clips (B, F, Y, X, C)", "patches": "vec(patch), in the order frame, row, column, channel (B, F/f, N, P)",
        "y": "patches W + b (B, F/f, N, D)", "d_patches": "G_y Wᵀ", "d_x": "G_patches at the places they were cut from",
        "d_weight": "Σ vec(patch)ᵀ G_y, over all patches"},
    "weighted_cross_entropy": {
        "logits": "the scores of K classes", "targets": "integers from 0 to K − 1; −1 is not scored",
        "weights": "w, of each class", "log_p": "log softmax(logits)",
        "row_losses": "Σ_k q_k w_k (−log p_k), q = (1 − ε) onehot + ε/K; 0 where not scored",
        "loss": "their sum, divided by S, the sum of the scored targets' weights",
        "d_logits": "G_loss (p Σ_k q_k w_k − q ⊙ w)/S; 0 where not scored",
        "d_weights": "G_loss (Σ_i q_ik (−log p_ik) − n_k loss)/S, n_k the targets of class k"},
    "rms_norm": {"r": "r = 1/√(mean(x²) + eps) (..., 1)", "x_hat": "x̂ = x r", "y": "gain ⊙ x̂",
                 "d_x_hat": "ĝ = G_y ⊙ gain", "d_x": "r (ĝ − x̂ mean(ĝ ⊙ x̂))", "d_gain": "Σ G_y ⊙ x̂"},
    "causal_convolution": {
        "s0": "the K − 1 inputs in front of the first (B, K − 1, D)", "weight": "K weights a feature, the last of "
        "the present token (K, D)", "y": "bias + Σ_k weight_k ⊙ x_{t−K+1+k}", "d_x": "Σ_k weight_k ⊙ G_y of the "
        "steps that see x", "d_s0": "the same for the inputs in front", "d_weight": "Σ x_{t−K+1+k} ⊙ G_{y_t}",
        "d_bias": "Σ G_y"},
    "selective_scan": STATE | {
        "h0": "the state in front of the first step (B, D, N)", "dt": "Δ before its softplus (B, T, D)",
        "a_log": "log(−A) (D, N)", "b": "B (B, T, N)", "c": "C (B, T, N)", "A": "A = −exp(a_log) (D, N)",
        "delta": "Δ = softplus(dt) (B, T, D)", "h": "h_t = exp(Δ A) ⊙ h_{t−1} + Δ x B for t = 1 … T (B, T, D, N)",
        "y": "h C + d ⊙ x", "d_delta": "Σ_n g h_{t−1} exp(Δ A) A + x Σ_n g B", "d_x": "Δ Σ_n g B + d ⊙ G_y",
        "d_dt": "G_Δ σ(dt)", "d_a_log": "A Σ Δ g h_{t−1} exp(Δ A)", "d_b": "Σ_D g Δ x", "d_c": "Σ_D G_y h"},
    "s4d": STATE | {
        "h0": "[real parts, imaginary parts] in front of the first step (B, D, 2N)", "log_dt": "log Δ (D,)",
        "log_a": "log(−Re A) (D, N)", "a_im": "Im A (D, N)", "c": "[Re C, Im C] (D, 2N)",
        "a_bar_re": "Re exp(Δ A)", "a_bar_im": "Im exp(Δ A)", "b_bar_re": "Re (exp(Δ A) − 1)/A",
        "b_bar_im": "Im (exp(Δ A) − 1)/A", "h": "[Re h_t, Im h_t], h_t = Ā ⊙ h_{t−1} + B̄ x_t, for t = 1 … T",
        "y": "2 Re Σ_n C h + d ⊙ x", "d_log_dt": "Δ Σ_n Re(G_{ΔA} A*), G_{ΔA} = (G_Ā + G_B̄/A*) Ā*",
        "d_log_a": "Re A Re G_A, G_A = Δ G_{ΔA} − G_B̄ (B̄/A)*", "d_a_im": "Im G_A", "d_c": "2 Σ G_y h*",
        "d_x": "Re Σ_n B̄* g + d ⊙ G_y"},
    "delta_rule": {
        "q": "queries (B, T, K)", "k": "keys (B, T, K)", "v": "values (B, T, V)", "b": "of the write's strength (B, T)",
        "s0": "the matrix in front of the first step (B, K, V)", "q_hat": "q̂ = q/√(q·q + 1e-6)",
        "k_hat": "k̂ = k/√(k·k + 1e-6)", "error": "e_t = v_t − k̂_t S_{t−1}",
        "s": "S_t = S_{t−1} + β k̂ᵀ e, β = σ(b), for t = 1 … T (B, T, K, V)", "y": "q̂ S",
        "d_s": "G of S_t, with what comes back from the steps behind it", "d_q_hat": "G_y Sᵀ",
        "d_k_hat": "β e Gᵀ − G_e Sᵀ_{t−1}, G_e = β k̂ G", "d_q": "(G_q̂ − q̂ (q̂ · G_q̂))/|q|",
        "d_k": "(G_k̂ − k̂ (k̂ · G_k̂))/|k|", "d_v": "G_e = β k̂ G", "d_b": "(k̂ G eᵀ) β (1 − β)",
        "d_s0": "G − k̂ᵀ G_e of the first step"},
    "sparse_write": {
        "new": "what would be written (B, M, D)", "old": "what is there (B, M, D)",
        "y": "new in the rows that change most by |new − old|², old in the others",
        "d_new": "G_y of the rows that were written, 0 elsewhere", "d_old": "G_y of the rows that stay, 0 elsewhere"},
    "pooled_queue": {
        "u": "what enters (B, D)", "m": "the queue's rows, the newest first (B, M, D)", "b": "of what is kept (M, D)",
        "z": "z = σ(b)", "y": "z^i m^i + (1 − z^i) m^{i−1}, m^0 = u", "d_u": "(1 − z^1) G_{y^1}",
        "d_m": "z^i G_{y^i} + (1 − z^{i+1}) G_{y^{i+1}}", "d_b": "Σ G_y (m^i − m^{i−1}) z (1 − z)"},
    "binary_cross_entropy": {
        "logits": "a", "targets": "t, from 0 to 1; of any value where not scored",
        "scored": "True where a target counts", "losses": "max(a, 0) − a t + log(1 + e^−|a|); 0 where not scored",
        "loss": "(1/N) Σ losses, over the N scored targets", "d_logits": "G_loss (σ(a) − t)/N; 0 where not scored",
        "d_targets": "−G_loss a/N; 0 where not scored"},
    "adaptive_softmax": {
        "head": "H, a row for each word of the shortlist, then one for each cluster (S + K, D)",
        "bias": "of the head's rows, then of the words from S on (V + K,)",
        "projection": "[P_0, …, P_{K−1}] along the last axis (D, Σ d_i)",
        "tails": "E_0, …, E_{K−1}, (n_i, d_i) each, row by row (Σ n_i d_i,)",
        "targets": "integers from 0 to V − 1; −1 is not scored", "head_logits": "z Hᵀ + b",
        "projected": "[z P_0, …, z P_{K−1}] of every row; only the target's cluster is used",
        "tail_logits": "(z P_i) E_iᵀ + b_i of every row and all clusters; only the target's is used",
        "row_losses": "−log q[target], or −log q[S + i] − log t_i[target − c_i]; 0 where not scored",
        "loss": "their sum over the N scored rows, divided by N", "d_head_logits": "G_loss (q − y)/N",
        "d_tail_logits": "G_loss (t_i − y)/N in the target's cluster; 0 in the others",
        "d_projected": "G_tail_logits E_i", "d_z": "G_head_logits H + Σ_i G_projected P_iᵀ",
        "d_head": "G_head_logitsᵀ z", "d_bias": "Σ G_head_logits, then Σ G_tail_logits",
        "d_projection": "zᵀ G_projected", "d_tails": "G_tail_logitsᵀ (z P_i)"},
}


def meaning(operation: str, name: str) -> str:
    """A phrase, or nothing for an array whose name says it all."""
    return MEANINGS[operation].get(name) or GRADIENT.get(name.removeprefix("d_") if name.startswith("d_") else "", "")
