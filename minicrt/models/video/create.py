"""The models of video by name, and the one way to make one"""

from collections.abc import Mapping, Sequence
from typing import Any

from minicrt.arguments import check_whole
from minicrt.configuration import changed, from_mapping
from minicrt.engines import EngineOrName
from minicrt.errors import ConfigurationError
from minicrt.models.video.config import CRViTConfig, ViTConfig
from minicrt.models.video.crvit import CRViT
from minicrt.models.video.vit import ViT
from minicrt.suggestion import choices_in_words

VIDEO_MODELS: dict[str, tuple[type[ViT], type[ViTConfig]]] = {"vit": (ViT, ViTConfig), "crvit": (CRViT, CRViTConfig)}


def create_video_model(classes: int, frames: int = 8, model: str | Mapping[str, Any] = "crvit",
                       engine: EngineOrName = None, class_weights: Sequence[float] | None = None, **settings: Any
                       ) -> ViT:
    """Make a model of video. It holds no weights: `model.initialize(rng)` draws them.

        create_video_model(classes=6)                                      a CR-ViT over clips of 8 frames
        create_video_model(6, 8, "vit", attention="joint")                 a Vision Transformer of one clip
        create_video_model(6, 32, "vit")                                   of all frames of four clips at once
        create_video_model(6, 8, "vit", joints=5, joint_features=16)       with the modules of pi-ViT, for training

    Arguments
        classes         K
        frames          of a clip, a multiple of tube_frames
        model           "vit" or "crvit"; or a mapping of settings that may name it under "model"
        engine          as for `create_model`
        class_weights   (K,), what each class weighs in the loss; None: 1
        settings        keys of ViTConfig, or of CRViTConfig
    Raises ConfigurationError for settings that do not fit.
    """
    if isinstance(model, Mapping):
        settings, model = {**model, **settings}, str(model.get("model", "crvit"))
        settings.pop("model", None)
    if not isinstance(model, str) or model not in VIDEO_MODELS:
        raise ConfigurationError(f"model is {model!r}, {choices_in_words(str(model), VIDEO_MODELS)}")
    for name, meant in {"vocabulary": "classes", "segment_length": "frames"}.items():
        if name in settings:
            raise ConfigurationError(f"{name} is for models of words, and was given for one of video; say {meant}")
    cls, config_class = VIDEO_MODELS[model]
    frames, tube = check_whole("frames", frames, 1), check_whole("tube_frames", settings.get("tube_frames", 1), 1)
    if frames % tube:
        raise ConfigurationError(f"frames is {frames}, expected a multiple of tube_frames = {tube}")
    settings |= {"vocabulary": check_whole("classes", classes, 1), "segment_length": frames // tube}
    return cls(from_mapping(config_class, settings, config_class.title), engine, class_weights)


def video_mapping(model: ViT) -> dict[str, Any]:
    """The mapping that `create_video_model(**mapping)` turns back into an equal model"""
    settings, config = changed(model.config), model.config
    name = next(name for name, (cls, _) in VIDEO_MODELS.items() if type(model) is cls)
    for key in ("vocabulary", "segment_length"):
        settings.pop(key, None)
    return {"classes": config.vocabulary, "frames": config.segment_length * config.tube_frames, "model": name,
            "class_weights": model.class_weights.tolist(), **settings}
