"""Every model one token at a time, with the rows before kept"""

from types import ModuleType

from minicrt import engines
from minicrt.errors import InputError
from minicrt.inference.steps import layers
from minicrt.inference.steps.base import SegmentAgain, Steps
from minicrt.inference.steps.crt import CRTSteps
from minicrt.inference.steps.linear_recurrent import LinearRecurrentSteps
from minicrt.inference.steps.memory_forms import FormedSteps
from minicrt.inference.steps.recurrent import RecurrentSteps
from minicrt.inference.steps.rmt import RMTSteps
from minicrt.inference.steps.state_space import StateSpaceSteps
from minicrt.inference.steps.transformer import TransformerSteps
from minicrt.inference.steps.transformer_xl import TransformerXLSteps
from minicrt.models import (
    CRT,
    RMT,
    LinearRecurrentModel,
    Mamba,
    Parameters,
    RecurrentModel,
    S4DModel,
    SegmentModel,
    SensorModel,
    Transformer,
    TransformerXL,
)
from minicrt.models.memory_forms import FORMS
from minicrt.models.video import ViT

STEPS: dict[type[SegmentModel], type[Steps]] = {
    CRT: CRTSteps, Transformer: TransformerSteps, TransformerXL: TransformerXLSteps, RMT: RMTSteps,
    RecurrentModel: RecurrentSteps, LinearRecurrentModel: LinearRecurrentSteps,
    S4DModel: StateSpaceSteps, Mamba: StateSpaceSteps, **dict.fromkeys(FORMS.values(), FormedSteps)}


def steps_of(model: SegmentModel, parameters: Parameters, batch: int) -> Steps:
    """Of a subclass, of which nothing is known but its `encode`, that. InputError for a model that reads no words."""
    if isinstance(model, SensorModel):
        raise InputError("the model is one of sensor readings, expected one of words; minicrt.inference.SensorStream "
                         "runs it")
    if isinstance(model, ViT):
        raise InputError("the model is one of video, expected one of words; minicrt.inference.VideoStream runs it")
    used = layers_for(model, parameters)
    return steps_by(model, used)(model, parameters, batch, used)


def steps_by(model: SegmentModel, used: ModuleType) -> type[Steps]:
    """By its class; of a CRT that there is one compiled call for, that"""
    if used is not layers and type(model) is CRT:
        from minicrt.inference.steps import compiled_crt

        if compiled_crt.in_one_call(model.config):
            return compiled_crt.CompiledCRTSteps
    return STEPS.get(type(model), SegmentAgain)


def layers_for(model: SegmentModel, parameters: Parameters) -> ModuleType:
    """Compiled ones where the model runs on Numba and its weights are real"""
    if model.engine.__name__ != engines.MODULES["numba"] or parameters.dtype.kind != "f":
        return layers
    from minicrt.inference.steps import compiled_layers

    return compiled_layers
