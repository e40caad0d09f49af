"""The models by name, and the one way to make one"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, overload

from minicrt.arguments import kind_of, shown
from minicrt.configuration import from_mapping, to_mapping
from minicrt.engines import EngineOrName
from minicrt.errors import ConfigurationError
from minicrt.models.base import SegmentModel
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.linear_recurrent import LinearRecurrentConfig, LinearRecurrentModel
from minicrt.models.mamba import Mamba, MambaConfig
from minicrt.models.memory_forms import FORMS, FormedCRT
from minicrt.models.recurrent import RecurrentConfig, RecurrentModel
from minicrt.models.rmt import RMT, RMTConfig
from minicrt.models.s4d import S4DConfig, S4DModel
from minicrt.models.transformer import Transformer, TransformerConfig
from minicrt.models.transformer_xl import TransformerXL, TransformerXLConfig
from minicrt.suggestion import choices_in_words

MODELS: dict[str, tuple[type[SegmentModel], type[LanguageModelConfig]]] = {
    "crt": (CRT, CRTConfig),
    "transformer": (Transformer, TransformerConfig),
    "transformer_xl": (TransformerXL, TransformerXLConfig),
    "rmt": (RMT, RMTConfig),
    "recurrent": (RecurrentModel, RecurrentConfig),
    "linear_recurrent": (LinearRecurrentModel, LinearRecurrentConfig),
    "s4d": (S4DModel, S4DConfig),
    "mamba": (Mamba, MambaConfig),
}


@overload
def create_model(model: Literal["crt"] = "crt", engine: EngineOrName = None, *,
                 memory_form: Literal["vector"] = "vector", **settings: Any) -> CRT: ...


@overload
def create_model(model: Literal["crt"] | CRTConfig = "crt", engine: EngineOrName = None, **settings: Any
                 ) -> CRT | FormedCRT: ...


@overload
def create_model(model: str | Mapping[str, Any] | LanguageModelConfig, engine: EngineOrName = None, **settings: Any
                 ) -> SegmentModel: ...


def create_model(model: str | Mapping[str, Any] | LanguageModelConfig = "crt", engine: EngineOrName = None,
                 **settings: Any) -> SegmentModel:
    """Make a model. It holds no weights: `model.initialize(rng)` draws them.

        create_model(vocabulary=1000)                                    a CRT; what is not said has its default
        create_model(vocabulary=1000, width=64, layers=2, memory="ncgru")
        create_model("transformer_xl", vocabulary=1000)                  another model
        create_model(run.configuration["model"])                         a mapping, as a run's config.toml has it
        create_model(CRTConfig(vocabulary=1000), engine="numpy")         a configuration; on the NumPy operations

    Arguments
        model     "crt", "transformer", "transformer_xl", "rmt", "recurrent" (LSTM, GRU), "linear_recurrent" (minGRU,
                  LRU), "s4d" or "mamba"; or a mapping of settings, which may name the model under
                  "model"; or a configuration
        engine    "numba" (compiled), "numpy" (the specification), or None: numba where it is installed, unless the
                  variable MINICRT_ENGINE or `minicrt.engines.choose` says otherwise
        settings  keys of the model's configuration (help(minicrt.CRTConfig) lists those of the CRT); `vocabulary`, the
                  number of token types, is the only one that has no default
    Raises ConfigurationError for an unknown model, key or engine, and for values that do not fit.
    """
    if isinstance(model, LanguageModelConfig):
        config = dataclasses.replace(model, **settings)
        return model_of(config, engine)
    if isinstance(model, Mapping):
        settings = {**model, **settings}
        model = settings.pop("model", "crt")
    _, config_class = model_kind(model)
    return model_of(from_mapping(config_class, settings, config_class.title), engine)


def model_kind(name: Any) -> tuple[type[SegmentModel], type[LanguageModelConfig]]:
    """The model of this name and its configuration. Raises ConfigurationError, with the closest name, for another."""
    if not isinstance(name, str):
        raise ConfigurationError(f"model is {kind_of(name)}, expected a name ({', '.join(MODELS)}), a mapping of "
                                 "settings or a configuration")
    if name not in MODELS:
        raise ConfigurationError(f"model is {shown(name)}, {choices_in_words(name, MODELS)}")
    return MODELS[name]


def model_of(config: LanguageModelConfig, engine: EngineOrName) -> Any:
    return class_of(config)(config, engine)


def class_of(config: LanguageModelConfig) -> type[SegmentModel]:
    """A CRT's class is its memory's form."""
    for cls, config_class in MODELS.values():
        if type(config) is config_class:
            return FORMS.get(getattr(config, "memory_form", ""), cls)
    raise ConfigurationError(f"model is {kind_of(config)}, expected the configuration of a model: "
                             + ", ".join(config_class.__name__ for _, config_class in MODELS.values()))


def model_mapping(model: SegmentModel) -> dict[str, Any]:
    """The mapping that `create_model` turns back into an equal model.

    Raises ConfigurationError for a model that is none of `MODELS`, such as a subclass of one.
    """
    for name, (cls, _) in MODELS.items():
        if type(model) in (cls, *(FORMS.values() if cls is CRT else ())):
            return {"model": name, **to_mapping(model.config)}
    raise ConfigurationError(f"the model is {kind_of(model)}, which no configuration describes; expected "
                             + ", ".join(cls.__name__ for cls, _ in MODELS.values()))
