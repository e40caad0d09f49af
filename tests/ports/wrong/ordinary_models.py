"""Wrong ports of whole models that people write every day; the first sentence must name every one of them"""

import torch

from tests.ports.wrong.comparator_nets import RMT, Transformer, TransformerXL
from tests.ports.wrong.crt_net import CRT
from tests.ports.wrong.net import causal, differentiated_model, gru, scoped
from tests.ports.wrong.wrong_port import WrongPort, model


@model("crt-gru", r"qkv|quer", r"bias", r"no |without|missing|left out")
class NoBiasInQKV(CRT):
    """qkv_bias=False."""

    def linear(self, name, suffix, x):
        return x @ self.p[f"{name}.w_qkv"] if suffix == "qkv" else super().linear(name, suffix, x)


@model("crt-gru", r"norm", r"both|shared|one|same", r"branch|feed-forward|feed_forward")
class OneNormForBoth(CRT):
    """A block has one norm and uses it twice."""

    def norm(self, name, x):
        return super().norm(name.replace("norm_feed_forward", "norm_attention"), x)


@model("crt-gru", r"parallel", r"branch|attention|feed")
class ParallelBranches(CRT):
    """GPT-J's block: both branches read the same x."""

    def block(self, name, x, mask):
        attended = self.attention(f"{name}.attention", self.norm(f"{name}.norm_attention", x), mask)
        return x + attended + self.feed_forward(f"{name}.feed_forward", self.norm(f"{name}.norm_feed_forward", x))


@model("crt-gru", r"block|layer", r"reverse|order|last one first")
class BlocksReversed(CRT):
    """The last block is run first."""

    def blocks(self, x, mask):
        for layer in reversed(range(self.config.layers)):
            x = self.block(f"blocks.{layer}", x, mask)
        return x


@model("crt-gru", r"output|logits", r"√D|scal")
class OutputScaled(CRT):
    """The tied table is scaled once for both uses."""

    def output_table(self):
        return self.p["embedding"] * self.config.width ** 0.5


@model("crt-gru", r"writer|memory", r"read", r"\bx_t|\bx\b|input of the blocks|blocks' input")
class WriterReadsInput(CRT):
    """The memory network reads the tokens as they come in, not the blocks' outputs."""

    def add_positions(self, e, start):
        self.x, last = super().add_positions(e, start)
        return self.x, last

    def written(self, y, length):
        return self.x


@model("crt-gru", r"memory", r"y_T|last output")
class MemoryIsLastOutput(CRT):
    """The last token's output is carried in place of the network's state."""

    def encode(self, e, state):
        z, state = super().encode(e, state)
        return z, state | {"memory": self.y[:, -1:]}

    def final(self, x):
        self.y = super().final(x)
        return self.y


@model("crt-gru", r"memory", r"detach|cut|constant", r"return|last|d_state")
class MemoryReturnedDetached(CRT):
    """The memory is detached where a segment returns it, so that the last one's own gradient is lost too."""

    def encode(self, e, state):
        z, state = super().encode(e, state)
        return z, state | {"memory": state["memory"].detach()}


@model("crt-gru", r"position|x_t", r"embedding|\be\b|e_t", r"not added|alone|without|missing|left out")
class PositionsAlone(CRT):
    """x = p."""

    def add_positions(self, e, start):
        p = gru(e, start, scoped(self.p, "positions."))
        return p, p[:, -1]


@model("crt-gru", r"position|p_", r"early|t[−-]1|before|one step")
class PositionsEarly(CRT):
    """x_t = e_t + p_{t−1}."""

    def add_positions(self, e, start):
        p = gru(e, start, scoped(self.p, "positions."))
        return e + torch.cat([start[:, None], p[:, :-1]], 1), p[:, -1]


@model("crt-gru", r"position", r"unscaled|without the factor √D")
class PositionsOfUnscaledEmbeddings(CRT):
    """The positions' network reads E[token]; what its states are added to is √D E[token]."""

    def add_positions(self, e, start):
        p = gru(e / self.config.width ** 0.5, start, scoped(self.p, "positions."))
        return e + p, p[:, -1]


@model("crt-gru", r"residual|added", r"normed|LN\(x\) \+")
class ResidualOfTheNormed(CRT):
    """x = LN(x) + f(LN(x)), in both branches."""

    def block(self, name, x, mask):
        x = self.norm(f"{name}.norm_attention", x)
        x = self.norm(f"{name}.norm_feed_forward", x + self.attention(f"{name}.attention", x, mask))
        return x + self.feed_forward(f"{name}.feed_forward", x)


@model("transformer-sinusoidal", r"frequenc", r"D/2 [−-] 1|half [−-] 1|10000")
class OtherFrequencies(Transformer):
    """Tensor2Tensor's: the last frequency is 1/10000."""

    def table(self, e):
        half = e.shape[2] // 2
        frequencies = 10000 ** (-torch.arange(half, dtype=e.dtype) / (half - 1))
        angles = torch.arange(e.shape[1], dtype=e.dtype)[:, None] * frequencies
        return torch.cat([angles.sin(), angles.cos()], -1)


@model("transformer-xl", r"distance", r"from 1|\b1\b|one more")
class DistancesFromOne(TransformerXL):
    """A token is at distance 1 from itself."""

    def distances(self, J, c):
        return super().distances(J, c) + 1


@model("transformer-xl", r"quer", r"norm")
class QueriesUnnormed(TransformerXL):
    """Queries are made of x, keys and values of its norm."""

    def context(self, name, old, x):
        self.x = x
        return super().context(name, old, x)

    def attend(self, name, c, T):
        return super().attend(name, WithLastRows(c, self.x), T)


class WithLastRows:
    """[old ; x] as it is, but where its last rows alone are asked for"""

    def __init__(self, rows, last):
        self.rows, self.last, self.shape, self.dtype = rows, last, rows.shape, rows.dtype
        self.new_tensor = rows.new_tensor

    def __matmul__(self, weight):
        return self.rows @ weight

    def __getitem__(self, index):
        return self.last


@model("transformer-xl-same-length", r"same_length|key", r"one", r"more|many|off by")
class SameLengthOneMore(TransformerXL):
    """The mask of same_length is off by one."""

    def old_cache(self, e, state):
        return state.get("cache", e.new_zeros(len(e), self.config.layers + 1, 0, e.shape[2])).detach()

    def new_cache(self, old, hidden):
        return torch.cat([old, hidden], 2)[:, :, -self.config.cache_length:]

    def distances(self, J, c):
        return super().distances(J, c).clamp(max=self.config.clamp_length)

    def attend(self, name, c, T):
        layer = int(name.split(".")[1])
        self.p = self.p | {f"attention_bias.0.{bias}": self.all[f"attention_bias.{layer}.{bias}"] for bias in "uv"}
        return super().attend(name, c, T)

    def __init__(self, p, config):
        super().__init__(p, config)
        self.all = dict(p)

    def mask(self, T, J):
        hidden = max(J - self.config.cache_length - self.more, 0)
        return causal(T, J) & ~torch.ones(T, J, dtype=torch.bool).tril(hidden - T)

    more = 1


@model("rmt", r"row|token", r"early|in front|before", r"output|row")
class OutputsARowEarly(RMT):
    """Outputs are cut from the row in front."""

    def final(self, x):
        y = super().final(x)
        M = self.config.memory_vectors
        self.early = y[:, M - 1:-M - 1]
        return y

    def encode(self, e, state):
        _, state = super().encode(e, state)
        return self.early, state


@model("rmt-two-vectors", r"write rows?", r"blind|each other|themselves")
class WriteRowsBlind(RMT):
    """A write row sees itself and all in front, and no other write row."""

    def mask(self, T):
        M, mask = self.config.memory_vectors, super().mask(T)
        mask[-M:, -M:] = torch.eye(M, dtype=torch.bool)
        return mask


@model("rmt", r"memory|read and write", r"position", r"no |without|not")
class MemoryRowsUnplaced(RMT):
    """Positions are added to the tokens alone, as everybody does who adds them before the memory."""

    def table(self, e):
        table, M = super().table(e), self.config.memory_vectors
        return torch.cat([torch.zeros_like(table[:M]), table[M:-M], torch.zeros_like(table[:M])])


def with_weight_decay(given, configuration):
    """SGD's weight decay is added into the gradients of all parameters."""
    computed = differentiated_model(CRT)(given, configuration)
    return computed | {f"d_{name}": computed[f"d_{name}"] + 0.01 * torch.tensor(value)
                       for name, value in given.items() if name.startswith("parameters/")}


WEIGHT_DECAY = WrongPort("with_weight_decay", "crt-gru", with_weight_decay, (r"weight decay", r"0\.01"))
