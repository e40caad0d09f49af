"""Mistakes in how the LRU's language model puts its layers together"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import LinearRecurrentModel, SegmentModel

Array = np.ndarray

SENTENCES = {
    "LRU: 2 Re": "The LRU's output is 2 Re(C h), as where one eigenvalue stands for a conjugate pair, in place of "
                 "Re(C h).",
    "LRU: skip unnormed": "The LRU's skip d ⊙ x reads x in front of the norm; here it reads LN(x), as the recurrence "
                          "does.",
}


def doubled(forward: Any, backward: Any) -> tuple[Any, Any]:
    """2 h C"""
    def twice(*arguments: Any) -> Any:
        y, cache = forward(*arguments)
        return 2 * y, cache
    return twice, lambda d_y, cache: backward(2 * d_y, cache)


def in_output(place: str) -> bool:
    return place.startswith("layer.") and place.endswith(".c")


class BesideTheNorm:
    """An engine that keeps what the last norm was of, and adds to that norm's gradient what came past it."""

    def __init__(self, engine: Any) -> None:
        self._engine, self.x, self.d_x = engine, np.zeros(0), None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def layer_norm(self, x: Array, *arguments: Any) -> Any:
        self.x = x
        return self._engine.layer_norm(x, *arguments)

    def layer_norm_backward(self, *arguments: Any) -> Any:
        d_x, *others = self._engine.layer_norm_backward(*arguments)
        past, self.d_x = self.d_x, None
        return (d_x if past is None else d_x + past, *others)


class UnnormedSkip(LinearRecurrentModel):
    engine: Any

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.engine = BesideTheNorm(self.engine)

    def mix(self, p: Any, h: Array, x: Array) -> tuple[Array, Any]:
        return super().mix(p, h, self.engine.x)

    def _mix_backward(self, *arguments: Any) -> tuple[Array, Any]:
        d_h, self.engine.d_x = super()._mix_backward(*arguments)
        return d_h, 0.0


def lru_models(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, LinearRecurrentModel) or model.config.cell != "lru":
        return []
    return [ModelMistake("LRU: 2 Re", SENTENCES["LRU: 2 Re"], substitutes=(Substitute("linear", doubled, in_output),)),
            ModelMistake("LRU: skip unnormed", SENTENCES["LRU: skip unnormed"], models=(UnnormedSkip,))]
