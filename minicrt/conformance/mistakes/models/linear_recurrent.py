"""Mistakes in how the LRU's language model puts its layers together"""

from typing import Any

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import LinearRecurrentModel, SegmentModel

NAME = "LRU: 2 Re"
SENTENCE = ("The LRU's output is 2 Re(C h), as for eigenvalues that stand for conjugate pairs, in place of Re(C h).")


def doubled(forward: Any, backward: Any) -> tuple[Any, Any]:
    """2 h C"""
    def twice(*arguments: Any) -> Any:
        y, cache = forward(*arguments)
        return 2 * y, cache
    return twice, lambda d_y, cache: backward(2 * d_y, cache)


def in_output(place: str) -> bool:
    return place.startswith("layer.") and place.endswith(".c")


def lru_models(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, LinearRecurrentModel) or model.config.cell != "lru":
        return []
    return [ModelMistake(NAME, SENTENCE, substitutes=(Substitute("linear", doubled, in_output),))]
