"""NC-GRU: the GRU with the reset before the product, an orthogonal candidate matrix and a modReLU candidate"""

from minicrt.ops import reset_before
from minicrt.ops.reset_before import ResetBeforeCache
from minicrt.ops.shapes import Array


def ncgru(x: Array, h0: Array, w: Array, u: Array, b: Array, activation: str = "modrelu"
          ) -> tuple[Array, ResetBeforeCache]:               # (B, T, I), (B, D) -> (B, T, D)
    """h_t for t = 1..T, started at h0. Blocks of w (I, 3D), u (D, 3D) and b (3D,) stand in the order r, z, n.

        r = σ(x W_r + h U_r + b_r),   z = σ(x W_z + h U_z + b_z)
        n = modrelu(x W_n + (r ⊙ h) U_n, b_n),   h' = (1 − z) ⊙ n + z ⊙ h

    U_n (and U_r, if the model says so) is orthogonal: the caller makes it with `scaled_cayley` and sends the gradient
    through `scaled_cayley_backward`; this operation takes any u. With activation="tanh", n = tanh(… + b_n) and it is
    gru(reset_after=False). modReLU is not bounded, and so neither is h.
    Raises InputError where the shapes do not fit. Source: arXiv 2208.06496; of the two orders of reset and product in
    its authors' code this is the one of their denoise and parenthesis tasks.
    """
    return reset_before.scan(x, h0, w, u, b, activation, "ncgru")


def ncgru_backward(d_h: Array, cache: ResetBeforeCache, d_last: Array | None = None
                   ) -> tuple[Array, ...]:                   # (B, T, D) -> d_x, d_h0, d_w, d_u, d_b
    """The backward scan of `reset_before`; for modReLU G_v = g (1 − z) 1[|v| + b_n > 0] and G_{b_n} = Σ G_v sign(v)."""
    return reset_before.scan_backward(d_h, cache, d_last)
