"""The catalogue of wrong ports of whole models: what a golden case's tensors would be with one known mistake, or two

    for variant in model_mistakes_of(case.configuration):
        variant.sentence                                     what the port seems to have done
        variant.computed(case.configuration, case.given())   its tensors, by the names of the case

A mistake is a switch of the configuration that stands otherwise, a part of the model or of what goes from segment to
segment that is done otherwise, or a mistake of one of the operations, from the catalogue in `mistakes.operations`.
"""

from collections.abc import Mapping
from typing import Any

from minicrt import ops
from minicrt.conformance.golden.model_pass import model_of
from minicrt.conformance.mistakes.models.adaptive import adaptive_output
from minicrt.conformance.mistakes.models.carrying import carrying
from minicrt.conformance.mistakes.models.distances import distances_and_queries
from minicrt.conformance.mistakes.models.layer_states import layer_states
from minicrt.conformance.mistakes.models.layers import layers
from minicrt.conformance.mistakes.models.linear_recurrent import lru_models
from minicrt.conformance.mistakes.models.memory import memory
from minicrt.conformance.mistakes.models.memory_forms import memory_forms
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.operations import operations
from minicrt.conformance.mistakes.models.positions import positions
from minicrt.conformance.mistakes.models.post_norm import post_norm
from minicrt.conformance.mistakes.models.reading import reading
from minicrt.conformance.mistakes.models.readouts import readouts
from minicrt.conformance.mistakes.models.rmt import rmt
from minicrt.conformance.mistakes.models.sensors import OF_WORDS, sensors
from minicrt.conformance.mistakes.models.settings import settings
from minicrt.conformance.mistakes.models.transformer_xl import transformer_xl
from minicrt.conformance.mistakes.models.videos import videos
from minicrt.conformance.mistakes.models.weights import weights
from minicrt.conformance.mistakes.models.wiring import wiring
from minicrt.conformance.mistakes.models.writer import writer
from minicrt.conformance.mistakes.models.writer_inputs import writer_inputs
from minicrt.models import SensorModel
from minicrt.models.video import ViT

__all__ = ["ModelMistake", "combine", "model_mistakes_of", "settings"]


def model_mistakes_of(configuration: Mapping[str, Any]) -> list[ModelMistake]:
    """Every known mistake that a port of this configuration could have, each under a name of its own."""
    model = model_of(configuration, (), ops)
    if isinstance(model, ViT):
        return videos(model, configuration)
    encoder = model.encoder if isinstance(model, SensorModel) else model
    parts = (weights, layer_states, layers, wiring, post_norm, positions, memory, reading, readouts, writer,
             writer_inputs, transformer_xl, distances_and_queries, rmt, lru_models, memory_forms, adaptive_output)
    found = [*settings(model, configuration), *carrying(model, configuration["batch"]),
             *(variant for part in parts for variant in part(encoder)), *operations(model)]
    return [variant for variant in found if encoder is model or variant.name not in OF_WORDS] + sensors(model)


def combine(first: ModelMistake, second: ModelMistake) -> ModelMistake:
    """Both mistakes in one port."""
    return first.combined(second)
