"""The mistakes of the operations that a model is made of"""

from typing import Any

from minicrt.conformance.mistakes.models.mistake import Defect, ModelMistake
from minicrt.conformance.mistakes.operations import FAULTY, Faulty
from minicrt.models import (
    CRT,
    RMT,
    LinearRecurrentModel,
    Mamba,
    RecurrentModel,
    S4DModel,
    SegmentModel,
    SensorModel,
    Transformer,
    TransformerXL,
)
from minicrt.models.memory_forms import FormedCRT
from minicrt.models.video import CRViT, ViT

# In which part of a model an operation may be wrong alone: what its place's name has, whose it is, and where.
NETWORKS = {"memory.": ("memory's", "In the memory's network alone"),
            "positions.": ("positions'", "In the positions' network alone")}
READING = {"readout.memory.read": ("W_r's", "In m_{N−1} W_r alone")}

# Not to be seen in a model: a gradient of another shape than its parameter, chunks larger than the cases, digits that
# only a mean far from 0 loses, and limits that its states stay within; of video, gradients that nobody asks for (of
# pixels, of targets, of the classes' weights), and targets between 0 and 1.
LEFT_OUT = ("weight gradient transposed", "table from the first chunk", "variance in one pass", "state clipped",
            "gradient of the first frame alone", "gradient put back by column", "gradient put back in order",
            "target's gradient as of a square", "divisor taken for a constant", "targets rounded")


def operations(model: SegmentModel) -> list[ModelMistake]:
    """Each mistake wherever the model runs that operation; where two networks are GRUs, also in one of them alone; and
    of the linear layers also in the memory's reading alone, which has no bias."""
    found = []
    for faulty in (faulty for faulty in FAULTY if used(faulty, model)):
        for defect, mistake in faulty.mistakes.items():
            if defect in LEFT_OUT:
                continue
            name = f"{named(faulty)}: {defect}"
            found.append(ModelMistake(name, mistake.sentence, mistake.where, defects=(Defect(faulty, defect),)))
            found += [ModelMistake(f"{whose} {name}", f"{there}: {mistake.sentence}", mistake.where,
                                   defects=(Defect(faulty, defect, part),))
                      for part, (whose, there) in parts(faulty.operation, defect, model).items()]
    return found


def named(faulty: Faulty) -> str:
    """The operation, and its form where it has several."""
    return faulty.operation + "".join(f"[{value}]" for value in faulty.preset.values())


def parts(operation: str, defect: str, model: SegmentModel) -> dict[str, tuple[str, str]]:
    if operation == "gru" and two_networks(model):
        return NETWORKS
    return READING if operation == "linear" and "weight" in defect and reads_memory(model) else {}


def reads_memory(model: SegmentModel) -> bool:
    config: Any = model.config
    return isinstance(model, CRT | CRViT) and config.memory != "none" and config.readout == "memory"


def two_networks(model: SegmentModel) -> bool:
    config: Any = model.config
    return isinstance(model, CRT | CRViT) and config.memory == "gru" and config.positions == "recurrent"


def used(faulty: Faulty, model: SegmentModel) -> bool:
    """Whether the model runs that operation, in the form that its faulty twin is about."""
    config: Any = model.config
    options: dict[str, dict[str, Any]] = {"gru": {"reset_after": getattr(config, "reset_after", True)},
                                          "ncgru": {"activation": getattr(config, "candidate", "")},
                                          "linear_activation": {"activation": getattr(config, "activation", "")}}
    return faulty.operation in operations_of(model) and faulty.covers(options.get(faulty.operation, {}))


def operations_of(model: SegmentModel) -> set[str]:
    config: Any = model.config
    if isinstance(model, SensorModel):
        loss = {"linear_cross_entropy"} if model.task == "classification" else {"mean_squared_error"}
        return operations_of(model.encoder) - {"embedding", "linear_cross_entropy"} | {"linear"} | loss
    if isinstance(model, ViT):
        found = {"patch_embedding", "linear", "layer_norm", "linear_activation", "self_attention",
                 "weighted_cross_entropy"}
        found |= {"binary_cross_entropy"} if config.joints else set()
        found |= {"mean_squared_error"} if config.joint_features else set()
        return found | (networks_of(config) if isinstance(model, CRViT) else set())
    found = {"embedding", "adaptive_softmax" if config.output == "adaptive" else "linear_cross_entropy"}
    if isinstance(model, RecurrentModel):
        return found | {config.cell}
    if isinstance(model, Mamba):
        return found | {"linear", "rms_norm", "causal_convolution", "selective_scan"}
    found |= {"linear", "layer_norm"} | ({"linear_activation"} if config.inner else set())
    if isinstance(model, S4DModel):
        return found | {"s4d", "gelu", "glu"}
    if isinstance(model, LinearRecurrentModel):
        return found | {config.cell} | ({"gelu", "glu"} if config.cell == "lru" else set())
    if isinstance(model, TransformerXL):
        return found | {"relative_attention"}
    if isinstance(model, FormedCRT):
        found |= {"self_attention", *({"gru"} if config.positions == "recurrent" else ())}
        written = {"slots": networks_of(config), "matrix": {"delta_rule"}, "queue": {"pooled_queue"}}
        return found | written[config.memory_form] | ({"sparse_write"} if config.memory_top_k else set())
    if isinstance(model, Transformer | RMT | CRT):
        found.add("self_attention")
    return found | networks_of(config) if isinstance(model, CRT) else found


def networks_of(config: Any) -> set[str]:
    """Those of the positions and of the memory"""
    found = {"gru"} if config.positions == "recurrent" else set()
    if config.memory == "mamba":
        return found | {"selective_scan"}
    return found | {config.memory} - {"none"} | ({"scaled_cayley"} if config.memory == "ncgru" else set())
