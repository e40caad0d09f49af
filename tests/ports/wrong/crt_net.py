"""The Compact Recurrent Transformer in PyTorch, as somebody may write it: right, and taken apart for wrong ports

It covers one memory vector in front, recurrent positions and the readout y + h + (1 + y) m W, with a GRU or an NC-GRU.
"""

import torch
from torch import Tensor

from tests.ports.wrong.net import Net, State, causal, gru, scoped
from tests.ports.wrong.recurrent import signs, skew


class CRT(Net):
    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        x, positions = self.add_positions(e, self.position_start(e, state))
        m = self.memory_start(e, state)
        rows = self.joined(m, x)
        y = self.final(self.blocks(rows, self.mask(rows.shape[1])))
        h = self.write(self.written(y, x.shape[1]), m)
        return self.readout(y[:, -x.shape[1]:], h, m), {"positions": positions, "memory": h[:, -1:]}

    def add_positions(self, e: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        p = gru(e, start, scoped(self.p, "positions."))
        return e + p, p[:, -1]

    def position_start(self, e: Tensor, state: State) -> Tensor:
        return state.get("positions", e.new_zeros(len(e), e.shape[2]))

    def memory_start(self, e: Tensor, state: State) -> Tensor:           # (B, 1, D)
        return state.get("memory", self.p["memory.start"].expand(len(e), -1, -1))

    def joined(self, m: Tensor, x: Tensor) -> Tensor:
        return torch.cat([self.token(m), x], 1)

    def token(self, m: Tensor) -> Tensor:
        return m

    def mask(self, rows: int) -> Tensor:
        return causal(rows, rows)

    def written(self, y: Tensor, length: int) -> Tensor:
        """What the memory network reads: the outputs of the tokens."""
        return y[:, 1:]

    def write(self, y: Tensor, m: Tensor) -> Tensor:
        return gru(y, m[:, 0], scoped(self.p, "memory.0."))

    def readout(self, y: Tensor, h: Tensor, m: Tensor) -> Tensor:
        return y + self.token(h) + (1 + y) * (m @ self.p["memory.read"])


class NCGRU(CRT):
    """The memory network is an NC-GRU; its norm is on the token and on h_t."""

    def token(self, m: Tensor) -> Tensor:
        return self.norm("memory.norm", m)

    def write(self, y: Tensor, m: Tensor) -> Tensor:
        p, h, states = scoped(self.p, "memory.0."), m[:, 0], []
        u_r, u_z = p["u"].chunk(2, 1)
        u_n = self.orthogonal(p["skew_candidate"])
        for y_t in y.unbind(1):
            a_r, a_z, a_n = (y_t @ p["w"]).chunk(3, 1)
            b_r, b_z, b_n = p["b"].chunk(3)
            r, z = torch.sigmoid(a_r + h @ u_r + b_r), torch.sigmoid(a_z + h @ u_z + b_z)
            h = (1 - z) * self.candidate(a_n, r, h, u_n, b_n) + z * h
            states.append(h)
        return torch.stack(states, 1)

    def candidate(self, a: Tensor, r: Tensor, h: Tensor, u: Tensor, b: Tensor) -> Tensor:
        v = a + (r * h) @ u
        return torch.relu(v.abs() + b) * v.sign()

    def orthogonal(self, a: Tensor) -> Tensor:
        n = self.config.width
        A, eye = skew(a, n), torch.eye(n, dtype=a.dtype)
        return torch.linalg.solve(eye + A, eye - A) @ torch.diag(signs(self.config.negatives, n, a))
