"""The catalogue of wrong ports of whole models: what a golden case's tensors would be with one known mistake, or two

    for variant in variants_of(case.configuration):
        variant.sentence                                     what the port seems to have done
        variant.computed(case.configuration, case.given())   its tensors, by the names of the case

A mistake is a switch of the configuration that stands otherwise, a part of the model or of what goes from segment to
segment that is done otherwise, or a mistake of one of the operations, from the catalogue in `variants`.
"""

from collections.abc import Mapping
from typing import Any

from minicrt import ops
from minicrt.conformance.golden.passes import model_of
from minicrt.conformance.model_mistakes.carrying import carrying
from minicrt.conformance.model_mistakes.layers import layers
from minicrt.conformance.model_mistakes.memory import memory
from minicrt.conformance.model_mistakes.operations import operations
from minicrt.conformance.model_mistakes.positions import positions
from minicrt.conformance.model_mistakes.post_norm import post_norm
from minicrt.conformance.model_mistakes.rmt import rmt
from minicrt.conformance.model_mistakes.switches import switches
from minicrt.conformance.model_mistakes.transformer_xl import transformer_xl
from minicrt.conformance.model_mistakes.variant import ModelVariant
from minicrt.conformance.model_mistakes.writer import writer

__all__ = ["ModelVariant", "combine", "variants_of"]


def variants_of(configuration: Mapping[str, Any]) -> list[ModelVariant]:
    """Every known mistake that a port of this configuration could have, each under a name of its own."""
    model = model_of(configuration, (), ops)
    parts = (layers, post_norm, positions, memory, writer, transformer_xl, rmt, operations)
    return [*switches(model, configuration), *carrying(model, configuration["batch"]),
            *(variant for part in parts for variant in part(model))]


def combine(first: ModelVariant, second: ModelVariant) -> ModelVariant:
    """Both mistakes in one port."""
    return first.combined(second)
