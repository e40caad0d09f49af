"""What an exporter is given: the sizes of a model, its weights by name, and its recurrent networks as they compute"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.arguments import check_kind, kind_of
from minicrt.data import Vocabulary
from minicrt.data.sensors import Framing
from minicrt.errors import InputError
from minicrt.export.recurrences import Recurrence, recurrence
from minicrt.models import CRT, Parameters, SegmentModel, SensorModel, Transformer
from minicrt.models.inputs import check_fit
from minicrt.models.positions import position_cell, sinusoids
from minicrt.quantisation import QuantisedParameters, Small

Array = np.ndarray
EXPORTED = (CRT, Transformer)


@dataclass(frozen=True)
class Design:
    """A CRT or a Transformer, of words or of sensor readings, ready to leave Python.

    To an exporter a Transformer is a CRT without a memory. M is `vectors`, then 0; the first `front` rows of a segment
    are the memory's. `model` is what is between input and output, `meaning` says what goes in and comes out.
    """

    model: Any
    parameters: Parameters
    meaning: Vocabulary | Framing

    @property
    def vocabulary(self) -> Vocabulary:
        """Of a model of words"""
        assert isinstance(self.meaning, Vocabulary)
        return self.meaning

    @property
    def framing(self) -> Framing:
        """Of a model of sensor readings"""
        assert isinstance(self.meaning, Framing)
        return self.meaning

    @property
    def senses(self) -> bool:
        """Whether it reads sensors"""
        return isinstance(self.meaning, Framing)

    @cached_property
    def scales(self) -> dict[str, Array]:
        """(C,) float32 each: x = (reading − means − means_rest) / deviations. One float32 is too coarse for a mean that
        is far larger than its deviation."""
        means, deviations = (np.array(values) for values in (self.framing.means, self.framing.deviations))
        rounded = means.astype(np.float32)
        return {"means": rounded, "means_rest": (means - rounded).astype(np.float32),
                "deviations": deviations.astype(np.float32)}

    @property
    def config(self) -> Any:
        return self.model.config

    @property
    def vectors(self) -> int:
        return self.config.memory_vectors if self._setting("memory", "none") != "none" else 0

    @property
    def front(self) -> int:
        return self.vectors if self._setting("memory_position", "") == "first" else 0

    @property
    def rows(self) -> int:
        """Of the keys and values of a segment"""
        return self.front + self.config.segment_length

    @property
    def per_token(self) -> bool:
        """Whether the writer reads every y_t"""
        return self.vectors > 0 and self.config.memory_update == "per_token"

    @property
    def per_segment(self) -> bool:
        """Whether the writer reads the segment's mean"""
        return self.vectors > 0 and self.config.memory_update == "per_segment"

    @property
    def reads(self) -> bool:
        """Whether the outputs read the memory"""
        return self.vectors > 0 and self.config.readout == "memory"

    @property
    def normed_memory(self) -> bool:
        return bool(self._setting("normed_memory", False))

    @property
    def reads_normed(self) -> bool:
        """Whether anything reads the memory through its norm"""
        return self.normed_memory and (self.front > 0 or self.reads and self.per_token)

    @property
    def pre_norm(self) -> bool:
        return self.config.norm == "pre"

    @property
    def recurrent_positions(self) -> bool:
        return self.config.positions == "recurrent"

    @property
    def output(self) -> str:
        """The name of the matrix of the logits"""
        return "embedding" if self.config.tied else "output.weight"

    @cached_property
    def position_table(self) -> Array | None:                # (T, D)
        if self.config.positions == "sinusoidal":
            return sinusoids(self.config.segment_length, self.config.width).astype(np.float32)
        return self.weight("positions.table") if self.config.positions == "learned" else None

    @cached_property
    def position_network(self) -> Recurrence:
        """Where the positions are recurrent"""
        return recurrence(position_cell(self.config), "positions.", self.parameters)

    @cached_property
    def writers(self) -> list[Recurrence]:
        """One for each memory vector"""
        return [recurrence(self.model.writer, f"memory.{i}.", self.parameters) for i in range(self.vectors)]

    @property
    def small(self) -> bool:
        """Whether the matrices are small integers"""
        return isinstance(self.parameters, QuantisedParameters)

    @property
    def bits(self) -> int:
        """Of an entry of a matrix"""
        return self.parameters.bits if isinstance(self.parameters, QuantisedParameters) else 32

    def matrix(self, name: str) -> Array | Small:
        """A parameter as it is kept, in float32 or as small integers"""
        return self.parameters.stored(name) if self.small else self.weight(name)

    def inputs(self, name: str) -> int:
        """The rows of a matrix"""
        return int(self.parameters[name].shape[0])

    def weight(self, name: str) -> Array:
        """In float32, by its name in the parameter table"""
        return self.parameters[name].astype(np.float32)

    def _setting(self, name: str, otherwise: Any) -> Any:
        """A setting that the Transformer does not have"""
        return getattr(self.config, name, otherwise)


def design(model: SegmentModel, parameters: Parameters, meaning: Vocabulary | Framing) -> Design:
    """Raises InputError for a model that cannot be exported, and for what does not fit together."""
    encoder = model.encoder if isinstance(model, SensorModel) else model
    if type(encoder) not in EXPORTED:
        raise InputError(f"the model is {kind_of(encoder)}, which cannot be exported; expected one whose setting "
                         "`model` is 'crt', with memory_form='vector', or 'transformer'")
    check_fit(model, parameters)
    if model.config.output != "softmax":
        raise InputError(f"the model has output={model.config.output!r}, which cannot be exported; expected one with "
                         "output='softmax'")
    memory = getattr(encoder.config, "memory", "none")
    if memory in ("s4d", "mamba"):
        raise InputError(f"the model has memory={memory!r}, which cannot be exported; expected one "
                         "whose memory is written by 'gru', 'ncgru', 'mingru' or 'lru'")
    if isinstance(model, SensorModel):
        check_framing(model, meaning)
    else:
        check_kind("vocabulary", meaning, Vocabulary, "the vocabulary of the run, run.vocabulary")
        assert isinstance(meaning, Vocabulary)
        if meaning.size != model.config.vocabulary:
            raise InputError(f"the vocabulary has {meaning.size} tokens, the model {model.config.vocabulary}; give the "
                             "vocabulary of the run that the model is from")
    if parameters.dtype.kind != "f":
        raise InputError(f"the parameters are {parameters.dtype}, expected float32 or float64")
    if not np.isfinite(parameters.flat).all():
        raise InputError("the parameters are not all finite, so the model has diverged; export one that has not")
    return Design(encoder, parameters, meaning)


def check_framing(model: SensorModel, framing: Any) -> None:
    check_kind("framing", framing, Framing, "the framing of the run, run.framing")
    wanted = len(framing.channels), len(framing.classes) or 1
    if (model.channels, model.outputs) != wanted:
        raise InputError(f"the framing is of {wanted[0]} channels and {wanted[1]} outputs, the model of "
                         f"{model.channels} and {model.outputs}; take both from one run")


def summary(made: Design) -> str:
    config = made.config
    reads = f"{len(made.framing.channels)} channels" if made.senses else f"{config.vocabulary:,} tokens"
    return (f"{type(made.model).__name__} of {made.parameters.size:,} weights: {reads}, width {config.width}, "
            f"{config.layers} layers, segments of {config.segment_length}")
