"""An associative matrix, written at every token by the delta rule and read by a query of every output"""

from typing import Any, NamedTuple

from minicrt.models import initialisers
from minicrt.models.memory_forms.form import FormedCRT
from minicrt.models.parameters import Array, Parameters, ParameterSpec

PARTS = ("query", "key", "value", "write")


class MatrixCache(NamedTuple):
    y: Array                                                 # (B, T, D)
    r: Array                                                 # (B, T, D)
    parts: list[Any]                                         # of linear, in the order of PARTS
    rule: Any                                                # of delta_rule


class MatrixCRT(FormedCRT):
    """m is a matrix (K, D) that says of a key what its value is:

        q, k, v, b = y_t W_q, y_t W_k, y_t W_v, y_t w_β + b_β
        m ← m + σ(b) k̂ᵀ (v − k̂ m),   r_t = q̂ m,   z_t = y_t + (1 + y_t) ⊙ r_t           at every token

    None of it stands among the rows of the blocks.
    """

    def remember(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Array, MatrixCache]:
        made = [self.engine.linear(y, p[f"memory.w_{part}"], p["memory.b_write"] if part == "write" else None)
                for part in PARTS]
        q, k, v, b = (values for values, _ in made)
        r, rule = self.engine.delta_rule(q, k, v, b[..., 0], m)
        return y + (1 + y) * r, rule.last, MatrixCache(y, r, [cache for _, cache in made], rule)

    def remember_backward(self, d_z: Array, d_new: Array | None, cache: MatrixCache, g: Parameters
                          ) -> tuple[Array, Array]:
        d_y = (1 + cache.r) * d_z                            # z = y + (1 + y) r
        d_q, d_k, d_v, d_b, d_m = self.engine.delta_rule_backward((1 + cache.y) * d_z, cache.rule, d_new)
        for part, d_part, linear in zip(PARTS, (d_q, d_k, d_v, d_b[..., None]), cache.parts):
            d_x, d_weight, d_bias = self.engine.linear_backward(d_part, linear)
            d_y = d_y + d_x
            g[f"memory.w_{part}"] += d_weight
            if d_bias is not None:
                g["memory.b_write"] += d_bias
        return d_y, d_m

    def form_specs(self) -> list[ParameterSpec]:
        D, K = self.config.width, self.config.keys
        widths = {"query": K, "key": K, "value": D, "write": 1}
        return [ParameterSpec("memory.start", (K, D), initialisers.zeros, decay=False),
                *(ParameterSpec(f"memory.w_{part}", (D, width), initialisers.normal(D ** -0.5))
                  for part, width in widths.items()),
                ParameterSpec("memory.b_write", (1,), initialisers.zeros, decay=False)]
