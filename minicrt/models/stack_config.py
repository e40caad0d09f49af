"""What every stack of Transformer blocks is configured by"""

from dataclasses import dataclass
from typing import Literal

from minicrt.configuration import require
from minicrt.models.language_config import LanguageModelConfig


@dataclass(frozen=True)
class StackConfig(LanguageModelConfig):
    """layers, heads, inner   L blocks, H heads, inner width F of the feed-forward
    activation, norm       of the feed-forward; LN before each branch ("pre") or after each sum ("post")
    """

    layers: int = 3
    heads: int = 4
    inner: int = 512
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu"
    norm: Literal["pre", "post"] = "pre"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("layers", "heads", "inner"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected at least 1")
        require(self.width % self.heads == 0, f"width {self.width} is not divisible by {self.heads} heads; "
                "choose heads that divide the width")
