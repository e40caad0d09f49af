"""The trainer: from a run folder, a model and a corpus to the best weights and a summary.

After the number of steps is known, everything depends on the configuration and the step number alone: the learning
rate, the window, where the text is cut (drawn from the seed and the epoch), the dropout masks and whether the state is
carried on (from the seed and the step), the evaluations. So a run that was stopped, or killed, at any moment ends with
the same bits as one that was not.
"""

import math
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from minicrt.data import TokenStream, evaluation_stream
from minicrt.errors import TrainingError
from minicrt.models import Parameters, SegmentModel
from minicrt.parallel import threads
from minicrt.parallel.ranks import ALONE, Ranks
from minicrt.strict_json import finite
from minicrt.training.averaging import update_average
from minicrt.training.budget import Calibration, segment_seconds, total_steps
from minicrt.training.configuration import TrainingConfig
from minicrt.training.epoch_stream import epoch_stream, restarts
from minicrt.training.evaluation import Cut, Evaluation, evaluate
from minicrt.training.interrupt import Interrupted, InterruptFlag
from minicrt.training.position import Position
from minicrt.training.progress import Progress
from minicrt.training.run_folder import RunFolder
from minicrt.training.schedules import evaluation_steps, rate_factor
from minicrt.training.snapshot import load_snapshot, save_snapshot
from minicrt.training.state import TrainingState
from minicrt.training.step import train_step
from minicrt.training.summary import summarize
from minicrt.training.window import scored


class Trainer:
    """One run. `state` is all of it that changes, and all that a checkpoint holds.

    Raises DataError if a part of the corpus is too short for its batch and segment length.
    """

    ranks: Ranks = ALONE
    heeds_signals = True                                     # or leaves them to the program that it runs in

    def __init__(self, folder: RunFolder, model: SegmentModel, corpus: Any, config: TrainingConfig,
                 progress: Progress | None = None):
        self.folder, self.model, self.config, self.corpus = folder, model, config, corpus
        self.progress = progress or Progress()
        self._epoch, self.train_stream = 0, self.training_stream(0)
        self.valid_stream = self.scored_stream(corpus.valid, "the validation part")
        self.test_stream = self.scored_stream(corpus.test, "the test part")
        self.windows = math.ceil(len(self.train_stream) / config.bptt_segments)
        self.steps_an_epoch: float = self.windows            # other than the windows where a step is many of them

        self.state = TrainingState.fresh(model, config, total_steps(config, self.windows))
        self.gradients = self.state.parameters.zeros_like()
        self.calibration = Calibration(config.minutes, config.warmup_steps)

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")              # what they warn of is looked for
    def run(self) -> dict[str, Any]:
        """Train from where the folder's checkpoint left off, or from the start; returns the summary, also written.

        Raises TrainingError when a loss or gradient is not finite (the last good checkpoint stays), CheckpointError
        when the folder's checkpoint is damaged or of another configuration, and Interrupted after a Ctrl-C,
        SIGTERM or SIGHUP.
        """
        self._flag = InterruptFlag(self.heeds_signals)
        with self.folder.in_use(), self.limited(), self._flag:
            self.load()
            self.folder.truncate_metrics(self.position.step, self.position.metrics)
            if self.position.metrics and not self.folder.metrics.exists():
                self.progress.say(f"{self.folder.metrics} is gone; the run goes on without its earlier evaluations")
            self._before, self._entered = self.position.seconds, time.perf_counter()
            self._saved = self._entered
            try:
                caution = self.model.caution(self.config.bptt_segments)
                if caution:
                    self.progress.say(caution)
                self.progress.begin(self.position.step, self.position.total)
                self._train()
                summary = finite(self.summary())
            except Interrupted:
                self.save()
                raise Interrupted(f"stopped after step {self.position.step} and saved in {self.folder.path}; "
                                  f"resume it to go on", self._flag.number) from None
            except TrainingError as error:
                raise TrainingError(f"{error} ({self.folder.last_checkpoint()})") from error
            finally:
                self.progress.end()
            self.folder.write_summary(summary)
        return summary

    def _train(self) -> None:
        position = self.position
        while True:
            if self._evaluation_is_due():
                self._evaluate()
            elif position.total and self.agreed(time.perf_counter() - self._saved > self.config.checkpoint_seconds):
                self.save()
            if not position.total and self.agreed(self.calibration.due(self._flag.number > 0)):
                self._plan()
                continue                                    # the plan may be to stop here: then evaluate first
            if position.total:
                self.stop_if_interrupted()
                if position.step >= position.total:
                    return
            self._step()

    def _step(self) -> None:
        state, position, config = self.state, self.position, self.config
        start = time.perf_counter()
        loss, position.norm, tokens = self.learn(np.random.default_rng([config.seed, 1, position.step]))
        position.step += 1
        if state.average is not None:
            update_average(state.average, state.parameters.flat, config.ema_decay, position.step)
        position.nll += loss * tokens
        position.tokens += tokens
        position.tokens_seen += tokens
        seconds = time.perf_counter() - start
        position.step_seconds += seconds
        if not position.total:
            self.calibration.add(seconds)
        self.progress.step(position.step, loss, tokens)

    def learn(self, rng: np.random.Generator) -> tuple[float, float, int]:
        """Update the parameters once: the loss, the norm of the gradient, and how many targets were scored"""
        state, config = self.state, self.config
        epoch, window = divmod(self.position.step, self.windows)
        if window == 0 or restarts(config, self.position.step):
            state.carried = {}                                      # an epoch reads the stream from its start
        if epoch != self._epoch and config.random_start:
            self._epoch, self.train_stream = epoch, self.training_stream(epoch)
        first = window * config.bptt_segments
        segments = [self.train_stream.segment(index)
                    for index in range(first, min(first + config.bptt_segments, len(self.train_stream)))]
        loss, state.carried, norm = train_step(
            self.model, state.parameters, self.gradients, state.optimizer, segments, state.carried, rng, config.clip,
            self.rate(self.position.step), self.ranks, config.recompute)
        return loss, norm, scored(segments)

    def training_stream(self, epoch: int) -> TokenStream:
        return epoch_stream(self.corpus.train, self.config, self.model.config.segment_length, epoch)

    def scored_stream(self, part: Any, name: str) -> TokenStream:
        return evaluation_stream(part, self.config.evaluation_batch, self.model.config.segment_length, name)

    def figures(self, part: str, loss: float) -> dict[str, float]:
        """What a mean loss comes to, in the terms of whoever reads it"""
        return {f"{part}_loss": loss, f"{part}_perplexity": Evaluation(loss, 1).perplexity}

    def summary(self) -> dict[str, Any]:
        return summarize(self.state, self)

    def rate(self, step: int) -> float:
        """The schedule's factor on the learning rates of step `step` (0 is the first)."""
        return rate_factor(self.config, step, self.position.total)

    def _evaluation_is_due(self) -> bool:
        position = self.position
        return position.evaluated < position.step and position.step in evaluation_steps(
            position.total, self.config.evaluations, self.config.warmup_steps)

    def _evaluate(self) -> None:
        position, flat = self.position, self.state.judged
        valid = self.evaluate_stream("validation", self.valid_stream, flat)
        best = position.best_loss is None or valid.loss < position.best_loss
        if best:
            position.best_loss, position.best_step, self.state.best = valid.loss, position.step, flat.copy()
        train_loss = position.nll / position.tokens
        record = finite({
            "step": position.step, "epoch": position.step / self.steps_an_epoch, "tokens": position.tokens_seen,
            **self.figures("train", train_loss), **self.figures("valid", valid.loss), "best": best,
            "learning_rate": self.config.learning_rate * self.rate(position.step - 1),
            "gradient_norm": position.norm, "orthogonality": self.model.orthogonality(self.state.parameters),
            "seconds": self.seconds(), "tokens_per_second": self.tokens_per_second()})
        position.metrics = self.folder.append_metrics(record)
        self.progress.evaluated(record)
        position.evaluated, position.nll, position.tokens = position.step, 0.0, 0
        self.save()

    def evaluate_stream(self, name: str, stream: TokenStream, flat: np.ndarray, cut: Cut | None = None) -> Evaluation:
        """Evaluate the parameters `flat`, with progress; Ctrl-C stops it."""
        with self.progress.task(name, len(stream)) as advance:
            def after_segment() -> None:
                advance()
                self.stop_if_interrupted()
            return evaluate(self.model, self.state.parameters.with_flat(flat), stream, cut, after_segment, self.ranks)

    def _plan(self) -> None:
        """Fix the number of steps of a run that is to last some minutes, and save it at once."""
        start = time.perf_counter()
        self.save()                                 # to be timed; a checkpoint without a total is not resumed from
        saving = time.perf_counter() - start
        config = self.config                        # at the end: validation as trained and under three cuts, and test
        segments = (config.evaluations + 4) * len(self.valid_stream) + len(self.test_stream)
        reserved = segments * self._evaluation_seconds() + (config.evaluations + 1) * saving
        overhead = saving / config.checkpoint_seconds if config.checkpoint_seconds else 0.0
        total = self.position.total = self.agreed(self.calibration.plan(self.seconds(), reserved, overhead))
        self.save()
        missed = min(evaluation_steps(total, config.evaluations, config.warmup_steps)) < self.position.step
        self.progress.say(f"planned {total} steps ({total / self.steps_an_epoch:.2f} epochs) for {config.minutes:g} "
                          f"minutes; steps={total} {'takes the same steps' if missed else 'reproduces this run'}")
        self.progress.begin(self.position.step, total)

    def _evaluation_seconds(self) -> float:
        return segment_seconds(self.model, self.state.parameters, self.valid_stream)

    @property
    def position(self) -> Position:
        return self.state.position

    def best_parameters(self) -> Parameters:
        """The best weights on validation; before the first evaluation, the present ones."""
        return self.state.parameters.with_flat(self.state.kept)

    def limited(self) -> AbstractContextManager[None]:
        """What holds the run to the threads that it is to have"""
        return threads.limit(self.config.threads) if self.config.threads else nullcontext()

    def load(self) -> None:
        """Go on from the folder's checkpoint, if there is one."""
        if self.folder.has_checkpoint():
            load_snapshot(self.state, self.folder, self.model, self.progress)

    def agreed(self, number: int) -> int:
        """A number that a clock or a signal decides, as all who train together are to have it"""
        return number

    def save(self) -> None:
        """Write the checkpoint. Raises TrainingError, and leaves the old one, if anything in it is not finite."""
        self.position.seconds = self.seconds()
        self.progress.saving(self.position.step)
        self.write()
        self._saved = time.perf_counter()

    def write(self) -> None:
        save_snapshot(self.state, self.folder, self.model, self.corpus.described())

    def stop_if_interrupted(self) -> None:
        self._flag.number = self.agreed(self._flag.number)
        if self._flag.number:
            raise Interrupted

    def seconds(self) -> float:
        """Wall time of the run so far, over all its resumptions."""
        return self._before + time.perf_counter() - self._entered

    def tokens_per_second(self) -> float:
        return self.position.tokens_seen / max(self.position.step_seconds, 1e-9)
