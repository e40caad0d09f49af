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
