"""Wrong ports of the Compact Recurrent Transformer"""

import torch
import torch.nn.functional as F

from tests.ports.wrong.crt_net import CRT, NCGRU
from tests.ports.wrong.net import causal, gru, scoped
from tests.ports.wrong.recurrent import signs, skew
from tests.ports.wrong.wrong_port import model


@model("crt-gru", r"memory", r"detach|cut|gradient|constant")
class MemoryDetached(CRT):
    """m.detach() at every boundary."""

    def memory_start(self, e, state):
        return super().memory_start(e, state).detach()


@model("crt-gru", r"(whole|entire|all of the) state|everything|memory.*position", r"detach|cut|gradient|constant")
class StateDetached(CRT):
    """The whole state is detached at every boundary, memory and positions."""

    def between(self, state, tokens, targets):
        return {name: value.detach() for name, value in state.items()}


@model("crt-gru", r"first segment", r"memory")
class NoTokenInFirstSegment(CRT):
    """The first segment has no memory token."""

    first = True

    def joined(self, m, x):
        rows, self.first = x if self.first else super().joined(m, x), False
        return rows

    def written(self, y, length):
        return y[:, -length:]


@model("crt-gru", r"validat|evaluat")
class ValidationLeaks(CRT):
    """After each segment the loss is evaluated once more, with the training's own state, which that moves on."""

    def between(self, state, tokens, targets):
        with torch.no_grad():
            _, state = self.segment(tokens, targets, state)
        return state


@model("crt-gru", r"embedding", r"√D|scal|root", r"missing|without|not|left out|lacks|forgotten")
class EmbeddingUnscaled(CRT):
    """The embedding is not multiplied by √D."""

    def embed(self, tokens):
        return F.embedding(tokens, self.p["embedding"])


@model("crt-gru", r"position", r"zero|reset|not carried|each segment|every segment|start")
class PositionsNotCarried(CRT):
    """The positional GRU starts from zeros in every segment."""

    def position_start(self, e, state):
        return torch.zeros_like(e[:, 0])


@model("crt-gru", r"memory", r"zero|h_0|not carried|each segment|every segment|start")
class MemoryWrittenFromZeros(CRT):
    """The memory network starts from zeros; the token has the old memory all the same."""

    def write(self, y, m):
        return gru(y, torch.zeros_like(m[:, 0]), scoped(self.p, "memory.0."))


@model("crt-gru", r"final norm|norm_final|last norm", r"missing|without|not|left out|no |lacks|forgotten")
class FinalNormMissing(CRT):
    """There is no norm after the last block."""

    def final(self, x):
        return x


@model("crt-gru", r"memory (row|token)|row of the memory|memory's (row|own)", r"read|written|writ|input")
class MemoryRowRead(CRT):
    """The memory network reads the memory row's output too."""

    def written(self, y, length):
        return y

    def readout(self, y, h, m):
        return super().readout(y, h[:, 1:], m)


@model("crt-gru", r"readout|read", r"without|missing|not|alone|y_t|left out|only|transformer")
class ReadoutWithoutMemory(CRT):
    """z = y."""

    def readout(self, y, h, m):
        return y


@model("crt-gru", r"tied|embedding|table", r"output", r"gradient|detach|constant|use|only|lookup|missing|not")
class OutputDetached(CRT):
    """The output has a copy of the embedding: its gradient is lost."""

    def output_table(self):
        return self.p["embedding"].detach().clone()


@model("crt-gru", r"post|before|after|place|LN\(x \+", r"norm")
class PostNorm(CRT):
    """nn.TransformerEncoderLayer's default: the norms stand behind the residual sums. The final norm stays."""

    def block(self, name, x, mask):
        x = self.norm(f"{name}.norm_attention", x + self.attention(f"{name}.attention", x, mask))
        return self.norm(f"{name}.norm_feed_forward", x + self.feed_forward(f"{name}.feed_forward", x))


@model("crt-gru", r"tanh", r"gelu")
class TanhGelu(CRT):
    """The activation is GELU's tanh form."""

    def activation(self, x):
        return F.gelu(x, approximate="tanh")


@model("crt-gru", r"mask|causal|\bsees?\b|look", r"itself|\bown\b|off by|\bone\b|strict|diagonal|in front of")
class MaskHidesItself(CRT):
    """The mask is off by one: a token does not see itself. (The memory does, or it would see nothing.)"""

    def mask(self, rows):
        mask = causal(rows, rows).tril(-1)
        mask[0, 0] = True
        return mask


@model("crt-gru", r"memory", r"mask|\bsees?\b|hidden|attend|look|visible|seen")
class MemoryMasked(CRT):
    """The memory's row is masked like padding: no token sees it."""

    def mask(self, rows):
        mask = causal(rows, rows)
        mask[1:, 0] = False
        return mask


@model("crt-gru", r"position", r"memory (token|row|vector)|memory")
class MemoryGetsPosition(CRT):
    """The memory token goes through the positional GRU as if it were the first of the tokens."""

    def encode(self, e, state):
        m, start = self.memory_start(e, state), self.position_start(e, state)
        rows, positions = self.add_positions(self.joined(m, e), start)
        y = self.final(self.blocks(rows, self.mask(rows.shape[1])))
        h = self.write(self.written(y, e.shape[1]), m)
        return self.readout(y[:, 1:], h, m), {"positions": positions, "memory": h[:, -1:]}


@model("crt-gru", r"embedding", r"√D|scal|root", r"memory|state|bound", r"detach|cut|gradient")
class UnscaledAndDetached(CRT):
    """Two mistakes: the embedding is not scaled, and the memory is detached."""

    def embed(self, tokens):
        return F.embedding(tokens, self.p["embedding"])

    def memory_start(self, e, state):
        return super().memory_start(e, state).detach()


@model("crt-gru", r"position", r"zero|reset|not carried|each segment|every segment|start",
       r"final norm|norm_final|last norm")
class NoFinalNormAndPositionsReset(CRT):
    """Two mistakes: positions start from zeros in every segment, and the final norm is missing."""

    def position_start(self, e, state):
        return torch.zeros_like(e[:, 0])

    def final(self, x):
        return x


@model("crt-ncgru", r"\bS\b|sign", r"left|rows")
class SignsOnTheLeft(NCGRU):
    """S multiplies the Cayley transform from the left."""

    def orthogonal(self, a):
        n = self.config.width
        A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
        return torch.diag(signs(self.config.negatives, n, a)) @ torch.linalg.solve(eye + A, eye - A)


@model("crt-ncgru", r"reset", r"after")
class ResetAfterProduct(NCGRU):
    """The NC-GRU's reset gate acts after the recurrent product."""

    def candidate(self, a, r, h, u, b):
        v = a + r * (h @ u)
        return torch.relu(v.abs() + b) * v.sign()


@model("crt-ncgru", r"norm", r"carried|next segment|kept|goes on")
class NormedMemoryCarried(NCGRU):
    """The norm is applied to the memory that is carried, and so comes twice."""

    def encode(self, e, state):
        z, state = super().encode(e, state)
        return z, state | {"memory": self.token(state["memory"])}


@model("crt-ncgru", r"norm", r"readout|\bread|\bh\b", r"missing|without|not|only|left out|no ")
class ReadoutNotNormed(NCGRU):
    """The norm is on the token alone, and not on h in the readout."""

    def readout(self, y, h, m):
        return super().readout(y, h, m) - self.token(h) + h


@model("crt-ncgru", r"I [−-] A|I \+ A|sign of A|transpose|factor", r"reset.*after|after.*reset")
class FactorsExchangedAndResetAfter(NCGRU):
    """Two mistakes: (I - A)⁻¹ (I + A) S, and the reset gate acts after the product."""

    def orthogonal(self, a):
        return super().orthogonal(-a)

    def candidate(self, a, r, h, u, b):
        v = a + r * (h @ u)
        return torch.relu(v.abs() + b) * v.sign()
