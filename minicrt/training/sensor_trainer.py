"""The trainer on sensor readings: the same run, with other streams, other figures and another summary"""

from typing import Any

from minicrt import engines
from minicrt.data.sensors import Part, ReadingStream, SensorData
from minicrt.errors import ConfigurationError
from minicrt.models import SensorModel
from minicrt.parallel import threads
from minicrt.parallel.launch import check_alone
from minicrt.training.configuration import TrainingConfig
from minicrt.training.evaluation import CUTS, cut_entries
from minicrt.training.progress import Progress, perplexity
from minicrt.training.run_folder import RunFolder
from minicrt.training.sensor_evaluation import accuracy, measure, measured
from minicrt.training.summary import machine
from minicrt.training.trainer import Trainer


class SensorTrainer(Trainer):
    """One run on sensor readings. Raises ConfigurationError for a model of other channels, classes or task."""

    model: SensorModel
    corpus: SensorData

    def __init__(self, folder: RunFolder, model: SensorModel, corpus: SensorData, config: TrainingConfig,
                 progress: Progress | None = None):
        check_alone("a training on sensor readings")
        check_model(model, corpus)
        if config.random_start:
            raise ConfigurationError("random_start makes a circle of a text, and readings are none; set it to false")
        super().__init__(folder, model, corpus, config, progress)
        self.progress.in_terms_of(self.in_words, "readings")

    def training_stream(self, epoch: int) -> Any:
        return ReadingStream(self.corpus.train, self.config.batch, self.model.config.segment_length,
                             "the training part")

    def scored_stream(self, part: Part, name: str) -> Any:
        """One that is shorter than a segment is one short segment."""
        length = max(1, min(self.model.config.segment_length, part.size))
        return ReadingStream(part, self.config.evaluation_batch, length, name, "evaluation_batch")

    def figures(self, part: str, loss: float) -> dict[str, float]:
        return {f"{part}_loss": loss, f"{part}_{self.measure}": self.measured(loss)}

    @property
    def measure(self) -> str:
        return measure(self.corpus.framing)

    def measured(self, loss: float) -> float:
        return measured(loss, self.corpus.framing)

    def in_words(self, loss: float) -> str:
        if self.model.task == "classification":
            return f"perplexity {perplexity(loss)}"
        return f"error {self.measured(loss):.4g} {self.corpus.framing.unit}".rstrip()

    def summary(self) -> dict[str, Any]:
        """The final figures of the best weights. `<part>_baseline` is the figure of whoever forecasts that nothing will
        change, or knows only how frequent each class is."""
        state, data, config, flat = self.state, self.corpus, self.config, self.state.kept
        framing, figures = data.framing, dict[str, Any]()
        valid = self.evaluate_stream("validation", self.valid_stream, flat)
        for part, loss in {"valid": valid.loss, "test": self.evaluate_stream("test", self.test_stream, flat).loss
                           }.items():
            figures[f"{part}_{self.measure}"] = self.measured(loss)
            figures[f"{part}_baseline"] = self.measured(data.baseline(getattr(data, part)))
        for what in CUTS:
            drops = cut_entries(self.model, what) & valid.carried
            cut = self.evaluate_stream(f"validation, {what} cut", self.valid_stream, flat, what) if drops else valid
            figures[f"valid_{self.measure}_{what}_cut"] = self.measured(cut.loss)
        if self.model.task == "classification":
            parameters = state.parameters.with_flat(flat)
            figures |= {f"{part}_accuracy": accuracy(self.model, parameters, stream)
                        for part, stream in (("valid", self.valid_stream), ("test", self.test_stream))}
        return figures | {
            "task": framing.task, "target": framing.target, "unit": framing.unit, "horizon": framing.horizon,
            "channels": len(framing.channels), "readings_per_second": self.tokens_per_second(),
            "parameters": state.parameters.size, "seconds": self.seconds(),
            "epochs": state.position.step / self.windows, "steps": state.position.step,
            "best_step": state.position.best_step, "seed": config.seed, "readings": data.name,
            "valid_scored": valid.tokens, "test_scored": self.test_stream.predictions, "batch": config.batch,
            "bptt_segments": config.bptt_segments, "evaluation_batch": config.evaluation_batch,
            "segment_length": self.model.config.segment_length, "state_carried": sorted(valid.carried),
            "precision": config.precision, "engine": engines.name_of(self.model.engine), "threads": threads.count(),
            "machine": machine()}


def check_model(model: SensorModel, data: SensorData) -> None:
    framing = data.framing
    task = "classification" if framing.task == "classify" else "regression"
    wanted = len(framing.channels), len(framing.classes) or 1, task
    got = model.channels, model.outputs, model.task
    if got != wanted:
        raise ConfigurationError(f"the model has {got[0]} channels, {got[1]} outputs and the task {got[2]}; the "
                                 f"readings ask for {wanted[0]}, {wanted[1]} and {wanted[2]}: "
                                 f"create_sensor_model({wanted[0]}, {wanted[1]}, {task!r})")

