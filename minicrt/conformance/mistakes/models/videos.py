"""The mistakes that a port of a model of video can have: its own, and those of the language models that it shares"""

from collections.abc import Mapping
from typing import Any

from minicrt.conformance.mistakes.models.carrying import carrying
from minicrt.conformance.mistakes.models.clips import clips
from minicrt.conformance.mistakes.models.layers import layers
from minicrt.conformance.mistakes.models.memory import memory
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.operations import operations
from minicrt.conformance.mistakes.models.reading import reading
from minicrt.conformance.mistakes.models.settings import settings
from minicrt.conformance.mistakes.models.weights import weights
from minicrt.conformance.mistakes.models.wiring import wiring
from minicrt.conformance.mistakes.models.writer import writer
from minicrt.models import CRT
from minicrt.models.video import CRViT, ViT

# The others change how a language model runs its blocks or rows, which a model of video does in another way.
OF_ROWS = frozenset({
    "output: no bias", "blocks: one for all layers", "norm_attention: missing", "norm_feed_forward: missing",
    "norm_final: missing", "attention: no residual connection", "feed_forward: no residual connection",
    "blocks: in reverse", "blocks: one norm for both branches", "attention: no bias in qkv",
    "attention: no output bias", "feed_forward: no biases", "d_loss: taken for 1", "d_loss: averaged",
    "gradients: of the last loss alone"})
# Those of the stages `recall`, `write` and `readout`, which a CR-ViT has from the CRT; it reads the last state alone.
OF_MEMORY = frozenset({
    "writer: starts from zeros", "writer: one for all vectors", "writer: the last one for all",
    "writer: start detached", "writer: inputs detached", "writer's gradient: missing", "readout: without y_t",
    "readout: without h_t", "readout: without m W_r", "readout: W_r reads m_N", "readout: memories added",
    "readout: memories interleaved", "readout: memory detached"})


def videos(model: ViT, configuration: Mapping[str, Any]) -> list[ModelMistake]:
    stages: CRT | None = model.crt if isinstance(model, CRViT) else None
    shared = [variant for part in (layers, wiring, weights) for variant in part(model) if variant.name in OF_ROWS]
    if stages is not None:
        shared += [variant for part in (memory, reading, writer) for variant in part(stages)
                   if variant.name in OF_MEMORY]
    return [*settings(model, configuration), *carrying(model, configuration["batch"]), *clips(model, configuration),
            *shared, *operations(model)]
