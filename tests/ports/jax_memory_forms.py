"""The CRTs with richer memories in JAX, as in `jax_models`"""

from typing import Any

import jax.numpy as jnp
from jax import Array, nn

from benchmarks.twins import jax_ops as ops
from benchmarks.twins.jax_crt import Twin


def looked_up(q: Array, k: Array, v: Array) -> Array:
    return nn.softmax(jnp.einsum("bid,bjd->bij", q, k) / jnp.sqrt(q.shape[-1]), axis=-1) @ v


class Formed(Twin):
    def encode(self, e: Array, state: Any) -> tuple[Array, dict[str, Array]]:
        c, p = self.config, self.p
        x, after = self.encode_positions(e, state)
        m = state.get("memory", jnp.broadcast_to(p["memory.start"], (len(e), *p["memory.start"].shape)))
        front = 0 if c.memory_form == "matrix" else c.memory_vectors
        m_hat = self.norm("memory.norm", m) if "memory.norm.gain" in p else m
        s = jnp.concatenate([m_hat, x], axis=1) if front else x
        for layer in range(c.layers):
            s = self.block(f"blocks.{layer}", s)
        y = self.final_norm(s)[:, front:]
        if c.memory_form == "matrix":
            b = (y @ p["memory.w_write"] + p["memory.b_write"])[..., 0]
            q, k, v = (y @ p[f"memory.w_{part}"] for part in ("query", "key", "value"))
            r, after["memory"] = ops.delta_rule_and_state(q, k, v, b, m)
            return y + (1 + y) * r, after
        r = looked_up(y @ p["memory.read.w_query"], m_hat, m_hat @ p["memory.read.w_value"])
        if c.memory_form == "queue":
            u = looked_up(jnp.broadcast_to(p["memory.query"], (len(e), 1, c.width)), y, y)
            after["memory"] = ops.pooled_queue(u[:, 0], m, p["memory.keep"])
            return y + (1 + y) * r, after
        u = looked_up(m_hat @ p["memory.w_query"], y, y)
        after["memory"] = self.slots(u.reshape(-1, 1, c.width), m.reshape(-1, c.width)).reshape(m.shape)
        if c.memory_top_k:
            after["memory"] = ops.sparse_write(after["memory"], m, c.memory_top_k)
        return y + (1 + y) * r, after

    def slots(self, u: Array, m: Array) -> Array:
        c, w = self.config, {name[len("memory.slot."):]: value for name, value in self.p.items() if "slot." in name}
        if c.memory == "mingru":
            return ops.mingru(u, m, w["w"], w["b"])
        if c.memory == "ncgru":
            u_all = jnp.concatenate([w["u"], ops.scaled_cayley(w["skew_candidate"], c.negative_signs, c.width)], 1)
            return ops.ncgru(u, m, w["w"], u_all, w["b"], c.candidate)
        return ops.gru(u, m, w["w"], w["u"], w["b"], w.get("b_hn"), c.reset_after)
