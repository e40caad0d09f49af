"""One run of a grid: what it is trained on and by, and what it then leaves behind"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt import accounting
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data import Corpus
from minicrt.models import create_model, model_mapping
from minicrt.settings import Settings
from minicrt.training import Progress, RunFolder, Trained, TrainingConfig, resume, train
from minicrt.training.run import configuration_tables

Result = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A run on a text. `name` is that of its folder and of its result; the corpus is what `settings` load."""

    name: str
    model: str
    segment_length: int
    settings: Settings

    def __str__(self) -> str:
        return (f"{self.name:<32}{self.settings.create_model(10_000).size:>12,} parameters with 10,000 words, "
                f"batch {self.settings.training.batch}")

    def train(self, folder: Path, corpus: Corpus, progress: Progress) -> Trained:
        model = self.settings.create_model(corpus.vocabulary.size)
        return train(folder, model, corpus, self.settings.training, progress)

    def resume(self, folder: Path, corpus: Corpus, progress: Progress) -> Trained:
        return resume(folder, progress=progress, corpus=corpus)

    def asked(self) -> dict[str, Any]:
        """The settings that a result has to have been made by, as far as they are known before the corpus is read"""
        return {**self.settings.model, **to_mapping(self.settings.training)}

    def wanted(self, corpus: Corpus) -> dict[str, Any]:
        """All settings of the cell's run"""
        model = self.settings.create_model(corpus.vocabulary.size)
        return {**to_mapping(model.config), **to_mapping(self.settings.training)}

    def there(self, run: RunFolder) -> dict[str, Any]:
        """All settings of a run that is there. Raises CheckpointError where it is none on a text, or damaged."""
        tables = configuration_tables(run)
        model = create_model(tables["model"])
        training = from_mapping(TrainingConfig, tables["training"], "training")
        return {**to_mapping(model.config), **to_mapping(training)}

    def result(self, trained: Trained) -> Result:
        """The settings, the summary and the costs of the cell that is trained"""
        model = trained.model
        flops = accounting.segment_flops(model)
        return {
            "name": self.name,
            "label": self.model,
            "model": model_mapping(model),
            "training": to_mapping(self.settings.training),
            "summary": trained.summary,
            "flops_per_segment": flops,
            "flops_per_token": flops / model.config.segment_length,
            "training_flops_per_token": accounting.training_flops(model) / model.config.segment_length,
            "state_bytes": 4 * accounting.state_values(model),
        }
