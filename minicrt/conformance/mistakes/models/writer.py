"""Mistakes in the writer's gradient: the constants from which the last segment's writer is run again"""

from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.carrying import Detached, of
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, State
from minicrt.models.parameters import Parameters

Array = np.ndarray

SENTENCES = {
    "writer's gradient: start leaks": "The start from which the last segment's writer is run again is not held "
                                      "constant.",
    "writer's gradient: inputs leak": "What the last segment's writer read is not held constant.",
    "writer's gradient: missing": "The last segment's writer is not run again: no gradient of the memory crosses "
                                  "a boundary.",
}


class ConstantsLeak(CRT):
    """The entries of the state named in `leaks`, here or in another subclass that is mixed in, are no constants."""

    leaks = ""

    @property
    def leaking(self) -> set[str]:
        return {vars(cls).get("leaks", "") for cls in type(self).__mro__}

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        self._leaked = {name: d for name, d in d_state.items() if name in self.leaking}
        return super().encode_backward(d_z, d_state, cache, gradients)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        leaked, self._leaked = self._leaked, {}              # into the segment's own writer, whose turn is first
        return d_inputs + leaked.get("writer_inputs", 0), d_start + leaked.get("writer_start", 0)

    def recall_backward(self, d_m: Array, cache: Any, g: Parameters) -> State:
        if cache.source != "writer":
            return super().recall_backward(d_m, cache, g)
        d_inputs, d_start = self.write_backward([np.zeros_like(h_i) for h_i in cache.write.h], d_m, cache.write, g)
        found = {"writer_inputs": d_inputs, "writer_start": d_start}
        return {name: d for name, d in found.items() if name in self.leaking}


class StartLeaks(ConstantsLeak):
    leaks = "writer_start"


class InputsLeak(ConstantsLeak):
    leaks = "writer_inputs"


LEAKS = {"writer's gradient: start leaks": StartLeaks, "writer's gradient: inputs leak": InputsLeak}


def writer(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT) or model.config.memory == "none" or model.config.memory_gradient != "writer":
        return []
    name = "writer's gradient: missing"
    return [*(ModelMistake(leak, SENTENCES[leak], "backward", models=(made,)) for leak, made in LEAKS.items()),
            ModelMistake(name, SENTENCES[name], "backward", {"memory_gradient": "unroll"},
                         passes=of(Detached, ["memory"]))]
