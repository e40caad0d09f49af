"""Segment-recurrent models, composed of an engine's operations."""

from minicrt.models.base import SegmentModel, State
from minicrt.models.create import MODELS, create_model, model_kind, model_mapping
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.linear_recurrent import LinearRecurrentConfig, LinearRecurrentModel
from minicrt.models.mamba import Mamba, MambaConfig
from minicrt.models.parameters import Parameters, ParameterSpec
from minicrt.models.recurrent import RecurrentConfig, RecurrentModel
from minicrt.models.rmt import RMT, RMTConfig
from minicrt.models.s4d import S4DConfig, S4DModel
from minicrt.models.sensors import SensorModel, create_sensor_model, sensor_mapping
from minicrt.models.transformer import Transformer, TransformerConfig
from minicrt.models.transformer_xl import TransformerXL, TransformerXLConfig

__all__ = ["CRT", "CRTConfig", "LanguageModelConfig", "LinearRecurrentConfig", "LinearRecurrentModel", "MODELS",
           "Mamba", "MambaConfig", "ParameterSpec", "Parameters", "RMT", "RMTConfig", "RecurrentConfig",
           "RecurrentModel", "S4DConfig", "S4DModel", "SegmentModel", "SensorModel", "State", "Transformer",
           "TransformerConfig", "TransformerXL", "TransformerXLConfig", "create_model", "create_sensor_model",
           "model_kind", "model_mapping", "sensor_mapping"]
