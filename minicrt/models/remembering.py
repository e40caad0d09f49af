"""What a CRT has around its memory, whatever the memory's form"""

from abc import abstractmethod
from typing import Any

from minicrt.models import inspection
from minicrt.models.base import State
from minicrt.models.block import norm, norm_backward
from minicrt.models.crt_config import CRTConfig
from minicrt.models.parameters import Array, Parameters
from minicrt.models.positions import PositionedModel

Shapes = dict[str, tuple[int | None, ...]]


class RememberingModel(PositionedModel):
    """A Transformer over one segment, and something that is carried to the next. `CRT` carries vectors that recurrent
    networks write, the subclasses of `FormedCRT` other things."""

    position_entries = frozenset({"positions"})
    config: CRTConfig

    @abstractmethod
    def memory_shapes(self, batch: int) -> Shapes:
        """Of the entries of the state that are the memory's"""

    def state_shapes(self, batch: int) -> Shapes:
        shapes = self.memory_shapes(batch)
        if self.config.positions == "recurrent" and self.config.position_carry:
            shapes["positions"] = (batch, self.config.positions_width)
        return shapes

    def normed(self, p: Parameters, m: Array) -> tuple[Array, Any]:
        """The memory as it is read: through a norm where its network does not bound it (`memory_norm`)"""
        return norm(self, p, "memory.norm.", m) if self.config.normed_memory else (m, None)

    def normed_backward(self, d_m: Array, cache: Any, g: Parameters) -> Array:
        return norm_backward(self, d_m, cache, "memory.norm.", g) if self.config.normed_memory else d_m

    @property
    def embedding_size(self) -> float:
        """1 where a memory has segments to bridge: with ½, values that it does not tell apart at first move together
        for good (docs/results.md)."""
        return 1.0 if self.config.bridges else self.input_size

    def inspect(self, parameters: Parameters, tokens: Array, state: State) -> dict[str, Any]:
        """What happens inside one segment: see `minicrt.models.inspection.inspect`."""
        return inspection.inspect(self, parameters, tokens, state)

    def caution(self, bptt_segments: int) -> str | None:
        return self.config.caution(bptt_segments)
