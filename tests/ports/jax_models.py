"""Every model in JAX, for `jax.grad`: a second oracle, written from the papers' equations; no dropout.

`segment` is one segment of a model: it takes the model, for its kind and configuration, the parameters by name, the
arrays and the state, and returns the loss and the next state.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax, nn

from benchmarks.twins import jax_ops as ops
from benchmarks.twins.jax_adaptive import adaptive_softmax
from benchmarks.twins.jax_crt import Twin
from benchmarks.twins.jax_layers import Layers, Named
from tests.ports.jax_memory_forms import Formed

After = tuple[Array, dict[str, Array]]


def segment(model: Any, p: Named, tokens: Array, targets: Array, state: Named) -> After:
    """One segment: (loss, next state)."""
    kind = type(model).__name__
    if kind == "CRT":
        return Twin(model.config, p).segment(tokens, targets, state)[:2]
    twin = ENCODERS[kind](model.config, p)
    z, after = twin.encode(twin.embed(tokens), state)
    if model.config.output == "adaptive":                    # with arrays of its own
        arrays = (twin.p[f"output.{name}"] for name in ("head", "bias", "projection", "tails"))
        return adaptive_softmax(z, *arrays, targets, model.config.cutoffs_in_use, model.config.div_value), after
    return twin.loss(z, targets), after


class Transformer(Layers):
    def encode(self, e: Array, state: Named) -> After:
        """Embeddings (B, T, D) and state: what the output reads, and the next state."""
        s = self.blocks(e + self.positions(e.shape[1], e.dtype))
        return self.final_norm(s), {}

    def positions(self, rows: int, dtype: Any) -> Array:
        """What is added at the positions 0 to rows - 1, (rows, D); zeros where there are none."""
        if self.config.positions == "learned":
            return self.p["positions.table"][:rows]
        if self.config.positions == "none":
            return jnp.zeros((rows, self.config.width), dtype)
        return ops.sinusoids(rows, self.config.width, dtype)

    def blocks(self, s: Array, mask: Array | None = None) -> Array:
        for layer in range(self.config.layers):
            s = self.block(f"blocks.{layer}", s, mask)
        return s


class RMT(Transformer):
    def encode(self, e: Array, state: Named) -> After:
        """[m ; x ; m]: the memory is read in front and written behind."""
        (batch, length, width), vectors = e.shape, self.config.memory_vectors
        m = state.get("memory", jnp.broadcast_to(self.p["memory.start"], (batch, vectors, width)))
        table = self.positions(2 * vectors + self.config.segment_length, e.dtype)
        # A segment shorter than the longest leaves out positions before the last vectors, not those of the vectors.
        table = jnp.concatenate([table[: vectors + length], table[-vectors:]])
        s = self.final_norm(self.blocks(jnp.concatenate([m, e, m], axis=1) + table, self.visible(vectors, length)))
        _, z, memory = jnp.split(s, [vectors, vectors + length], axis=1)
        return z, {"memory": memory}

    @staticmethod
    def visible(vectors: int, length: int) -> Array:
        """Of the groups read, tokens and written, a row sees those before its own, and its own, but tokens no later
        ones."""
        order = jnp.arange(2 * vectors + length)
        group = (order >= vectors) + 1 * (order >= vectors + length)
        earlier = order[:, None] >= order
        return jnp.where(group[:, None] == group, earlier | (group[:, None] != 1), group[:, None] > group)


class TransformerXL(Layers):
    def encode(self, e: Array, state: Named) -> After:
        """Each layer attends over what it read before and reads now; no gradient goes into the past."""
        c, (batch, length, width) = self.config, e.shape
        past = lax.stop_gradient(state.get("cache", jnp.zeros((batch, c.layers + 1, 0, width), e.dtype)))
        keys = past.shape[2] + length
        age = jnp.arange(keys)[::-1]                                         # 0: the segment's last row
        table = ops.sinusoids(keys, width, e.dtype)[jnp.minimum(age, c.clamp_length) if c.clamp_length else age]
        distance = age[None, :] - age[keys - length:, None]                  # of key j behind query i
        mask = (distance >= 0) & (distance < (c.cached if c.same_length else keys))
        s, read = e, [e]
        for layer in range(c.layers):
            s = self.relative_block(layer, s, past[:, layer], table, mask)
            read.append(s)
        after = {}
        if c.cached:
            rows = jnp.concatenate([past, lax.stop_gradient(jnp.stack(read, axis=1))], axis=2)
            after["cache"] = rows[:, :, -c.cached:]
        return self.final_norm(s), after

    def relative_block(self, layer: int, s: Array, past: Array, table: Array, mask: Array) -> Array:
        block, pair = f"blocks.{layer}", 0 if self.config.shared_biases else layer
        u, v = self.p[f"attention_bias.{pair}.u"], self.p[f"attention_bias.{pair}.v"]
        w_q, w_kv, w_r, w_out = (self.p[f"{block}.attention.w_{name}"] for name in ("q", "kv", "r", "out"))

        def attend(rows: Array, earlier: Array) -> Array:
            key, value = jnp.split(jnp.concatenate([earlier, rows], axis=1) @ w_kv, 2, axis=-1)
            return ops.relative_attention(rows @ w_q, key, value, table @ w_r, u, v, self.config.heads, mask) @ w_out

        norm = f"{block}.norm_attention"
        if self.config.norm == "pre":
            s = s + attend(self.norm(norm, s), self.norm(norm, past))
        else:
            s = self.norm(norm, s + attend(s, past))
        return self.branch(block, "feed_forward", s, self.feed_forward)


class Recurrent(Layers):
    def encode(self, e: Array, state: Named) -> After:
        """A stack of GRUs or LSTMs; the state of an LSTM is [h, c], of which the next layer reads h."""
        x, after, batch = e, {}, len(e)
        for layer in range(self.config.layers):
            name = f"layer.{layer}"
            w, u, b = (self.p[f"{name}.{matrix}"] for matrix in ("w", "u", "b"))
            width = u.shape[0]
            if self.config.cell == "gru":
                start = state.get(name, jnp.zeros((batch, width), e.dtype))
                states = ops.gru(x, start, w, u, b, self.p[f"{name}.b_hn"])
            else:
                start = state.get(name, jnp.zeros((batch, 2 * width), e.dtype))
                states = ops.lstm(x, start, w, u, b)
            x, after[name] = states[..., :width], states[:, -1]
        return x, after


class LinearRecurrent(Layers):
    def encode(self, e: Array, state: Named) -> After:
        """Residual blocks of a minGRU or an LRU, each with a feed-forward behind it or none, and a final norm"""
        x, after, c = e, {}, self.config
        mix = self.mingru if c.cell == "mingru" else self.lru
        for layer in range(c.layers):
            name = f"layer.{layer}"
            start = state.get(name, jnp.zeros((len(e), c.hidden or c.width), e.dtype))
            y, after[name] = mix(name, self.norm(f"{name}.norm_recurrence", x), start)
            x = x + y
            if c.inner:
                inside = self.norm(f"{name}.norm_feed_forward", x)
                x = x + self.feed_forward(f"{name}.feed_forward", inside)
        return self.norm("norm_final", x), after

    def mingru(self, name: str, x: Array, start: Array) -> tuple[Array, Array]:
        h = ops.mingru(x, start, self.p[f"{name}.w"], self.p[f"{name}.b"])
        return ops.linear(h, self.p[f"{name}.w_out"]), h[:, -1]

    def lru(self, name: str, x: Array, start: Array) -> tuple[Array, Array]:
        h = ops.lru(x, start, *(self.p[f"{name}.{part}"] for part in ("w", "nu", "theta", "log_gamma")))
        y = ops.gelu(ops.linear(h, self.p[f"{name}.c"]) + x * self.p[f"{name}.d"])
        return ops.glu(self.affine(name, "out", y)), h[:, -1]


class S4D(Layers):
    def encode(self, e: Array, state: Named) -> After:
        x, after, c = e, {}, self.config
        for layer in range(c.layers):
            name = f"layer.{layer}"
            start = state.get(f"{name}.h", jnp.zeros((len(e), c.width, 2 * c.states), e.dtype))
            weights = (self.p[f"{name}.{part}"] for part in ("log_dt", "log_a", "a_im", "c", "d"))
            y, after[f"{name}.h"] = ops.s4d_and_state(self.norm(f"{name}.norm_recurrence", x), start, *weights)
            x = x + ops.glu(self.affine(name, "out", ops.gelu(y)))
            if c.inner:
                x = x + self.feed_forward(f"{name}.feed_forward", self.norm(f"{name}.norm_feed_forward", x))
        return self.norm("norm_final", x), after


class Mamba(Layers):
    def encode(self, e: Array, state: Named) -> After:
        x, after, c = e, {}, self.config
        for layer in range(c.layers):
            p = {name.removeprefix(f"layer.{layer}."): value for name, value in self.p.items()}
            inputs, h = (state.get(f"layer.{layer}.{entry}", jnp.zeros((len(e), *shape), e.dtype)) for entry, shape in (
                ("inputs", (c.taps - 1, c.channels)), ("h", (c.channels, c.states))))
            u, r = jnp.split(ops.rms_norm(x, p["norm_recurrence.gain"]) @ p["w_in"], 2, axis=-1)
            after[f"layer.{layer}.inputs"] = jnp.concatenate([inputs, u], axis=1)[:, u.shape[1]:]
            u = nn.silu(ops.causal_convolution(u, inputs, p["w_convolution"], p["b_convolution"]))
            step, b, read = jnp.split(u @ p["w_x"], (c.rank, c.rank + c.states), axis=-1)
            y, after[f"layer.{layer}.h"] = ops.selective_scan_and_state(
                u, h, step @ p["w_dt"] + p["b_dt"], p["a_log"], b, read, p["d"])
            x = x + (y * nn.silu(r)) @ p["w_out"]
        return ops.rms_norm(x, self.p["norm_final.gain"]), after


ENCODERS = {"S4DModel": S4D, "Mamba": Mamba, "SlotsCRT": Formed, "MatrixCRT": Formed, "QueueCRT": Formed,
            "Transformer": Transformer, "RMT": RMT, "TransformerXL": TransformerXL, "RecurrentModel": Recurrent,
            "LinearRecurrentModel": LinearRecurrent}
