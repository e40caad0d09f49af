"""What a run has learned"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt.configuration import from_mapping
from minicrt.data import Vocabulary
from minicrt.models import Parameters, SegmentModel
from minicrt.quantisation import QuantisedParameters
from minicrt.training.configuration import TrainingConfig
from minicrt.training.position import Position
from minicrt.training.run_folder import RunFolder


class OfFolder:
    """What a run's folder says of its weights, of text as of readings"""

    folder: Path
    parameters: Parameters
    configuration: dict[str, Any]
    position: Position | None

    @property
    def training(self) -> TrainingConfig:
        return from_mapping(TrainingConfig, self.configuration["training"], "training")

    @property
    def metrics(self) -> list[dict[str, Any]]:
        known = () if self.position is None else (self.position.step, self.position.metrics)
        return RunFolder.open(self.folder).read_metrics(*known)

    @property
    def bits(self) -> int | None:
        """8 or 4 of a quantised run, None of another"""
        return self.parameters.bits if isinstance(self.parameters, QuantisedParameters) else None


@dataclass(frozen=True, repr=False)
class Trained(OfFolder):
    """What a run has learned: its best weights on validation (before the first evaluation, the latest).

    folder         the run folder
    model          the model, which holds no weights
    parameters     the weights
    vocabulary     of the corpus: `vocabulary.encode(vocabulary.split(text))` are a text's ids
    configuration  config.toml: the tables "model", "training", "data"
    step           the step that the weights are from
    summary        summary.json (perplexities in "valid_perplexity", "test_perplexity", "valid_perplexity_memory_cut"
                   and so on); None while the run is not over
    position       how far the run had come
    bits           of the weights of a quantised run
    training       the table "training" as a TrainingConfig
    metrics        the lines of metrics.jsonl, one an evaluation; CheckpointError if they are not what was written
    """

    folder: Path
    model: SegmentModel
    parameters: Parameters
    vocabulary: Vocabulary
    configuration: dict[str, Any]
    step: int
    summary: dict[str, Any] | None = None
    position: Position | None = None

    def described(self) -> dict[str, Any]:
        """What a file of its weights says of the text"""
        return {"vocabulary": self.vocabulary.to_mapping()}

    def __repr__(self) -> str:
        corpus = self.configuration["data"]["corpus"]
        result = f"quantised to {self.bits} bits" if self.bits else "not finished" if self.summary is None else (
            f"valid perplexity {_rounded(self.summary.get('valid_perplexity'))}, "
            f"test {_rounded(self.summary.get('test_perplexity'))}")
        return (f"<Trained {_from_here(self.folder)}: {type(self.model).__name__} of {self.parameters.size:,} "
                f"parameters on {corpus}, weights of step {self.step}; {result}>")


def _from_here(folder: Path) -> str:
    """As it would be typed here, if that is shorter."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _rounded(perplexity: float | None) -> str:
    return "infinite" if perplexity is None else f"{perplexity:.2f}"
