"""Wrong ports of the Transformer, Transformer-XL, the Recurrent Memory Transformer and the LSTM"""

import torch
import torch.nn.functional as F

from tests.ports.wrong.comparator_nets import LSTM, RMT, Transformer, TransformerXL
from tests.ports.wrong.net import causal, sinusoids
from tests.ports.wrong.wrong_port import model


@model("transformer", r"relu")
class ReluTransformer(Transformer):
    """relu, the default of nn.TransformerEncoderLayer, where gelu is asked for."""

    def activation(self, x):
        return F.relu(x)


@model("transformer", r"mask|causal|ahead|future", r"no |missing|without|everything|all|not|see")
class NotCausal(Transformer):
    """nn.TransformerEncoderLayer is called without a mask."""

    def mask(self, length):
        return torch.ones(length, length, dtype=torch.bool)


@model("transformer-sinusoidal", r"sin", r"alternat|interleav|in turn|even")
class SinesAlternate(Transformer):
    """Sines and cosines alternate."""

    def table(self, e):
        sines, cosines = super().table(e).chunk(2, -1)
        return torch.stack([sines, cosines], -1).flatten(1)


@model("transformer-sinusoidal", r"position", r"from 1|\b1\b|off by|one|count|shift")
class PositionsFromOne(Transformer):
    """Positions are counted from 1."""

    def table(self, e):
        return sinusoids(torch.arange(1, e.shape[1] + 1, dtype=e.dtype), e.shape[2])


@model("transformer-sinusoidal", r"position", r"missing|without|not|no |left out|forgotten|lacks")
class WithoutPositions(Transformer):
    """No positions are added."""

    def table(self, e):
        return torch.zeros_like(e[0])


@model("transformer-xl", r"cache", r"gradient|detach|cut|leak|flow")
class CacheNotDetached(TransformerXL):
    """The gradient goes into the cache."""

    def old_cache(self, e, state):
        return state.get("cache", e.new_zeros(len(e), self.config.layers + 1, 0, e.shape[2]))


@model("transformer-xl", r"cache", r"zero", r"first|start|fill|begin|empty")
class CacheOfZeros(TransformerXL):
    """The first segment's cache is full of zeros, which take part in the softmax."""

    def old_cache(self, e, state):
        zeros = e.new_zeros(len(e), self.config.layers + 1, self.config.segment_length, e.shape[2])
        return state.get("cache", zeros).detach()


@model("transformer-xl", r"cache", r"output|layer", r"output|next layer|one layer|above|input")
class CacheOfOutputs(TransformerXL):
    """A layer attends over its own cached outputs in place of its inputs."""

    def old_cache(self, e, state):
        self.kept = super().old_cache(e, state)
        return torch.cat([self.kept[:, 1:], self.kept[:, -1:]], 1)

    def new_cache(self, old, hidden):
        return super().new_cache(self.kept, hidden)


@model("transformer-xl", r"mask|causal|align", r"cache|left|front|align|first")
class MaskAtTheLeft(TransformerXL):
    """tril without the offset: the mask is aligned at the left."""

    def mask(self, T, J):
        return torch.ones(T, J, dtype=torch.bool).tril()


@model("transformer-xl", r"sin", r"alternat|interleav|in turn|even")
class DistancesAlternate(TransformerXL):
    """Sines and cosines alternate."""

    half_by_half = False


@model("transformer-xl", r"distance|table|rows|\br\b|position", r"revers|rise|order|flip|from 0|turned")
class DistancesReversed(TransformerXL):
    """The table starts at distance 0, and the shift takes it for falling distances."""

    def distances(self, J, c):
        return torch.arange(J, dtype=c.dtype)


@model("transformer-xl", r"\bu\b", r"\bv\b|\bw\b", r"swap|exchang|for each other|mixed|interchang")
class BiasesExchanged(TransformerXL):
    """u stands with the positions, and v with the content."""

    biases = ("v", "u")


@model("transformer-xl", r"norm", r"cache")
class CacheNotNormed(TransformerXL):
    """The segment's rows are normed, the cached ones are not."""

    def context(self, name, old, x):
        return torch.cat([old, self.norm(f"{name}.norm_attention", x)], 1)


@model("transformer-xl", r"sin", r"alternat|interleav|in turn|even", r"cache", r"gradient|detach|cut|leak|flow")
class AlternatingAndNotDetached(TransformerXL):
    """Two mistakes: sines and cosines alternate, and the gradient goes into the cache."""

    half_by_half = False

    def old_cache(self, e, state):
        return state.get("cache", e.new_zeros(len(e), self.config.layers + 1, 0, e.shape[2]))


@model("rmt", r"memory", r"\bread (rows?|tokens?)|front|first rows?")
class MemoryFromReadRow(RMT):
    """The next memory is the read row's output."""

    def memory(self, y):
        return y[:, :self.config.memory_vectors]


@model("rmt-two-vectors", r"causal|mask|see", r"read|write")
class PlainlyCausal(RMT):
    """The mask is plainly causal, with read rows that do not see each other."""

    def mask(self, T):
        rows = 2 * self.config.memory_vectors + T
        return causal(rows, rows)


@model("rmt", r"position", r"short|behind|write|right after|last token")
class WriteRowMoves(RMT):
    """The write row has the position right behind the last token, also in a short segment."""

    def position_rows(self, T):
        return torch.arange(2 * self.config.memory_vectors + T)


@model("rmt", r"write", r"start|initial|learned|memory.start|not the (memory|state)|m_0")
class WriteRowFromStart(RMT):
    """The write row is always the learned start, never the memory."""

    def write_tokens(self, m):
        return self.p["memory.start"].expand(len(m), -1, -1)


@model("rmt", r"memory", r"detach|cut|gradient|constant")
class RecurrentMemoryDetached(RMT):
    """The memory is detached at every boundary."""

    def between(self, state, tokens, targets):
        return {"memory": state["memory"].detach()}


@model("rmt", r"memory", r"\bread (rows?|tokens?)|front|first rows?", r"embedding", r"√D|scal|root")
class ReadRowAndUnscaled(RMT):
    """Two mistakes: the next memory is the read row's output, and the embedding is not scaled."""

    def memory(self, y):
        return y[:, :self.config.memory_vectors]

    def embed(self, tokens):
        return F.embedding(tokens, self.p["embedding"])


@model("lstm-model", r"order|swap|exchang|i, o, f|blocks")
class LSTMOfOnnx(LSTM):
    """Blocks in ONNX's order i, o, f, c."""

    def arranged(self, weight):
        i, o, f, g = weight.chunk(4, -1)
        return torch.cat([i, f, g, o], -1)


@model("lstm-model", r"state|h|c", r"detach|cut|gradient|constant", r"bound|segment|state|truncat|carr")
class LSTMStateDetached(LSTM):
    """The state is detached between segments."""

    def between(self, state, tokens, targets):
        return {name: value.detach() for name, value in state.items()}


@model("lstm-model", r"state", r"not carried|zero|reset|forgotten|each segment|every segment|lost|start")
class LSTMStateReset(LSTM):
    """Every segment starts from zeros."""

    def between(self, state, tokens, targets):
        return {}


@model("lstm-model", r"layer\.0", r"state", r"not carried|anew|zero|start")
class LSTMTopStateAlone(LSTM):
    """The state of the last layer alone is carried."""

    def between(self, state, tokens, targets):
        return {"layer.1": state["layer.1"]}


@model("lstm-model", r"layer\.1", r"state", r"detach|cut|gradient|constant")
class LSTMTopStateDetached(LSTM):
    """The state of the last layer is detached, that of the first is not."""

    def between(self, state, tokens, targets):
        return state | {"layer.1": state["layer.1"].detach()}


@model("lstm-model", r"\[c, h\]|swap|exchang|order|\bc\b.*\bh\b", r"\bc\b|cell")
class LSTMStateExchanged(LSTM):
    """The state is stored as [c, h], and read as [h, c]."""

    def stored(self, h, c):
        return torch.cat([c, h], -1)


@model("lstm-model", r"\bsum", r"mean|divided|number|count")
class LSTMLossSum(LSTM):
    """reduction="sum"."""

    def loss(self, z, targets):
        logits = F.linear(z, self.output_table(), self.p["output.bias"])
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
