"""A twin's training and evaluation in PyTorch, by the recipe of a TrainingConfig: what minicrt's trainer does, window
by window, but for the dropout masks, which PyTorch draws, and for the rounding.

Training computes products in bfloat16 (the precision "bfloat16") or in TF32 ("float32"), evaluation in float32.
"""

import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.twins.torch_dropout import State, Twin
from minicrt.data import Corpus, TokenStream, evaluation_stream
from minicrt.data.streams import NOT_SCORED
from minicrt.errors import TrainingError
from minicrt.models import SegmentModel
from minicrt.training import Cut, TrainingConfig, evaluation_steps, warmup_cosine
from minicrt.training.averaging import effective_decay
from minicrt.training.epoch_stream import restarts

SAID_EVERY = 10.0                                            # seconds


class Segment(NamedTuple):
    tokens: Tensor                                           # (B, T)
    targets: Tensor                                          # (B, T), NOT_SCORED for padding
    scored: int


def segments(stream: TokenStream, device: torch.device) -> list[Segment]:
    """All of a stream, moved to the device in two pieces"""
    pairs = list(stream)
    tokens, targets = (torch.from_numpy(np.concatenate(rows, 1)).to(device, torch.long) for rows in zip(*pairs))
    length = stream.segment_length
    return [Segment(t, y, int(np.count_nonzero(there != NOT_SCORED)))
            for t, y, (_, there) in zip(tokens.split(length, 1), targets.split(length, 1), pairs)]


def scored(text: list[Segment]) -> int:
    return sum(segment.scored for segment in text)


def total_loss(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=NOT_SCORED, reduction="sum")


def tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


@torch.no_grad()
def mean_loss(twin: Twin, text: list[Segment], cut: Cut | None = None) -> float:
    """Nats a token, by minicrt's protocol: the state carried but for what is cut, no dropout, each token once."""
    was_training, state = twin.training, State()
    twin.eval()
    tf32(False)
    total = torch.zeros((), dtype=torch.float64, device=text[0].tokens.device)
    for tokens, targets, _ in text:
        logits, state = twin(tokens, state)
        total += total_loss(logits, targets)
        state = State(None if cut in ("memory", "state") else state.memory,
                      None if cut in ("positions", "state") else state.positions)
    twin.train(was_training)
    return float(total) / scored(text)


def copied(twin: Twin) -> Twin:
    """The same weights to be evaluated"""
    copy = deepcopy(twin).eval().requires_grad_(False)
    for module in copy.modules():
        if isinstance(module, torch.nn.GRU):
            module.flatten_parameters()                      # cuDNN wants them in one piece, which a copy does not keep
    return copy


class Training:
    """twin, average   the weights as they stand, and their exponential average, which is evaluated
    records         an evaluation each, as in the metrics.jsonl of a run
    best            (loss, step) of the best evaluation; `best_weights` are the average of then
    """

    def __init__(self, model: SegmentModel, corpus: Corpus, config: TrainingConfig, device: torch.device,
                 precision: str):
        self.model, self.corpus, self.config, self.device = model, corpus, config, device
        self.low = precision == "bfloat16"
        torch.manual_seed(config.seed)
        self.twin = Twin(model)
        self.twin.load(model.initialize(np.random.default_rng([config.seed, 0])))
        self.twin.to(device).train()
        self.average = copied(self.twin)
        self.weights, self.averages = list(self.twin.parameters()), list(self.average.parameters())
        self.values = [weight.detach() for weight in self.weights]                       # the same memory
        self.optimizer = torch.optim.AdamW(self.twin.groups(config.weight_decay), config.learning_rate,
                                           (config.beta1, config.beta2), config.eps, fused=device.type == "cuda")
        length = model.config.segment_length
        self.valid, self.test = (
            segments(evaluation_stream(part, config.evaluation_batch, length, "the text"), device)
            for part in (corpus.valid, corpus.test))
        self.windows = math.ceil(len(self.stream(0)) / config.bptt_segments)             # of an epoch
        self.step, self.best, self.records = 0, (math.inf, 0), list[dict[str, Any]]()
        self.best_weights = [weight.clone() for weight in self.averages]

    def stream(self, epoch: int) -> TokenStream:
        """That of minicrt's trainer with random_start: the text as a circle, cut at another token in each epoch."""
        start = int(np.random.default_rng([self.config.seed, 2, epoch]).integers(len(self.corpus.train)))
        return TokenStream(np.roll(self.corpus.train, -start if self.config.random_start else 0), self.config.batch,
                           self.model.config.segment_length)

    def epochs(self) -> Iterator[list[Segment]]:
        """Windows without end, those of one epoch after those of another; an epoch begins with an empty state, and so
        do the steps that are drawn for it."""
        epoch = 0
        while True:
            text, self.state = segments(self.stream(epoch), self.device), State()
            for first in range(0, len(text), self.config.bptt_segments):
                if restarts(self.config, self.step):
                    self.state = State()
                yield text[first:first + self.config.bptt_segments]
            epoch += 1

    def take_step(self, window: list[Segment], rate: float) -> tuple[Tensor, Tensor]:
        """One update → the window's summed loss, the gradient's norm; on the device: nothing waits for it here."""
        config = self.config
        with torch.autocast(self.device.type, torch.bfloat16, self.low):
            total = torch.zeros((), device=self.device)
            for tokens, targets, _ in window:
                logits, self.state = self.twin(tokens, self.state)
                total = total + total_loss(logits, targets)
        self.state = self.state.detached()
        self.optimizer.zero_grad()
        (total / scored(window)).backward()
        for weight in self.weights:
            if weight.grad is None:                          # of m_0, where a state is carried on
                weight.grad = torch.zeros_like(weight)
        norm = torch.nn.utils.clip_grad_norm_(self.weights, config.clip or math.inf)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * rate
        self.optimizer.step()
        self.step += 1
        torch._foreach_lerp_(self.averages, self.values, 1 - effective_decay(config.ema_decay, self.step))
        return total.detach(), norm

    def run(self, total: int, say: Callable[[str], None], save: Callable[[], None]) -> None:
        """`total` steps, with the evaluations of a run so long; `save` is called after an evaluation, now and then."""
        config, due = self.config, evaluation_steps(total, self.config.evaluations, self.config.warmup_steps)
        began = said = saved = time.perf_counter()
        nll, tokens, evaluated = torch.zeros((), dtype=torch.float64, device=self.device), 0, 0
        tf32(True)
        for window in self.epochs():
            rate = warmup_cosine(self.step, total, config.warmup_steps, config.final_learning_rate)
            loss, norm = self.take_step(window, rate)
            nll += loss
            tokens += scored(window)
            if self.step in due:
                self.evaluate(tokens, float(nll) / (tokens - evaluated), float(norm), rate, began)
                nll, evaluated = torch.zeros_like(nll), tokens
                tf32(True)
                say(f"step {self.step:,} of {total:,}: train {self.records[-1]['train_perplexity']:.1f}, "
                    f"valid {self.records[-1]['valid_perplexity']:.2f}")
                if time.perf_counter() - saved > config.checkpoint_seconds and self.step < total:
                    save()
                    saved = time.perf_counter()
            elif time.perf_counter() - said > SAID_EVERY:
                now = float(loss) / scored(window)           # waits for the device, so the clock below is right
                said = time.perf_counter()
                left = (said - began) * (total - self.step) / self.step
                say(f"pass {self.step / self.windows:.1f} of {total / self.windows:.0f}, loss {now:.3f}, "
                    f"{tokens / (said - began):,.0f} tokens/s, {left / 60:.1f} min to go")
            if self.step == total:
                return

    def evaluate(self, tokens: int, train_loss: float, norm: float, rate: float, began: float) -> None:
        loss = mean_loss(self.average, self.valid)
        if not math.isfinite(loss + train_loss):
            raise TrainingError(f"step {self.step}: the loss is {train_loss} in training and {loss} in validation; try "
                                "a smaller learning_rate")
        is_best = loss < self.best[0]
        if is_best:
            self.best, self.best_weights = (loss, self.step), [weight.clone() for weight in self.averages]
        seconds = time.perf_counter() - began
        self.records.append({
            "step": self.step, "epoch": self.step / self.windows, "tokens": tokens, "train_loss": train_loss,
            "train_perplexity": math.exp(train_loss), "valid_loss": loss, "valid_perplexity": math.exp(loss),
            "best": is_best, "learning_rate": self.config.learning_rate * rate, "gradient_norm": norm,
            "orthogonality": {}, "seconds": seconds, "tokens_per_second": tokens / seconds})

    def best_twin(self, rounded: bool = False) -> Twin:
        """The best averaged weights on validation, as they are or rounded to float16 and back"""
        twin = copied(self.average)
        for weight, best in zip(twin.parameters(), self.best_weights):
            weight.copy_(best.half().float() if rounded else best)
        return twin


def seconds_of(training: Training, steps: int) -> tuple[float, float]:
    """How long a step takes, and an evaluation; the training is spent by it."""
    windows = training.epochs()
    tf32(True)
    for number in range(steps + 10):
        if number == 10:                                     # what comes first is slower
            mean_loss(training.average, training.valid[:2])
            began = time.perf_counter()
            tf32(True)
        loss, _ = training.take_step(next(windows), 1e-3)
    float(loss)
    step = (time.perf_counter() - began) / steps
    began = time.perf_counter()
    mean_loss(training.average, training.valid)
    return step, time.perf_counter() - began
