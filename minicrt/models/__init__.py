"""Segment-recurrent models, composed of an engine's operations."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from minicrt.configuration import from_mapping, to_mapping, unknown_key
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from minicrt.models.linear_recurrent import LinearRecurrentConfig, LinearRecurrentModel
from minicrt.models.parameters import Parameters, ParameterSpec
from minicrt.models.recurrent import RecurrentConfig, RecurrentModel
from minicrt.models.rmt import RMT, RMTConfig
from minicrt.models.segment_model import LanguageModelConfig, SegmentModel, State
from minicrt.models.transformer import Transformer, TransformerConfig
from minicrt.models.transformer_xl import TransformerXL, TransformerXLConfig

__all__ = ["CRT", "CRTConfig", "LanguageModelConfig", "LinearRecurrentConfig", "LinearRecurrentModel", "MODELS",
           "ParameterSpec", "Parameters", "RMT", "RMTConfig", "RecurrentConfig", "RecurrentModel", "SegmentModel",
           "State", "Transformer", "TransformerConfig", "TransformerXL", "TransformerXLConfig", "create_model",
           "model_mapping"]

MODELS: dict[str, tuple[type[SegmentModel], type[LanguageModelConfig]]] = {
    "crt": (CRT, CRTConfig),
    "transformer": (Transformer, TransformerConfig),
    "transformer_xl": (TransformerXL, TransformerXLConfig),
    "rmt": (RMT, RMTConfig),
    "recurrent": (RecurrentModel, RecurrentConfig),
    "linear_recurrent": (LinearRecurrentModel, LinearRecurrentConfig),
}


def create_model(mapping: Mapping[str, Any], engine: ModuleType | None = None) -> SegmentModel:
    """The model that a mapping (a TOML table [model]) describes; its key "model" names the kind, by default "crt".

    Raises ConfigurationError for an unknown model or key and for values that do not fit.
    """
    settings = dict(mapping)
    kind = settings.pop("model", "crt")
    if kind not in MODELS:
        raise unknown_key(str(kind), MODELS, "the list of models")
    model, config = MODELS[kind]
    return model(from_mapping(config, settings, "the model's configuration"), engine)


def model_mapping(model: SegmentModel) -> dict[str, Any]:
    """The mapping that `create_model` turns back into an equal model."""
    kind = next(name for name, (cls, _) in MODELS.items() if type(model) is cls)
    return {"model": kind, **to_mapping(model.config)}
