"""Mistakes in how much each segment's loss counts in what is differentiated"""

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import SegmentModel
from minicrt.training.window import scored as how_many

Array = np.ndarray

SENTENCES = {
    "d_loss: taken for 1": "The segments' losses are added without the weights d_loss.",
    "d_loss: averaged": "The segments' losses are averaged, not added.",
    "d_loss: by targets": "The segments' losses are weighted by how many targets they score.",
    "gradients: of the last loss alone": "Only the last segment's loss is differentiated.",
}


class WeightsIgnored(Pass):
    def weights(self) -> Array:
        return np.ones_like(super().weights())


class WeightsAveraged(Pass):
    def weights(self) -> Array:
        return super().weights() / self.count


class WeightsByTargets(Pass):
    def weights(self) -> Array:
        scored = np.array([how_many([self.segment(n)]) for n in range(self.count)])
        return super().weights() * scored / scored.sum()


class LastLossAlone(Pass):
    def weights(self) -> Array:
        return super().weights() * (np.arange(self.count) == self.count - 1)


PASSES: dict[str, type[Pass]] = {"d_loss: taken for 1": WeightsIgnored, "d_loss: averaged": WeightsAveraged,
                                 "d_loss: by targets": WeightsByTargets,
                                 "gradients: of the last loss alone": LastLossAlone}


def weights(model: SegmentModel) -> list[ModelMistake]:
    return [ModelMistake(name, SENTENCES[name], "backward", passes=(made,)) for name, made in PASSES.items()]
