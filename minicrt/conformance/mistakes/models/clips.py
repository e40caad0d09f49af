"""Mistakes of models of video: how clips become rows, what the rows see, what the writer and the modules read"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.layers import at_zero
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models.parameters import Array
from minicrt.models.video import CRViT, ViT
from minicrt.models.video.skeleton import JOINTS_WEIGHT

SENTENCES = {
    "pixels: from 0 to 1": "Pixels are read as they are, from 0 to 1; here as (x − μ)/σ.",
    "frames: in reverse": "The frames of a clip are read from the last to the first.",
    "pixels: rows for columns": "Rows and columns of the pictures are exchanged.",
    "space table: not added": "The table of where patches stand in a frame is not added.",
    "class token: zeros": "The class token is zeros, and is not learned.",
    "classes: of one weight": "The classes weigh alike in the loss: class_weights are left out.",
    "time attention: missing": "The attention over time is left out of the blocks.",
    "class token: sum over the frames": "What the class token and the memory saw in the frames is added up; here it is "
                                        "averaged.",
    "class token: of the last frame": "The class token and the memory take what they saw in the last frame alone; here "
                                      "the mean over all frames.",
    "writer: without what is classified": "The writer reads the steps' means alone, without what is classified.",
    "writer: what is classified first": "The writer reads what is classified in front of the steps' means; here behind "
                                        "them.",
    "modules: left out": "The modules of training are not in the loss.",
    "joints: row, column": "A joint's row and column are exchanged.",
    "joints: unseen ones scored": "Joints that were not seen are scored as well.",
    "joints: weight 1": "The 2-D module's loss counts once; here 1.6 times.",
}
BACKWARD_SENTENCES = {
    "memory token: detached": "The memory token is detached: no gradient goes from the blocks into the memory.",
}


class FramesReversed(Pass):
    def segment(self, n: int) -> tuple[Array, Any]:
        clip, said = super().segment(n)
        return clip[:, ::-1], said


class PictureTransposed(Pass):
    def segment(self, n: int) -> tuple[Array, Any]:
        clip, said = super().segment(n)
        return clip.swapaxes(2, 3), said


class ModulesLeftOut(Pass):
    def segment(self, n: int) -> tuple[Array, Any]:
        clip, said = super().segment(n)
        return clip, getattr(said, "labels", said)


class JointsExchanged(Pass):
    def segment(self, n: int) -> tuple[Array, Any]:
        clip, said = super().segment(n)
        return clip, replace(said, joints=said.joints[..., ::-1]) if hasattr(said, "joints") else said


class UnseenScored(Pass):
    def segment(self, n: int) -> tuple[Array, Any]:
        clip, said = super().segment(n)
        return clip, replace(said, visible=np.ones_like(said.visible)) if hasattr(said, "joints") else said


class FramesAdded(ViT):
    def together(self, rows: Array) -> Array:
        return rows.sum(1)

    def together_backward(self, d_rows: Array, T: int) -> Array:
        return np.repeat(d_rows[:, None], T, axis=1)


class LastFrameAlone(ViT):
    def together(self, rows: Array) -> Array:
        return rows[:, -1]

    def together_backward(self, d_rows: Array, T: int) -> Array:
        return d_rows[:, None] * np.eye(T)[-1][:, None, None]


class TokenDetached(CRViT):
    def looked_at_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_memory, d_x = super().looked_at_backward(*arguments)
        return np.zeros_like(d_memory), d_x


class WriterWithoutPooled(CRViT):
    """[ȳ_1 … ȳ_T], or their mean"""

    def written(self, frames: Array, v: Array) -> Array:
        return frames.mean(1, keepdims=True) if self.config.memory_update == "per_segment" else frames

    def written_backward(self, d_inputs: Array, T: int) -> tuple[Array, Array]:
        if self.config.memory_update == "per_segment":
            d_inputs = np.repeat(d_inputs / T, T, axis=1)
        return d_inputs, np.zeros_like(d_inputs[:, :1])


class WriterPooledFirst(CRViT):
    """[v ; ȳ_1 … ȳ_T]"""

    def written(self, frames: Array, v: Array) -> Array:
        return np.concatenate([v, frames], 1)

    def written_backward(self, d_inputs: Array, T: int) -> tuple[Array, Array]:
        return d_inputs[:, 1:], d_inputs[:, :1]


def without_time() -> tuple[Substitute, ...]:
    """x + f(x) is x, and no gradient goes into f."""
    def over_time(place: str) -> bool:
        return place.endswith("time.attention.residual")

    def first(forward: Any, backward: Any) -> tuple[Any, Any]:
        return (lambda x, y: x), backward
    return (Substitute("add", first, over_time),
            *(Substitute(kind, at=over_time, arriving=lambda d_y: 0 * d_y) for kind in ("dropout", "locked_dropout")))


def counted_once() -> Substitute:
    """A loss λ BCE of λ = 1: the operation gives the λ-th part, and so does its gradient."""
    def change(forward: Any, backward: Any) -> tuple[Any, Any]:
        def less(*arguments: Any) -> tuple[Any, Any]:
            loss, cache = forward(*arguments)
            return loss / JOINTS_WEIGHT, cache
        return less, backward
    return Substitute("binary_cross_entropy", change, arriving=lambda d_loss: d_loss / JOINTS_WEIGHT)


def clips(model: ViT, configuration: Mapping[str, Any]) -> list[ModelMistake]:
    config: Any = model.config
    memory, divided = getattr(config, "memory", "none") != "none", config.attention == "divided"
    per_token = memory and config.memory_update == "per_token"
    apart = per_token or memory and model.has_token          # else what is classified is the mean of the rest
    extra = memory or model.has_token
    weights = configuration["class_weights"]
    found: dict[str, tuple[bool, dict[str, Any]]] = {
        "pixels: from 0 to 1": (True, {"settings": {"pixel_mean": 0.0, "pixel_deviation": 1.0}}),
        "frames: in reverse": (True, {"passes": (FramesReversed,)}),
        "pixels: rows for columns": (True, {"passes": (PictureTransposed,)}),
        "space table: not added": (True, {"passes": (at_zero("space.table"),)}),
        "class token: zeros": (model.has_token, {"passes": (at_zero("class.token"),)}),
        "classes: of one weight": (len(set(weights)) > 1, {"settings": {"class_weights": [1.0] * len(weights)}}),
        "time attention: missing": (divided, {"substitutes": without_time()}),
        "class token: sum over the frames": (divided and extra, {"models": (FramesAdded,)}),
        "class token: of the last frame": (divided and extra, {"models": (LastFrameAlone,)}),
        "writer: without what is classified": (apart, {"models": (WriterWithoutPooled,)}),
        "writer: what is classified first": (per_token, {"models": (WriterPooledFirst,)}),
        "modules: left out": (config.joints > 0, {"passes": (ModulesLeftOut,)}),
        "joints: row, column": (config.joints > 0, {"passes": (JointsExchanged,)}),
        "joints: unseen ones scored": (config.joints > 0, {"passes": (UnseenScored,)}),
        "joints: weight 1": (config.joints > 0, {"substitutes": (counted_once(),)}),
    }
    backward = [ModelMistake(name, sentence, "backward", models=(TokenDetached,))
                for name, sentence in BACKWARD_SENTENCES.items() if memory]
    forward = [ModelMistake(name, SENTENCES[name], **what) for name, (applies, what) in found.items() if applies]
    return forward + backward
