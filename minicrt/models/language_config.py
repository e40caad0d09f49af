"""What every model of words is configured by"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from minicrt.arguments import is_whole, shown
from minicrt.configuration import MOST, Configuration, require
from minicrt.errors import ConfigurationError, InputError
from minicrt.ops.clusters import clusters, default_cutoffs

AUTO = "auto"
MOST_NETWORKS = 10_000                                       # in a model: each adds some rows to its parameter table


@dataclass(frozen=True)
class LanguageModelConfig(Configuration):
    """What every model has: an embedding, an output over the vocabulary, and dropout.

    vocabulary         V, the number of token types
    width              D, of every token's vector
    segment_length     T, the longest segment
    tied               the output matrix is the embedding table
    dropout            rate on the input, on each residual branch and before the output
    embedding_dropout  rate at which whole rows of the table (words) are dropped
    locked_dropout     one dropout mask per (batch row, feature) for the whole segment, not one per element
    output             "softmax" over all words at once, or "adaptive": a frequent word at once, a rare one through its
                       cluster, which takes a vocabulary sorted by frequency, as `Vocabulary.count` makes it
    cutoffs            adaptive: the first words of the clusters, as "20000,40000,200000"; "auto": 3/40, 3/20 and 3/4 of
                       the vocabulary
    div_value          adaptive, not tied: a word of a cluster has div_value times fewer numbers than one of the cluster
                       before
    """

    title: ClassVar[str] = "the model's configuration"
    most: ClassVar[Mapping[str, int]] = {"layers": MOST_NETWORKS, "memory_vectors": MOST_NETWORKS}
    vocabulary: int
    width: int = 128
    segment_length: int = 35
    tied: bool = True
    dropout: float = 0.0
    embedding_dropout: float = 0.0
    locked_dropout: bool = True
    output: Literal["softmax", "adaptive"] = "softmax"
    cutoffs: str = "auto"
    div_value: float = 1.0

    def __post_init__(self) -> None:
        if is_whole(self.cutoffs) and 0 < int(self.cutoffs) <= MOST:     # as `--set cutoffs=2000` hands it over
            object.__setattr__(self, "cutoffs", str(self.cutoffs))
        if not isinstance(self.cutoffs, str):
            raise not_cutoffs(self.cutoffs)
        super().__post_init__()
        for name in ("vocabulary", "width", "segment_length"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected at least 1")
        for name in ("dropout", "embedding_dropout"):
            require(0 <= getattr(self, name) < 1, f"{name} is {getattr(self, name)}, expected 0 <= {name} < 1")
        check_output(self)

    @property
    def cutoffs_in_use(self) -> tuple[int, ...]:
        return cutoffs_of(self.cutoffs, self.vocabulary)


def cutoffs_of(cutoffs: str, vocabulary: int) -> tuple[int, ...]:
    """"2000,6000" -> (2000, 6000), and "auto" by the vocabulary. Raises ConfigurationError for what is neither."""
    if cutoffs == AUTO:
        return default_cutoffs(vocabulary)
    parts = [part.strip() for part in cutoffs.split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) <= len(str(MOST)) for part in parts):
        raise not_cutoffs(cutoffs)
    return tuple(map(int, parts))


def not_cutoffs(value: object) -> ConfigurationError:
    return ConfigurationError(f"cutoffs is {shown(value)}, expected \"auto\", or the first words of the clusters, such "
                              "as \"2000,6000\"")


def check_output(config: LanguageModelConfig) -> None:
    """Raise ConfigurationError for settings of an output that do not go together."""
    if config.output != "adaptive":
        for name, default in {"cutoffs": AUTO, "div_value": 1.0}.items():
            require(getattr(config, name) == default, f"{name} is {getattr(config, name)!r}, but output is "
                    f"{config.output!r}; {name} is for output='adaptive'")
        return
    require(config.vocabulary >= 2, f"vocabulary is {config.vocabulary}, expected at least 2 for output='adaptive', "
            "which has a word in the shortlist and one in a cluster")
    require(not config.tied or config.div_value == 1, f"div_value is {config.div_value:g}, but the clusters' words are "
            "rows of the embedding table, all of the same width; set tied=false too, or leave div_value out")
    try:
        clusters(config.vocabulary, config.width, config.cutoffs_in_use, config.div_value)
    except InputError as error:
        raise ConfigurationError(f"output='adaptive': {error}") from None
