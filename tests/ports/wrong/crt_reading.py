"""Wrong ports of how the CRT's outputs read the memory, and of the memory that a text starts with"""

from tests.ports.wrong.crt_net import CRT
from tests.ports.wrong.wrong_port import model


@model("crt-gru", r"readout|read|output", r"m_\{?N[−-]1|memory\.read|W_r|m W|segment",
       r"without|missing|not|left out|lacks|no ")
class ReadingMissing(CRT):
    """z = y + h, as it was before."""

    def readout(self, y, h, m):
        return y + h


@model("crt-gru", r"readout|read|output", r"m_N|new|written|knows|later|end|come")
class ReadsNewMemory(CRT):
    """W reads the memory of the segment's end, which knows the tokens to come."""

    def readout(self, y, h, m):
        return super().readout(y, h, h[:, -1:])


@model("crt-gru", r"m_0|first (segment|memory)|start", r"zero")
class FirstMemoryOfZeros(CRT):
    """m_0 = 0."""

    def memory_start(self, e, state):
        return state.get("memory", e.new_zeros(len(e), 1, e.shape[2]))


@model("crt-gru", r"output reads|readout", r"y_t \+ m|memory itself", r"h_t", r"W_r")
class ReadsMemoryItself(CRT):
    """z = y + m: neither h nor W."""

    def readout(self, y, h, m):
        return y + m


@model("crt-gru", r"m_\{?N[−-]1|memory", r"W_r", r"left out|missing|without|as it is")
class ReadsWithoutMatrix(CRT):
    """z = y + h + m: W is left out, m is not."""

    def readout(self, y, h, m):
        return y + h + m


@model("crt-gru", r"mean", r"last segment|segment before", r"output|y_t", r"m_\{?N[−-]1|memory")
class ReadsMeanOfLastOutputs(CRT):
    """W reads the mean of the last segment's outputs in place of its memory; m_0 at first."""

    last = None

    def readout(self, y, h, m):
        read, self.last = m if self.last is None else self.last, y.mean(1, keepdim=True)
        return super().readout(y, h, read)


@model("crt-gru", r"h_T|last", r"every token|all tokens")
class ReadsLastState(CRT):
    """z_t = y_t + h_T + m W at every token."""

    def readout(self, y, h, m):
        return super().readout(y, h[:, -1:], m)
