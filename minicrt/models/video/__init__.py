"""Models of video: a Vision Transformer over one clip, and the same with a CRT's memory from clip to clip.

`create_video_model` makes one; `run_video` runs it over the clips of a video.
"""

from minicrt.models.video.arguments import VideoTargets
from minicrt.models.video.config import CRViTConfig, ViTConfig
from minicrt.models.video.create import VIDEO_MODELS, create_video_model, video_mapping
from minicrt.models.video.crvit import CRViT
from minicrt.models.video.skeleton import patch_targets
from minicrt.models.video.vit import ViT
from minicrt.models.video.window import VideoResult, run_video

__all__ = ["CRViT", "CRViTConfig", "VIDEO_MODELS", "VideoResult", "VideoTargets", "ViT", "ViTConfig",
           "create_video_model", "patch_targets", "run_video", "video_mapping"]
