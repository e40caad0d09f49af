"""Every switch of the models of video"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from minicrt.configuration import require
from minicrt.models.crt_config import CRTConfig
from minicrt.models.stack_config import StackConfig

LEAST = 0.0039                                               # 1/255, rounded down
# Of a learned table of the time steps, the first deviation. With 0.1 the order of frames is learned late.
TIME = 0.4


@dataclass(frozen=True)
class ViTConfig(StackConfig):
    """What a Vision Transformer of clips is made of. `create_video_model` takes these keys by name.

    vocabulary             K, the number of classes
    segment_length         T, the time steps of a clip: frames, or tubes of `tube_frames` frames each
    width                  D, of every patch's vector
    layers, heads, inner   L blocks, H heads (they divide D), inner width F of the feed-forward
    activation             of the feed-forward; layer norm stands before each branch
    dropout, locked_dropout   as of the language models
    frame_size, channels   a frame has frame_size × frame_size pixels of so many channels
    pixel_mean, pixel_deviation   μ and σ: the model reads (x − μ)/σ; best the mean and deviation over the
                           videos to train on, so that patches differ by what is in them; as they stand, 2x − 1
    patch_size, tube_frames   a patch has patch_size × patch_size pixels, a tube so many frames of them
    attention              "joint" over all patches of the clip at once, or "divided": over time for each patch, then
                           over the patches of each frame
    pooling                what is classified: the output of the "class" token, or the "mean" over all patches
    positions              of the time steps: a learned or sinusoidal table, or none; the patches of a frame have a
                           learned table always
    path_dropout           rate of stochastic depth at the last block; it rises linearly from 0 at the first
    smoothing              ε of smoothed labels
    joints                 J of the 2-D skeleton module, a part of training alone; 0: none
    joint_layer            the block whose outputs that module reads, counted from 0
    joint_features         numbers to be told by the 3-D skeleton module, a part of training alone; 0: none

    Raises ConfigurationError as every configuration does.
    """

    title: ClassVar[str] = "the configuration of a model of video"
    segment_length: int = 8
    tied: bool = False
    layers: int = 4
    frame_size: int = 32
    channels: int = 3
    pixel_mean: float = 0.5
    pixel_deviation: float = 0.5
    patch_size: int = 8
    tube_frames: int = 1
    attention: Literal["joint", "divided"] = "divided"
    pooling: Literal["class", "mean"] = "class"
    positions: Literal["learned", "sinusoidal", "none"] = "learned"
    path_dropout: float = 0.0
    smoothing: float = 0.0
    joints: int = 0
    joint_layer: int = 0
    joint_features: int = 0

    def __post_init__(self) -> None:
        adaptive = isinstance(self.output, str) and self.output == "adaptive"        # an array has no one truth
        require(not adaptive, "output is 'adaptive', which is for models of words; leave it out")
        super().__post_init__()
        for name in ("frame_size", "channels", "patch_size", "tube_frames"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected at least 1")
        for name in ("joints", "joint_layer", "joint_features"):
            require(getattr(self, name) >= 0, f"{name} is {getattr(self, name)}, expected 0 or more")
        for name in ("path_dropout", "smoothing"):
            require(0 <= getattr(self, name) < 1, f"{name} is {getattr(self, name)}, expected 0 <= {name} < 1")
        require(0 <= self.pixel_mean <= 1, f"pixel_mean is {self.pixel_mean}, expected 0 to 1, for pixels are")
        require(LEAST <= self.pixel_deviation <= 1, f"pixel_deviation is {self.pixel_deviation}, expected {LEAST}, the "
                "step between two bytes, to 1, for pixels are from 0 to 1")
        require(self.frame_size % self.patch_size == 0, f"patch_size {self.patch_size} does not divide frame_size "
                f"{self.frame_size}; choose one that does")
        require(self.joint_layer < self.layers, f"joint_layer is {self.joint_layer}, expected less than layers = "
                f"{self.layers}, for blocks are counted from 0")
        require(not self.tied and not self.embedding_dropout, "tied and embedding_dropout are for models of words; "
                "leave them out")
        require(self.norm == "pre", f"norm is {self.norm!r}, but blocks of video have 'pre' alone")

    @property
    def patches(self) -> int:
        """N, those of a frame"""
        return (self.frame_size // self.patch_size) ** 2

    @property
    def patch_numbers(self) -> int:
        return self.tube_frames * self.patch_size ** 2 * self.channels


@dataclass(frozen=True)
class CRViTConfig(ViTConfig, CRTConfig):
    """The keys of ViTConfig, and of CRTConfig what is about the memory and recurrent positions: the GRU of the
    positions takes a step for every time step of a clip, the writer one more, for what is classified."""

    positions: Literal["recurrent", "learned", "sinusoidal", "none"] = "recurrent"  # type: ignore[assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.memory_position == "first", "memory_position is 'last', but attention over a clip looks both "
                "ways, and every place is the same; leave it out")
        require(self.memory_form == "vector", f"memory_form is {self.memory_form!r}, but a model of video has memory "
                "vectors alone; leave it out")

    @property
    def t_max(self) -> int:
        """The writer's steps over `memory_span` clips"""
        return self.memory_span * (self.segment_length + 1)
