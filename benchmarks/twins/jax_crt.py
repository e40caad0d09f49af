"""The Compact Recurrent Transformer in JAX, for `jax.grad`: a second oracle for `minicrt.models.crt`.

It takes the configuration, the parameters by name, the state and the arrays of one segment, and returns the loss,
the next state and the logits. What a window of segments holds constant goes through `lax.stop_gradient`.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from benchmarks.twins import jax_ops as ops
from benchmarks.twins.jax_layers import Layers, Named


class Twin(Layers):
    """The equations of one configuration; `parameters` and dropout's `factors` are those of the call."""

    def __init__(self, config: Any, parameters: Named, factors: Named | None = None):
        super().__init__(config, parameters, factors)
        bounded = config.memory == "gru" or (config.memory == "ncgru" and config.candidate == "tanh")
        self.norms_memory = {"on": True, "off": False, "auto": not bounded}[config.memory_norm]

    def encode_positions(self, e: Array, state: Named) -> tuple[Array, dict[str, Array]]:
        """x = e + position, and the position's state after the segment."""
        c, p = self.config, self.p
        if c.positions == "learned":
            return e + p["positions.table"][: e.shape[1]], {}
        if c.positions == "sinusoidal":
            return e + ops.sinusoids(e.shape[1], e.shape[2], e.dtype), {}
        if c.positions == "none":
            return e, {}
        start = jnp.zeros((e.shape[0], p["positions.u"].shape[0]), e.dtype)
        if c.position_carry:
            start = state.get("positions", start)
        h = ops.gru(e, start, p["positions.w"], p["positions.u"], p["positions.b"], p.get("positions.b_hn"),
                    c.reset_after)
        x = e + (ops.linear(h, p["positions.w_out"]) if "positions.w_out" in p else h)
        return x, {"positions": h[:, -1]} if c.position_carry else {}

    def start_of_memory(self, batch: int, state: Named) -> Array:
        """m of the last segment, (B, M, D)."""
        c = self.config
        if "memory" not in state:
            return jnp.broadcast_to(self.p["memory.start"], (batch, c.memory_vectors, c.width))
        if "writer_inputs" not in state:
            return state["memory"]
        inputs, start = (lax.stop_gradient(state[name]) for name in ("writer_inputs", "writer_start"))
        return self.write(inputs, start)[:, -1]

    def write(self, inputs: Array, start: Array) -> Array:
        """The memory networks over `inputs` (B, T, D): (B, T, M, D)."""
        c, n = self.config, self.config.width
        negatives = n // 2 if c.negatives == -1 else c.negatives
        runs = []
        for i in range(c.memory_vectors):
            w = {name.split(".")[-1]: value for name, value in self.p.items() if name.startswith(f"memory.{i}.")}
            if c.memory == "gru":
                h = ops.gru(inputs, start[:, i], w["w"], w["u"], w["b"], w.get("b_hn"), c.reset_after)
            elif c.memory == "mingru":
                h = ops.mingru(inputs, start[:, i], w["w"], w["b"])
            elif c.memory == "lru":
                h = ops.lru(inputs, start[:, i], w["w"], w["nu"], w["theta"], w["log_gamma"])
            elif c.memory in ops.STATE_WRITERS:
                h = ops.STATE_WRITERS[c.memory](inputs, start[:, i], w)
            else:
                u = jnp.concatenate([w["u"], ops.scaled_cayley(w["skew_candidate"], negatives, n)], 1)
                if "skew_reset" in w:
                    u = jnp.concatenate([ops.scaled_cayley(w["skew_reset"], negatives, n), u], 1)
                h = ops.ncgru(inputs, start[:, i], w["w"], u, w["b"], c.candidate)
            runs.append(h)
        return jnp.stack(runs, 2)

    def segment(self, tokens: Array, targets: Array, state: Named) -> tuple[Array, dict[str, Array], Array]:
        """One segment: (loss, next state, logits)."""
        c, p = self.config, self.p
        x, after = self.encode_positions(self.embed(tokens), state)
        x = self.drop("input", x)
        m = None if c.memory == "none" else self.start_of_memory(len(tokens), state)
        s = x
        if m is not None:
            seen = self.norm("memory.norm", m) if self.norms_memory else m
            s = jnp.concatenate([seen, x] if c.memory_position == "first" else [x, seen], 1)
        for layer in range(c.layers):
            s = self.block(f"blocks.{layer}", s)
        s = self.norm("norm_final", s) if c.norm == "pre" else s
        first = s.shape[1] - x.shape[1] if c.memory_position == "first" else 0
        z = y = s[:, first : first + x.shape[1]]
        if m is not None:
            written = y if c.memory_update == "per_token" else jnp.mean(y, 1, keepdims=True)
            h = self.write(written, m)                                      # (B, T or 1, M, D)
            after["memory"] = h[:, -1]
            if c.memory_gradient == "writer":
                after["writer_inputs"], after["writer_start"] = map(lax.stop_gradient, (written, m))
            if c.readout == "memory":
                z = y + (1 + y) * (m.reshape(len(m), -1) @ p["memory.read"])[:, None]
            if c.readout == "memory" and c.memory_update == "per_token":
                z = z + jnp.mean(self.norm("memory.norm", h) if self.norms_memory else h, 2)
        z = self.drop("output", z)
        return self.loss(z, targets), after, ops.linear(z, self.output.T, p["output.bias"])
