"""Sentences on the parts that several models have: attention and the recurrent networks"""

from typing import Any

MINGRU = "minGRU: w = [W_z, W_c], h' = (1 − z) ⊙ h + z ⊙ c: z lets the new in, and c is linear."
LRU = ("LRU: h' = λ ⊙ h + γ ⊙ (x W), λ = exp(−exp(ν) + i exp(θ)), γ = exp(log_gamma); N complex numbers are stored as "
       "[real parts, imaginary parts].")
S4D_WRITER = ("S4D: u = y W_in, E = D/(2N) channels; h' = Ā ⊙ h + B̄ u, Ā = exp(Δ A), B̄ = (Ā − 1)/A, Δ = exp(log_dt), "
              "A = −exp(log_a) + i a_im, (E, N) complex; the memory is all real parts, channel after channel, then all "
              "imaginary parts. There is no C and no skip: the CRT reads h.")
MAMBA_WRITER = ("Mamba: [u, s, B] = y W_x of E, E and N columns, E = D/N; Δ = softplus(s + b_dt), h' = exp(Δ A) ⊙ h + "
                "(Δ ⊙ u) Bᵀ, A = −exp(a_log), (E, N); the memory is h, channel after channel. There is no convolution, "
                "no C and no skip: the CRT reads h.")


def attention(config: Any) -> list[str]:
    return [f"Attention: {config.heads} heads side by side (head i is features i K … (i + 1) K − 1), scores divided by "
            "√K, w_qkv = [W_q, W_k, W_v]."]


def gru_form(reset_after: bool) -> str:
    candidate = "n = tanh(x W_n + b_n + r ⊙ (h U_n + b_hn))" if reset_after else \
        "n = tanh(x W_n + b_n + (r ⊙ h) U_n)"
    return f"GRU: blocks in the order r, z, n; {candidate}; h' = (1 − z) ⊙ n + z ⊙ h: z keeps the old."


def ncgru(config: Any) -> list[str]:
    f = "modrelu(x W_n + (r ⊙ h) U_n, b_n), modrelu(v, b) = relu(|v| + b) sign(v)" if config.candidate == "modrelu" \
        else "tanh(x W_n + (r ⊙ h) U_n + b_n)"
    which = "U_n" if config.orthogonal == "candidate" else "U_r and U_n"
    return [f"NC-GRU: blocks in the order r, z, n; n = {f}; h' = (1 − z) ⊙ n + z ⊙ h.",
            f"{which} = (I + A)⁻¹ (I − A) S, A skew-symmetric with the free entries a_ij, i < j, row by row above the "
            f"diagonal; the last {config.negative_signs} of S's signs are −1."]
